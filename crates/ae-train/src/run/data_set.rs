//! The images that a configuration names: opened, and divided as its run divides them.

use std::path::Path;
use std::sync::Arc;

use ae_data::{
    DataError, Dataset, Division, ImageLimits, ImageOptions, ImageSet, OpenOptions, ShardIndex,
    Split, Streaming,
};

use crate::run::config::DataConfig;

impl DataConfig {
    /// Opens the set, its images as this says; what is drawn from grays follows from the run's `seed`.
    ///
    /// # Errors
    /// Those of [`ae_data::open`].
    pub fn open(&self, seed: u64) -> Result<Dataset, DataError> {
        self.open_indexed(seed, None)
    }

    /// The same, where it is known of the shards of a set that is streamed what [`index_shard`](Self::index_shard) finds out.
    ///
    /// # Errors
    /// Those of [`ae_data::open`].
    pub fn open_indexed(
        &self,
        seed: u64,
        indexes: Option<Arc<[ShardIndex]>>,
    ) -> Result<Dataset, DataError> {
        let options = self.options(indexes);
        Ok(ae_data::open(&self.source, &options)?.binarized(self.binarize, seed))
    }

    /// Goes through one shard of a set that is streamed.
    ///
    /// # Errors
    /// Those of [`ae_data::index_shard`].
    pub fn index_shard(&self, shard: &Path) -> Result<ShardIndex, DataError> {
        ae_data::index_shard(shard, &self.options(None))
    }

    fn options(&self, indexes: Option<Arc<[ShardIndex]>>) -> OpenOptions {
        OpenOptions {
            image: ImageOptions {
                size: self.size,
                fit: self.fit,
                channels: self.channels,
                range: self.range,
                limits: ImageLimits::with_max_pixels(self.max_pixels),
            },
            patch: self.patch,
            stream: self.stream.then(|| Streaming {
                shuffle_buffer: self.shuffle_buffer.unwrap_or(Streaming::SHUFFLE_BUFFER),
                indexes,
            }),
            strict: self.strict,
            ..OpenOptions::default()
        }
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
