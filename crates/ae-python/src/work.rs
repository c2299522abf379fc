//! Work that other Python threads run beside, and that ctrl-c ends.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use ae_cli::Status;
use pyo3::prelude::*;

use crate::fault::Fault;

/// Python is asked for signals so often at most: it may have to be waited for.
const ASKED_EVERY: Duration = Duration::from_millis(50);

thread_local! {
    static LAST_ASKED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// What [`stop_if_interrupted`] unwinds with.
struct Interrupted(PyErr);

/// Does `work` while other Python threads run.
///
/// # Errors
/// Those of `work`; what a signal's handler raised meanwhile; a bug in what was called, or memory that it didn't get.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, Fault> + Send,
) -> PyResult<T> {
    // What was being changed is given up with what is returned.
    let outcome = py.detach(|| panic::catch_unwind(AssertUnwindSafe(work)));
    match outcome {
        Ok(result) => Ok(result?),
        Err(payload) => Err(unwound(payload).into()),
    }
}

/// What the work ended with in place of a result.
fn unwound(payload: Box<dyn Any + Send>) -> Fault {
    let payload = match payload.downcast::<Interrupted>() {
        Ok(interrupted) => return Fault::Python(interrupted.0),
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("no message");
    match text.contains("not enough memory") {
        true => Fault::Said(Status::Device, text.to_owned()),
        false => Fault::Said(
            Status::Internal,
            format!("internal error: {text}; this is a bug in ae"),
        ),
    }
}

/// Ends the work that this is called in where a signal asks for it: on Python's main thread, the handler of SIGINT raises
/// KeyboardInterrupt.
///
/// The libraries tell their progress, but cannot be told to stop: the stack is unwound up to [`detached`], which nothing on
/// the way catches.
pub(crate) fn stop_if_interrupted() {
    if let Some(Err(error)) = signals() {
        panic::resume_unwind(Box::new(Interrupted(error)));
    }
}

/// What Python's handlers of signals say; nothing where they were asked a moment ago.
pub(crate) fn signals() -> Option<PyResult<()>> {
    let now = Instant::now();
    let is_due = LAST_ASKED.with(|last| {
        let last = last.get();
        last.is_none_or(|last| now.duration_since(last) >= ASKED_EVERY)
    });
    is_due.then(|| {
        LAST_ASKED.with(|last| last.set(Some(now)));
        Python::attach(|py| py.check_signals())
    })
}
