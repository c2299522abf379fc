//! Time to reach a test error: whole trainings, from exec to the end of the first epoch that is good enough.

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::cases::Task;
use super::sample::Sample;

/// The test error to reach: what PyTorch's Adam at 1e-3 ends with after ten epochs of the classic protocol, rounded up.
const MSE: f64 = 0.0055;
/// Whoever is not there then, won't be.
const MOST_EPOCHS: usize = 40;
/// Rounds, each from another seed.
const ROUNDS: usize = 3;
/// Between two looks at a log.
const PAUSE: Duration = Duration::from_millis(5);

/// Adam at 1e-3 and nothing else, as PyTorch's users begin with.
const ADAM: &[&str] = &[
    "--optimizer",
    "adam",
    "--learning-rate",
    "1e-3",
    "--clip-norm",
    "off",
    "--schedule",
    "constant",
    "--warmup-steps",
    "0",
];

/// Who trains.
enum Trainer {
    Ae {
        ae: PathBuf,
        arguments: Vec<String>,
    },
    Torch {
        python: PathBuf,
        script: PathBuf,
        threads: usize,
    },
}

/// The case's name.
pub(super) fn name() -> String {
    format!("conv, seconds to a test MSE of {MSE}, batch 128")
}

/// The division of before there were validation images, so that a run trains on as many images as the others and its epochs
/// are measured on the test images: to time them, not to choose one.
const TWO_PARTS: &str = "[data]\ndivision = \"shuffle\"\n\n[model]\nkind = \"conv\"\n";

/// Measures `ae` by its defaults and by PyTorch's, and PyTorch if `peers` are wanted.
///
/// Adding to `samples` as it goes; `kept` is told after each training.
pub(super) fn measure(
    root: &Path,
    ae: &Path,
    data: &Path,
    peers: bool,
    samples: &mut Vec<Sample>,
    mut kept: impl FnMut(&[Sample]) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let own = |arguments: &[&str]| Trainer::Ae {
        ae: ae.to_owned(),
        arguments: arguments.iter().map(ToString::to_string).collect(),
    };
    let epochs = MOST_EPOCHS.to_string();
    let mut trainers = vec![
        ("ae by its defaults", own(&[])),
        (
            "ae, Adam 1e-3 constant",
            own(&[ADAM, &["--epochs", &epochs]].concat()),
        ),
    ];
    let python = crate::peers::python(root);
    if peers && python.exists() {
        trainers.push((
            "PyTorch channels_last, Adam 1e-3",
            Trainer::Torch {
                python,
                script: root.join("xtask/peers/torch_to_mse.py"),
                threads: std::thread::available_parallelism().map_or(1, usize::from),
            },
        ));
    }
    for round in 0..ROUNDS {
        for turn in 0..trainers.len() {
            let (name, trainer) = &trainers[(turn + round) % trainers.len()];
            let seconds = match trainer.seconds(data, round as u64 + 1) {
                Ok(seconds) => seconds,
                Err(reason) if matches!(trainer, Trainer::Ae { .. }) => {
                    return Err(format!("{name}: {reason}").into());
                }
                Err(reason) => {
                    eprintln!("{name} left out: {reason}");
                    continue;
                }
            };
            samples.push(Sample {
                case: self::name(),
                task: Task::Reach,
                contender: (*name).to_owned(),
                round,
                value: seconds,
            });
            kept(samples)?;
        }
    }
    Ok(())
}

impl Trainer {
    /// Trains from a seed until the error is reached, and ends the training.
    fn seconds(&self, data: &Path, seed: u64) -> Result<f64, String> {
        let seed = seed.to_string();
        match self {
            Self::Ae { ae, arguments } => {
                let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
                let run = scratch.path().join("run");
                let config = scratch.path().join("config.toml");
                fs::write(&config, TWO_PARTS).map_err(|error| error.to_string())?;
                let mut command = Command::new(ae);
                command
                    .args(["train", "--quiet", "--backend", "flex", "--seed", &seed])
                    .arg("--config")
                    .arg(&config)
                    .args(arguments)
                    .arg("--data")
                    .arg(data)
                    .arg("--out")
                    .arg(&run)
                    .stdout(Stdio::null());
                let start = Instant::now();
                let mut process = Process::start(&mut command)?;
                let log = run.join("metrics.jsonl");
                loop {
                    let is_over = process.is_over()?;
                    let text = fs::read_to_string(&log).unwrap_or_default();
                    if epochs(&text).any(|mse| mse <= MSE) {
                        return Ok(start.elapsed().as_secs_f64());
                    }
                    if is_over {
                        return Err(format!("ended without an MSE of {MSE}"));
                    }
                    thread::sleep(PAUSE);
                }
            }
            Self::Torch {
                python,
                script,
                threads,
            } => {
                let mut command = Command::new(python);
                command
                    .arg(script)
                    .arg(data)
                    .args(["--mse", &MSE.to_string(), "--seed", &seed])
                    .args(["--threads", &threads.to_string()])
                    .args(["--most-epochs", &MOST_EPOCHS.to_string()])
                    .envs(super::peer::KEEP_MEMORY.iter().copied())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null());
                let start = Instant::now();
                let mut process = Process::start(&mut command)?;
                let output = process.child.stdout.take().ok_or("has no output")?;
                for line in BufReader::new(output).lines() {
                    let line = line.map_err(|error| error.to_string())?;
                    let epoch: Value =
                        serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
                    if epoch["test_mse"].as_f64().is_some_and(|mse| mse <= MSE) {
                        return Ok(start.elapsed().as_secs_f64());
                    }
                }
                Err(format!("ended without an MSE of {MSE}"))
            }
        }
    }
}

/// The test errors of the epochs that a `metrics.jsonl` tells of; a last line that breaks off is left out.
fn epochs(text: &str) -> impl Iterator<Item = f64> {
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n') && line.contains("\"kind\":\"epoch\""))
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|line| line["validation"]["mse"].as_f64())
}

/// A process that is ended when nobody waits for it any more.
struct Process {
    child: Child,
}

impl Process {
    fn start(command: &mut Command) -> Result<Self, String> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        Ok(Self { child })
    }

    /// Whether it has ended well.
    fn is_over(&mut self) -> Result<bool, String> {
        match self.child.try_wait() {
            Ok(None) => Ok(false),
            Ok(Some(status)) if status.success() => Ok(true),
            Ok(Some(status)) => Err(status.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_whole_epochs() {
        let log = "{\"kind\":\"step\",\"loss\":0.001}\n\
                   {\"kind\":\"epoch\",\"epoch\":1,\"validation\":{\"mse\":0.02}}\n\
                   {\"kind\":\"epoch\",\"epoch\":2,\"validation\":null}\n\
                   {\"kind\":\"epoch\",\"epoch\":3,\"validation\":{\"mse\":0.0055}}\n\
                   {\"kind\":\"epoch\",\"epoch\":4,\"validation\":{\"mse\":0.004}}";
        assert_eq!(epochs(log).collect::<Vec<_>>(), [0.02, 0.0055]);
    }
}
