//! A run on normal parts that fits its training images far better than others, as in case A1.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;

use super::inputs::write_discs;
use crate::command::done;

/// Normal parts, and the run `run` that was trained on `normal`.
pub(crate) struct PartsRun {
    folder: TempDir,
}

impl PartsRun {
    /// A path inside, as an argument.
    pub(crate) fn argument(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The model file, copied to a folder without anything beside it.
    pub(crate) fn copied_model(&self, folder: &Path) -> PathBuf {
        let copy = folder.join("copied.safetensors");
        std::fs::copy(self.path().join("run/model.safetensors"), &copy).expect("copied");
        copy
    }
}

/// 160 normal parts in `normal`, 200 fresh ones in `fresh`, and a dense model in `run` that learned the former by heart.
pub(crate) static PARTS: LazyLock<PartsRun> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_discs(folder.path(), "normal", 0..160);
    write_discs(folder.path(), "fresh", 1_000..1_200);
    done(
        folder.path(),
        "train --data normal -o run --model dense --widths 96,32 --epochs 80 --batch-size 32 --seed 3 --threads 1 --quiet",
    );
    PartsRun { folder }
});
