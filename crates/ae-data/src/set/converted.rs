//! A set brought to another size or other channels.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::image::{Channels, Fitted, ImageOptions, ImageShape};
use crate::set::image_set::ImageSet;
use crate::set::store::{Pixels, Store};

impl ImageSet {
    /// The set as `options` want it, or itself when it is that already, and what its images lost.
    ///
    /// Anything else is converted image by image into memory of at most `memory_bytes`.
    pub(crate) fn converted(
        &self,
        options: &ImageOptions,
        memory_bytes: u64,
    ) -> Result<(Self, Fitted), DataError> {
        let from = self.shape();
        let size = options.size.unwrap_or(from.size());
        let channels = options.channels.map_or(from.channels, Channels::count);
        let shape = ImageShape::new(channels, size.height, size.width);
        if shape == from {
            return Ok((self.clone(), Fitted::default()));
        }
        let bytes = shape.values() as u64 * self.len() as u64;
        if bytes > memory_bytes {
            return Err(DataError::TooLarge {
                path: PathBuf::from(self.name()),
                found: format!("{} images of {shape} are {bytes} bytes", self.len()),
                limit: format!("{memory_bytes} bytes"),
            });
        }
        let mut pixels = Vec::with_capacity(bytes as usize);
        let mut fitted = Fitted::default();
        for index in 0..self.len() {
            let image = self.image(index)?;
            fitted.add(options.loses(&image));
            pixels.extend_from_slice(image.brought_to(options).pixels());
        }
        let labels = (0..self.len()).map(|index| self.label(index)).collect();
        let groups = (0..self.len()).map(|index| self.group(index)).collect();
        let files = (0..self.len())
            .filter_map(|index| self.file(index))
            .map(Path::to_owned)
            .collect();
        let converted = Self::from_store(Store {
            name: self.name().to_owned(),
            shape,
            count: self.len(),
            labels,
            classes: self.classes().to_vec(),
            files,
            pixels: Pixels::Memory(pixels),
            digests: Some(self.source_digests()?),
            groups,
        });
        Ok((converted, fitted))
    }
}
