//! Images as symbols in a container.

use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use ae_codec::{CodecError, Encoder, EncoderSettings, ImageShape};
use ae_data::{Image, ImageSet, Part};
use ae_files::write_atomically;
use ae_report::{counted, thousands};
use serde::Serialize;

use super::coder::LossyCoder;
use super::model::TransformModel;
use crate::codec::container::Counted;
use crate::codec::images::{coded_count, coded_image, stored_name};
use crate::codec::progress::CodecProgress;
use crate::destination::PIPE;
use crate::error::{CliError, Status};
use crate::terminal::Terminal;

/// What is compressed, and how.
pub(crate) struct Compression<'a> {
    pub(crate) images: &'a ImageSet,
    /// Which part of their set they are.
    pub(crate) part: Part,
    pub(crate) model: &'a TransformModel,
    /// The quality that is asked for.
    pub(crate) quality: Option<usize>,
    pub(crate) settings: &'a EncoderSettings,
    pub(crate) out: PathBuf,
    pub(crate) terminal: Terminal,
}

#[derive(Serialize)]
struct Compressed {
    file: PathBuf,
    data: String,
    part: Part,
    images: u64,
    /// Nothing where each has its own.
    height: Option<usize>,
    width: Option<usize>,
    bytes: u64,
    bits_per_pixel: Option<f64>,
    /// Of what the file is decoded to, in decibels; nothing (`null`) without an image.
    psnr: Option<f64>,
    quality: usize,
    qualities: usize,
    group: usize,
    has_names: bool,
    model: String,
    model_hash: String,
}

/// What was written.
#[derive(Debug, Default, Clone, Copy)]
struct Written {
    bytes: u64,
    /// The sum of squared errors, in levels.
    squares: u64,
    pixels: u64,
    /// The shape of all images; nothing where they differ.
    shape: Option<ImageShape>,
}

/// Writes the container and says what it is.
///
/// # Errors
/// The images are not the model's, or cannot be read; the file cannot be written; there is no such quality.
pub(crate) fn run(compression: &Compression<'_>) -> Result<(), CliError> {
    let Compression {
        images,
        model,
        settings,
        out,
        terminal,
        ..
    } = compression;
    let coder = model.coder(compression.quality)?;
    let (found, expected) = (images.shape(), model.model.image_shape());
    if !model.is_of_pictures() && found != expected {
        let reason = format!(
            "images of {found}, but {} codes those of {expected} (width x height x channels)",
            model.name()
        );
        return Err(CliError::failure(Status::Data, images.name(), reason)
            .hint("ae train --model transform --data SET makes a model of these, and with --patch 96 of pictures of any sizes"));
    }
    if settings.near.levels() > 0 {
        let reason = format!(
            "not for a {} model, whose losses are decided when it is trained",
            model.model.kind()
        );
        let error = CliError::usage("--near", reason);
        return Err(match model.tables.qualities() {
            1 => error,
            _ => error.hint("--quality N chooses among several, from the fewest bits on"),
        });
    }
    let is_pipe = out == Path::new(PIPE);
    let written = match is_pipe {
        true => compression
            .write(&mut BufWriter::new(io::stdout().lock()), &coder)
            .map_err(|error| match error {
                Failed::Codec(CodecError::Write(error)) => CliError::stdout(&error),
                Failed::Codec(error) => CliError::from(error).about(Path::new("standard output")),
                Failed::Other(error) => error,
            })?,
        false => compression.write_file(&coder)?,
    };
    let count = coded_count(images);
    let values = written.pixels as f64;
    let has_images = count > 0;
    let compressed = Compressed {
        file: out.clone(),
        data: images.name().to_owned(),
        part: compression.part,
        images: count as u64,
        height: written.shape.map(ImageShape::height),
        width: written.shape.map(ImageShape::width),
        bytes: written.bytes,
        bits_per_pixel: has_images.then(|| written.bytes as f64 * 8.0 / values),
        psnr: has_images.then(|| 10.0 * (255.0 * 255.0 * values / written.squares as f64).log10()),
        quality: coder.quality(),
        qualities: model.tables.qualities(),
        group: settings.group,
        has_names: settings.has_names,
        model: model.name().to_owned(),
        model_hash: model.tables.hash().to_string(),
    };
    match is_pipe {
        true => {
            terminal.note(compressed.text());
            Ok(())
        }
        false => terminal.result(&compressed, || compressed.text()),
    }
}

impl Compression<'_> {
    /// Writes a file, whole or not at all.
    fn write_file(&self, coder: &LossyCoder<'_>) -> Result<Written, CliError> {
        let mut counted = Written::default();
        let mut failed = None;
        let written = write_atomically(&self.out, |file| {
            let result = self.write(file, coder);
            result.map(|written| counted = written).map_err(|error| {
                failed = Some(match error {
                    Failed::Codec(error) => CliError::from(error).about(&self.out),
                    Failed::Other(error) => error,
                });
                io::Error::other("not written to its end")
            })
        });
        match (failed, written) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(CliError::io(&self.out, "write", &error)),
            (None, Ok(())) => Ok(counted),
        }
    }

    /// Writes the container. Its symbols are decoded again and compared, and images are made of them, before it is whole.
    fn write(&self, to: &mut dyn Write, coder: &LossyCoder<'_>) -> Result<Written, Failed> {
        let count = coded_count(self.images);
        let mut progress = CodecProgress::new(self.terminal, count as u64, "images");
        let mut encoder = Encoder::new(Counted::new(to), coder.codec(), self.settings)?;
        let mut written = Written::default();
        let mut next = self.batch_from(0, coder.quality())?;
        while let Some(batch) = next {
            let following = || self.batch_from(batch.indices.end, coder.quality());
            let decoded = || {
                let symbols = batch.symbols.concat();
                self.model
                    .pixels_of(&symbols, &batch.shapes, coder.quality())
            };
            let (decoded, following) = match self.model.is_of_pictures() {
                // Either takes the memory of a picture's maps.
                true => (decoded(), following()),
                // What one leaves to a single thread the other fills.
                false => rayon::join(decoded, following),
            };
            let decoded = decoded?;
            let pairs = batch.images.iter().flat_map(Image::pixels).zip(&decoded);
            written.squares += pairs
                .map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2))
                .sum::<u64>();
            written.pixels += decoded.len() as u64;
            let symbols = batch.symbols.iter().zip(&batch.shapes);
            for (index, (symbols, &shape)) in batch.indices.clone().zip(symbols) {
                written.shape = match written.shape {
                    _ if index == 0 => Some(shape),
                    one => one.filter(|&one| one == shape),
                };
                let file = self.images.file(index).filter(|_| self.settings.has_names);
                let name = file
                    .map(|file| stored_name(self.images, file))
                    .transpose()?;
                encoder.push_of_shape(symbols, shape, name.as_deref())?;
            }
            progress.tell(batch.indices.end as u64, String::new);
            next = following?;
        }
        written.bytes = encoder.finish()?.bytes();
        Ok(written)
    }

    /// The next images from `first` on and their symbols; nothing where there is none.
    fn batch_from(&self, first: usize, quality: usize) -> Result<Option<Batch>, Failed> {
        let indices = first..coded_count(self.images).min(first + self.model.batch_size());
        if indices.is_empty() {
            return Ok(None);
        }
        let (images, shapes): (Vec<Image>, Vec<ImageShape>) = indices
            .clone()
            .map(|index| coded_image(self.images, index))
            .collect::<Result<_, _>>()?;
        let symbols = self.model.symbols(&images, quality)?;
        Ok(Some(Batch {
            indices,
            images,
            shapes,
            symbols,
        }))
    }
}

/// Images that are brought to symbols at once.
struct Batch {
    indices: Range<usize>,
    images: Vec<Image>,
    shapes: Vec<ImageShape>,
    /// Of each image its own.
    symbols: Vec<Vec<u8>>,
}

/// What ends the coding.
enum Failed {
    /// The container, whose name is still to be said.
    Codec(CodecError),
    /// An image or the model.
    Other(CliError),
}

impl From<CodecError> for Failed {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}

impl From<CliError> for Failed {
    fn from(error: CliError) -> Self {
        Self::Other(error)
    }
}

impl Compressed {
    fn text(&self) -> String {
        let bits = self
            .bits_per_pixel
            .map_or_else(String::new, |bits| format!(", {bits:.3} bits per pixel"));
        let psnr = match self.psnr {
            Some(psnr) if psnr.is_finite() => format!(", {psnr:.2} dB"),
            Some(_) => ", exact".to_owned(),
            None => String::new(),
        };
        let size = match (self.width, self.height) {
            (Some(width), Some(height)) => format!(" of {width}x{height}"),
            _ => String::new(),
        };
        let quality = match self.qualities {
            1 => String::new(),
            qualities => format!(" at quality {} of {qualities}", self.quality),
        };
        format!(
            "{}: {}{size}{quality}, {} bytes{bits}{psnr}",
            self.file.display(),
            counted(self.images as usize, "image"),
            thousands(self.bytes),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quality_is_told_where_there_are_several() {
        let compressed = |qualities| Compressed {
            file: "a.aez".into(),
            data: "letters".to_owned(),
            part: Part::All,
            images: 24,
            height: Some(20),
            width: Some(28),
            bytes: 1_234,
            bits_per_pixel: Some(0.5),
            psnr: Some(30.0),
            quality: 1,
            qualities,
            group: 64,
            has_names: false,
            model: "runs/a".to_owned(),
            model_hash: String::new(),
        };
        for (qualities, told) in [(1, ""), (2, " at quality 1 of 2")] {
            assert_eq!(
                compressed(qualities).text(),
                format!(
                    "a.aez: 24 images of 28x20{told}, 1,234 bytes, 0.500 bits per pixel, 30.00 dB"
                )
            );
        }
    }
}
