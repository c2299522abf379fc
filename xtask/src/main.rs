//! Development tasks, run as `cargo xtask TASK`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use xtask::bench::{self, BenchOptions};
use xtask::ci::{self, CiOptions};
use xtask::download::{DownloadOptions, download};
use xtask::glyphs::{self, GlyphsOptions};
use xtask::layering;
use xtask::progress::TerminalReport;
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
    /// Measure `ae` beside its peers.
    Bench(BenchOptions),
    /// Make the Python environment of the peers that `bench --peers` measures.
    Peers,
    /// Check the crates' dependencies against the table in docs/architecture.md.
    Layering,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask download notmnist-small mnist")]
struct DownloadArguments {
    /// Names from datasets/sources.toml; without any, the list is printed.
    names: Vec<String>,
    /// Folder to download into [default: datasets/downloads of the checkout].
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let usage = matches!(error.downcast_ref(), Some(SourcesError::Unknown { .. }));
            ExitCode::from(if usage { 2 } else { 1 })
        }
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
        Task::Bench(options) => {
            bench::bench(&root, &options)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Peers => {
            xtask::peers::peers(&root)?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Layering => {
            let violations = layering::check(&root)?;
            for violation in &violations {
                eprintln!("{violation}");
            }
            Ok(if violations.is_empty() {
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
    let sources = Sources::read(&root.join("datasets/sources.toml"))?;
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
        let result = download(set, &downloads, &DownloadOptions::default(), &mut report);
        report.finish();
        let folder = result?;
        println!("{}", folder.display());
        eprintln!("{}: licence: {}", set.name, set.licence);
    }
    Ok(ExitCode::SUCCESS)
}
