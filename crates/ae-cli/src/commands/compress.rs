//! `ae compress`.

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use ae_codec::{ChunkCodec as _, CodecError, Encoder, EncoderSettings, ImageShape, Near};
use ae_data::{Binarization, DataError, ImageSet, Part};
use ae_files::write_atomically;
use ae_report::{counted, thousands};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DataPosition, part};
use crate::backend;
use crate::codec::container::Counted;
use crate::codec::destination::size;
use crate::codec::images::{
    ANY_PATCH, check_gray, check_names, codec_shape, coded_count, coded_image, is_large,
    stored_name, usual_group,
};
use crate::codec::model::{CodecModel, CodecModelOption};
use crate::codec::progress::CodecProgress;
use crate::codec::run::MODEL_FILE;
use crate::codec::transform;
use crate::command::Example;
use crate::context::Context;
use crate::destination::{PIPE, check_writable};
use crate::error::{CliError, Status};
use crate::image_source::{ImageSource, own_part, tell_left_out, tell_skipped};
use crate::sharded::{Sharded, shards_of};
use crate::terminal::{Form, Terminal};

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[(
    "ae compress letters/ -o letters.aez",
    "gray images in fewer bits than PNG, without loss",
)];

/// Compress gray images, losslessly or with losses.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  ae compress letters/ --model runs/letters-pixel-1 -o letters.aez
  ae compress t10k-images-idx3-ubyte.gz -o digits.aez      by the newest model that fits
  ae compress letters/ -o letters.aez --near 2             no pixel is off by more than 2 of 255
  ae compress photos/ --channels gray -o photos.aez        pictures of any sizes
  ae compress letters/ -o - > letters.aez                  to standard output
  ae compress letters/ --model runs/letters-transform-1 --quality 2 -o letters.aez    with losses
  ae compress scans/ --model runs/scans-picture-transform-1 --quality 2 -o scans.aez
  mpirun -n 4 ae compress 'shards/*.tar' --model runs/letters-pixel-1 -o compressed/

The images must be gray, and of the model's size where it has one (ae train --model pixel --patch 64
makes one for pictures of any sizes): nothing is resized that --size does not ask for. Names of files
are kept with their folders, labels are not. Each chunk is decoded again before the file gets its name.
ae decompress needs the same model: keep it.")]
pub(super) struct CompressArguments {
    /// The model.
    #[command(flatten)]
    model: CodecModelOption,
    /// The file, or - for standard output.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
    /// How far pixels may be from what they were, of 255; 0 for not at all.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=127))]
    near: u8,
    /// The quality of a model of kind transform, which loses what it takes few bits for; 1 takes the fewest.
    #[arg(long, value_name = "Q", value_parser = at_least_one)]
    quality: Option<usize>,
    /// Images of a chunk, which can be decoded without others and is lost alone where a byte is wrong
    /// [default: 64; 1 of pictures of any sizes].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    group: Option<usize>,
    /// Threads to compute with [default: all cores]; any number gives the same bytes.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<usize>,
    /// Which images, of a set that has parts of its own [default: all].
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// The images.
    #[command(flatten)]
    set: DataPosition,
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
    /// What the images are as PNG files, a file an image.
    png_bytes: u64,
    png_bits_per_pixel: Option<f64>,
    /// The largest absolute error.
    near: u8,
    group: usize,
    has_names: bool,
    model: String,
    model_hash: String,
}

pub(super) fn run(arguments: CompressArguments, context: &Context<'_>) -> Result<(), CliError> {
    let set = &arguments.set;
    let Some(shards) = shards_of(set.set.as_deref().or(set.data.data.as_deref()))? else {
        context.ranks.check_alone("compress")?;
        return compress(arguments, context);
    };
    let Some(model) = &arguments.model.model else {
        return Err(CliError::usage(
            "--model",
            "of shards, all by one model: name it",
        ));
    };
    let file = match model.is_dir() {
        true => codec_file_of(model),
        false => model.clone(),
    };
    let sharded = Sharded {
        command: "compress",
        shards,
        out: &arguments.out,
        extension: "aez",
        model: Some(&file),
        force: arguments.force,
    };
    let CompressArguments {
        near,
        quality,
        group,
        part,
        ..
    } = arguments;
    let mut data = set.data.clone();
    data.data = None;
    let options = (near, quality, group, part, data);
    sharded.run(&options, context, |shard, out, context| {
        let mut arguments = arguments.clone();
        arguments.set.set = Some(shard.display().to_string());
        arguments.set.data.data = None;
        arguments.set.data.strict = true;
        arguments.out = out.to_owned();
        compress(arguments, context)
    })
}

/// The model's file in a run's directory.
fn codec_file_of(run: &Path) -> PathBuf {
    let files = [MODEL_FILE, "model.safetensors"].map(|name| run.join(name));
    let [first, second] = files;
    match first.is_file() {
        true => first,
        false => second,
    }
}

fn compress(arguments: CompressArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let CompressArguments {
        model,
        out,
        force,
        near,
        quality,
        group,
        threads,
        part,
        set,
    } = arguments;
    refuse(&set)?;
    let is_pipe = out == Path::new(PIPE);
    match is_pipe {
        true => check_pipe(&terminal)?,
        false => check_writable(&out, force)?,
    }
    backend::set_threads(threads)?;
    let mut source = ImageSource::alone(set);
    let of_transform = match &model.model {
        Some(path) if transform::model::is_transform(path, context) => {
            Some(transform::model::open(path, context)?)
        }
        _ => None,
    };
    let named = match of_transform {
        Some(_) => None,
        None => model.open_named()?,
    };
    let is_for_pictures = match (&of_transform, &named) {
        (Some(model), _) => model.is_of_pictures(),
        (None, named) => named
            .as_ref()
            .is_some_and(|model| model.model.shape().is_none()),
    };
    if is_for_pictures && source.config.size.is_none() {
        source.config.patch = Some(ANY_PATCH);
    }
    let dataset = match source.config.open(source.seed) {
        // A model for pictures of any sizes may be there.
        Err(DataError::SizesDiffer { .. }) if named.is_none() && of_transform.is_none() => {
            source.config.patch = Some(ANY_PATCH);
            source.open(&terminal)?
        }
        Err(error @ DataError::SizesDiffer { .. }) => {
            let hint = "a model of ae train --model pixel --patch 64, or transform, codes pictures of any sizes; --size WxH resizes \
                        them, and what is kept is resized then";
            return Err(CliError::from(error).hint(hint));
        }
        opened => {
            let dataset = opened?;
            tell_skipped(&dataset, &terminal);
            dataset
        }
    };
    tell_left_out(&dataset, &terminal);
    if dataset.value_range.is_some() && source.config.range.is_none() {
        let reason = "pictures of more than 8 bits, of which the codec keeps 8";
        return Err(CliError::failure(Status::Data, &dataset.name, reason).hint(
            "--range LOW..HIGH says which values are black and white, and that 8 bits are enough",
        ));
    }
    let mut images = own_part(&dataset, part)?;
    if let Some(limit) = source.config.limit {
        images = source.limited(&images, limit)?;
    }
    check_gray(&images)?;
    let count = coded_count(&images);
    let has_names = (0..count).all(|index| images.file(index).is_some());
    let has_names = has_names && count > 0;
    if has_names {
        check_names(&images)?;
    }
    if !has_names && !images.classes().is_empty() {
        terminal.note("labels are not kept");
    }
    let near_of =
        |near| Near::new(near).ok_or_else(|| CliError::usage("--near", "must be from 0 to 127"));
    if let Some(model) = &of_transform {
        let settings = EncoderSettings {
            group: group.unwrap_or(model.usual_group()),
            near: near_of(near)?,
            has_names,
            is_verified: true,
        };
        return transform::compressing::run(&transform::compressing::Compression {
            images: &images,
            part: part.unwrap_or(Part::All),
            model,
            quality,
            settings: &settings,
            out,
            terminal,
        });
    }
    if let Some(quality) = quality {
        let reason = "for a model of kind transform, which --model names";
        return Err(CliError::usage(format!("--quality {quality}"), reason)
            .hint("--near N takes fewer bits with a model of kind pixel"));
    }
    let model = match named {
        Some(model) => model,
        None => {
            let is_one_shape = !images.is_of_patches() && !is_large(&images);
            let shape = is_one_shape.then(|| codec_shape(&images)).transpose()?;
            CodecModelOption::find_for(shape, &terminal)?
        }
    };
    if let Some(expected) = model.model.shape()
        && expected != codec_shape(&images)?
    {
        return Err(other_shape(&images, expected, &model));
    }
    let settings = EncoderSettings {
        group: group.unwrap_or_else(|| usual_group(&model.model)),
        near: near_of(near)?,
        has_names,
        is_verified: true,
    };
    let coding = Coding {
        images: &images,
        model: &model,
        settings: &settings,
        terminal,
    };
    let Written {
        bytes,
        png_bytes,
        pixels,
        shape,
    } = match is_pipe {
        true => coding.to_stdout()?,
        false => coding.to_file(&out)?,
    };
    let per_pixel = |bytes: u64| (pixels > 0).then(|| bytes as f64 * 8.0 / pixels as f64);
    let compressed = Compressed {
        file: out,
        data: images.name().to_owned(),
        part: part.unwrap_or(Part::All),
        images: count as u64,
        height: shape.map(ImageShape::height),
        width: shape.map(ImageShape::width),
        bytes,
        bits_per_pixel: per_pixel(bytes),
        png_bytes,
        png_bits_per_pixel: per_pixel(png_bytes),
        near,
        group: settings.group,
        has_names,
        model: model.name,
        model_hash: model.model.hash().to_string(),
    };
    match is_pipe {
        true => {
            terminal.note(compressed.text());
            Ok(())
        }
        false => terminal.result(&compressed, || compressed.text()),
    }
}

/// Refuses what would make other images of the set, or says nothing of it.
fn refuse(set: &DataPosition) -> Result<(), CliError> {
    let data = &set.data;
    if set.set.is_none() && data.data.is_none() {
        return Err(CliError::usage("SET", "required, but not given")
            .hint("--help shows what this command takes, with examples"));
    }
    let given = [
        ("--patch", data.patch.is_some()),
        (
            "--binarize dynamic",
            data.binarize == Some(Binarization::Dynamic),
        ),
        ("--test-share", data.test_share.is_some()),
        ("--validation-share", data.validation_share.is_some()),
        ("--dedup", data.dedup),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => Err(CliError::usage(
            option,
            "not for compressing: the images are taken as they are",
        )),
    }
}

fn check_pipe(terminal: &Terminal) -> Result<(), CliError> {
    if terminal.form == Form::Json {
        let reason = "cannot be printed where the compressed images go";
        return Err(CliError::usage("--json", reason).hint("--out names a file"));
    }
    if io::stdout().is_terminal() {
        let reason = "standard output is a terminal";
        return Err(CliError::usage("--out -", reason).hint("direct it into a file or a pipe"));
    }
    Ok(())
}

/// Says that the images are not the model's, and what can be done.
fn other_shape(images: &ImageSet, expected: ImageShape, model: &CodecModel) -> CliError {
    let expected = size(expected);
    let found = images.shape().size();
    let reason = format!(
        "images of {}x{}, but {} codes those of {}x{} (width x height)",
        found.width, found.height, model.name, expected.width, expected.height
    );
    CliError::failure(Status::Data, images.name(), reason).hint(format!(
        "ae train --model pixel --data SET makes a model of these; --size {expected} resizes them, and what is kept is \
         resized then"
    ))
}

/// What is coded, and how.
#[derive(Clone, Copy)]
struct Coding<'a> {
    images: &'a ImageSet,
    model: &'a CodecModel,
    settings: &'a EncoderSettings,
    terminal: Terminal,
}

impl Coding<'_> {
    /// Writes the container to a file, whole or not at all, and counts its bytes and those of PNG files.
    fn to_file(self, out: &Path) -> Result<Written, CliError> {
        let mut counted = Written::default();
        let mut failed = None;
        let written = write_atomically(out, |file| {
            self.write(file)
                .map(|written| counted = written)
                .map_err(|error| {
                    failed = Some(match error {
                        Failed::Codec(error) => CliError::from(error).about(out),
                        Failed::Other(error) => error,
                    });
                    io::Error::other("not written to its end")
                })
        });
        match (failed, written) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(CliError::io(out, "write", &error)),
            (None, Ok(())) => Ok(counted),
        }
    }

    /// Writes the container to standard output.
    fn to_stdout(self) -> Result<Written, CliError> {
        self.write(&mut BufWriter::new(io::stdout().lock()))
            .map_err(|error| match error {
                Failed::Codec(CodecError::Write(error)) => CliError::stdout(&error),
                Failed::Codec(error) => CliError::from(error).about(Path::new("standard output")),
                Failed::Other(error) => error,
            })
    }

    fn write(self, to: &mut dyn Write) -> Result<Written, Failed> {
        let count = coded_count(self.images);
        let mut progress = CodecProgress::new(self.terminal, count as u64, "images");
        let mut encoder = Encoder::new(Counted::new(to), &self.model.model, self.settings)?;
        let mut written = Written::default();
        for index in 0..count {
            let name = match self.images.file(index).filter(|_| self.settings.has_names) {
                Some(file) => Some(stored_name(self.images, file)?),
                None => None,
            };
            let (image, shape) = coded_image(self.images, index)?;
            written.png_bytes += image.to_png().map_err(CliError::from)?.len() as u64;
            written.pixels += shape.pixels() as u64;
            written.shape = match written.shape {
                _ if index == 0 => Some(shape),
                one => one.filter(|&one| one == shape),
            };
            encoder.push_of_shape(image.pixels(), shape, name.as_deref())?;
            progress.tell(index as u64 + 1, String::new);
        }
        written.bytes = encoder.finish()?.bytes();
        if count == 0 {
            written.shape = self.model.model.shape();
        }
        Ok(written)
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    bytes: u64,
    /// What the images are as PNG files.
    png_bytes: u64,
    pixels: u64,
    /// The shape of all of them; nothing where they differ.
    shape: Option<ImageShape>,
}

/// What ends the coding.
enum Failed {
    /// The container, whose name is still to be said.
    Codec(CodecError),
    /// An image.
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
        let bits = |bits: Option<f64>| {
            bits.map_or_else(String::new, |bits| format!(", {bits:.3} bits per pixel"))
        };
        let size = match (self.width, self.height) {
            (Some(width), Some(height)) => format!(" of {width}x{height}"),
            _ => String::new(),
        };
        format!(
            "{}: {}{size}, {} bytes{}; as PNG files {} bytes{}",
            self.file.display(),
            counted(self.images as usize, "image"),
            thousands(self.bytes),
            bits(self.bits_per_pixel),
            thousands(self.png_bytes),
            bits(self.png_bits_per_pixel),
        )
    }
}
