//! Where a case works: a folder of its own, ready-made images and a run, and processes under caps.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::snapshot::Snapshot;
use super::{FaultsError, Trouble, bytes};

/// Address space that a command has, unless a case says otherwise. `ae` alone takes below 1 GiB.
const ADDRESS_SPACE_MEBIBYTES: u64 = 4096;
/// Time that a command has, unless a case says otherwise.
const TIME: Duration = Duration::from_secs(60);

/// Eight by eight pixels, three steps an epoch: a training run in a fraction of a second.
pub(super) const SIDE: u32 = 8;
pub(super) const TRAIN_IMAGES: u32 = 24;
pub(super) const TEST_IMAGES: u32 = 8;

/// The model of every case: the smallest convolutional one.
pub(super) const SMALL: [&str; 9] = [
    "--widths",
    "4,4",
    "--batch-size",
    "8",
    "--warmup-steps",
    "2",
    "--backend",
    "flex",
    "--quiet",
];

/// What all cases share and none changes.
pub(super) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    /// Makes the set `set`, the picture `photo.png` and, by `ae` itself, the run `run`.
    pub(super) fn make(ae: &Path) -> Result<Self, FaultsError> {
        let folder =
            tempfile::tempdir().map_err(FaultsError::io("make a folder in", Path::new("/tmp")))?;
        let fixture = Self { folder };
        bytes::write_set(&fixture.path().join("set"))
            .map_err(FaultsError::io("write", fixture.path()))?;
        fs::write(
            fixture.path().join("photo.png"),
            bytes::png(SIDE, SIDE, &bytes::drawing(3)),
        )
        .map_err(FaultsError::io("write", fixture.path()))?;
        let bench = fixture.bench(ae, 0)?;
        let run = fixture.path().join("run");
        let ended = bench
            .ae(["train", "--data"])
            .arg(fixture.path().join("set"))
            .arg("--out")
            .arg(&run)
            .args([
                "--epochs",
                "2",
                "--noise",
                "masking:0.2",
                "--schedule",
                "constant",
            ])
            .args(SMALL)
            .run();
        match ended.code {
            Some(0) => Ok(fixture),
            _ => Err(FaultsError::Unusable(format!(
                "ae does not train: {ended:?}"
            ))),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A fresh folder for a case.
    pub(super) fn bench<'a>(&'a self, ae: &'a Path, seed: u64) -> Result<Bench<'a>, FaultsError> {
        let folder =
            tempfile::tempdir().map_err(FaultsError::io("make a folder in", Path::new("/tmp")))?;
        Ok(Bench {
            fixture: self.path(),
            folder,
            ae,
            seed,
        })
    }
}

/// A case's place.
pub(super) struct Bench<'a> {
    fixture: &'a Path,
    folder: TempDir,
    ae: &'a Path,
    pub(super) seed: u64,
}

impl Bench<'_> {
    /// The case's own folder, where its commands run.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the case's folder.
    pub(super) fn write(&self, name: impl AsRef<Path>, content: &[u8]) -> Result<(), Trouble> {
        let path = self.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(broken(parent))?;
        }
        fs::write(&path, content).map_err(broken(&path))
    }

    /// A good set, as an argument.
    pub(super) fn set(&self) -> String {
        self.fixture.join("set").display().to_string()
    }

    /// A good picture, as an argument.
    pub(super) fn photo(&self) -> String {
        self.fixture.join("photo.png").display().to_string()
    }

    /// A good run, as an argument.
    pub(super) fn run(&self) -> String {
        self.fixture.join("run").display().to_string()
    }

    /// A copy of the good run in the case's folder.
    pub(super) fn copy_run(&self, name: &str) -> Result<PathBuf, Trouble> {
        let to = self.path().join(name);
        copy_folder(&self.fixture.join("run"), &to)?;
        Ok(to)
    }

    /// The program under test.
    pub(super) fn ae<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Run<'_> {
        Run::new(self.ae, self.path()).args(arguments)
    }

    pub(super) fn ae_path(&self) -> &Path {
        self.ae
    }

    /// The downloader: this very program.
    pub(super) fn xtask<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
    ) -> Result<Run<'_>, Trouble> {
        let program = std::env::current_exe().map_err(broken(Path::new("xtask")))?;
        Ok(Run::new(&program, self.path()).args(arguments))
    }

    /// Training on the good set with the small model into `out`, from the first step.
    pub(super) fn train(&self, out: &str, more: &[&str]) -> Run<'_> {
        self.ae(["train", "--data", &self.set(), "--out", out])
            .args(SMALL)
            .args(more)
    }

    /// Runs a command that must fail as documented and leave the case's folder as it was.
    pub(super) fn refuses(&self, run: Run<'_>, code: i32, parts: &[&str]) -> Result<(), Trouble> {
        let before = Snapshot::of(self.path());
        let ended = run.run();
        ended.check_error(code, parts)?;
        before.check_same(&Snapshot::of(self.path()), |_| false)?;
        Ok(())
    }
}

/// A file of the harness itself.
pub(super) fn broken(path: &Path) -> impl FnOnce(std::io::Error) -> Trouble {
    let path = path.to_owned();
    move |error| Trouble::Failed(format!("harness: {}: {error}", path.display()))
}

pub(super) fn copy_folder(from: &Path, to: &Path) -> Result<(), Trouble> {
    fs::create_dir_all(to).map_err(broken(to))?;
    for entry in fs::read_dir(from).map_err(broken(from))? {
        let path = entry.map_err(broken(from))?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(broken(&path))?;
        }
    }
    Ok(())
}

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
    fn new(program: &Path, folder: &'a Path) -> Self {
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
