//! `ae decompress`.

use std::io;
use std::path::{Path, PathBuf};

use ae_codec::{CodecError, ContainerSummary, DecodedChunk, Decoder, DecoderSettings, ImageShape};
use ae_report::{counted, thousands};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::backend;
use crate::codec::container::Container;
use crate::codec::decoding_model::DecodingModel;
use crate::codec::destination::{
    DecodedDestination, FolderWriter, StackWriter, size, write_picture,
};
use crate::codec::model::CodecModelOption;
use crate::codec::progress::CodecProgress;
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::terminal::Terminal;

/// The shape that a file of no images has.
const SMALLEST: ImageShape = match ImageShape::new(1, 1) {
    Some(shape) => shape,
    None => unreachable!(),
};

/// Decompress what ae compress wrote.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae decompress letters.aez -o letters/                    by the model under runs/ that coded it
  ae decompress letters.aez --model runs/letters-pixel-1 -o letters.npy
  ae decompress digits.aez -o digits-idx3-ubyte.gz
  ae decompress scan.aez -o scan.png                       of a single picture
  ae decompress damaged.aez -o letters/ --keep-going       what is whole

Into a folder, files have the names that they had, or numbers; a name such as a.jpg, which would lose
something, gets .png at its end.")]
pub(super) struct DecompressArguments {
    /// The file, or - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The model.
    #[command(flatten)]
    model: CodecModelOption,
    /// The folder, or a .npy or IDX file (.idx, ...-idx3-ubyte, also with .gz), or for a single image a .png.
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,
    /// Write over files that exist.
    #[arg(long)]
    force: bool,
    /// Leave out damaged chunks, name them and end with an error. In one file, their images are black.
    #[arg(long)]
    keep_going: bool,
    /// Threads to compute with [default: all cores].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<usize>,
}

#[derive(Serialize)]
struct Decompressed {
    file: PathBuf,
    out: PathBuf,
    images: u64,
    /// Those of them in one file that are black, as they were damaged.
    blank: u64,
    /// Nothing where each has its own.
    height: Option<usize>,
    width: Option<usize>,
    has_names: bool,
    /// What is damaged, a sentence each.
    damage: Vec<String>,
    model: String,
    model_hash: String,
}

pub(super) fn run(arguments: DecompressArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let destination = DecodedDestination::of(&arguments.out, arguments.force)?;
    let (container, header) = Container::open(&arguments.file)?;
    backend::set_threads(arguments.threads)?;
    let model = DecodingModel::open(&arguments.model, &arguments.file, &header, context)?;
    let mut decoding = Decoding {
        file: &arguments.file,
        model: &model,
        keeps_going: arguments.keep_going,
        terminal,
        images: 0,
        damage: Vec::new(),
    };
    let mut one_shape = header.shape;
    let mut stacked = None;
    match &destination {
        DecodedDestination::Folder(folder) => {
            let mut container = container;
            let mut writer = FolderWriter::new(folder)?;
            decoding.decode(&mut container, None, |chunk| writer.write(chunk))?;
            if writer.renamed() > 0 {
                terminal.note(format!(
                    "{} end in .png now: a file of the former name would not be exactly the image",
                    counted(writer.renamed() as usize, "name")
                ));
            }
        }
        DecodedDestination::Stack(path, format) => {
            let mut container = container.repeatable()?;
            let summary = decoding.summary(&mut container)?;
            let count = usize::try_from(summary.images).map_err(|_| {
                CliError::failure(Status::Data, arguments.file.display(), "too many images")
            })?;
            if let (0, Some(damage)) = (count, summary.damage) {
                // Nothing can be saved.
                return Err(CliError::from(damage).about(&arguments.file));
            }
            stacked = Some(summary.images);
            let shape = summary.shape.or((count == 0).then_some(SMALLEST));
            let shape = shape.ok_or_else(|| {
                let reason = "its pictures are of different sizes, which one file cannot hold";
                CliError::usage(format!("--out {}", path.display()), reason)
                    .hint("a folder, with a slash at its end, holds them")
            })?;
            one_shape = Some(shape);
            let mut failed = None;
            let written = format.write(path, count, size(shape), |to| {
                let mut writer = StackWriter::new(to, shape, summary.images);
                let decoded = decoding.decode(&mut container, Some(summary.images), |chunk| {
                    writer
                        .write(&chunk)
                        .map_err(|error| CliError::io(path, "write", &error))
                });
                if let Err(error) = decoded {
                    failed = Some(error);
                    return Err(io::Error::other("not written to its end"));
                }
                writer.finish()
            });
            if let Some(error) = failed {
                return Err(error);
            }
            written?;
        }
        DecodedDestination::Picture(path) => {
            let mut container = container.repeatable()?;
            let images = decoding.summary(&mut container)?.images;
            if images != 1 {
                let reason = format!("a picture, but there are {} images", thousands(images));
                return Err(CliError::usage(format!("--out {}", path.display()), reason)
                    .hint("a folder, with a slash at its end, holds them"));
            }
            decoding.decode(&mut container, Some(images), |chunk| {
                write_picture(path, chunk.shapes[0], &chunk.pixels)
            })?;
        }
    }
    let damage = decoding.damage;
    let decompressed = Decompressed {
        images: stacked.unwrap_or(decoding.images),
        blank: stacked.map_or(0, |all| all.saturating_sub(decoding.images)),
        height: one_shape.map(ImageShape::height),
        width: one_shape.map(ImageShape::width),
        has_names: header.has_names,
        damage,
        model_hash: model.hash().to_string(),
        model: model.name().to_owned(),
        file: arguments.file,
        out: arguments.out,
    };
    terminal.result(&decompressed, || decompressed.text())?;
    match decompressed.damage.len() {
        0 => Ok(()),
        1 => Err(CliError::failure(
            Status::Data,
            decompressed.file.display(),
            "damaged in one place; the rest was saved",
        )),
        places => Err(CliError::failure(
            Status::Data,
            decompressed.file.display(),
            format!("damaged in {places} places; the rest was saved"),
        )),
    }
}

/// A container that is being decoded.
struct Decoding<'a> {
    file: &'a Path,
    model: &'a DecodingModel,
    keeps_going: bool,
    terminal: Terminal,
    images: u64,
    damage: Vec<String>,
}

impl Decoding<'_> {
    /// What is in the container.
    ///
    /// # Errors
    /// It is damaged, and what is whole is not enough.
    fn summary(&self, container: &mut Container) -> Result<ContainerSummary, CliError> {
        let mut summary = ContainerSummary::read(container.bytes()?)
            .map_err(|error| CliError::from(error).about(self.file))?;
        match summary.damage.take_if(|_| !self.keeps_going) {
            Some(damage) => Err(self.damaged(damage)),
            None => Ok(summary),
        }
    }

    /// Hands chunk after chunk to `sink`.
    fn decode(
        &mut self,
        container: &mut Container,
        images: Option<u64>,
        mut sink: impl FnMut(DecodedChunk) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let settings = DecoderSettings {
            keeps_going: self.keeps_going,
            ..DecoderSettings::default()
        };
        let bytes = container.bytes()?;
        let decoder = self.model.decoder()?;
        let decoder = Decoder::new(bytes, decoder.codec(), &settings)
            .map_err(|error| CliError::from(error).about(self.file))?;
        let mut progress = CodecProgress::new(self.terminal, images.unwrap_or(0), "images");
        for chunk in decoder {
            match chunk {
                Ok(chunk) => {
                    let chunk = self.model.with_levels(chunk)?;
                    self.images += chunk.shapes.len() as u64;
                    sink(chunk)?;
                    progress.tell(self.images, String::new);
                }
                Err(error) if self.keeps_going => {
                    let damage = CliError::from(error).about(self.file).to_string();
                    self.terminal.warning(&damage);
                    self.damage.push(damage);
                }
                Err(error) => return Err(self.damaged(error)),
            }
        }
        Ok(())
    }

    fn damaged(&self, error: CodecError) -> CliError {
        let is_of_file = matches!(error, CodecError::Read(_));
        let said = CliError::from(error).about(self.file);
        match is_of_file {
            true => said,
            false => said.hint("--keep-going saves the chunks that are whole"),
        }
    }
}

impl Decompressed {
    fn text(&self) -> String {
        let size = match (self.width, self.height) {
            (Some(width), Some(height)) => format!(" of {width}x{height}"),
            _ => String::new(),
        };
        let blank = match self.blank {
            0 => String::new(),
            blank => format!(", {} of them damaged and black", thousands(blank)),
        };
        format!(
            "{}{size} in {}{blank}",
            counted(self.images as usize, "image"),
            self.out.display()
        )
    }
}
