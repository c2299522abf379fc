//! Images as symbols in a container.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ae_codec::{ChunkCodec as _, CodecError, Encoder, EncoderSettings, TransformCoder};
use ae_data::{ImageSet, Part};
use ae_files::write_atomically;
use ae_infer::BATCH_SIZE;
use ae_report::thousands;
use serde::Serialize;

use super::model::TransformModel;
use crate::codec::container::{Counted, PIPE};
use crate::codec::images::stored_name;
use crate::codec::progress::CodecProgress;
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
    height: usize,
    width: usize,
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
    if found != expected {
        let reason = format!(
            "images of {found}, but {} codes those of {expected} (width x height x channels)",
            model.name()
        );
        return Err(CliError::failure(Status::Data, images.name(), reason)
            .hint("ae train --model transform --data SET makes a model of these"));
    }
    if settings.near.levels() > 0 {
        let reason = "not for a transform model, whose losses its quality decides";
        return Err(CliError::usage("--near", reason).hint("--quality N, from the fewest bits on"));
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
    let values = images.len() as f64 * found.values() as f64;
    let has_images = !images.is_empty();
    let compressed = Compressed {
        file: out.clone(),
        data: images.name().to_owned(),
        part: compression.part,
        images: images.len() as u64,
        height: found.height,
        width: found.width,
        bytes: written.bytes,
        bits_per_pixel: has_images.then(|| written.bytes as f64 * 8.0 / values),
        psnr: has_images.then(|| 10.0 * (255.0 * 255.0 * values / written.squares as f64).log10()),
        quality: coder.quality(),
        qualities: model.tables.qualities(),
        group: settings.group,
        has_names: settings.has_names,
        model: model.name().to_owned(),
        model_hash: coder.hash().to_string(),
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
    fn write_file(&self, coder: &TransformCoder<'_>) -> Result<Written, CliError> {
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
    fn write(&self, to: &mut dyn Write, coder: &TransformCoder<'_>) -> Result<Written, Failed> {
        let mut progress = CodecProgress::new(self.terminal, self.images.len() as u64, "images");
        let mut encoder = Encoder::new(Counted::new(to), coder, self.settings)?;
        let quality = coder.quality() - 1;
        let values = self.images.shape().values();
        let mut squares = 0;
        let mut pixels = vec![0; BATCH_SIZE * values];
        for first in (0..self.images.len()).step_by(BATCH_SIZE) {
            let count = BATCH_SIZE.min(self.images.len() - first);
            let pixels = &mut pixels[..count * values];
            for (index, image) in (first..).zip(pixels.chunks_exact_mut(values)) {
                self.images
                    .read_into(index, image)
                    .map_err(CliError::from)?;
            }
            let model = &self.model.model;
            let symbols = model.symbols(pixels, quality).map_err(CliError::from)?;
            let decoded = model.pixels_of(&symbols, quality).map_err(CliError::from)?;
            let pairs = pixels.iter().zip(&decoded);
            squares += pairs
                .map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2))
                .sum::<u64>();
            let symbols: Vec<u8> = symbols
                .iter()
                .map(|symbol| symbol.cast_unsigned())
                .collect();
            for (index, image) in (first..).zip(symbols.chunks_exact(symbols.len() / count)) {
                let file = self.images.file(index).filter(|_| self.settings.has_names);
                let name = file
                    .map(|file| stored_name(self.images, file))
                    .transpose()?;
                encoder.push(image, name.as_deref())?;
            }
            progress.tell((first + count) as u64, String::new);
        }
        Ok(Written {
            bytes: encoder.finish()?.bytes(),
            squares,
        })
    }
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
        format!(
            "{}: {} images of {}x{} at quality {} of {}, {} bytes{bits}{psnr}",
            self.file.display(),
            thousands(self.images),
            self.width,
            self.height,
            self.quality,
            self.qualities,
            thousands(self.bytes),
        )
    }
}
