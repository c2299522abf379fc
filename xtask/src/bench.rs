//! `cargo xtask bench`: `ae` beside its peers, in one run, interleaved.
//!
//! Each case is measured in rounds, and in each round every contender once, one after the other, the first one another
//! each time: what slows the machine down for a while slows everybody. `ae` is measured from outside, by `ae bench` and
//! `ae train`; a peer in Python is a process that answers requests (`xtask/peers`). The raw numbers go into a CSV file,
//! medians and ranges into a table.

mod cases;
mod contender;
mod machine;
mod table;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use self::cases::{Case, Task};
use self::contender::Contender;
use self::machine::Machine;
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
    /// Measure PyTorch, ONNX Runtime, Keras and Burn's own operations too, where they are installed.
    #[arg(long)]
    pub peers: bool,
    /// Rounds of each case.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub rounds: usize,
    /// A set for whole runs of `ae train`; without it that case is left out.
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

/// One number: what a contender did in one round of a case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) case: String,
    pub(crate) task: Task,
    pub(crate) contender: String,
    pub(crate) round: usize,
    pub(crate) images_per_second: f64,
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
    let models = cases::make_models(&ae, scratch.path())?;
    let mut contenders = contender::all(root, &ae, options.peers);
    let rounds = if options.quick {
        1
    } else {
        options.rounds.max(1)
    };
    let record = Record::new(root, options, &machine);
    let mut samples = Vec::new();
    let cases = cases::all(options.quick, options.data.as_deref());
    for case in cases.iter().filter(|case| match &options.only {
        Some(text) => case.name.contains(text.as_str()),
        None => true,
    }) {
        measure(case, &models, &mut contenders, rounds, &mut samples)?;
        // A long run that is broken off leaves what it has.
        if let Some(record) = &record {
            record.write("csv", &table::csv(&samples))?;
        }
    }
    let others = if options.quick {
        BTreeMap::new()
    } else {
        machine::start_up_and_memory(&ae, &models, scratch.path())?
    };
    let text = table::markdown(&machine, &samples, &others, rounds);
    println!("{text}");
    if let Some(record) = &record {
        record.write("md", &text)?;
        eprintln!("{}", record.path("md").display());
    }
    Ok(())
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
        Ok(ae_data::write_atomically(&self.path(extension), |file| {
            file.write_all(text.as_bytes())
        })?)
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
                    images_per_second: speed,
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
