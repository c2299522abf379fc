//! What a model makes of images at each of its qualities: bits and losses, by a container of them all.

use std::io;
use std::path::Path;

use ae_codec::{Encoder, EncoderSettings, TransformCoder};
use ae_data::{Image, ImageShape};
use ae_eval::{Arrangement, RateCurve, RatePoint};
use ae_infer::OpenModel;

use super::model::TransformModel;
use crate::codec::container::Counted;
use crate::error::CliError;

/// A point of each quality, and what the images are decoded to there.
///
/// # Errors
/// The device fails.
pub(crate) fn curve(
    model: &TransformModel,
    images: &[Image],
) -> Result<(RateCurve, Vec<Vec<Image>>), CliError> {
    let coders = (1..=model.tables.qualities()).filter_map(|quality| model.tables.coder(quality));
    let measured: Vec<(RatePoint, Vec<Image>)> = coders
        .map(|coder| point(&model.model, coder, images))
        .collect::<Result<_, _>>()?;
    let (points, decoded) = measured.into_iter().unzip();
    let curve = RateCurve {
        name: model.name().to_owned(),
        arrangement: Arrangement::Container,
        points,
    };
    Ok((curve, decoded))
}

fn point(
    model: &OpenModel,
    coder: TransformCoder<'_>,
    images: &[Image],
) -> Result<(RatePoint, Vec<Image>), CliError> {
    let failed = |error| CliError::from(error).about(Path::new(model.name()));
    let quality = coder.quality();
    let mut pixels = Vec::new();
    for image in images {
        pixels.extend(image.pixels());
    }
    let symbols = model.symbols(&pixels, quality - 1)?;
    let mut encoder = Encoder::new(
        Counted::new(io::sink()),
        &coder,
        &EncoderSettings::default(),
    )
    .map_err(failed)?;
    let bytes: Vec<u8> = symbols
        .iter()
        .map(|symbol| symbol.cast_unsigned())
        .collect();
    for image in bytes.chunks_exact(symbols.len() / images.len()) {
        encoder.push(image, None).map_err(failed)?;
    }
    let bytes = encoder.finish().map_err(failed)?.bytes();
    let decoded = images_of(model, &symbols, quality)?;
    let setting = format!("quality {quality}");
    Ok((
        RatePoint::measure(setting, bytes, images, &decoded),
        decoded,
    ))
}

/// The images that symbols stand for, at a quality counted from 1.
fn images_of(model: &OpenModel, symbols: &[i8], quality: usize) -> Result<Vec<Image>, CliError> {
    let shape: ImageShape = model.image_shape();
    let pixels = model.pixels_of(symbols, quality - 1)?;
    let images = pixels.chunks_exact(shape.values());
    Ok(images
        .map(|pixels| Image::new(shape, pixels.to_vec()))
        .collect::<Result<_, _>>()?)
}
