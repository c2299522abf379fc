//! `cargo xtask coverage`: how many lines of the library crates the tests run.
//!
//! The workspace's own crates are compiled with the compiler's counters, their dependencies as ever, so nothing of Burn is
//! built again. A line counts where it is code of the crate; the tests beside it, which run themselves, do not, and
//! neither do the examples in documentation, which are run without counters.
//!
//! # References
//! The rustc book, *Instrumentation-based code coverage*.

mod lines;

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::commands::{cargo, target_folder};
use lines::Coverage;

/// The crates that others use.
const LIBRARIES: [&str; 6] = [
    "ae-data",
    "ae-eval",
    "ae-kernels",
    "ae-models",
    "ae-report",
    "ae-train",
];

/// Everything but the documentation's examples.
const TESTS: [&str; 5] = ["test", "--workspace", "--lib", "--bins", "--tests"];

/// What `coverage` measures.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Needs the compiler's own tools: rustup component add llvm-tools")]
pub struct CoverageOptions {
    /// Also list the lines that no test runs.
    #[arg(long)]
    pub missed: bool,
    /// Fail where a library crate has fewer percent of its lines run.
    #[arg(long, value_name = "PERCENT", default_value_t = 85.0)]
    pub at_least: f64,
}

/// Runs the tests with counters and prints each library crate's share of lines that they ran.
///
/// # Errors
/// A tool is missing, something does not build, a test fails, or the counters cannot be read.
pub fn run(root: &Path, options: &CoverageOptions) -> Result<ExitCode, Box<dyn Error>> {
    let tools = Tools::find()?;
    let folder = root.join(target_folder()).join("coverage");
    let profiles = folder.join("profiles");
    // Counters of another build would be of other lines.
    if profiles.exists() {
        fs::remove_dir_all(&profiles).map_err(about(&profiles))?;
    }
    fs::create_dir_all(&profiles).map_err(about(&profiles))?;
    let wrapper = folder.join("rustc-with-counters");
    write_wrapper(&wrapper)?;

    let pattern = profiles.join("%4m.profraw");
    let tests = || {
        let mut command = Command::new(cargo());
        command
            .args(TESTS)
            .current_dir(root)
            .env("RUSTC_WORKSPACE_WRAPPER", &wrapper)
            .env("LLVM_PROFILE_FILE", &pattern);
        command
    };
    succeed(&mut tests())?;
    let built = output(tests().args(["--no-run", "--message-format=json"]))?;
    let programs = executables(&built);

    let merged = folder.join("all.profdata");
    let mut merge = Command::new(&tools.profdata);
    merge.args(["merge", "--sparse", "-o"]).arg(&merged);
    for entry in fs::read_dir(&profiles).map_err(about(&profiles))? {
        merge.arg(entry.map_err(about(&profiles))?.path());
    }
    succeed(&mut merge)?;
    let mut export = Command::new(&tools.cov);
    export
        .args(["export", "--format=lcov", "--instr-profile"])
        .arg(&merged);
    for program in &programs {
        export.arg("--object").arg(program);
    }
    let record = output(&mut export)?;

    let mut crates = BTreeMap::new();
    for name in LIBRARIES {
        let sources = root.join("crates").join(name).join("src");
        crates.insert(name, Coverage::of(&record, &sources)?);
    }
    if options.missed {
        for coverage in crates.values() {
            print!("{}", coverage.missed(root));
        }
    }
    print!("{}", table(&crates));
    let is_low = |coverage: &Coverage| coverage.percent() < options.at_least;
    Ok(match crates.values().any(is_low) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn table(crates: &BTreeMap<&str, Coverage>) -> String {
    let mut text = "| crate | lines | run | percent |\n|---|---:|---:|---:|\n".to_owned();
    for (name, coverage) in crates {
        let (lines, run, percent) = (coverage.lines(), coverage.run(), coverage.percent());
        text += &format!("| `{name}` | {lines} | {run} | {percent:.1} |\n");
    }
    text
}

/// The compiler's own tools, which read what its counters write.
struct Tools {
    profdata: PathBuf,
    cov: PathBuf,
}

impl Tools {
    fn find() -> Result<Self, Box<dyn Error>> {
        let libraries = output(Command::new("rustc").args(["--print", "target-libdir"]))?;
        let folder = Path::new(libraries.trim()).with_file_name("bin");
        let tool = |name: &str| {
            let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            match path.is_file() {
                true => Ok(path),
                false => Err(format!(
                    "{}: not there: `rustup component add llvm-tools` brings it",
                    path.display()
                )),
            }
        };
        Ok(Self {
            profdata: tool("llvm-profdata")?,
            cov: tool("llvm-cov")?,
        })
    }
}

/// Cargo runs this in rustc's place for the workspace's own crates.
fn write_wrapper(path: &Path) -> Result<(), Box<dyn Error>> {
    fs::write(path, "#!/bin/sh\nexec \"$@\" -C instrument-coverage\n").map_err(about(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(about(path))?;
    Ok(())
}

/// The programs that cargo says it has built.
fn executables(messages: &str) -> Vec<PathBuf> {
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    };
    messages.lines().filter_map(executable).collect()
}

fn about(path: &Path) -> impl Fn(std::io::Error) -> String {
    let name = path.display().to_string();
    move |error| format!("{name}: {error}")
}

fn succeed(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = command.status().map_err(|error| named(command, &error))?;
    match status.success() {
        true => Ok(()),
        false => Err(named(command, &status).into()),
    }
}

fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| named(command, &error))?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => Err(named(command, &output.status).into()),
    }
}

fn named(command: &Command, reason: &dyn std::fmt::Display) -> String {
    let first: Vec<_> = command
        .get_args()
        .take(2)
        .map(OsStr::to_string_lossy)
        .collect();
    let program = command.get_program().display();
    format!("{program} {}: {reason}", first.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_among_cargos_messages() {
        let messages = "\
{\"reason\":\"compiler-artifact\",\"executable\":null}
{\"reason\":\"compiler-artifact\",\"executable\":\"/t/debug/deps/a-1\"}
not a message
{\"reason\":\"build-finished\",\"success\":true}
{\"reason\":\"compiler-artifact\",\"executable\":\"/t/debug/ae\"}
";
        let expected = ["/t/debug/deps/a-1", "/t/debug/ae"].map(PathBuf::from);
        assert_eq!(executables(messages), expected);
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let missing = output(Command::new("no-such-tool").args(["merge", "x", "y"])).unwrap_err();
        let missing = missing.to_string();
        assert!(missing.starts_with("no-such-tool merge x: "), "{missing}");
        assert!(
            succeed(
                Command::new("rustc")
                    .arg("--no-such-option")
                    .stderr(Stdio::null())
            )
            .is_err()
        );
    }
}
