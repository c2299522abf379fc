//! Ctrl-c: the first one asks the training loop to stop after the step, the second one ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{CliError, Status};
use crate::output::say;

/// Whether the user has asked to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for ctrl-c (and for being asked to terminate) from now on.
    ///
    /// # Errors
    /// The operating system refuses the handler.
    pub(crate) fn listen() -> Result<Self, CliError> {
        let interrupt = Self::default();
        let handler = interrupt.clone();
        ctrlc::set_handler(move || {
            if handler.0.swap(true, Ordering::SeqCst) {
                std::process::exit(Status::Interrupted.code().into());
            }
            say("stopping after this step; ctrl-c again ends at once");
        })
        .map_err(|error| CliError::failure("ctrl-c handler", error))?;
        Ok(interrupt)
    }

    /// Whether the user has asked to stop.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
