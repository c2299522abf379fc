//! Who is measured, and how each is asked.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::cases::{Case, Models, Network, Task};

/// Seconds that a peer measures one request for, at least.
const SECONDS: f64 = 0.5;

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
    /// A process that answers requests, asked for one variant.
    Served {
        name: String,
        variant: &'static str,
        tasks: &'static [Task],
        process: Process,
    },
}

/// A peer's process.
pub(crate) struct Process {
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input ends it; a peer that hangs is ended all the same.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
    let scripts: [(&str, &str, &'static str, &'static [Task]); 5] = [
        ("PyTorch eager", "torch_peer.py", "eager", BOTH),
        (
            "PyTorch channels_last",
            "torch_peer.py",
            "channels_last",
            BOTH,
        ),
        ("PyTorch compiled", "torch_peer.py", "compile", BOTH),
        ("ONNX Runtime", "onnx_peer.py", "onnx", &[Task::Infer]),
        ("Keras", "keras_peer.py", "keras", BOTH),
    ];
    for (name, script, variant, tasks) in scripts {
        match Process::start(root, script) {
            Ok((version, process)) => {
                eprintln!("{name}: {version}");
                contenders.push(Contender::Served {
                    name: name.to_owned(),
                    variant,
                    tasks,
                    process,
                });
            }
            Err(reason) => eprintln!("{name} left out: {reason}"),
        }
    }
    contenders
}

impl Contender {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Ae { name, .. } | Self::Served { name, .. } => name,
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
                let model = models
                    .get(&(case.network, case.shape))
                    .ok_or("no model of this shape")?;
                let steps = steps_of(case, by_operations.unwrap_or(1.0)).to_string();
                let output = output_of(
                    Command::new(ae)
                        .args(["bench", "--json", "--quiet", "--rounds", "1"])
                        .arg(model)
                        .args(by_operations.map(|_| "--burn-operations"))
                        .args(["--backend", backend, "--steps", &steps])
                        .args(["--batch-size", &case.batch.to_string()])
                        .args(["--threads", &case.threads.to_string()]),
                )?;
                medians(&output)
            }
            Self::Served {
                variant,
                tasks,
                process,
                ..
            } => {
                let [channels, height, width] = case.shape;
                let mut measured = Vec::new();
                for &task in *tasks {
                    if case.data.is_some() && task == Task::Infer {
                        continue;
                    }
                    let reply = process.ask(&json!({
                        "task": task.name(),
                        "variant": variant,
                        "model": case.network.name(),
                        "shape": [case.batch, channels, height, width],
                        "threads": case.threads,
                        "noise": case.noise,
                        "seconds": SECONDS,
                    }))?;
                    let speed = reply["images_per_second"]
                        .as_f64()
                        .ok_or_else(|| format!("{}: {reply}", task.name()))?;
                    measured.push((task, speed));
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
        Network::Dense => 30_000.0,
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
            .args(["--backend", backend, "--model", case.network.name()])
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

fn output_of(command: &mut Command) -> Result<Value, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(text.lines().next_back().unwrap_or("failed").to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
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

impl Process {
    /// Starts a script of `xtask/peers` with the environment's Python and waits for its first line.
    fn start(root: &Path, script: &str) -> Result<(String, Self), String> {
        let python = crate::peers::python(root);
        if !python.exists() {
            return Err(format!(
                "{}: not there; cargo xtask peers makes it",
                python.display()
            ));
        }
        let mut child = Command::new(python)
            .arg(root.join("xtask/peers").join(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (Some(requests), Some(replies)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("has no pipes".to_owned());
        };
        let mut process = Self {
            child,
            requests,
            replies: BufReader::new(replies),
        };
        let hello = process.reply()?;
        Ok((hello["peer"].as_str().unwrap_or("").to_owned(), process))
    }

    fn ask(&mut self, request: &Value) -> Result<Value, String> {
        writeln!(self.requests, "{request}").map_err(|error| error.to_string())?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        match self.replies.read_line(&mut line) {
            Ok(0) => Err("ended".to_owned()),
            Ok(_) => serde_json::from_str(&line).map_err(|error| format!("{error}: {line}")),
            Err(error) => Err(error.to_string()),
        }
    }
}
