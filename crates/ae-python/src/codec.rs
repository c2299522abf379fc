//! Arrays into containers and back, by a model of the codec.

use std::io::{self, Write};

use ae_cli::Status;
use ae_codec::{
    ChunkCodec as _, Decoder, DecoderSettings, Encoder, EncoderSettings, LosslessModel, Near,
};
use ae_data::ImageShape;

use crate::arrays::{Batch, Values};
use crate::fault::Fault;
use crate::work::stop_if_interrupted;

/// Bytes in memory that say where there is no room for more of them.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .try_reserve(bytes.len())
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The shape of a model's images; nothing where it takes pictures of any sizes.
pub(crate) fn image_shape(model: &LosslessModel) -> Option<ImageShape> {
    let shape = model.shape()?;
    Some(ImageShape::new(1, shape.height(), shape.width()))
}

/// The container of the images of some batches, each of images of one shape.
///
/// # Errors
/// The images are not of the model's shape or no gray levels, or a setting is out of its range.
pub(crate) fn compress(
    name: &str,
    model: &LosslessModel,
    batches: &[Batch<'_>],
    near: u8,
    group: usize,
) -> Result<Vec<u8>, Fault> {
    let near = Near::new(near)
        .ok_or_else(|| Fault::argument(format!("near = {near}: must be from 0 to 127")))?;
    let settings = EncoderSettings {
        group,
        near,
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Bytes::default(), model, &settings)?;
    for batch in batches {
        let values = levels(name, model, batch)?;
        let ImageShape { height, width, .. } = batch.shape;
        let side = |side: usize| u16::try_from(side).ok();
        let shape = side(height).zip(side(width));
        let shape = shape
            .and_then(|(height, width)| ae_codec::ImageShape::new(height, width))
            .ok_or_else(|| Fault::data(format!("images of {}: too large", batch.shape)))?;
        for image in values.chunks_exact(batch.shape.values()) {
            stop_if_interrupted();
            encoder.push_of_shape(image, shape, None)?;
        }
    }
    Ok(encoder.finish()?.0)
}

/// The levels of a batch of images that the model takes.
fn levels<'a>(name: &str, model: &LosslessModel, batch: &Batch<'a>) -> Result<&'a [u8], Fault> {
    let Values::Bytes(values) = batch.values else {
        return Err(Fault::data(
            "floats cannot be compressed: the codec keeps levels of 0 to 255, which are uint8",
        ));
    };
    if batch.shape.channels != 1 {
        return Err(Fault::data(format!(
            "images of {} channels, but the codec is for gray ones",
            batch.shape.channels
        )));
    }
    match image_shape(model) {
        Some(expected) if expected != batch.shape => Err(Fault::data(format!(
            "images of {}, but {name} codes those of {expected} (width x height x channels)",
            batch.shape
        ))),
        _ => Ok(values),
    }
}

/// Images of a container, whose sizes may differ.
pub(crate) struct Decompressed {
    /// Levels, one image after the other.
    pub(crate) values: Vec<u8>,
    /// Height and width of each.
    pub(crate) sizes: Vec<(usize, usize)>,
}

/// The images in a container.
///
/// # Errors
/// It is none, is damaged, or was made with another model.
pub(crate) fn decompress(model: &LosslessModel, container: &[u8]) -> Result<Decompressed, Fault> {
    let (mut values, mut sizes) = (Vec::new(), Vec::new());
    for chunk in Decoder::new(container, model, &DecoderSettings::default())? {
        stop_if_interrupted();
        let chunk = chunk?;
        values.try_reserve(chunk.pixels.len()).map_err(|_| {
            let reason = "not enough memory for the images".to_owned();
            Fault::Said(Status::Device, reason)
        })?;
        values.extend(chunk.pixels);
        let shapes = chunk.shapes.iter();
        sizes.extend(shapes.map(|shape| (shape.height(), shape.width())));
    }
    Ok(Decompressed { values, sizes })
}
