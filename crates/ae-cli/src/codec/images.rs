//! Sets of images as the codec takes them: gray, of one shape.

use std::io;
use std::path::{Component, Path};

use ae_codec::{CodecError, Encoder, EncoderSettings, ImageShape, PixelModel};
use ae_data::ImageSet;

use super::container::Counted;
use crate::error::{CliError, Status};

/// Pixels that are trained on, at most: they are all in memory.
const MOST_TRAINING_BYTES: usize = 2 << 30;

/// The shape of a set's images as the codec has it.
///
/// # Errors
/// They are in color, or too large.
pub(crate) fn codec_shape(set: &ImageSet) -> Result<ImageShape, CliError> {
    let shape = set.shape();
    if shape.channels != 1 {
        let reason = format!(
            "images of {} channels, but the codec is for gray ones",
            shape.channels
        );
        return Err(CliError::failure(Status::Data, set.name(), reason)
            .hint("--channels gray makes them gray, which is what is kept of them then"));
    }
    let side = |side: usize| u16::try_from(side).ok().filter(|&side| side <= 1024);
    side(shape.height)
        .zip(side(shape.width))
        .and_then(|(height, width)| ImageShape::new(height, width))
        .ok_or_else(|| {
            let reason = format!(
                "images of {}x{}, but the codec is for sides up to 1024",
                shape.width, shape.height
            );
            CliError::failure(Status::Data, set.name(), reason)
        })
}

/// All pixels of a set, to be trained on.
///
/// # Errors
/// They are too many, or an image cannot be read.
pub(crate) fn read_pixels(set: &ImageSet) -> Result<Vec<u8>, CliError> {
    let values = set.shape().values();
    let bytes = values.checked_mul(set.len());
    let Some(bytes) = bytes.filter(|&bytes| bytes <= MOST_TRAINING_BYTES) else {
        let reason = format!(
            "{} images of {values} pixels are more than the {MOST_TRAINING_BYTES} bytes that are trained on",
            set.len()
        );
        return Err(CliError::failure(Status::Data, set.name(), reason)
            .hint(format!("--limit {}", MOST_TRAINING_BYTES / values.max(1))));
    };
    let mut pixels = vec![0; bytes];
    for (index, image) in pixels.chunks_exact_mut(values).enumerate() {
        set.read_into(index, image)?;
    }
    Ok(pixels)
}

/// The bits per pixel of a container of the set's images, heads and checksums counted; nothing of no images.
///
/// # Errors
/// An image cannot be read.
pub(crate) fn bits_per_pixel(model: &PixelModel, set: &ImageSet) -> Result<Option<f64>, CliError> {
    if set.is_empty() {
        return Ok(None);
    }
    let settings = EncoderSettings {
        is_verified: false,
        ..EncoderSettings::default()
    };
    let failed = |error: CodecError| CliError::from(error).about(Path::new(set.name()));
    let mut encoder = Encoder::new(Counted::new(io::sink()), model, &settings).map_err(failed)?;
    let mut image = vec![0; set.shape().values()];
    for index in 0..set.len() {
        set.read_into(index, &mut image)?;
        encoder.push(&image, None).map_err(failed)?;
    }
    let bytes = encoder.finish().map_err(failed)?.bytes();
    Ok(Some(per_pixel(bytes, set.len() as u64, model.shape())))
}

/// Bits per pixel of `images` that take `bytes`.
pub(crate) fn per_pixel(bytes: u64, images: u64, shape: ImageShape) -> f64 {
    bytes as f64 * 8.0 / (images as f64 * shape.pixels() as f64)
}

/// An image's file as a name in a container: its folders and itself, divided by slashes on every system.
///
/// # Errors
/// It is no UTF-8.
pub(crate) fn stored_name(set: &ImageSet, file: &Path) -> Result<String, CliError> {
    let parts = file.components().map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let parts: Option<Vec<&str>> = parts.collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| {
        let reason = "its name is no UTF-8, which names in a container are";
        let what = format!("{}: {}", set.name(), file.display());
        CliError::failure(Status::Data, what, reason)
    })
}
