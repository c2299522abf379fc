//! Denoising by a trained model.

use ae_data::{Image, ImageShape};
use ae_models::{ModelConfig, Reconstruct, Trainable as _};

use crate::denoisers::denoiser::Denoiser;
use crate::denoisers::reflected::{cropped, padded_shape, reflected};
use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::progress::{Progress, ProgressUnit};
use crate::tiling::{Tiling, run_over_picture};

/// The side of a tile where none is asked for, in pixels.
const TILE: usize = 512;

/// A model as a denoiser, going over pictures in tiles.
#[derive(Debug, Clone)]
pub struct ModelDenoiser {
    model: OpenModel,
    tiling: Tiling,
}

impl ModelDenoiser {
    /// Memory beyond a picture is that of a batch of the tiles of `tiling`.
    #[must_use]
    pub fn new(model: OpenModel, tiling: Tiling) -> Self {
        Self { model, tiling }
    }

    /// The model itself.
    #[must_use]
    pub fn model(&self) -> &OpenModel {
        &self.model
    }

    /// Has `listen` called after every batch of tiles, on the caller's thread.
    #[must_use]
    pub fn with_progress(mut self, listen: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.model = self.model.with_progress(listen);
        self
    }
}

impl Denoiser for ModelDenoiser {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn needs_noise_level(&self) -> bool {
        false
    }

    fn assumes_independent_noise(&self) -> bool {
        self.model.is_self_supervised()
    }

    fn remove_noise(
        &self,
        shape: ImageShape,
        values: &[f32],
        _: f32,
    ) -> Result<Vec<f32>, InferError> {
        self.model.denoise_values(shape, values, &self.tiling)
    }
}

impl OpenModel {
    /// Whether the model predicts the chrominances of color pictures alone, and leaves their luminance and gray pictures as they
    /// are.
    #[must_use]
    pub fn leaves_luminance(&self) -> bool {
        let config = self.card().config.as_ref();
        config.is_some_and(ModelConfig::leaves_luminance)
    }

    /// Whether the model was trained to denoise on noisy images alone.
    #[must_use]
    pub fn is_self_supervised(&self) -> bool {
        let card = self.data_card();
        card.is_some_and(|card| card.self_supervised.is_some())
    }

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
    /// images of any size, in tiles of its own size where it doesn't. Without a side, in tiles of 512 pixels, or of as many as
    /// it sees to draw one.
    ///
    /// # Errors
    /// [`InferError::SmallTile`] when a tile would be smaller than what the model looks at for a single pixel.
    pub fn tiling(&self, side: impl Into<Option<usize>>) -> Result<Tiling, InferError> {
        let model = self.model().as_reconstruct();
        let Some(multiple) = model.and_then(Reconstruct::size_multiple) else {
            return Ok(Tiling::of_fixed_size(self.image_shape().size()));
        };
        let least = self.field_of_view().unwrap_or(1);
        let side = side.into().unwrap_or(TILE.max(least));
        if side < least {
            return Err(InferError::SmallTile {
                model: self.name().to_owned(),
                side,
                least,
            });
        }
        Ok(Tiling::of_any_size(side, multiple).seeing(least))
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

    /// # Shapes
    /// - `values`, output: `[channels, height, width]` of `shape`
    pub(crate) fn denoise_values(
        &self,
        shape: ImageShape,
        values: &[f32],
        tiling: &Tiling,
    ) -> Result<Vec<f32>, InferError> {
        let channels = self.image_shape().channels;
        let model = self.model().as_reconstruct();
        let multiple = model.and_then(Reconstruct::size_multiple).unwrap_or(1);
        // A gray model goes over every channel.
        let rounds = if channels == 1 { shape.channels } else { 1 };
        let total = rounds * tiling.tiles(shape.size());
        let mut done = 0;
        run_over_picture(tiling, channels, shape, values, |tile, count, input| {
            let padded = padded_shape(tile, multiple);
            let output = match padded == tile {
                true => self.reconstruct_values(tile, count, input)?,
                false => {
                    let input = reflected(tile, padded, &input);
                    cropped(
                        tile,
                        padded,
                        &self.reconstruct_values(padded, count, input)?,
                    )
                }
            };
            done += count;
            self.listener().tell(done, total, ProgressUnit::Tiles);
            Ok::<_, InferError>(output)
        })
    }
}
