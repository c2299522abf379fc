//! Where text goes: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::error::{CliError, Status};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// Exactly one JSON object.
    Json,
}

/// The process's standard output and standard error.
///
/// Nothing in `ae` prints in another way: `println!` panics when the reader goes away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// How results are printed.
    pub form: Form,
    /// Whether progress and notes are left out.
    pub quiet: bool,
    /// Whether nothing is said at all: another process says it.
    pub is_mute: bool,
    /// Whether this is about one shard of many: warnings are all that is said.
    pub is_of_shard: bool,
}

impl Terminal {
    /// Prints a result: `text` for people, or `value` as one JSON object.
    ///
    /// # Errors
    /// Standard output is closed or full.
    pub(crate) fn result(
        &self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        if self.is_mute || self.is_of_shard {
            return Ok(());
        }
        match self.form {
            Form::Text => self.text(&printable(&text())),
            Form::Json => {
                let mut json = serde_json::to_string_pretty(value)
                    .map_err(|error| CliError::failure(Status::Internal, "--json", error))?;
                json.push('\n');
                write_stdout(json.as_bytes())
            }
        }
    }

    /// Prints text that has no JSON form, such as a completion script.
    ///
    /// # Errors
    /// Standard output is closed or full.
    pub(crate) fn text(&self, text: &str) -> Result<(), CliError> {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        write_stdout(format!("{text}{end}").as_bytes())
    }

    /// Says something by the way, unless `--quiet`.
    pub(crate) fn note(&self, note: impl std::fmt::Display) {
        if !self.quiet && !self.is_mute && !self.is_of_shard {
            say(&printable(&note.to_string()));
        }
    }

    /// Says something that each of several processes has to say of its own work, unless `--quiet`.
    pub(crate) fn said_by_all(&self, note: impl std::fmt::Display) {
        if !self.quiet {
            say(&printable(&note.to_string()));
        }
    }

    /// Warns, `--quiet` or not.
    pub(crate) fn warning(&self, warning: impl std::fmt::Display) {
        if !self.is_mute {
            say(&printable(&format!("warning: {warning}")));
        }
    }

    /// Whether a progress bar makes sense: on a terminal that a person watches.
    pub(crate) fn is_watched(&self) -> bool {
        !self.quiet
            && !self.is_mute
            && !self.is_of_shard
            && io::stderr().is_terminal()
            && std::env::var_os("CI").is_none()
    }
}

/// Text without the control characters that a file's name may have, and a terminal would obey.
fn printable(text: &str) -> String {
    text.replace(
        |letter: char| letter.is_control() && letter != '\n',
        "\u{fffd}",
    )
}

/// Writes a line to standard error; when nobody listens there, there is nobody to tell.
pub(crate) fn say(line: &str) {
    // Nothing is allocated here: the process may be ending for want of memory, and others wait for the lock.
    let mut stderr = io::stderr().lock();
    let _ = stderr
        .write_all(line.as_bytes())
        .and_then(|()| stderr.write_all(b"\n"));
}

/// Has the caller tell why the process ends, unless another thread does. One error is enough: whoever is not the first waits
/// a moment for that one to have told it, and ends the process all the same.
pub(crate) fn tell_once(tell: impl FnOnce()) {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    if IS_TOLD.swap(true, Ordering::SeqCst) {
        thread::sleep(Duration::from_secs(1));
    } else {
        tell();
    }
}

/// Prints an error, its lines made before it is told: there may be no memory for them.
pub(crate) fn tell(error: &CliError) {
    let lines = error.lines();
    tell_once(|| lines.iter().for_each(|line| say(line)));
}

fn write_stdout(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| CliError::stdout(&error))
}
