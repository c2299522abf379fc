//! The denoiser for photographs that is built in.

use ae_data::ImageShape;
use ae_models::{ModelCard, Placement, Registry};

use crate::denoisers::denoiser::Denoiser;
use crate::denoisers::model::ModelDenoiser;
use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::progress::Progress;

/// What users call it.
pub const PHOTO: &str = "photo";
const GRAY_FILE: &[u8] = include_bytes!("../../photo/photo.safetensors");
const CHROMINANCES_FILE: &[u8] = include_bytes!("../../photo/photo-chrominances.safetensors");

/// Two U-Nets that were trained on photographs with Gaussian noise of unknown strength, sigma 0 to 55 of 255, and need not be
/// told it: one for gray pictures, and one for the chrominances of color ones. `photo/README.md` says how, on what, and how good they are.
///
/// Of a color picture the first denoises the luminance as a gray picture. There the noise is independent, and weaker than in red,
/// green and blue by a factor of 1.7; a network without biases does at one contrast what it does at another. The second sees
/// luminance and chrominances, since edges that are lost in a chrominance's noise are plain in the luminance.
#[derive(Debug, Clone)]
pub struct PhotoDenoiser {
    gray: ModelDenoiser,
    chrominances: ModelDenoiser,
}

impl PhotoDenoiser {
    /// The page that says what it was made of and how good it is, as Markdown; its first table is its card.
    pub const PAGE: &str = include_str!("../../photo/README.md");

    /// The size of its model files.
    pub const FILE_BYTES: usize = GRAY_FILE.len() + CHROMINANCES_FILE.len();

    /// What the model file for gray pictures says of it.
    ///
    /// # Errors
    /// `registry` doesn't know its kind.
    pub fn card(registry: &Registry) -> Result<ModelCard, InferError> {
        Ok(ae_models::read_model_card_from_bytes(
            GRAY_FILE, PHOTO, registry,
        )?)
    }

    /// Puts the models where `placement` says, a `&Device` for one. They go over pictures in tiles of `tile_side` pixels, or as
    /// [`OpenModel::tiling`] says.
    ///
    /// # Errors
    /// [`InferError::SmallTile`] when a tile would be smaller than what the models look at for a single pixel.
    pub fn open<'a>(
        placement: impl Into<Placement<'a>>,
        tile_side: Option<usize>,
    ) -> Result<Self, InferError> {
        let placement = placement.into();
        let open = |file| -> Result<ModelDenoiser, InferError> {
            let model = OpenModel::from_bytes(file, PHOTO, &Registry::builtin(), placement)?;
            let tiling = model.tiling(tile_side)?;
            Ok(ModelDenoiser::new(model, tiling))
        };
        Ok(Self {
            gray: open(GRAY_FILE)?,
            chrominances: open(CHROMINANCES_FILE)?,
        })
    }

    /// The model for gray pictures.
    #[must_use]
    pub fn model(&self) -> &OpenModel {
        self.gray.model()
    }

    /// Has `listen` called after every batch of tiles, on the caller's thread; of a color picture twice for each, first for the luminance.
    #[must_use]
    pub fn with_progress(
        mut self,
        listen: impl Fn(Progress) + Clone + Send + Sync + 'static,
    ) -> Self {
        self.gray = self.gray.with_progress(listen.clone());
        self.chrominances = self.chrominances.with_progress(listen);
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
            return self.gray.remove_noise(shape, values, noise_level);
        }
        let plane = ImageShape::new(1, shape.height, shape.width);
        let (first, rest) = values.split_at(shape.pixels());
        let is_gray = rest
            .chunks_exact(shape.pixels())
            .all(|channel| channel == first);
        let luminance = self
            .gray
            .remove_noise(plane, &luminance(values), noise_level)?;
        if is_gray {
            // There is no color to be seen in the noise.
            return Ok(luminance.repeat(3));
        }
        let mut output = self.chrominances.remove_noise(shape, values, noise_level)?;
        // What is added to red, green and blue alike changes the luminance alone.
        let [red, green, blue] = planes_mut(&mut output);
        for (((red, green), blue), luminance) in red.iter_mut().zip(green).zip(blue).zip(luminance)
        {
            let missing = luminance - (*red + *green + *blue) / 3.0;
            *red += missing;
            *green += missing;
            *blue += missing;
        }
        Ok(output)
    }
}

/// The mean of red, green and blue (Dabov et al. 2007).
///
/// # Shapes
/// - `values`: `[3, height, width]`
/// - output: `[height, width]`
fn luminance(values: &[f32]) -> Vec<f32> {
    let (red, rest) = values.split_at(values.len() / 3);
    let (green, blue) = rest.split_at(red.len());
    let channels = red.iter().zip(green).zip(blue);
    channels
        .map(|((red, green), blue)| (red + green + blue) / 3.0)
        .collect()
}

fn planes_mut(values: &mut [f32]) -> [&mut [f32]; 3] {
    let pixels = values.len() / 3;
    let (red, rest) = values.split_at_mut(pixels);
    let (green, blue) = rest.split_at_mut(pixels);
    [red, green, blue]
}

#[cfg(test)]
mod tests {
    use ae_eval::filters::to_opponent;
    use burn::tensor::Device;

    use super::*;

    fn noisy(shape: ImageShape) -> Vec<f32> {
        let value = |place: usize| {
            let wave = (place as f32 * 0.01).sin() * 0.3;
            0.5 + wave + (place * 7919 % 1000) as f32 / 5000.0
        };
        (0..shape.values()).map(value).collect()
    }

    #[test]
    fn a_color_picture_has_the_luminance_that_the_gray_model_gives() {
        let photo = PhotoDenoiser::open(&Device::flex(), None).unwrap();
        let (shape, plane) = (ImageShape::new(3, 30, 41), ImageShape::new(1, 30, 41));
        let values = noisy(shape);
        let denoised = to_opponent(&photo.remove_noise(shape, &values, 0.0).unwrap());
        let opponent = to_opponent(&values);
        let luminance = photo
            .remove_noise(plane, &opponent[..plane.values()], 0.0)
            .unwrap();
        for (found, expected) in denoised.iter().zip(&luminance) {
            assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
        }
        let changed = denoised[plane.values()..]
            .iter()
            .zip(&opponent[plane.values()..])
            .filter(|(found, before)| (*found - *before).abs() > 1e-3);
        assert!(changed.count() > plane.values());
    }

    #[test]
    fn gray_in_three_channels_stays_gray() {
        let photo = PhotoDenoiser::open(&Device::flex(), None).unwrap();
        let (shape, plane) = (ImageShape::new(3, 30, 41), ImageShape::new(1, 30, 41));
        let values = noisy(plane);
        let expected = photo.remove_noise(plane, &values, 0.0).unwrap();
        let found = photo.remove_noise(shape, &values.repeat(3), 0.0).unwrap();
        let difference = found.chunks(plane.values()).flat_map(|channel| {
            let pairs = channel.iter().zip(&expected);
            pairs.map(|(found, expected)| (found - expected).abs())
        });
        assert!(difference.fold(0.0_f32, f32::max) < 1e-5);
    }
}
