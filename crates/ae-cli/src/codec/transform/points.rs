//! What a model makes of images at each of its qualities: bits and losses, by a container of them all.

use std::io;
use std::path::Path;

use ae_codec::{Encoder, EncoderSettings, ImageShape};
use ae_data::Image;
use ae_eval::{Arrangement, RateCurve, RatePoint};

use super::coder::LossyCoder;
use super::model::TransformModel;
use crate::codec::container::Counted;
use crate::codec::images::shape_of;
use crate::error::CliError;

/// A point of each quality, and what the images are decoded to there.
///
/// # Errors
/// The device fails.
pub(crate) fn curve(
    model: &TransformModel,
    images: &[Image],
) -> Result<(RateCurve, Vec<Vec<Image>>), CliError> {
    let measured: Vec<(RatePoint, Vec<Image>)> = (1..=model.tables.qualities())
        .filter_map(|quality| LossyCoder::new(&model.tables, quality))
        .map(|coder| point(model, coder, images))
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
    model: &TransformModel,
    coder: LossyCoder<'_>,
    images: &[Image],
) -> Result<(RatePoint, Vec<Image>), CliError> {
    let failed = |error| CliError::from(error).about(Path::new(model.name()));
    let quality = coder.quality();
    let settings = EncoderSettings {
        group: model.usual_group(),
        ..EncoderSettings::default()
    };
    let mut encoder =
        Encoder::new(Counted::new(io::sink()), coder.codec(), &settings).map_err(failed)?;
    let mut decoded = Vec::with_capacity(images.len());
    for batch in images.chunks(model.batch_size()) {
        let shapes: Vec<ImageShape> = batch
            .iter()
            .map(|image| shape_of(model.name(), image))
            .collect::<Result<_, _>>()?;
        let symbols = model.symbols(batch, quality)?;
        let pixels = model.pixels_of(&symbols.concat(), &shapes, quality)?;
        let mut left = &pixels[..];
        for ((image, symbols), &shape) in batch.iter().zip(&symbols).zip(&shapes) {
            encoder
                .push_of_shape(symbols, shape, None)
                .map_err(failed)?;
            let (of_image, rest) = left.split_at(shape.pixels());
            left = rest;
            decoded.push(Image::new(image.shape(), of_image.to_vec())?);
        }
    }
    let bytes = encoder.finish().map_err(failed)?.bytes();
    let setting = format!("quality {quality}");
    Ok((
        RatePoint::measure(setting, bytes, images, &decoded),
        decoded,
    ))
}
