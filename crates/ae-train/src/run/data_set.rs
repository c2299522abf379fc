//! The images that a configuration names: opened, and divided as its run divides them.

use ae_data::{
    DataError, Dataset, Division, ImageLimits, ImageOptions, ImageSet, OpenOptions, Split,
};

use crate::run::config::DataConfig;

impl DataConfig {
    /// Opens the set, its images as this says; what is drawn from grays follows from the run's `seed`.
    ///
    /// # Errors
    /// Those of [`ae_data::open`].
    pub fn open(&self, seed: u64) -> Result<Dataset, DataError> {
        let options = OpenOptions {
            image: ImageOptions {
                size: self.size,
                fit: self.fit,
                channels: self.channels,
                range: self.range,
                limits: ImageLimits::with_max_pixels(self.max_pixels),
            },
            patch: self.patch,
            strict: self.strict,
            ..OpenOptions::default()
        };
        Ok(ae_data::open(&self.source, &options)?.binarized(self.binarize, seed))
    }

    /// Divides a set as a run of `seed` does, with as many images of each part as it takes, or patches of them.
    ///
    /// # Errors
    /// Those of [`Dataset::split`].
    pub fn divide(&self, dataset: &Dataset, seed: u64) -> Result<Split, DataError> {
        let mut split = dataset.split(&self.split_options(seed))?;
        if let Some(limit) = self.limit {
            for set in [&mut split.train, &mut split.validation, &mut split.test] {
                *set = self.limited(set, limit, seed)?;
            }
        }
        Ok(split.with_drawn_patches(seed, self.patches_per_epoch))
    }

    /// At most `limit` images of a part: those that a run of `seed` takes.
    ///
    /// # Errors
    /// An image that is decoded lazily can no longer be read.
    pub fn limited(&self, set: &ImageSet, limit: usize, seed: u64) -> Result<ImageSet, DataError> {
        match self.division {
            Division::Content => set.spread(limit, seed),
            Division::Shuffle => Ok(set.take(limit)),
        }
    }
}
