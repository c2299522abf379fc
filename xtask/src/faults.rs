//! `cargo xtask faults`: breaks what can break around the real `ae`, and keeps score.
//!
//! Every case runs a binary from outside, in a folder of its own, under caps on time and memory. It passes when the
//! exit code is the documented one, standard error has exactly one `error:` line that names the file and the reason,
//! nothing panicked, nothing unfinished has a final name, files that were there are the same to the byte, and the same
//! command succeeds once the fault is gone. A case that needs a tool that is not there is skipped by name and counts
//! neither way.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

mod archives;
mod bench;
mod bytes;
mod case;
mod checkpoints;
mod codec;
mod command_line;
mod denoising;
mod devices;
mod downloads;
mod durability;
mod exports;
mod images;
mod kills;
mod models;
mod numbers;
mod options;
mod own_folders;
mod process;
mod resumption;
mod serving;
mod small_disk;
mod snapshot;
mod synthetic;
mod system_calls;
mod table;
mod trouble;

pub use options::FaultsOptions;
pub use trouble::FaultsError;

use bench::Fixture;
use case::Case;
use table::Score;
use trouble::Trouble;

use crate::commands::build_ae;

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
    cases.extend(exports::cases());
    cases.extend(checkpoints::cases());
    cases.extend(system_calls::cases());
    cases.extend(durability::cases());
    cases.extend(kills::cases());
    cases.extend(command_line::cases());
    cases.extend(codec::cases());
    cases.extend(denoising::cases());
    cases.extend(devices::cases());
    cases.extend(own_folders::cases());
    cases.extend(serving::cases());
    cases
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
        assert_eq!(families.len(), 10, "{families:?}");
        assert!(cases.iter().any(|case| !case.quick));
    }
}
