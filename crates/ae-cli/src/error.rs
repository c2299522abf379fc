//! What goes wrong in a command, how it is said, and the exit code it ends with.

mod interchange;
mod libraries;
#[cfg(feature = "serve")]
mod serve;

use std::error::Error as StdError;
use std::fmt::{self, Display, Write as _};
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// How the process ends; `ae --help` and `docs/reliability.md` list the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The reader of our output went away (`| head -1`), which is no failure: exit code 0.
    ClosedPipe,
    /// A bug in `ae` itself: exit code 1.
    Internal,
    /// A wrong command line or configuration: exit code 2.
    Usage,
    /// Data that can be read but not used: exit code 3.
    Data,
    /// A model or a checkpoint that cannot be used: exit code 4.
    Model,
    /// A file, a lock or the disk: exit code 5.
    Files,
    /// The network: exit code 6. `ae serve` alone listens, and nothing connects; downloads are `cargo xtask download`'s.
    #[cfg_attr(
        not(feature = "serve"),
        allow(dead_code, reason = "nothing else uses the network")
    )]
    Network,
    /// Training diverged: exit code 7.
    Diverged,
    /// A device or memory: exit code 8.
    Device,
    /// Stopped by SIGINT, with everything saved: exit code 130.
    Interrupted,
    /// Stopped by SIGTERM or SIGHUP, with everything saved: exit code 143.
    Terminated,
}

impl Status {
    /// The number the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Data => 3,
            Self::Model => 4,
            Self::Files => 5,
            Self::Network => 6,
            Self::Diverged => 7,
            Self::Device => 8,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The one of an exit code, as another process has it.
    pub(crate) fn of_code(code: u8) -> Self {
        let all = [
            Self::Usage,
            Self::Data,
            Self::Model,
            Self::Files,
            Self::Network,
            Self::Diverged,
            Self::Device,
            Self::Interrupted,
            Self::Terminated,
        ];
        let found = all.into_iter().find(|status| status.code() == code);
        found.unwrap_or(Self::Internal)
    }

    /// Whether the process ends because it was asked to.
    const fn is_asked_for(self) -> bool {
        matches!(self, Self::Interrupted | Self::Terminated)
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.code())
    }
}

/// An error as the user reads it: `error: WHAT: WHY`, and perhaps `hint: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CliError {
    status: Status,
    message: String,
    hint: Option<String>,
}

impl CliError {
    /// A wrong command line or configuration; `what` is the option, key or file at fault.
    pub(crate) fn usage(what: impl Display, why: impl Display) -> Self {
        Self::new(Status::Usage, format!("{what}: {why}"))
    }

    /// Something that went wrong with `what`, a file in most cases.
    pub(crate) fn failure(status: Status, what: impl Display, why: impl Display) -> Self {
        Self::new(status, format!("{what}: {why}"))
    }

    /// A library's error, whose message names the file; its causes are appended.
    pub(crate) fn caused_by(status: Status, error: &dyn StdError) -> Self {
        Self::new(status, with_causes(error))
    }

    /// A failure to read or write `path`.
    pub(crate) fn io(path: &Path, action: &str, error: &io::Error) -> Self {
        Self::failure(
            Status::Files,
            path.display(),
            format!("cannot {action}: {}", io_reason(error)),
        )
    }

    /// Says which file an error is about whose message does not.
    #[must_use]
    pub(crate) fn about(mut self, path: &Path) -> Self {
        self.message = format!("{}: {}", path.display(), self.message);
        self
    }

    /// Says which file an error is about, where its message does not name it.
    #[must_use]
    pub(crate) fn naming(self, path: &Path) -> Self {
        match self.message.contains(&*path.to_string_lossy()) {
            true => self,
            false => self.about(path),
        }
    }

    /// The same with another message, made of its own.
    #[must_use]
    pub(crate) fn reworded(mut self, reword: impl FnOnce(&str) -> String) -> Self {
        self.message = reword(&self.message);
        self
    }

    /// Says which of several processes an error is of.
    #[must_use]
    pub(crate) fn of(mut self, process: &str) -> Self {
        self.message = format!("{process}: {}", self.message);
        self
    }

    /// A failure to write results to standard output.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Status::ClosedPipe, String::new());
        }
        Self::failure(Status::Files, "standard output", io_reason(error))
    }

    /// Stopped by the signal that `status` stands for; `what_next` says how to resume.
    pub(crate) fn stopped(status: Status, what: impl Display, what_next: impl Display) -> Self {
        let by = match status {
            Status::Interrupted => "ctrl-c",
            _ => "a signal",
        };
        Self::new(
            status,
            format!("{what}: stopped by {by}, everything is saved"),
        )
        .hint(what_next)
    }

    /// Stopped by the signal that `status` stands for, with nothing to save.
    pub(crate) fn abandoned(status: Status, what: impl Display) -> Self {
        let by = match status {
            Status::Interrupted => "ctrl-c",
            _ => "a signal",
        };
        Self::new(status, format!("{what}: stopped by {by}, nothing is kept"))
    }

    /// Adds a line that says what would help.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(one_line(&hint.to_string()));
        self
    }

    /// How the process ends.
    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// The lines for standard error, without their line ends; none for a closed pipe.
    pub(crate) fn lines(&self) -> Vec<String> {
        if self.status == Status::ClosedPipe {
            return Vec::new();
        }
        let (error, hint) = match self.status.is_asked_for() {
            // No error, and the hint is what to do next.
            true => ("", ""),
            false => ("error: ", "hint: "),
        };
        let mut lines = vec![format!("{error}{}", self.message)];
        lines.extend(self.hint.as_ref().map(|text| format!("{hint}{text}")));
        lines
    }

    fn new(status: Status, message: String) -> Self {
        Self {
            status,
            message: one_line(&message),
            hint: None,
        }
    }
}

impl Display for CliError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for CliError {}

/// Says an I/O error without the operating system's error number.
pub(crate) fn io_reason(error: &io::Error) -> String {
    let message = error.to_string();
    let reason = message.split(" (os error").next().unwrap_or(&message);
    let mut characters = reason.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "unknown reason".to_owned(),
    }
}

/// Appends to an error's message those of its causes that it doesn't already tell.
fn with_causes(error: &dyn StdError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = match error.downcast_ref::<io::Error>() {
            Some(error) => io_reason(error),
            None => error.to_string(),
        };
        if !message.contains(&text) && !message.contains(&error.to_string()) {
            message = format!("{message}: {text}");
        }
        cause = error.source();
    }
    message
}

/// Keeps a message on one line and free of the terminal's control codes, whatever a file's name
/// holds.
fn one_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for character in message.trim().chars() {
        match character {
            '\n' | '\r' | '\t' if line.ends_with(' ') => {}
            '\n' | '\r' | '\t' => line.push(' '),
            _ if character.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(line, "{}", character.escape_default());
            }
            _ => line.push(character),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read a.png")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_message_is_one_line_with_its_causes() {
        let error = Outer(io::Error::other("bad\n  bytes\u{1b}[31m"));
        assert_eq!(
            CliError::caused_by(Status::Data, &error)
                .hint("try\nagain")
                .lines(),
            [
                "error: cannot read a.png: bad   bytes\\u{1b}[31m",
                "hint: try again"
            ]
        );
    }

    #[test]
    fn a_cause_is_not_told_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read a.png: {0}")]
        struct Telling(#[source] io::Error);
        let error = Telling(io::Error::other("no disk"));
        assert_eq!(
            CliError::caused_by(Status::Data, &error).lines(),
            ["error: cannot read a.png: no disk"]
        );
    }

    #[test]
    fn statuses_have_the_documented_codes() {
        for (status, code) in [
            (Status::ClosedPipe, 0),
            (Status::Internal, 1),
            (Status::Usage, 2),
            (Status::Data, 3),
            (Status::Model, 4),
            (Status::Files, 5),
            (Status::Network, 6),
            (Status::Diverged, 7),
            (Status::Device, 8),
            (Status::Interrupted, 130),
            (Status::Terminated, 143),
        ] {
            assert_eq!(status.code(), code, "{status:?}");
        }
    }

    #[test]
    fn a_closed_pipe_says_nothing() {
        let error = CliError::stdout(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(error.status(), Status::ClosedPipe);
        assert!(error.lines().is_empty());
        let error = CliError::stdout(&io::Error::from_raw_os_error(28));
        assert_eq!(error.status(), Status::Files);
        assert_eq!(
            error.lines(),
            ["error: standard output: no space left on device"]
        );
    }
}
