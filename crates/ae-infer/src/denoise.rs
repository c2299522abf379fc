//! Removing noise from a picture of any size.

use ae_data::{Image, ImageShape, NoiseChain, Page};
use ae_eval::{Quality, QualityMeter};
use ae_models::{Reconstruct, Trainable as _};
use ae_random::Draw;

use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::progress::ProgressUnit;
use crate::tiling::{Tiling, run_over_picture};

/// The side of a tile where none is asked for, in pixels.
const TILE: usize = 256;

/// A clean picture to which noise was added, to see how much of it the model removes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NoiseTrial {
    /// The picture with noise, for looking at.
    pub noisy: Image,
    /// What the model made of it, in the clean page's samples; alpha is the clean page's.
    pub denoised: Page,
    /// How near the noisy picture is to the clean one.
    pub before: Quality,
}

/// A picture with noise added to it.
#[must_use]
pub fn noisy_image(picture: &Image, noise: &NoiseChain, draw: Draw) -> Image {
    let mut values = picture.to_unit();
    noise.apply(picture.shape(), &mut values, &mut draw.stream());
    Image::from_unit(picture.shape(), &values)
}

/// A page as an image to look at: 8 bits, without alpha.
#[must_use]
pub fn page_image(page: &Page) -> Image {
    Image::from_unit(page.shape(), &page.to_unit())
}

/// How near a page is to the clean one, as it was read again from the file that it was written to; alpha is left aside.
/// Where one is gray and the other in color, the gray one counts as one of equal channels.
///
/// # Panics
/// When the pages differ in size.
#[must_use]
pub fn page_quality(clean: &Page, written: &Page) -> Quality {
    assert_eq!(clean.size, written.size, "pages of one size");
    let channels = clean.color_channels().max(written.color_channels());
    let shape = ImageShape::new(channels, clean.size.height, clean.size.width);
    let values = |page: &Page| page.to_unit().repeat(channels / page.color_channels());
    let range = match clean.samples.bits() == written.samples.bits() {
        // 12 bits in 16 are still that, whatever the file's own values suggest.
        true => clean.range,
        false => written.samples.full_range(),
    };
    let written = Page {
        range,
        ..written.clone()
    };
    quality(shape, &values(clean), &values(&written))
}

fn quality(shape: ImageShape, clean: &[f32], candidate: &[f32]) -> Quality {
    let mut meter = QualityMeter::new(shape);
    meter.add(clean, candidate);
    meter.finish()
}

impl OpenModel {
    /// Whether the model takes images of any size.
    #[must_use]
    pub fn takes_any_size(&self) -> bool {
        let model = self.model().as_reconstruct();
        model.and_then(Reconstruct::size_multiple).is_some()
    }

    /// The side of the square that the model sees to draw one pixel, where that is known to be a part of the picture.
    #[must_use]
    pub fn field_of_view(&self) -> Option<usize> {
        let model = self.model().as_reconstruct();
        model.and_then(Reconstruct::field_of_view)
    }

    /// How the model goes over a picture: whole up to `side` pixels and in tiles of that side above where it takes
    /// images of any size, in tiles of its own size where it doesn't.
    ///
    /// # Errors
    /// [`InferError::SmallTile`] when a tile would be smaller than what the model looks at for a single pixel.
    pub fn tiling(&self, side: usize) -> Result<Tiling, InferError> {
        let model = self.model().as_reconstruct();
        let Some(multiple) = model.and_then(Reconstruct::size_multiple) else {
            return Ok(Tiling::of_fixed_size(self.image_shape().size()));
        };
        let least = self.field_of_view().unwrap_or(1);
        if side < least {
            return Err(InferError::SmallTile {
                model: self.name().to_owned(),
                side,
                least,
            });
        }
        Ok(Tiling::of_any_size(side, multiple))
    }

    /// How the model goes over a picture where nothing is said of tiles: in such of 256 pixels a side, or of as many as it
    /// sees to draw one pixel.
    ///
    /// # Errors
    /// Never, as no tile is smaller than that.
    pub fn usual_tiling(&self) -> Result<Tiling, InferError> {
        self.tiling(TILE.max(self.field_of_view().unwrap_or(0)))
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

    /// Removes noise from a page of a file, as [`denoise`](Self::denoise) does, in all of its bits. Alpha stays as it
    /// is.
    ///
    /// # Errors
    /// As [`denoise`](Self::denoise).
    pub fn denoise_page(&self, page: &Page, tiling: &Tiling) -> Result<Page, InferError> {
        let output = self.denoise_values(page.shape(), &page.to_unit(), tiling)?;
        Ok(page.clone().with_unit(&output))
    }

    /// Adds noise to a clean page, removes it again, and measures what the noise did. What the model did is measured by
    /// [`page_quality`], on what is written.
    ///
    /// # Errors
    /// As [`denoise`](Self::denoise).
    pub fn try_denoising(
        &self,
        clean: &Page,
        noise: &NoiseChain,
        draw: Draw,
        tiling: &Tiling,
    ) -> Result<NoiseTrial, InferError> {
        let shape = clean.shape();
        let values = clean.to_unit();
        let mut noisy = values.clone();
        noise.apply(shape, &mut noisy, &mut draw.stream());
        let output = self.denoise_values(shape, &noisy, tiling)?;
        Ok(NoiseTrial {
            before: quality(shape, &values, &noisy),
            noisy: Image::from_unit(shape, &noisy),
            denoised: clean.clone().with_unit(&output),
        })
    }

    /// # Shapes
    /// - `values`, output: `[channels, height, width]` of `shape`
    pub(crate) fn denoise_values(
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
