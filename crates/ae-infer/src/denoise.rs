//! Removing noise from a picture of any size.

use ae_data::{Image, ImageShape, NoiseChain};
use ae_eval::{Quality, QualityMeter};
use ae_models::{Reconstruct, Trainable as _};
use ae_random::Draw;

use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::progress::ProgressUnit;
use crate::tiling::{Tiling, run_over_picture};

/// A clean picture to which noise was added, to see how much of it the model removes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NoiseTrial {
    /// The picture.
    pub clean: Image,
    /// The picture with noise.
    pub noisy: Image,
    /// What the model made of it.
    pub denoised: Image,
    /// How near the noisy picture is to the clean one.
    pub before: Quality,
    /// How near the denoised picture is to the clean one.
    pub after: Quality,
}

/// A picture with noise added to it.
#[must_use]
pub fn noisy_image(picture: &Image, noise: &NoiseChain, draw: Draw) -> Image {
    Image::from_unit(picture.shape(), &noisy_values(picture, noise, draw))
}

fn noisy_values(picture: &Image, noise: &NoiseChain, draw: Draw) -> Vec<f32> {
    let mut values = picture.to_unit();
    noise.apply(picture.shape(), &mut values, &mut draw.stream());
    values
}

impl OpenModel {
    /// How the model goes over a picture: whole up to `side` pixels and in tiles of that side above where it takes
    /// images of any size, in tiles of its own size where it doesn't.
    #[must_use]
    pub fn tiling(&self, side: usize) -> Tiling {
        let model = self.model().as_reconstruct();
        match model.and_then(Reconstruct::size_multiple) {
            Some(multiple) => Tiling::of_any_size(side, multiple),
            None => Tiling::of_fixed_size(self.image_shape().size()),
        }
    }

    /// Removes noise from a picture of any size.
    ///
    /// The picture keeps its size. Memory beyond it is that of a batch of tiles. A gray model does the channels of a
    /// color picture one after the other; a color model sees a gray picture as one whose channels are equal.
    ///
    /// # Errors
    /// The model cannot reconstruct, the picture has a number of channels that it can do nothing with, or the device
    /// fails.
    pub fn denoise(&self, picture: &Image, tiling: &Tiling) -> Result<Image, InferError> {
        let shape = picture.shape();
        let output = self.denoise_values(shape, &picture.to_unit(), tiling)?;
        Ok(Image::from_unit(shape, &output))
    }

    /// Adds noise to a clean picture, removes it again, and measures both.
    ///
    /// # Errors
    /// As [`denoise`](Self::denoise).
    pub fn try_denoising(
        &self,
        picture: Image,
        noise: &NoiseChain,
        draw: Draw,
        tiling: &Tiling,
    ) -> Result<NoiseTrial, InferError> {
        let shape = picture.shape();
        let noisy = noisy_values(&picture, noise, draw);
        let output = self.denoise_values(shape, &noisy, tiling)?;
        let clean = picture.to_unit();
        let quality = |candidate: &[f32]| {
            let mut meter = QualityMeter::new(shape);
            meter.add(&clean, candidate);
            meter.finish()
        };
        Ok(NoiseTrial {
            before: quality(&noisy),
            after: quality(&output),
            noisy: Image::from_unit(shape, &noisy),
            denoised: Image::from_unit(shape, &output),
            clean: picture,
        })
    }

    /// # Shapes
    /// - `values`, output: `[channels, height, width]` of `shape`
    fn denoise_values(
        &self,
        shape: ImageShape,
        values: &[f32],
        tiling: &Tiling,
    ) -> Result<Vec<f32>, InferError> {
        let channels = self.image_shape().channels;
        // A gray model goes over every channel.
        let rounds = if channels == 1 { shape.channels } else { 1 };
        let total = rounds * tiling.tiles(shape.size());
        let mut done = 0;
        run_over_picture(tiling, channels, shape, values, |tile, count, input| {
            let output = self.reconstruct_values(tile, count, input)?;
            done += count;
            self.listener().tell(done, total, ProgressUnit::Tiles);
            Ok::<_, InferError>(output)
        })
    }
}
