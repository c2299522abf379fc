//! `cargo xtask bench`: `ae` beside its peers, in one run, interleaved.
//!
//! Each case is measured in rounds, and in each round every contender once, one after the other, the first one another
//! each time: what slows the machine down for a while slows everybody. `ae` is measured from outside, by `ae bench`,
//! `ae train` and `ae denoise`; a peer is a process that answers requests (`xtask/peers`). The raw numbers go into a CSV
//! file, medians and ranges into a table.

mod cases;
mod contender;
mod machine;
mod peer;
mod reach;
mod sample;
mod table;
mod whole;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use self::cases::Case;
use self::contender::Contender;
use self::machine::Machine;
use self::sample::Sample;
use crate::commands::build_ae;

/// What to measure, and beside whom.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  cargo xtask bench --quick             that it runs, in under two minutes; judges nothing
  cargo xtask peers && cargo xtask bench --peers --data ../shared/datasets/notmnist-8k")]
pub struct BenchOptions {
    /// A few small cases, one round; writes no files unless --out is given.
    #[arg(long)]
    pub quick: bool,
    /// Measure PyTorch, ONNX Runtime, Keras, candle and Burn's own operations too, where they are installed.
    #[arg(long)]
    pub peers: bool,
    /// Rounds of each case.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub rounds: usize,
    /// A set for whole runs of `ae train`, as MNIST-named IDX files for the peers; without it those cases are left out.
    #[arg(long, value_name = "SET")]
    pub data: Option<PathBuf>,
    /// Only cases whose name contains this.
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Measure this `ae` instead of building one.
    #[arg(long, value_name = "FILE")]
    pub ae: Option<PathBuf>,
    /// Where the CSV file and the table go [default: docs/benchmarks of the checkout].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Measures, prints the table, and writes it with the raw numbers.
///
/// # Errors
/// `ae` cannot be built or run, or a file cannot be written. A peer that fails is named and left out.
pub fn bench(root: &Path, options: &BenchOptions) -> Result<(), Box<dyn Error>> {
    let machine = Machine::look(root);
    let ae = match &options.ae {
        Some(ae) => ae.clone(),
        None => build_ae(root)?,
    };
    let scratch = tempfile::tempdir()?;
    let data = match &options.data {
        // The processes that read it are started in other folders.
        Some(data) => Some(fs::canonicalize(data).map_err(|error| named(data, &error))?),
        None => None,
    };
    let is_wanted = |name: &str| match &options.only {
        Some(text) => name.contains(text.as_str()),
        None => true,
    };
    let mut cases = cases::all(options.quick, data.as_deref());
    cases.retain(|case| is_wanted(&case.name));
    let models = cases::make_models(&ae, scratch.path(), cases.iter())?;
    let mut contenders = contender::all(root, &ae, options.peers);
    let versions = versions(&contenders);
    let rounds = if options.quick {
        1
    } else {
        options.rounds.max(1)
    };
    let record = Record::new(root, options, &machine);
    // A long run that is broken off leaves what it has.
    let keep = |samples: &[Sample]| match &record {
        Some(record) => record.write("csv", &table::csv(samples)),
        None => Ok(()),
    };
    let mut samples = Vec::new();
    for case in &cases {
        measure(case, &models, &mut contenders, rounds, &mut samples)?;
        keep(&samples)?;
    }
    // What peers hold is free again for what is measured alone.
    drop(contenders);
    if !options.quick {
        samples.extend(whole::measure(
            &ae,
            &models,
            scratch.path(),
            rounds,
            is_wanted,
        )?);
        keep(&samples)?;
        if let Some(data) = data.as_deref().filter(|_| is_wanted(&reach::name())) {
            reach::measure(root, &ae, data, options.peers, &mut samples, keep)?;
        }
    }
    let text = table::markdown(&machine, &samples, &versions, rounds);
    println!("{text}");
    if let Some(record) = &record {
        record.write("md", &text)?;
        eprintln!("{}", record.path("md").display());
    }
    Ok(())
}

fn named(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// What the peers say they are, each once.
fn versions(contenders: &[Contender]) -> Vec<String> {
    let mut versions: Vec<String> = Vec::new();
    for version in contenders.iter().filter_map(Contender::version) {
        if versions.iter().all(|known| known != version) {
            versions.push(version.to_owned());
        }
    }
    versions
}

/// Where a run's numbers are kept: two files of one name.
struct Record {
    folder: PathBuf,
    name: String,
}

impl Record {
    fn new(root: &Path, options: &BenchOptions, machine: &Machine) -> Option<Self> {
        let folder = match &options.out {
            Some(folder) => folder.clone(),
            None if options.quick => return None,
            None => root.join("docs/benchmarks"),
        };
        Some(Self {
            folder,
            name: format!("{}-{}", machine.date, machine.slug()),
        })
    }

    fn path(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }

    fn write(&self, extension: &str, text: &str) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(&self.folder)?;
        let path = self.path(extension);
        ae_files::write_atomically(&path, |file| file.write_all(text.as_bytes()))
            .map_err(|error| format!("cannot write {}: {error}", path.display()).into())
    }
}

fn measure(
    case: &Case,
    models: &cases::Models,
    contenders: &mut [Contender],
    rounds: usize,
    samples: &mut Vec<Sample>,
) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    for round in 0..rounds {
        let count = contenders.len();
        for turn in 0..count {
            let contender = &mut contenders[(turn + round) % count];
            match contender.measure(case, models) {
                Ok(results) => samples.extend(results.into_iter().map(|(task, speed)| Sample {
                    case: case.name.clone(),
                    task,
                    contender: contender.name().to_owned(),
                    round,
                    value: speed,
                })),
                Err(reason) if !contender.is_peer() => {
                    return Err(format!("{}: {}: {reason}", case.name, contender.name()).into());
                }
                Err(reason) => {
                    eprintln!("{}: {} left out: {reason}", case.name, contender.name());
                }
            }
        }
    }
    eprintln!("{}: {:.0} s", case.name, start.elapsed().as_secs_f64());
    Ok(())
}
