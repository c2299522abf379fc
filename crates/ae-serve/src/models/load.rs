//! What a model has to do at the moment and has done, for its queue's bound and for `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::metrics::Histogram;

/// Upper ends of the classes that batches are counted in by their images.
const BATCH_SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// What a model has to do and has done.
#[derive(Debug)]
pub(crate) struct Load {
    most: usize,
    waiting: AtomicUsize,
    coming: AtomicUsize,
    images: AtomicU64,
    panics: AtomicU64,
    batches: Histogram,
}

/// A request that has come and is being decoded; it will wait soon, and a batch may wait for it.
#[derive(Debug)]
pub(crate) struct Coming(Arc<Load>);

impl Load {
    /// For at most so many requests that wait.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            waiting: AtomicUsize::new(0),
            coming: AtomicUsize::new(0),
            images: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            batches: Histogram::new(BATCH_SIZES),
        }
    }

    /// Counts a request among those that wait, where there is room for it.
    pub(crate) fn enter(&self) -> bool {
        let entered = self
            .waiting
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |waiting| {
                (waiting < self.most).then_some(waiting + 1)
            });
        entered.is_ok()
    }

    /// A request waits no more.
    pub(crate) fn leave(&self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// How many requests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    pub(crate) fn announce(self: &Arc<Self>) -> Coming {
        self.coming.fetch_add(1, Ordering::SeqCst);
        Coming(Arc::clone(self))
    }

    /// Whether requests are about to wait.
    pub(crate) fn is_awaiting(&self) -> bool {
        self.coming.load(Ordering::SeqCst) > 0
    }

    /// Counts images that passed at once.
    pub(crate) fn count_batch(&self, images: usize) {
        self.batches.add(images as f64);
        self.images.fetch_add(images as u64, Ordering::Relaxed);
    }

    /// Counts a panic that was caught.
    pub(crate) fn count_panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn images(&self) -> u64 {
        self.images.load(Ordering::Relaxed)
    }

    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    pub(crate) fn batches(&self) -> &Histogram {
        &self.batches
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.coming.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_has_an_end() {
        let load = Arc::new(Load::new(2));
        assert!(load.enter() && load.enter() && !load.enter());
        load.leave();
        assert!(load.enter());
        assert_eq!(load.waiting(), 2);
        let coming = load.announce();
        assert!(load.is_awaiting());
        drop(coming);
        assert!(!load.is_awaiting());
    }
}
