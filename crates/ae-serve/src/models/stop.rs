//! Ending a computation that nobody waits for any more.
//!
//! A model goes over a large picture tile by tile and tells after each how far it has come. Where the request has gone
//! meanwhile, the thread unwinds from there to the worker's loop, as rust-analyzer's queries do when they are cancelled: nothing
//! of the model changes while it computes, so nothing is left half done.

use std::any::Any;
use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a computation is still wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

/// Asks to stop when it is dropped: whoever waited has gone, or has the answer.
#[derive(Debug)]
pub(crate) struct StopOnDrop(Stop);

/// What a thread unwinds with.
struct Stopped;

thread_local! {
    /// What the thread computes at the moment.
    static CURRENT: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

impl Stop {
    pub(crate) fn on_drop(&self) -> StopOnDrop {
        StopOnDrop(self.clone())
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes it the one that [`unwind_if_requested`] looks at on this thread, until `compute` is over.
    pub(crate) fn while_computing<T>(&self, compute: impl FnOnce() -> T) -> T {
        CURRENT.with(|current| current.replace(Some(self.clone())));
        let computed = compute();
        CURRENT.with(|current| current.replace(None));
        computed
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Unwinds where what the thread computes is not wanted any more.
pub(crate) fn unwind_if_requested() {
    let is_requested = CURRENT.with(|current| {
        let current = current.borrow();
        current.as_ref().is_some_and(Stop::is_requested)
    });
    if is_requested {
        // No panic: the hook is not called, and nothing is printed.
        resume_unwind(Box::new(Stopped));
    }
}

/// Whether a thread unwound because it was asked to, not by a panic.
pub(crate) fn is_stopped(payload: &(dyn Any + Send)) -> bool {
    payload.is::<Stopped>()
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_computation_that_is_not_wanted_ends_at_the_next_look() {
        let stop = Stop::default();
        stop.while_computing(unwind_if_requested);
        drop(stop.on_drop());
        let payload = catch_unwind(AssertUnwindSafe(|| {
            stop.while_computing(unwind_if_requested);
        }));
        assert!(is_stopped(&*payload.unwrap_err()));
        Stop::default().while_computing(unwind_if_requested);
        unwind_if_requested();
    }
}
