//! Who is measured, and how each is asked.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::cases::{Case, Models, Network, Task};
use super::peer::{Answer, Peer, Waiting, Way};
use crate::commands::output_of;

/// Someone who can be measured.
pub(crate) enum Contender {
    /// `ae` on one of its backends.
    Ae {
        name: String,
        ae: PathBuf,
        backend: &'static str,
        /// Whether its convolutions are Burn's own, and which share of its speed that leaves, to plan by.
        by_operations: Option<f64>,
    },
    /// A process that answers requests.
    Served {
        name: &'static str,
        version: String,
        tasks: &'static [Task],
        peer: Peer,
    },
}

/// `ae`, and its peers if they are wanted and there.
pub(crate) fn all(root: &Path, ae: &Path, peers: bool) -> Vec<Contender> {
    let own = |backend: &'static str| Contender::Ae {
        name: format!("ae {backend}"),
        ae: ae.to_owned(),
        backend,
        by_operations: None,
    };
    let mut contenders = vec![own("flex"), own("ndarray")];
    if !peers {
        return contenders;
    }
    for (backend, share) in [("flex", 0.1), ("ndarray", 0.003)] {
        contenders.push(Contender::Ae {
            name: format!("Burn {backend}"),
            ae: ae.to_owned(),
            backend,
            by_operations: Some(share),
        });
    }
    const BOTH: &[Task] = &[Task::Train, Task::Infer];
    const INFER: &[Task] = &[Task::Infer];
    let one = |variant| {
        vec![Way {
            variant,
            waiting: Waiting::Usual,
        }]
    };
    let torch = |variant| {
        let ways = [Waiting::Usual, Waiting::Asleep].map(|waiting| Way { variant, waiting });
        Peer::python(root, "torch_peer.py", ways.into())
    };
    let peers = [
        ("PyTorch eager", BOTH, torch("eager")),
        ("PyTorch channels_last", BOTH, torch("channels_last")),
        ("PyTorch compiled", BOTH, torch("compile")),
        (
            "ONNX Runtime",
            INFER,
            Peer::python(root, "onnx_peer.py", one("onnx")),
        ),
        (
            "Keras",
            BOTH,
            Peer::python(root, "keras_peer.py", one("keras")),
        ),
        ("candle", BOTH, Peer::candle(root)),
    ];
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for (name, tasks, mut peer) in peers {
        match peer.version(threads) {
            Ok(version) => contenders.push(Contender::Served {
                name,
                version,
                tasks,
                peer,
            }),
            Err(reason) => eprintln!("{name} left out: {reason}"),
        }
    }
    contenders
}

impl Contender {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Ae { name, .. } => name,
            Self::Served { name, .. } => name,
        }
    }

    /// What a peer says it is.
    pub(crate) fn version(&self) -> Option<&str> {
        match self {
            Self::Ae { .. } => None,
            Self::Served { version, .. } => Some(version),
        }
    }

    /// Whether it may be missing.
    pub(crate) fn is_peer(&self) -> bool {
        matches!(self, Self::Served { .. })
    }

    /// Measures one round of a case: images a second by task. A case that isn't for it gives nothing.
    pub(crate) fn measure(
        &mut self,
        case: &Case,
        models: &Models,
    ) -> Result<Vec<(Task, f64)>, String> {
        let model = models
            .get(&(case.network, case.shape))
            .ok_or("no model of this shape")?;
        match self {
            Self::Ae {
                ae,
                backend,
                by_operations,
                ..
            } => {
                if by_operations.is_some() && !case.suits_operations(backend) {
                    return Ok(Vec::new());
                }
                if let Some(data) = &case.data {
                    return Ok(vec![(Task::Train, whole_run(ae, backend, case, data)?)]);
                }
                let steps = steps_of(case, by_operations.unwrap_or(1.0)).to_string();
                let output = output_of(
                    Command::new(ae)
                        .args(["bench", "--json", "--quiet", "--rounds", "1"])
                        .arg(&model.run)
                        .args(by_operations.map(|_| "--burn-operations"))
                        .args(["--backend", backend, "--steps", &steps])
                        .args(["--batch-size", &case.batch.to_string()])
                        .args(["--threads", &case.threads.to_string()]),
                )?;
                medians(&output)
            }
            Self::Served {
                name, tasks, peer, ..
            } => {
                if *name == "candle" && !case.suits_candle() {
                    return Ok(Vec::new());
                }
                let mut measured = Vec::new();
                for &task in *tasks {
                    if case.data.is_some() && task == Task::Infer {
                        continue;
                    }
                    let Answer {
                        images_per_second,
                        parameters,
                    } = peer.measure(case, task)?;
                    if parameters != model.parameters {
                        return Err(format!(
                            "its model has {parameters} parameters, not {}",
                            model.parameters
                        ));
                    }
                    measured.push((task, images_per_second));
                }
                Ok(measured)
            }
        }
    }
}

/// As many steps as take about a second where `ae` does `share` of what it did on two cores of 2026.
fn steps_of(case: &Case, share: f64) -> usize {
    let pixels: usize = case.shape[1..].iter().product();
    let images = match case.network {
        Network::Convolutional => 3_000.0 * 784.0 / pixels as f64 * share,
        _ => 30_000.0,
    };
    ((images / case.batch as f64) as usize).clamp(1, 500)
}

/// Two epochs through `ae train`; the second one's speed.
fn whole_run(ae: &Path, backend: &str, case: &Case, data: &Path) -> Result<f64, String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let run = scratch.path().join("run");
    let noise = format!("gaussian:{}", case.noise);
    output_of(
        Command::new(ae)
            .args([
                "train", "--quiet", "--json", "--epochs", "2", "--noise", &noise,
            ])
            .args(["--backend", backend])
            .args(case.network.arguments())
            .args(["--batch-size", &case.batch.to_string()])
            .args(["--threads", &case.threads.to_string()])
            .arg("--data")
            .arg(data)
            .arg("--out")
            .arg(&run),
    )?;
    let metrics =
        std::fs::read_to_string(run.join("metrics.jsonl")).map_err(|error| error.to_string())?;
    metrics
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["kind"] == "epoch")
        .filter_map(|line| line["images_per_second"].as_f64())
        .next_back()
        .ok_or_else(|| "no epoch in metrics.jsonl".to_owned())
}

/// Each task's median, as `ae bench` gives it.
fn medians(output: &Value) -> Result<Vec<(Task, f64)>, String> {
    [Task::Train, Task::Infer]
        .into_iter()
        .map(|task| {
            output[format!("{}_images_per_second", task.name())]["median"]
                .as_f64()
                .map(|median| (task, median))
                .ok_or_else(|| format!("no median of {} in the answer", task.name()))
        })
        .collect()
}
