//! `cargo xtask ci`: everything a change has to pass, each step timed.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::bench::{self, BenchOptions};
use crate::commands::{self, built_ae};
#[cfg(unix)]
use crate::faults::{self, FaultsOptions};
use crate::layering;
use crate::mpi;
use crate::python::{self, Tested};
use crate::skipped;

/// What `ci` runs.
#[derive(Debug, Clone, clap::Args)]
pub struct CiOptions {
    /// Leave out the tests, because `cargo test --workspace` has just run.
    #[arg(long)]
    pub after_tests: bool,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped(&'static str),
}

/// A step that is a cargo command.
struct CargoStep {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const FORMAT: CargoStep = CargoStep {
    name: "format",
    arguments: &["fmt", "--all", "--check"],
    environment: &[],
};

const TESTS: CargoStep = CargoStep {
    name: "tests",
    arguments: &["test", "--workspace"],
    environment: &[],
};

/// All targets, so that dev-dependencies and with them the features are those of the tests.
const CLIPPY: CargoStep = CargoStep {
    name: "clippy",
    arguments: &[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ],
    environment: &[],
};

/// Trainings in several processes, by the `ae` that they build: with the features that the tests had, so that nothing but
/// what uses MPI is compiled once more.
const MPI: CargoStep = CargoStep {
    name: "mpi",
    arguments: &[
        "test",
        "--workspace",
        "--features",
        "ae-cli/mpi",
        "--test",
        "many-machines",
    ],
    environment: &[],
};

/// Documentation looks at no dev-dependencies; naming the features that those turn on keeps it from
/// checking Burn once more with fewer backends. (`ae-cli/wgpu` alone would be taken for that dev-dependency's
/// own feature and silently do nothing.)
const DOCS: CargoStep = CargoStep {
    name: "docs",
    arguments: &[
        "doc",
        "--workspace",
        "--no-deps",
        "--features",
        "ae-cli/ndarray,ae-cli/wgpu,ae-cli/serve",
    ],
    environment: &[("RUSTDOCFLAGS", "-D warnings")],
};

/// What `deny.toml` says of licences, of crates that are banned and of where crates come from.
const DENY: CargoStep = CargoStep {
    name: "deny",
    arguments: &[
        "deny",
        "--locked",
        "--workspace",
        "check",
        "bans",
        "licenses",
        "sources",
    ],
    environment: &[],
};

/// The database is there already, by [`advisory_database_is_fetched`].
const ADVISORIES: CargoStep = CargoStep {
    name: "advisories",
    arguments: &[
        "deny",
        "--locked",
        "--workspace",
        "check",
        "--disable-fetch",
        "advisories",
    ],
    environment: &[],
};

/// That the benchmark runs, with the `ae` that the tests have built; no time is judged.
fn bench_quickly(root: &Path) -> Outcome {
    let ae = built_ae(root, "debug");
    if !ae.is_file() {
        return Outcome::Skipped("the tests have left no ae");
    }
    let options = BenchOptions {
        quick: true,
        ae: Some(ae),
        ..BenchOptions::default()
    };
    match bench::bench(root, &options) {
        Ok(()) => Outcome::Passed,
        Err(error) => {
            eprintln!("{error}");
            Outcome::Failed
        }
    }
}

/// The page of `ae serve` in Chromium, by the `ae` that the tests have built.
fn page_in_browser(root: &Path) -> Outcome {
    let ae = built_ae(root, "debug");
    if !ae.is_file() {
        return Outcome::Skipped("the tests have left no ae");
    }
    let folder = root.join("tests/browser");
    if !folder.join("node_modules/playwright-core").is_dir() {
        return Outcome::Skipped("playwright-core is not installed (npm ci in tests/browser)");
    }
    let mut node = Command::new("node");
    node.arg(folder.join("page.mjs")).arg("--ae").arg(ae);
    match node.current_dir(root).status().map(|status| status.code()) {
        Ok(Some(0)) => Outcome::Passed,
        Ok(Some(NO_BROWSER)) => Outcome::Skipped("Chromium is not installed"),
        Ok(_) => Outcome::Failed,
        Err(_) => Outcome::Skipped("Node.js is not installed"),
    }
}

/// The tests of the Python package. Its wheel is `cargo xtask dist`'s: a release build of the workspace is not made here.
fn python_package(root: &Path) -> Outcome {
    match python::test(root) {
        Ok(Tested::Passed) => Outcome::Passed,
        Ok(Tested::Skipped(why)) => Outcome::Skipped(why),
        Err(error) => {
            eprintln!("error: {error}");
            Outcome::Failed
        }
    }
}

/// How `page.mjs` ends where it finds no browser.
const NO_BROWSER: i32 = 77;

/// Runs every step, also after one has failed, and prints a table of outcomes and times.
pub fn run(root: &Path, options: &CiOptions) -> ExitCode {
    let mut results: Vec<(&str, Outcome, Duration)> = Vec::new();
    let mut step = |name, body: &dyn Fn() -> Outcome| {
        eprintln!("ci: {name}");
        let started = Instant::now();
        let outcome = body();
        results.push((name, outcome, started.elapsed()));
    };
    step(FORMAT.name, &|| FORMAT.run(root));
    step("layering", &|| check_layering(root));
    if !options.after_tests {
        step(TESTS.name, &|| TESTS.run(root));
    }
    step("faults", &|| break_things(root));
    step("page", &|| page_in_browser(root));
    step("python", &|| python_package(root));
    step(CLIPPY.name, &|| CLIPPY.run(root));
    step(DOCS.name, &|| DOCS.run(root));
    step("bench --quick", &|| bench_quickly(root));
    // Last of those that build `ae`: the others take the one of the tests.
    step(MPI.name, &|| match mpi::missing() {
        None => MPI.run(root),
        Some(why) => Outcome::Skipped(why),
    });
    let has_deny = succeeds(root, &["deny", "--version"]);
    step(DENY.name, &|| match has_deny {
        true => DENY.run(root),
        false => Outcome::Skipped("cargo-deny is not installed"),
    });
    step(ADVISORIES.name, &|| match has_deny {
        true if advisory_database_is_fetched(root) => ADVISORIES.run(root),
        true => Outcome::Skipped("their database cannot be fetched"),
        false => Outcome::Skipped("cargo-deny is not installed"),
    });
    print!("{}", table(&results));
    if let Some(summary) = skipped::summary(&root.join(commands::target_folder()).join("debug")) {
        println!("{summary}");
    }
    if results
        .iter()
        .any(|(_, outcome, _)| *outcome == Outcome::Failed)
    {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

impl CargoStep {
    fn run(&self, root: &Path) -> Outcome {
        let status = cargo()
            .args(self.arguments)
            .envs(self.environment.iter().copied())
            .current_dir(root)
            .status();
        match status {
            Ok(status) if status.success() => Outcome::Passed,
            Ok(_) => Outcome::Failed,
            Err(error) => {
                eprintln!("error: cannot run cargo {}: {error}", self.arguments[0]);
                Outcome::Failed
            }
        }
    }
}

/// Cargo, to be given arguments.
fn cargo() -> Command {
    Command::new(commands::cargo())
}

/// Brings the database of known vulnerabilities up to date, which is the one step that needs more than the registry.
fn advisory_database_is_fetched(root: &Path) -> bool {
    succeeds(root, &["deny", "fetch", "db"])
}

/// Whether a cargo command succeeds, without a word of it.
fn succeeds(root: &Path, arguments: &[&str]) -> bool {
    let status = cargo()
        .args(arguments)
        .current_dir(root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// The quick faults around the `ae` that the tests have built.
#[cfg(unix)]
fn break_things(root: &Path) -> Outcome {
    let ae = built_ae(root, "debug");
    if !ae.is_file() {
        return Outcome::Skipped("the tests have left no ae");
    }
    match faults::run(root, &FaultsOptions::quick_with(ae)) {
        Ok(code) if code == ExitCode::SUCCESS => Outcome::Passed,
        Ok(_) => Outcome::Failed,
        Err(error) => {
            eprintln!("error: {error}");
            Outcome::Failed
        }
    }
}

#[cfg(not(unix))]
fn break_things(_root: &Path) -> Outcome {
    Outcome::Skipped("the faults are made by means of Unix")
}

fn check_layering(root: &Path) -> Outcome {
    match layering::check(root) {
        Ok(findings) if findings.violations.is_empty() => Outcome::Passed,
        Ok(findings) => {
            for violation in findings.violations {
                eprintln!("{violation}");
            }
            Outcome::Failed
        }
        Err(error) => {
            eprintln!("error: {error}");
            Outcome::Failed
        }
    }
}

fn table(results: &[(&str, Outcome, Duration)]) -> String {
    let mut text = String::new();
    for (name, outcome, elapsed) in results {
        let outcome = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed => "FAILED".to_owned(),
            Outcome::Skipped(why) => format!("skipped: {why}"),
        };
        text += &format!("{name:10} {:8.1} s  {outcome}\n", elapsed.as_secs_f64());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_gives_each_step_its_time() {
        let results = [
            ("format", Outcome::Passed, Duration::from_millis(1_260)),
            ("clippy", Outcome::Failed, Duration::from_secs(75)),
            (
                "deny",
                Outcome::Skipped("cargo-deny is not installed"),
                Duration::ZERO,
            ),
        ];
        assert_eq!(
            table(&results),
            "format          1.3 s  passed\n\
             clippy         75.0 s  FAILED\n\
             deny            0.0 s  skipped: cargo-deny is not installed\n"
        );
    }

    #[test]
    fn a_failing_command_fails_its_step() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let step = |arguments| CargoStep {
            name: "step",
            arguments,
            environment: &[],
        };
        assert_eq!(step(&["--version"]).run(root), Outcome::Passed);
        assert_eq!(step(&["no-such-command"]).run(root), Outcome::Failed);
        assert!(succeeds(root, &["--version"]));
        assert!(!succeeds(root, &["no-such-command"]));
    }
}
