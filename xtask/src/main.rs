//! Development tasks, run as `cargo xtask TASK`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use xtask::bench::{self, BenchOptions};
use xtask::ci::{self, CiOptions};
#[cfg(unix)]
use xtask::coverage::{self, CoverageOptions};
use xtask::dist::{self, DistOptions};
use xtask::download::{DownloadError, DownloadOptions, download};
#[cfg(unix)]
use xtask::faults::{self, FaultsOptions};
use xtask::file_map::{self, FileMapOptions};
use xtask::glyphs::{self, GlyphsOptions};
use xtask::layering;
use xtask::photo_model::{self, PhotoModelOptions};
use xtask::progress::TerminalReport;
use xtask::python::{self, Tested};
use xtask::sources::{Sources, SourcesError};

/// Development tasks of this checkout.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Download data sets into datasets/downloads, checked by length and SHA-256.
    Download(DownloadArguments),
    /// Draw the glyphs that are built into ae-data from installed fonts, or check them.
    Glyphs(GlyphsOptions),
    /// Check format, lints, tests, docs, layering and dependencies; print each step's time.
    Ci(CiOptions),
    /// Run the tests with counters, and print how many of the library crates' lines they run.
    #[cfg(unix)]
    Coverage(CoverageOptions),
    /// Measure `ae` beside its peers.
    Bench(BenchOptions),
    /// Make the Python environment of the peers that `bench --peers` measures.
    Peers,
    /// Break what can break around the real ae, and keep score.
    #[cfg(unix)]
    Faults(FaultsOptions),
    /// Check the crates' dependencies, and for circles of imports and long files (docs/architecture.md).
    Layering,
    /// Train the denoiser that is built in, from the pictures that it is made of.
    PhotoModel(PhotoModelOptions),
    /// Run the tests of the Python package with the extension as the workspace's tests build it.
    Python,
    /// Make the Python wheel and the archive of the binary, and try both.
    Dist(DistOptions),
    /// Compare docs/file-map.md with the tree, or write it.
    FileMap(FileMapOptions),
}

#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask download notmnist-small mnist")]
struct DownloadArguments {
    /// Names from datasets/sources.toml; without any, the list is printed.
    names: Vec<String>,
    /// Folder to download into [default: datasets/downloads of the checkout].
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Another list of data sets [default: datasets/sources.toml of the checkout].
    #[arg(long, value_name = "FILE")]
    sources: Option<PathBuf>,
    /// Attempts without progress before giving up [default: 6].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempts: Option<u32>,
    /// Seconds before the second attempt, doubled for each further one [default: 1].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pause: Option<Duration>,
    /// Seconds that a server may be silent [default: 30].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    stall: Option<Duration>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", with_causes(error.as_ref()));
            ExitCode::from(exit_code(error.as_ref()))
        }
    }
}

/// An error's message and those of its causes that it doesn't already tell.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = error.source();
    }
    message
}

/// The codes of docs/reliability.md.
fn exit_code(error: &(dyn Error + 'static)) -> u8 {
    const FAILURE: u8 = 1;
    const USAGE: u8 = 2;
    const FILES: u8 = 5;
    const NETWORK: u8 = 6;
    if error.is::<SourcesError>() {
        return USAGE;
    }
    match error.downcast_ref() {
        Some(DownloadError::Exhausted { .. }) => NETWORK,
        Some(_) => FILES,
        None => FAILURE,
    }
}

fn run(task: Task) -> Result<ExitCode, Box<dyn Error>> {
    let root = root();
    match task {
        Task::Download(arguments) => download_all(&root, &arguments),
        Task::Glyphs(options) => {
            glyphs::run(&root, &options)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Ci(options) => Ok(ci::run(&root, &options)),
        #[cfg(unix)]
        Task::Coverage(options) => coverage::run(&root, &options),
        Task::Bench(options) => {
            bench::bench(&root, &options)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Peers => {
            xtask::peers::peers(&root)?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(unix)]
        Task::Faults(options) => Ok(faults::run(&root, &options)?),
        Task::PhotoModel(options) => {
            photo_model::run(&root, &options)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Python => {
            if let Tested::Skipped(why) = python::test(&root)? {
                println!("skipped: {why}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Task::Dist(options) => {
            dist::run(&root, &options)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::FileMap(options) => {
            file_map::run(&root, &options)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Layering => {
            let findings = layering::check(&root)?;
            for violation in &findings.violations {
                eprintln!("{violation}");
            }
            println!("{findings}");
            Ok(if findings.violations.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

/// The checkout: xtask is always run by cargo, from the source tree it was built in.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

fn download_all(root: &Path, arguments: &DownloadArguments) -> Result<ExitCode, Box<dyn Error>> {
    // A quota on a file's size is an error like a full disk, not an end; without the handler it is one.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    let list = match &arguments.sources {
        Some(list) => list.clone(),
        None => root.join("datasets/sources.toml"),
    };
    let sources = Sources::read(&list)?;
    let usual = DownloadOptions::default();
    let options = DownloadOptions {
        attempts: arguments.attempts.unwrap_or(usual.attempts),
        pause: arguments.pause.unwrap_or(usual.pause),
        stall: arguments.stall.unwrap_or(usual.stall),
        ..usual
    };
    if arguments.names.is_empty() {
        for set in &sources.sets {
            println!("{:16} {:>11} bytes  {}", set.name, set.bytes(), set.about);
            println!("{:16} licence: {}", "", set.licence);
        }
        return Ok(ExitCode::SUCCESS);
    }
    // Names are looked up first, so that a misspelt last one does not cost the first's download.
    let sets: Result<Vec<_>, _> = arguments
        .names
        .iter()
        .map(|name| sources.find(name))
        .collect();
    let downloads = match &arguments.into {
        Some(folder) => folder.clone(),
        None => root.join("datasets/downloads"),
    };
    for set in sets? {
        let mut report = TerminalReport::default();
        let result = download(set, &downloads, &options, &mut report);
        report.finish();
        let folder = result?;
        println!("{}", folder.display());
        eprintln!("{}: licence: {}", set.name, set.licence);
    }
    Ok(ExitCode::SUCCESS)
}
