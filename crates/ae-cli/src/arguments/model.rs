//! Which model: a file, or the directory of the run that made it.

use std::path::PathBuf;

use clap::Args;

/// Where runs are kept when nothing else is said.
pub(crate) const RUNS: &str = "runs";

/// A model as the first argument, or by `--model`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ModelPosition {
    /// A model file or a run directory [default: the newest run under runs/].
    #[arg(value_name = "MODEL", conflicts_with = "model")]
    pub path: Option<PathBuf>,
    /// The same, by its flag.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,
}

impl ModelPosition {
    /// The path, however it was given.
    pub(crate) fn path(self) -> Option<PathBuf> {
        self.path.or(self.model)
    }
}

/// A model by `--model` alone, for commands whose first argument is something else.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ModelOption {
    /// A model file or a run directory [default: the newest fitting run under runs/].
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,
}
