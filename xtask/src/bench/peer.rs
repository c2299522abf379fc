//! A peer: a program that answers requests, in as many processes as it takes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::cases::{Case, Task};

/// Seconds that a request is measured for, at least.
const SECONDS: f64 = 0.5;
/// The same for batches of a set, whose epochs are longer.
const SECONDS_WITH_DATA: f64 = 2.0;

/// Memory that was given back is kept for the next step. PyTorch's tuning guide has its users install an allocator that
/// does so.
pub(super) const KEEP_MEMORY: &[(&str, &str)] = &[
    ("MALLOC_MMAP_MAX_", "0"),
    ("MALLOC_TRIM_THRESHOLD_", "17179869184"),
    ("MALLOC_TOP_PAD_", "67108864"),
];

/// How a peer's threads wait for the next piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Waiting {
    /// As they are made to: OpenMP's spin, which is quickest where nothing else runs.
    Usual,
    /// Asleep, which is quicker by far where something does.
    Asleep,
}

/// One way to have a peer do something; who is measured is the quickest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) variant: &'static str,
    pub(crate) waiting: Waiting,
}

/// Someone who answers requests.
pub(crate) struct Peer {
    program: PathBuf,
    script: Option<PathBuf>,
    ways: Vec<Way>,
    /// By threads and waiting.
    processes: BTreeMap<(usize, Waiting), Process>,
    /// The index of the quickest way, by case.
    quickest: BTreeMap<(String, Task), usize>,
}

impl Peer {
    /// A script of `xtask/peers`, run by the environment's Python, with several ways to do things.
    pub(crate) fn python(root: &Path, script: &str, ways: Vec<Way>) -> Self {
        Self {
            program: crate::peers::python(root),
            script: Some(root.join("xtask/peers").join(script)),
            ways,
            processes: BTreeMap::new(),
            quickest: BTreeMap::new(),
        }
    }

    /// candle.
    pub(crate) fn candle(root: &Path) -> Self {
        Self {
            program: crate::peers::candle(root),
            script: None,
            ways: vec![Way {
                variant: "candle",
                waiting: Waiting::Usual,
            }],
            processes: BTreeMap::new(),
            quickest: BTreeMap::new(),
        }
    }

    /// What it says it is; an error where it isn't there.
    pub(crate) fn version(&mut self, threads: usize) -> Result<String, String> {
        Ok(self.process(threads, Waiting::Usual)?.version.clone())
    }

    /// Images a second, and the parameters of the model that was taken.
    pub(crate) fn measure(&mut self, case: &Case, task: Task) -> Result<Answer, String> {
        let key = (case.name.clone(), task);
        let chosen = match self.quickest.get(&key) {
            Some(&way) => way,
            None => {
                let way = self.find_quickest(case, task)?;
                self.quickest.insert(key, way);
                way
            }
        };
        self.ask(self.ways[chosen], case, task)
    }

    fn find_quickest(&mut self, case: &Case, task: Task) -> Result<usize, String> {
        // A single thread waits for nobody.
        let ways: Vec<_> = self.ways.iter().copied().enumerate().collect();
        let possible: Vec<_> = ways
            .into_iter()
            .filter(|(_, way)| case.threads > 1 || way.waiting == Waiting::Usual)
            .collect();
        if let [(only, _)] = possible[..] {
            return Ok(only);
        }
        let mut best: Option<(usize, f64)> = None;
        let mut failure = "no way to do it".to_owned();
        for (index, way) in possible {
            match self.ask(way, case, task) {
                Ok(answer) => {
                    let speed = answer.images_per_second;
                    if best.is_none_or(|(_, most)| speed > most) {
                        best = Some((index, speed));
                    }
                }
                Err(reason) => failure = reason,
            }
        }
        best.map(|(index, _)| index).ok_or(failure)
    }

    fn ask(&mut self, way: Way, case: &Case, task: Task) -> Result<Answer, String> {
        let [channels, height, width] = case.shape;
        let request = json!({
            "task": task.name(),
            "variant": way.variant,
            "model": case.network.name(),
            "shape": [case.batch, channels, height, width],
            "noise": case.noise,
            "data": case.data,
            "seconds": if case.data.is_some() { SECONDS_WITH_DATA } else { SECONDS },
        });
        let reply = self.process(case.threads, way.waiting)?.ask(&request)?;
        match (
            reply["images_per_second"].as_f64(),
            reply["parameters"].as_u64(),
        ) {
            (Some(images_per_second), Some(parameters)) => Ok(Answer {
                images_per_second,
                parameters,
            }),
            _ => Err(format!("{}: {reply}", task.name())),
        }
    }

    /// The process for so many threads, started when it is first wanted; those for other threads are ended.
    fn process(&mut self, threads: usize, waiting: Waiting) -> Result<&mut Process, String> {
        let key = (threads, waiting);
        self.processes.retain(|(other, _), _| *other == threads);
        if !self.processes.contains_key(&key) {
            let process = Process::start(&self.program, self.script.as_deref(), threads, waiting)?;
            self.processes.insert(key, process);
        }
        self.processes
            .get_mut(&key)
            .ok_or_else(|| "was just started".to_owned())
    }
}

/// What a peer did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Answer {
    pub(crate) images_per_second: f64,
    pub(crate) parameters: u64,
}

struct Process {
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
    version: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input ends it; a peer that hangs is ended all the same.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts a peer and waits for its first line.
    fn start(
        program: &Path,
        script: Option<&Path>,
        threads: usize,
        waiting: Waiting,
    ) -> Result<Self, String> {
        if !program.exists() {
            return Err(format!(
                "{}: not there; cargo xtask peers makes it",
                program.display()
            ));
        }
        let mut command = Command::new(program);
        command
            .args(script)
            .arg(OsString::from(threads.to_string()))
            .env("RAYON_NUM_THREADS", threads.to_string())
            .envs(KEEP_MEMORY.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if waiting == Waiting::Asleep {
            command.env("OMP_WAIT_POLICY", "PASSIVE");
        }
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let (Some(requests), Some(replies)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("has no pipes".to_owned());
        };
        let mut process = Self {
            child,
            requests,
            replies: BufReader::new(replies),
            version: String::new(),
        };
        let hello = process.reply()?;
        process.version = hello["peer"].as_str().unwrap_or("").to_owned();
        Ok(process)
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
