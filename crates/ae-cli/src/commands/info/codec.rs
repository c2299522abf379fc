//! What `ae info` says of containers and of models of the codec.

use std::io;
use std::path::{Path, PathBuf};

use ae_codec::{ChunkCodec as _, Codec, ContainerSummary, ImageShape};
use ae_report::thousands;
use serde::Serialize;

use crate::codec::container::{Container, Counted};
use crate::codec::images::per_pixel;
use crate::codec::model::read;
use crate::codec::run::{PixelRunConfig, read_config};
use crate::error::{CliError, Status};
use crate::terminal::Terminal;

#[derive(Serialize)]
struct ContainerInformation {
    file: PathBuf,
    bytes: u64,
    codec: &'static str,
    images: u64,
    /// Nothing where each has its own.
    height: Option<usize>,
    width: Option<usize>,
    bits_per_pixel: Option<f64>,
    /// The largest absolute error; of the codec `transform`, of symbols.
    near: u8,
    /// The quality of the codec `transform`.
    quality: Option<u8>,
    #[serde(skip)]
    is_of_indices: bool,
    chunks: u64,
    raw_chunks: u64,
    group: usize,
    has_names: bool,
    name_bytes: u64,
    model_hash: String,
    damage: Option<String>,
}

/// Says what is in a container, a file or what standard input gives, without its model.
///
/// # Errors
/// It cannot be read; it is damaged, which is said after what is there.
pub(super) fn container(path: &Path, terminal: &Terminal) -> Result<(), CliError> {
    let io = |error| CliError::io(path, "read", &error);
    let (mut container, _) = Container::open(path)?;
    let mut stream = Counted::new(container.bytes()?);
    let summary =
        ContainerSummary::read(&mut stream).map_err(|error| CliError::from(error).about(path))?;
    // What follows where it is damaged.
    io::copy(&mut stream, &mut io::sink()).map_err(io)?;
    let bytes = stream.bytes();
    let header = summary.header;
    let information = ContainerInformation {
        file: path.to_owned(),
        bytes,
        codec: header.codec.name(),
        images: summary.images,
        height: summary.shape.map(ImageShape::height),
        width: summary.shape.map(ImageShape::width),
        bits_per_pixel: match header.shape {
            Some(shape) => (summary.images > 0).then(|| per_pixel(bytes, summary.images, shape)),
            None => (summary.pixels > 0).then(|| bytes as f64 * 8.0 / summary.pixels as f64),
        },
        near: header.near.levels(),
        quality: match header.codec {
            Codec::Transform { quality, .. } | Codec::PictureTransform { quality } => Some(quality),
            _ => None,
        },
        is_of_indices: matches!(header.codec, Codec::Indices { .. }),
        chunks: summary.chunks,
        raw_chunks: summary.raw_chunks,
        group: header.group,
        has_names: header.has_names,
        name_bytes: summary.name_bytes,
        model_hash: header.model.to_string(),
        damage: summary.damage.map(|error| error.to_string()),
    };
    terminal.result(&information, || information.text())?;
    match information.damage {
        None => Ok(()),
        Some(damage) => Err(CliError::failure(Status::Data, path.display(), damage)),
    }
}

impl ContainerInformation {
    fn text(&self) -> String {
        let bits = self.bits_per_pixel;
        let bits = bits.map_or_else(String::new, |bits| format!(", {bits:.3} bits per pixel"));
        let lines = [
            ("file", self.file.display().to_string()),
            ("codec", format!("{}, version 1", self.codec)),
            (
                "images",
                match (self.width, self.height) {
                    (Some(width), Some(height)) => format!(
                        "{} of {width}x{height}x1 (width x height x channels)",
                        thousands(self.images)
                    ),
                    _ => format!("{} of different sizes", thousands(self.images)),
                },
            ),
            ("bytes", format!("{}{bits}", thousands(self.bytes))),
            (
                "largest error",
                match (self.quality, self.near) {
                    (Some(quality), _) => format!("any: with losses, quality {quality}"),
                    _ if self.is_of_indices => "any: with losses, codewords".to_owned(),
                    (None, 0) => "0, lossless".to_owned(),
                    (None, near) => format!("{near} of 255"),
                },
            ),
            (
                "chunks",
                format!(
                    "{} of {} images, {} stored as they are",
                    thousands(self.chunks),
                    thousands(self.group as u64),
                    thousands(self.raw_chunks)
                ),
            ),
            (
                "names",
                match self.has_names {
                    true => format!("{} bytes", thousands(self.name_bytes)),
                    false => "none".to_owned(),
                },
            ),
            ("model", self.model_hash.clone()),
        ];
        aligned(&lines)
    }
}

#[derive(Serialize)]
struct CodecModelInformation {
    model: String,
    kind: &'static str,
    model_hash: String,
    /// Nothing where it is for pictures of any sizes.
    height: Option<usize>,
    width: Option<usize>,
    bytes: usize,
    run: Option<PixelRunConfig>,
}

/// Says what a model of the codec is, and of its run what it was trained on.
///
/// # Errors
/// The model or its configuration cannot be read.
pub(super) fn model(path: &Path, terminal: &Terminal) -> Result<(), CliError> {
    let opened = read(path)?;
    let folder = match path.is_dir() {
        true => Some(path),
        false => path.parent(),
    };
    let run = match folder.filter(|_| opened.name != path.display().to_string() || path.is_dir()) {
        Some(folder) => read_config(folder)?,
        None => None,
    };
    let information = CodecModelInformation {
        model: opened.name,
        kind: crate::codec::PIXEL,
        model_hash: opened.model.hash().to_string(),
        height: opened.model.shape().map(ImageShape::height),
        width: opened.model.shape().map(ImageShape::width),
        bytes: opened.model.file_bytes(),
        run,
    };
    terminal.result(&information, || information.text())
}

impl CodecModelInformation {
    fn text(&self) -> String {
        let mut lines = vec![
            ("model", self.model.clone()),
            ("kind", format!("{}, a codec", self.kind)),
            ("hash", self.model_hash.clone()),
            ("bytes", thousands(self.bytes as u64)),
            (
                "images",
                match (self.width, self.height) {
                    (Some(width), Some(height)) => {
                        format!("{width}x{height}x1 (width x height x channels)")
                    }
                    _ => "gray pictures of any sizes".to_owned(),
                },
            ),
        ];
        if let Some(run) = &self.run {
            let (data, train) = (&run.data, &run.train);
            lines.push(("trained on", data.source.clone()));
            lines.push(("", format!("fingerprint {}", data.fingerprint.digest)));
            lines.push((
                "",
                format!(
                    "{} images, {} steps of {} pixels, learning rate {}, seed {}",
                    thousands(train.images as u64),
                    thousands(train.steps as u64),
                    thousands(train.batch_size as u64),
                    train.learning_rate,
                    train.seed
                ),
            ));
            if let Some(measured) = &run.measured {
                for (part, bits, images) in [
                    (
                        "validation",
                        measured.validation_bits_per_pixel,
                        measured.validation_images,
                    ),
                    ("test", measured.test_bits_per_pixel, measured.test_images),
                ] {
                    if let Some(bits) = bits {
                        let images = thousands(images as u64);
                        lines.push((part, format!("{bits:.3} bits per pixel of {images} images")));
                    }
                }
            }
        }
        aligned(&lines)
    }
}

fn aligned(lines: &[(&str, String)]) -> String {
    let lines = lines.iter();
    lines
        .map(|(name, value)| format!("{name:<14} {value}\n"))
        .collect()
}
