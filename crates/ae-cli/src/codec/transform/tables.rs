//! The tables of a model's symbols: measured when its training ends, kept in its run.

use std::fs;
use std::io;
use std::path::Path;

use ae_codec::{
    CodeShape, CodecError, LossyTables, PictureSymbols, PictureTransformCoder,
    PictureTransformTables, TransformTables,
};
use ae_data::ImageSet;
use ae_files::write_atomically;
use ae_infer::{BATCH_SIZE, OpenModel};

use crate::codec::images::{codec_shape, coded_count, coded_image, middle, shape_of};
use crate::error::{CliError, Status};

/// The tables' file in a run's directory.
pub(crate) const TABLES_FILE: &str = "model.aetransform";

/// Images that tables are measured on, at most, evenly spread.
const MOST_IMAGES: usize = 32_768;
/// Pictures of any sizes.
const MOST_PICTURES: usize = 2_048;
/// Blocks of all pictures together: of larger ones, those in the middle.
const MOST_BLOCKS: usize = 1 << 18;

/// Measures the tables of a model whose file is `file`, on the images that it was trained on.
///
/// # Errors
/// The images cannot be read, or are not gray.
pub(crate) fn measure(
    model: &OpenModel,
    file: &Path,
    train: &ImageSet,
) -> Result<LossyTables, CliError> {
    let network = TransformTables::network_of(&network_file(file)?);
    let measured = match model.is_picture_transform() {
        true => of_pictures(model, network, train)?.map(LossyTables::Pictures),
        false => of_images(model, network, train)?.map(LossyTables::Images),
    };
    measured.map_err(|error| CliError::from(error).about(file))
}

/// The bytes of a model's file.
///
/// # Errors
/// It cannot be read.
pub(crate) fn network_file(file: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(file).map_err(|error| CliError::io(file, "read", &error))
}

/// Hands over the pixels of the images that tables are measured on, some at a time.
///
/// # Errors
/// An image cannot be read, or `sink` fails.
pub(crate) fn read_batches(
    train: &ImageSet,
    mut sink: impl FnMut(&[u8]) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let step = train.len().div_ceil(MOST_IMAGES).max(1);
    let indices: Vec<usize> = (0..train.len()).step_by(step).collect();
    let values = train.shape().values();
    for batch in indices.chunks(BATCH_SIZE) {
        let mut pixels = vec![0; batch.len() * values];
        for (&index, image) in batch.iter().zip(pixels.chunks_exact_mut(values)) {
            train.read_into(index, image)?;
        }
        sink(&pixels)?;
    }
    Ok(())
}

type Measured<T> = Result<Result<T, CodecError>, CliError>;

fn of_images(model: &OpenModel, network: [u8; 8], train: &ImageSet) -> Measured<TransformTables> {
    let shape = codec_shape(train)?;
    let code = code_shape(model)?;
    let measured = |symbols: &dyn Fn(usize, &[f32]) -> Vec<i8>| -> Measured<TransformTables> {
        let mut of_qualities = vec![Vec::new(); model.qualities()?];
        read_batches(train, |pixels| {
            for (quality, of_quality) in of_qualities.iter_mut().enumerate() {
                of_quality.extend(symbols(quality, &model.codes_of(pixels, quality)?));
            }
            Ok(())
        })?;
        Ok(TransformTables::measure(
            shape,
            code,
            network,
            &of_qualities,
        ))
    };
    let first = match measured(&|_, codes| nearest(codes))? {
        Ok(first) => first,
        Err(error) => return Ok(Err(error)),
    };
    // The symbols that are chosen by their bits are others than the nearest, and their tables sharper.
    measured(&|quality, codes| {
        let coder = first.coder(quality + 1);
        coder
            .expect("as many qualities as were measured")
            .quantized(codes)
    })
}

fn of_pictures(
    model: &OpenModel,
    network: [u8; 8],
    train: &ImageSet,
) -> Measured<PictureTransformTables> {
    let block = model.symbol_block()?;
    let count = coded_count(train);
    let step = count.div_ceil(MOST_PICTURES).max(1);
    let most_side = (MOST_BLOCKS / count.div_ceil(step).max(1)).isqrt() * block.side;
    let mut codes = vec![Vec::new(); model.qualities()?];
    for index in (0..count).step_by(step) {
        let (picture, _) = coded_image(train, index)?;
        let picture = middle(&picture, [most_side; 2])?;
        let shape = shape_of(train.name(), &picture)?;
        for (quality, codes) in codes.iter_mut().enumerate() {
            let size = picture.shape().size();
            let of_picture = model.picture_codes(picture.pixels(), size, quality)?;
            codes.push(PictureCodes::new(shape, &of_picture));
        }
    }
    let measure = |pictures: &[Vec<PictureSymbols>]| {
        PictureTransformTables::measure(block.side, block.channels, network, pictures)
    };
    let rounded: Vec<Vec<PictureSymbols>> = codes
        .iter()
        .map(|codes| codes.iter().map(PictureCodes::rounded).collect())
        .collect();
    let first = match measure(&rounded) {
        Ok(first) => first,
        Err(error) => return Ok(Err(error)),
    };
    // As above.
    let chosen: Vec<Vec<PictureSymbols>> = (1..)
        .zip(&codes)
        .map(|(quality, codes)| {
            let coder = first.coder(quality);
            let coder = coder.expect("as many qualities as were measured");
            codes.iter().map(|codes| codes.chosen(&coder)).collect()
        })
        .collect();
    Ok(measure(&chosen))
}

/// A picture's codes before they are rounded, in 256ths.
#[derive(Clone)]
struct PictureCodes {
    shape: ae_codec::ImageShape,
    codes: Vec<i16>,
}

impl PictureCodes {
    fn new(shape: ae_codec::ImageShape, codes: &[f32]) -> Self {
        let codes = codes.iter();
        Self {
            shape,
            // Beyond the largest symbol, 127, nothing is told apart.
            codes: codes.map(|code| (256.0 * code).round() as i16).collect(),
        }
    }

    fn values(&self) -> impl Iterator<Item = f32> {
        self.codes.iter().map(|&code| f32::from(code) / 256.0)
    }

    fn rounded(&self) -> PictureSymbols {
        let codes: Vec<f32> = self.values().collect();
        PictureSymbols {
            shape: self.shape,
            symbols: nearest(&codes),
        }
    }

    fn chosen(&self, coder: &PictureTransformCoder<'_>) -> PictureSymbols {
        let codes: Vec<f32> = self.values().collect();
        PictureSymbols {
            shape: self.shape,
            symbols: coder.quantized(&codes, self.shape),
        }
    }
}

/// The symbols nearest to codes.
fn nearest(codes: &[f32]) -> Vec<i8> {
    let symbols = codes.iter().map(|code| code.round().clamp(-127.0, 127.0));
    symbols.map(|symbol| symbol as i8).collect()
}

/// Keeps tables in a run.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn keep(tables: &LossyTables, run: &Path) -> Result<(), CliError> {
    let file = run.join(TABLES_FILE);
    write_atomically(&file, |mut to| {
        tables.write(&mut to).map_err(|error| match error {
            CodecError::Write(error) => error,
            error => io::Error::other(error),
        })
    })
    .map_err(|error| CliError::io(&file, "write", &error))
}

fn code_shape(model: &OpenModel) -> Result<CodeShape, CliError> {
    let sides = model.code_shape()?;
    let side = |index: usize| sides.get(index).and_then(|&side| u16::try_from(side).ok());
    let shape = match (side(0), side(1), side(2)) {
        (Some(channels), Some(rows), Some(columns)) => CodeShape::new(channels, rows, columns),
        _ => None,
    };
    shape.ok_or_else(|| {
        let reason = "its codes have too many symbols for tables";
        CliError::failure(Status::Model, model.name(), reason)
    })
}
