//! Processes under caps on time and memory, and how they end.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::trouble::Trouble;

/// Address space that a command has, unless a case says otherwise. `ae` alone takes below 1 GiB.
const ADDRESS_SPACE_MEBIBYTES: u64 = 4096;
/// Time that a command has, unless a case says otherwise.
const TIME: Duration = Duration::from_secs(60);

/// A command to be run under caps.
pub(super) struct Run<'a> {
    program: PathBuf,
    arguments: Vec<OsString>,
    folder: &'a Path,
    environment: Vec<(&'static str, Option<OsString>)>,
    address_space_mebibytes: u64,
    /// Further `ulimit` commands, such as `ulimit -f 8`.
    limits: String,
    time: Duration,
    stdout: Option<Stdio>,
    wrapper: Vec<OsString>,
}

impl<'a> Run<'a> {
    pub(super) fn new(program: &Path, folder: &'a Path) -> Self {
        Self {
            program: program.to_owned(),
            arguments: Vec::new(),
            folder,
            environment: Vec::new(),
            address_space_mebibytes: ADDRESS_SPACE_MEBIBYTES,
            limits: String::new(),
            time: TIME,
            stdout: None,
            wrapper: Vec::new(),
        }
    }

    pub(super) fn args<I: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = I>) -> Self {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    /// Takes arguments back that stand one after the other.
    pub(super) fn without(mut self, arguments: &[&str]) -> Self {
        let place = self
            .arguments
            .windows(arguments.len())
            .position(|window| window.iter().zip(arguments).all(|(a, b)| a == b));
        if let Some(place) = place {
            self.arguments.drain(place..place + arguments.len());
        }
        self
    }

    pub(super) fn arg(self, argument: impl AsRef<OsStr>) -> Self {
        self.args([argument])
    }

    pub(super) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, Some(value.into())));
        self
    }

    pub(super) fn without_env(mut self, name: &'static str) -> Self {
        self.environment.push((name, None));
        self
    }

    pub(super) fn address_space(mut self, mebibytes: u64) -> Self {
        self.address_space_mebibytes = mebibytes;
        self
    }

    /// Another limit of the shell's, such as `-f 8`.
    pub(super) fn ulimit(mut self, limit: &str) -> Self {
        self.limits.push_str(&format!("ulimit {limit} && "));
        self
    }

    pub(super) fn time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// Where standard output goes, instead of to the harness.
    pub(super) fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.stdout = Some(stdout.into());
        self
    }

    /// A program that runs ours, such as `strace -f`.
    pub(super) fn under<I: AsRef<OsStr>>(mut self, wrapper: impl IntoIterator<Item = I>) -> Self {
        self.wrapper = wrapper
            .into_iter()
            .map(|argument| argument.as_ref().to_owned())
            .collect();
        self
    }

    /// Starts the command; its process is the program's own.
    pub(super) fn start(self) -> Started {
        // The shell sets the limits and is then replaced by the program.
        let line = format!(
            "ulimit -c 0 && ulimit -v {} && {}exec \"$@\"",
            self.address_space_mebibytes * 1024,
            self.limits
        );
        let mut command = Command::new("sh");
        command
            .args(["-c", &line, "sh"])
            .args(&self.wrapper)
            .arg(&self.program)
            .args(&self.arguments)
            .current_dir(self.folder)
            .env("CI", "true")
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("RUST_BACKTRACE")
            .env("no_proxy", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(self.stdout.unwrap_or_else(Stdio::piped))
            .stderr(Stdio::piped());
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut child = command.spawn().expect("every system has sh");
        let stdout = child.stdout.take().map(read_all);
        let stderr = child.stderr.take().map(read_all);
        Started {
            child,
            stdout,
            stderr,
            begin: Instant::now(),
            time: self.time,
        }
    }

    /// Runs the command to its end, or to the end of its time.
    pub(super) fn run(self) -> Ended {
        self.start().wait()
    }
}

type Reading = thread::JoinHandle<String>;

fn read_all(mut stream: impl Read + Send + 'static) -> Reading {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is what there is.
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A command that runs.
pub(super) struct Started {
    pub(super) child: Child,
    stdout: Option<Reading>,
    stderr: Option<Reading>,
    begin: Instant,
    time: Duration,
}

impl Started {
    pub(super) fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    pub(super) fn kill(&mut self) {
        // One that has ended by itself cannot be killed.
        let _ = self.child.kill();
    }

    pub(super) fn wait(mut self) -> Ended {
        let mut pause = Duration::from_millis(1);
        let mut timed_out = false;
        while !self.has_ended() {
            if self.begin.elapsed() > self.time {
                timed_out = true;
                self.kill();
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        let seconds = self.begin.elapsed().as_secs_f64();
        let status = self.child.wait().ok();
        let text = |reading: Option<Reading>| {
            reading
                .and_then(|reading| reading.join().ok())
                .unwrap_or_default()
        };
        Ended {
            code: status.and_then(|status| status.code()),
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
            timed_out,
            seconds,
        }
    }
}

/// How a command ended and what it printed.
#[derive(Debug)]
pub(super) struct Ended {
    /// `None` after a signal.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) timed_out: bool,
    pub(super) seconds: f64,
}

impl Ended {
    /// Whether it is done, without a word of failure.
    pub(super) fn check_done(&self) -> Result<(), String> {
        self.check_calm()?;
        if self.code != Some(0) {
            return Err(format!("exit code {:?}, not 0: {}", self.code, self.said()));
        }
        match self.errors().as_slice() {
            [] => Ok(()),
            errors => Err(format!("done, and yet: {}", errors.join("; "))),
        }
    }

    /// Whether it failed as documented: the exit code, and one line with all `parts`.
    pub(super) fn check_error(&self, code: i32, parts: &[&str]) -> Result<(), String> {
        self.check_calm()?;
        if self.code != Some(code) {
            return Err(format!(
                "exit code {:?}, not {code}: {}",
                self.code,
                self.said()
            ));
        }
        let [error] = self.errors()[..] else {
            return Err(format!(
                "{} error lines: {}",
                self.errors().len(),
                self.said()
            ));
        };
        match parts.iter().find(|part| !error.contains(*part)) {
            None => Ok(()),
            Some(part) => Err(format!("{part:?} is not in: {error}")),
        }
    }

    /// Neither a panic nor an abort nor a time without end.
    fn check_calm(&self) -> Result<(), String> {
        if self.timed_out {
            return Err(format!("not over after {:.0} s", self.seconds));
        }
        for word in ["panicked", "internal error"] {
            if self.stderr.contains(word) {
                return Err(format!("{word}: {}", self.said()));
            }
        }
        Ok(())
    }

    pub(super) fn errors(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter(|line| line.starts_with("error:"))
            .collect()
    }

    /// Standard error on one line.
    pub(super) fn said(&self) -> String {
        let text = self.stderr.trim().replace('\n', " | ");
        let end = text
            .char_indices()
            .nth(400)
            .map_or(text.len(), |(end, _)| end);
        text[..end].to_owned()
    }
}

/// The command without root's right to read and write everything, where the harness is run by root.
pub(super) fn held_to_permissions(run: Run<'_>) -> Result<Run<'_>, Trouble> {
    use std::os::unix::fs::MetadataExt as _;
    let is_root = fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
    if !is_root {
        return Ok(run);
    }
    if !is_there("setpriv") {
        return Err(Trouble::Skipped("setpriv is not there".to_owned()));
    }
    Ok(run.under([
        "setpriv",
        "--bounding-set",
        "-dac_override,-dac_read_search",
    ]))
}

/// Whether a program can be started.
pub(super) fn is_there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}
