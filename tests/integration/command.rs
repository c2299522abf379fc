//! Running `ae` from outside.

use std::path::Path;
use std::process::{Command, Stdio};

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

/// The command, ready to run in `folder`.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ae"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("CI", "true")
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::null());
    command
}

/// Runs `ae` in `folder`.
pub(crate) fn ae(folder: &Path, arguments: &[&str]) -> Ended {
    let output = command(folder, arguments).output().expect("ae starts");
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

/// Runs `ae` and expects it to be done without a word of failure.
pub(crate) fn done(folder: &Path, arguments: &[&str]) -> Ended {
    let ended = ae(folder, arguments);
    assert_eq!(ended.code, 0, "ae {arguments:?}: {ended:#?}");
    assert!(ended.lines("error:").is_empty(), "{ended:#?}");
    ended
}
