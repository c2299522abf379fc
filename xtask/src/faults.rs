//! `cargo xtask faults`: breaks what can break around the real `ae`, and keeps score.
//!
//! Every case runs a binary from outside, in a folder of its own, under caps on time and memory. It passes when the
//! exit code is the documented one, standard error has exactly one `error:` line that names the file and the reason,
//! nothing panicked, nothing unfinished has a final name, files that were there are the same to the byte, and the same
//! command succeeds once the fault is gone. A case that needs a tool that is not there is skipped by name and counts
//! neither way.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

mod archives;
mod bench;
mod bytes;
mod checkpoints;
mod command_line;
mod devices;
mod downloads;
mod durability;
mod images;
mod kills;
mod models;
mod numbers;
mod snapshot;
mod system_calls;
mod table;

use bench::{Bench, Fixture};

use crate::commands::build_ae;

/// What `faults` runs.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask faults                         every case; builds ae in release mode first
  cargo xtask faults --quick                 a subset in two minutes, as CI has it
  cargo xtask faults --only checkpoints --ae target/debug/ae
  cargo xtask faults --table                 every case, and the table in docs/reliability.md anew")]
pub struct FaultsOptions {
    /// Leave out the cases that take long.
    #[arg(long)]
    pub quick: bool,
    /// Only the families, or the cases, whose name contains this.
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
    /// The ae to break things around [default: built in release mode].
    #[arg(long, value_name = "PATH")]
    pub ae: Option<PathBuf>,
    /// The seed of random moments.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write the table into docs/reliability.md.
    #[arg(long, conflicts_with_all = ["quick", "only"])]
    pub table: bool,
    /// Only list the cases.
    #[arg(long)]
    pub list: bool,
}

impl FaultsOptions {
    /// The subset for CI, around an `ae` that is built already.
    #[must_use]
    pub fn quick_with(ae: PathBuf) -> Self {
        Self {
            quick: true,
            only: None,
            ae: Some(ae),
            seed: 1,
            table: false,
            list: false,
        }
    }
}

/// Why the cases could not be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultsError {
    /// A file of the harness itself.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// `ae` could not be built, or does not do what everything starts from.
    #[error("{0}")]
    Unusable(String),
}

impl FaultsError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// Why a case did not pass.
enum Trouble {
    /// Something was not as promised.
    Failed(String),
    /// It could not be tried here.
    Skipped(String),
}

impl From<String> for Trouble {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// What a passed case has to say beyond that, such as how many places a sweep tried; often nothing.
type Passed = String;
type Body = Box<dyn Fn(&Bench<'_>) -> Result<Passed, Trouble>>;

/// One thing that goes wrong.
struct Case {
    family: &'static str,
    name: String,
    /// Whether it belongs to the subset that CI runs.
    quick: bool,
    body: Body,
}

impl Case {
    fn new(
        family: &'static str,
        name: impl Into<String>,
        body: impl Fn(&Bench<'_>) -> Result<(), Trouble> + 'static,
    ) -> Self {
        Self::telling(family, name, move |bench| {
            body(bench).map(|()| String::new())
        })
    }

    /// A case with figures to tell.
    fn telling(
        family: &'static str,
        name: impl Into<String>,
        body: impl Fn(&Bench<'_>) -> Result<Passed, Trouble> + 'static,
    ) -> Self {
        Self {
            family,
            name: name.into(),
            quick: true,
            body: Box::new(body),
        }
    }

    fn slow(mut self) -> Self {
        self.quick = false;
        self
    }

    fn is_chosen(&self, options: &FaultsOptions) -> bool {
        let named = options
            .only
            .as_ref()
            .is_none_or(|only| self.family.contains(only) || self.name.contains(only));
        named && (self.quick || !options.quick)
    }
}

/// How a case ended.
struct Score {
    family: &'static str,
    name: String,
    result: Result<Passed, Trouble>,
    elapsed: Duration,
}

/// Tries every chosen case and prints the score.
///
/// # Errors
/// Nothing could be tried: no `ae`, or no room for it to work in.
pub fn run(root: &Path, options: &FaultsOptions) -> Result<ExitCode, FaultsError> {
    let cases: Vec<Case> = all_cases()
        .into_iter()
        .filter(|case| case.is_chosen(options))
        .collect();
    if options.list {
        for case in &cases {
            println!("{:12} {}", case.family, case.name);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let ae = match &options.ae {
        Some(path) => fs::canonicalize(path).map_err(FaultsError::io("find", path))?,
        None => build_ae(root).map_err(|error| FaultsError::Unusable(error.to_string()))?,
    };
    let begin = Instant::now();
    let fixture = Fixture::make(&ae)?;
    let mut scores = Vec::with_capacity(cases.len());
    for case in &cases {
        let started = Instant::now();
        let result = match fixture.bench(&ae, options.seed) {
            Ok(bench) => (case.body)(&bench),
            Err(error) => Err(Trouble::Failed(error.to_string())),
        };
        let score = Score {
            family: case.family,
            name: case.name.clone(),
            result,
            elapsed: started.elapsed(),
        };
        // A reader that went away is told nothing, and the exit code still counts.
        let _ = writeln!(io::stdout(), "{}", score.line());
        scores.push(score);
    }
    let survived = table::survived(&scores);
    let _ = writeln!(
        io::stdout(),
        "{survived} in {:.0} s",
        begin.elapsed().as_secs_f64()
    );
    if options.table {
        table::write(&root.join("docs/reliability.md"), &scores)?;
    }
    Ok(match scores.iter().any(Score::is_failure) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn all_cases() -> Vec<Case> {
    let mut cases = downloads::cases();
    cases.extend(archives::cases());
    cases.extend(images::cases());
    cases.extend(numbers::cases());
    cases.extend(models::cases());
    cases.extend(checkpoints::cases());
    cases.extend(system_calls::cases());
    cases.extend(durability::cases());
    cases.extend(kills::cases());
    cases.extend(command_line::cases());
    cases.extend(devices::cases());
    cases
}

impl Score {
    fn is_failure(&self) -> bool {
        matches!(self.result, Err(Trouble::Failed(_)))
    }

    fn line(&self) -> String {
        let (mark, told) = match &self.result {
            Ok(told) => ("ok  ", told.as_str()),
            Err(Trouble::Failed(reason)) => ("FAIL", reason.as_str()),
            Err(Trouble::Skipped(reason)) => ("skip", reason.as_str()),
        };
        let line = format!(
            "{mark} {:12} {:<52} {:6.2} s  {told}",
            self.family,
            self.name,
            self.elapsed.as_secs_f64()
        );
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_cases_enough_and_no_two_of_one_name() {
        let cases = all_cases();
        let names: BTreeSet<_> = cases.iter().map(|case| (case.family, &case.name)).collect();
        assert_eq!(names.len(), cases.len());
        assert!(names.len() >= 100, "{}", names.len());
        let families: BTreeSet<_> = cases.iter().map(|case| case.family).collect();
        assert_eq!(families.len(), 8, "{families:?}");
        assert!(cases.iter().any(|case| !case.quick));
    }
}
