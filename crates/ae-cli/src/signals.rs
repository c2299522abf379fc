//! Signals: the first that asks to stop lets the step finish, a second ends at once, SIGUSR1 asks for a checkpoint.

use std::ffi::c_int;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::error::{CliError, Status, io_reason};

/// What the process was asked by signals.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    /// Whether a signal that asks to stop ends the process there and then: there is nothing to save, or one such
    /// signal has come before.
    ends_at_once: Arc<AtomicBool>,
    /// The last signal that asked to stop; 0 for none.
    stop: Arc<AtomicUsize>,
    checkpoint: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on. Until [`training`](Self::training), being asked to stop ends the process at once.
    ///
    /// A signal that the process was started to ignore, as `nohup` has it with SIGHUP, stays ignored.
    ///
    /// `answers` is whether a signal is answered on standard error: of several processes, one does.
    ///
    /// # Errors
    /// The operating system refuses a handler.
    pub(crate) fn listen(answers: bool) -> Result<Self, CliError> {
        let signals = Self {
            ends_at_once: Arc::new(AtomicBool::new(true)),
            stop: Arc::default(),
            checkpoint: Arc::default(),
        };
        signals.register(answers).map_err(|error| {
            CliError::failure(Status::Files, "signal handlers", io_reason(&error))
        })?;
        Ok(signals)
    }

    fn register(&self, answers: bool) -> io::Result<()> {
        for signal in asking_to_stop() {
            let code = status_of(signal).code();
            // They run in this order: the flag that the last one sets is the next signal's concern.
            flag::register_conditional_shutdown(
                signal,
                code.into(),
                Arc::clone(&self.ends_at_once),
            )?;
            flag::register_usize(signal, Arc::clone(&self.stop), signal as usize)?;
            flag::register(signal, Arc::clone(&self.ends_at_once))?;
        }
        #[cfg(not(unix))]
        let _ = answers;
        #[cfg(unix)]
        {
            flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&self.checkpoint))?;
            if answers {
                acknowledge()?;
            }
        }
        Ok(())
    }

    /// From here until the guard is dropped, the first signal lets the step finish.
    pub(crate) fn training(&self) -> Training<'_> {
        self.ends_at_once.store(false, Ordering::SeqCst);
        Training(self)
    }

    /// How the process is to end, if it was asked to stop.
    pub(crate) fn stop_requested(&self) -> Option<Status> {
        match self.stop.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(status_of(signal as c_int)),
        }
    }

    /// Whether a checkpoint was asked for since this was last called.
    pub(crate) fn take_checkpoint_request(&self) -> bool {
        self.checkpoint.swap(false, Ordering::SeqCst)
    }
}

/// While there is something to save.
pub(crate) struct Training<'a>(&'a Signals);

impl Drop for Training<'_> {
    fn drop(&mut self) {
        self.0.ends_at_once.store(true, Ordering::SeqCst);
    }
}

/// Makes a write beyond a quota on a file's size fail, as one to a full disk does, instead of ending the process.
pub(crate) fn survive_quotas() {
    #[cfg(unix)]
    {
        // Without the handler, the process ends at its quota: what is on the disk is whole all the same.
        let _ = flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    }
}

fn status_of(signal: c_int) -> Status {
    match signal {
        SIGINT => Status::Interrupted,
        _ => Status::Terminated,
    }
}

fn asking_to_stop() -> Vec<c_int> {
    #[cfg(unix)]
    let all = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
    #[cfg(not(unix))]
    let all = [SIGINT, SIGTERM];
    let ignored = ignored_signals();
    all.into_iter()
        .filter(|signal| ignored & (1 << (signal - 1)) == 0)
        .collect()
}

/// The signals that the process was started to ignore, a bit each, where the system tells.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    parse_ignored(&status).unwrap_or(0)
}

/// Reads the mask from Linux' `/proc/self/status` (proc_pid_status(5), `SigIgn`).
fn parse_ignored(status: &str) -> Option<u64> {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

/// Answers a signal on standard error at once, while a long step ends. (The first one alone gets here.)
#[cfg(unix)]
fn acknowledge() -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new(asking_to_stop())?;
    // Without the thread the message is missing, that's all.
    let _ = std::thread::Builder::new()
        .name("ae-signals".to_owned())
        .spawn(move || {
            for _ in signals.forever() {
                crate::terminal::say("stopping after this step; a second signal ends at once");
            }
        });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_mask() {
        let status =
            "Name:\tae\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
        assert_eq!(parse_ignored(status), Some(0x1001));
        assert_eq!(parse_ignored("SigIgn:\tmany"), None);
        assert_eq!(parse_ignored(""), None);
    }

    #[test]
    fn signals_have_the_documented_codes() {
        assert_eq!(status_of(SIGINT).code(), 130);
        assert_eq!(status_of(SIGTERM).code(), 143);
        #[cfg(unix)]
        assert_eq!(status_of(signal_hook::consts::SIGHUP).code(), 143);
    }
}
