//! Running `ae` from outside.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// How a command ended and what it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    }
}

impl Ended {
    /// The one JSON object on standard output.
    pub(crate) fn json(&self) -> serde_json::Value {
        let value: serde_json::Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {self:#?}"));
        assert!(value.is_object(), "{value}");
        value
    }

    /// The lines of standard error that begin with `start`.
    pub(crate) fn lines(&self, start: &str) -> Vec<&str> {
        self.stderr
            .lines()
            .filter(|line| line.starts_with(start))
            .collect()
    }
}

/// What follows `ae` on its command line: a line, or its words.
pub(crate) trait Arguments {
    /// Each argument. A line is divided at blanks outside of `\'`.
    fn words(&self) -> Vec<String>;
}

impl Arguments for str {
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (number, part) in self.split('\'').enumerate() {
            match number % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        words
    }
}

impl Arguments for String {
    fn words(&self) -> Vec<String> {
        self.as_str().words()
    }
}

impl Arguments for [&str] {
    fn words(&self) -> Vec<String> {
        self.iter().map(|&word| word.to_owned()).collect()
    }
}

impl<const N: usize> Arguments for [&str; N] {
    fn words(&self) -> Vec<String> {
        self[..].words()
    }
}

impl Arguments for Vec<&str> {
    fn words(&self) -> Vec<String> {
        self[..].words()
    }
}

impl<A: Arguments + ?Sized> Arguments for &A {
    fn words(&self) -> Vec<String> {
        (**self).words()
    }
}

/// The command, ready to run in `folder`.
pub(crate) fn command<A: Arguments + ?Sized>(folder: &Path, arguments: &A) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ae"));
    command
        .args(arguments.words())
        .current_dir(folder)
        .env("CI", "true")
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::null());
    command
}

/// Runs `ae` in `folder`.
pub(crate) fn ae<A: Arguments + ?Sized>(folder: &Path, arguments: &A) -> Ended {
    Ended::from(command(folder, arguments).output().expect("ae starts"))
}

/// Runs `ae` and expects it to be done without a word of failure.
pub(crate) fn done<A: Arguments + ?Sized>(folder: &Path, arguments: &A) -> Ended {
    let ended = ae(folder, arguments);
    assert_eq!(ended.code, 0, "ae {:?}: {ended:#?}", arguments.words());
    assert!(ended.lines("error:").is_empty(), "{ended:#?}");
    ended
}
