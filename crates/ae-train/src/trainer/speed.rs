//! How fast an epoch goes.

use std::time::Instant;

/// What is measured of an epoch's speed.
pub(crate) struct Speed {
    begin: Instant,
    images: usize,
}

impl Speed {
    pub(crate) fn start() -> Self {
        Self {
            begin: Instant::now(),
            images: 0,
        }
    }

    pub(crate) fn add(&mut self, images: usize) {
        self.images += images;
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.begin.elapsed().as_secs_f64()
    }

    pub(crate) fn images_per_second(&self) -> f64 {
        self.images as f64 / self.seconds().max(1e-9)
    }
}
