//! The denoiser for photographs that is built in.

use ae_data::ImageShape;
use ae_eval::filters::{from_opponent, to_opponent};
use ae_models::{ModelCard, Placement, Registry};

use crate::denoisers::denoiser::Denoiser;
use crate::denoisers::model::ModelDenoiser;
use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::progress::Progress;

/// What users call it.
pub const PHOTO: &str = "photo";
/// Where a chrominance of zero lies in what the network sees: it was trained on pictures of 0 to 1.
const MIDDLE: f32 = 0.5;

const FILE: &[u8] = include_bytes!("../../photo/photo.safetensors");

/// A U-Net that was trained on gray photographs with Gaussian noise of unknown strength, sigma 0 to 55 of 255, and need not be
/// told it. `photo/README.md` says how, on what, and how good it is.
///
/// Of a color picture it denoises luminance and both chrominances, each as a gray picture: there the noise is independent, and
/// weaker than in red, green and blue by a factor of 1.7, 1.4 and 1.6. A network without biases does at one contrast what it does
/// at another.
#[derive(Debug, Clone)]
pub struct PhotoDenoiser {
    model: ModelDenoiser,
}

impl PhotoDenoiser {
    /// The page that says what it was made of and how good it is, as Markdown; its first table is its card.
    pub const PAGE: &str = include_str!("../../photo/README.md");

    /// The size of its model file.
    pub const FILE_BYTES: usize = FILE.len();

    /// What its model file says of it.
    ///
    /// # Errors
    /// `registry` doesn't know its kind.
    pub fn card(registry: &Registry) -> Result<ModelCard, InferError> {
        Ok(ae_models::read_model_card_from_bytes(
            FILE, PHOTO, registry,
        )?)
    }

    /// Puts the model where `placement` says, a `&Device` for one. It goes over pictures in tiles of `tile_side` pixels, or as
    /// [`OpenModel::tiling`] says.
    ///
    /// # Errors
    /// [`InferError::SmallTile`] when a tile would be smaller than what the model looks at for a single pixel.
    pub fn open<'a>(
        placement: impl Into<Placement<'a>>,
        tile_side: Option<usize>,
    ) -> Result<Self, InferError> {
        let model = OpenModel::from_bytes(FILE, PHOTO, &Registry::builtin(), placement)?;
        let tiling = model.tiling(tile_side)?;
        Ok(Self {
            model: ModelDenoiser::new(model, tiling),
        })
    }

    /// The model itself.
    #[must_use]
    pub fn model(&self) -> &OpenModel {
        self.model.model()
    }

    /// Has `listen` called after every batch of tiles, on the caller's thread.
    #[must_use]
    pub fn with_progress(mut self, listen: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.model = self.model.with_progress(listen);
        self
    }
}

impl Denoiser for PhotoDenoiser {
    fn name(&self) -> &str {
        PHOTO
    }

    fn needs_noise_level(&self) -> bool {
        false
    }

    fn remove_noise(
        &self,
        shape: ImageShape,
        values: &[f32],
        noise_level: f32,
    ) -> Result<Vec<f32>, InferError> {
        if shape.channels != 3 {
            return self.model.remove_noise(shape, values, noise_level);
        }
        let mut opponent = to_opponent(values);
        for value in &mut opponent[shape.pixels()..] {
            *value += MIDDLE;
        }
        let mut output = self.model.remove_noise(shape, &opponent, noise_level)?;
        for value in &mut output[shape.pixels()..] {
            *value -= MIDDLE;
        }
        Ok(from_opponent(&output))
    }
}
