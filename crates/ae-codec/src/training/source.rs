//! Where images to train on come from, and which of them are in memory.

use std::io;

use rayon::prelude::*;

use crate::error::CodecError;
use crate::shape::ImageShape;

/// Images that a model is trained on. What is read is held in memory up to a bound, however many there are.
pub trait TrainingImages: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// The shape of an image.
    fn shape(&self, index: usize) -> ImageShape;

    /// Reads an image, `[height, width]`. Where [`changes`](Self::changes) says so, it may be another one at each `visit`; the same
    /// visit and index give the same pixels.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, visit: u64, index: usize, pixels: &mut [u8]) -> io::Result<()>;

    /// Whether visits see other images, such as patches that are drawn anew.
    fn changes(&self) -> bool {
        false
    }
}

/// Images of one shape that are in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct InMemory<'a> {
    pub(super) shape: ImageShape,
    pub(super) images: &'a [u8],
}

impl TrainingImages for InMemory<'_> {
    fn count(&self) -> usize {
        self.images.len() / self.shape.pixels()
    }

    fn shape(&self, _index: usize) -> ImageShape {
        self.shape
    }

    fn read(&self, _visit: u64, index: usize, pixels: &mut [u8]) -> io::Result<()> {
        pixels.copy_from_slice(&self.images[index * pixels.len()..][..pixels.len()]);
        Ok(())
    }
}

/// Steps between two visits, at least.
const STEPS_OF_VISIT: usize = 5000;

/// How often every image is in memory, where not all are at once.
const VISITS: usize = 4;

/// Which images are in memory at which step: all, where they fit, else every nth of them for some time, and then the next
/// ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visits {
    /// Parts into which the images are divided.
    pools: usize,
    steps_of_visit: usize,
    changes: bool,
}

impl Visits {
    /// Of `images`, as many are in memory as have at most `most` pixels, and one more.
    pub(super) fn new(images: &dyn TrainingImages, steps: usize, most: u64) -> Self {
        let pixels = (0..images.count()).map(|index| images.shape(index).pixels() as u64);
        let pixels = pixels.fold(0, u64::saturating_add);
        // No image fits twice into what is divided, so that there are no more parts than images.
        let pools = usize::try_from(pixels.div_ceil(most)).unwrap_or(usize::MAX);
        let pools = pools.clamp(1, images.count().max(1));
        let visits = (steps / STEPS_OF_VISIT).clamp(1, VISITS * pools);
        Self {
            pools,
            steps_of_visit: steps.div_ceil(visits).max(1),
            changes: images.changes(),
        }
    }

    /// The visit that a step belongs to.
    pub(super) fn of_step(&self, step: usize) -> usize {
        match self.pools > 1 || self.changes {
            true => step / self.steps_of_visit,
            false => 0,
        }
    }

    /// The images that are in memory during a visit, each with its shape.
    ///
    /// # Errors
    /// [`CodecError::Read`].
    pub(super) fn read(
        &self,
        images: &dyn TrainingImages,
        visit: usize,
    ) -> Result<Vec<(ImageShape, Vec<u8>)>, CodecError> {
        let chosen: Vec<usize> = (visit % self.pools..images.count())
            .step_by(self.pools)
            .collect();
        chosen
            .into_par_iter()
            .map(|index| {
                let shape = images.shape(index);
                let mut pixels = vec![0; shape.pixels()];
                images.read(visit as u64, index, &mut pixels)?;
                Ok((shape, pixels))
            })
            .collect::<io::Result<_>>()
            .map_err(CodecError::Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every image is in memory in turn, at most a part of them at once, and no visit is one of another part alone.
    #[test]
    fn all_images_are_visited_in_turn() {
        let shape = ImageShape::new(2, 3).unwrap();
        let pixels: Vec<u8> = (0..60).collect();
        let images = InMemory {
            shape,
            images: &pixels,
        };
        let all = Visits::new(&images, 100_000, 60);
        assert_eq!([0, 9, 99_999].map(|step| all.of_step(step)), [0; 3]);
        assert_eq!(all.read(&images, 0).unwrap().len(), 10);

        let visits = Visits::new(&images, 100_000, 20);
        assert_eq!(visits.pools, 3);
        assert_eq!(visits.of_step(99_999), 11);
        let mut seen = Vec::new();
        for visit in 0..3 {
            let read = visits.read(&images, visit).unwrap();
            assert!(read.len() <= 4);
            seen.extend(read.into_iter().map(|(_, pixels)| pixels[0]));
        }
        seen.sort();
        assert_eq!(seen, [0, 6, 12, 18, 24, 30, 36, 42, 48, 54]);
        assert_eq!(
            visits.read(&images, 0).unwrap(),
            visits.read(&images, 3).unwrap()
        );
        // Fewer steps than visits would take see what they can.
        assert_eq!(Visits::new(&images, 10, 20).of_step(9), 0);
    }
}
