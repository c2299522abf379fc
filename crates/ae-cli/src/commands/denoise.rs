//! `ae denoise`.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{Image, ImageOptions, ImageShape};
use ae_eval::Quality;
use ae_infer::NoiseTrial;
use ae_random::{Draw, Purpose};
use ae_report::{Panel, PanelsRequest, thousands};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DeviceArguments, ModelOption, NoiseArgument};
use crate::command::Example;
use crate::context::Context;
use crate::destination::{Destination, check_writable, is_picture_name};
use crate::error::{CliError, Status};
use crate::opening::{Wanted, open};

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[(
    "ae denoise photo.png -o clean.png",
    "a picture of any size, by the newest denoiser in runs/",
)];

/// Remove noise from pictures of any size.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae denoise photo.png -o clean.png
  ae denoise scans/ more.jpg -o clean/ --model runs/glyphs-conv-denoise-1
  ae denoise clean-photo.png -o again.png --noise gaussian:0.1 --compare shown.png

With --noise, noise is added first and PSNR and SSIM before and after are printed (pixels on 0..1: data range 1).

The picture keeps its size. A convolutional model runs over it in overlapping tiles that are blended,
so memory stays bounded. A gray model does a color picture channel by channel.")]
pub(super) struct DenoiseArguments {
    /// Pictures, or folders of them.
    #[arg(required = true, value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
    /// The model.
    #[command(flatten)]
    model: ModelOption,
    /// A file for one picture, or a folder for several.
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,
    /// Add this noise to the picture first and print the PSNR before and after.
    #[command(flatten)]
    noise: NoiseArgument,
    /// Draw the noisy, the denoised and the clean picture side by side.
    #[arg(long, value_name = "FILE", requires = "noise")]
    compare: Option<PathBuf>,
    /// The seed of the noise.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The side of a tile in pixels.
    #[arg(long, value_name = "PIXELS", value_parser = at_least_one, default_value_t = 256)]
    tile: usize,
    /// Write over files that exist, the picture itself among them.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// Checked arguments: what is read and where it goes.
struct Job {
    input: PathBuf,
    output: PathBuf,
    /// A picture of a folder that cannot be read is passed over; one that was named is an error.
    from_folder: bool,
}

#[derive(Serialize)]
struct Denoised {
    model: String,
    noise: Option<String>,
    pictures: Vec<PictureResult>,
    skipped: Vec<PathBuf>,
    comparison: Option<PathBuf>,
}

#[derive(Serialize)]
struct PictureResult {
    input: PathBuf,
    output: PathBuf,
    width: usize,
    height: usize,
    channels: usize,
    /// Noisy against clean, when noise was added.
    before: Option<Quality>,
    /// Denoised against clean, when noise was added.
    after: Option<Quality>,
}

pub(super) fn run(arguments: DenoiseArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let jobs = jobs(&arguments)?;
    if let Some(comparison) = &arguments.compare {
        check_writable(comparison, arguments.force)?;
        if jobs.len() > 1 {
            return Err(CliError::usage("--compare", "takes one picture at a time"));
        }
    }
    let model = open(
        arguments.model.model.as_deref(),
        Wanted::Denoiser,
        arguments.device,
        context,
    )?;
    if model.card().noise.is_none() {
        terminal.warning(format!("{}: not trained to remove noise", model.name()));
    }
    let tiling = model.tiling(arguments.tile);
    let noise = arguments.noise.noise.filter(|noise| !noise.is_empty());

    let mut result = Denoised {
        model: model.name().to_owned(),
        noise: noise.as_ref().map(ToString::to_string),
        pictures: Vec::with_capacity(jobs.len()),
        skipped: Vec::new(),
        comparison: None,
    };
    for (index, job) in jobs.iter().enumerate() {
        let picture = match Image::read(&job.input, &ImageOptions::default()) {
            Ok(image) => image,
            Err(error) if job.from_folder => {
                terminal.warning(format!("skipped: {error}"));
                result.skipped.push(job.input.clone());
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let draw = Draw {
            seed: arguments.seed,
            purpose: Purpose::Display,
            epoch: 0,
            index: index as u64,
        };
        let Some(noise) = &noise else {
            let denoised = model.denoise(&picture, &tiling)?;
            denoised.write(&job.output)?;
            result.pictures.push(job.result(denoised.shape(), None));
            result.comparison.clone_from(&arguments.compare);
            continue;
        };
        let trial = model.try_denoising(picture, noise, draw, &tiling)?;
        trial.denoised.write(&job.output)?;
        let shape = trial.denoised.shape();
        result
            .pictures
            .push(job.result(shape, Some((trial.before, trial.after))));
        if let Some(comparison) = &arguments.compare {
            compare(trial, &job.input, comparison)?;
            result.comparison = Some(comparison.clone());
        }
    }
    if result.pictures.is_empty() {
        return Err(CliError::failure(
            Status::Data,
            arguments.pictures[0].display(),
            "none of the pictures can be read",
        ));
    }
    terminal.result(&result, || result.text())
}

/// Lists the pictures, and finds out before any work whether a result would write over something.
fn jobs(arguments: &DenoiseArguments) -> Result<Vec<Job>, CliError> {
    let mut inputs = Vec::new();
    for path in &arguments.pictures {
        if path.is_dir() {
            let found = pictures_in(path)?;
            if found.is_empty() {
                return Err(CliError::failure(
                    Status::Data,
                    path.display(),
                    "no pictures in this folder",
                ));
            }
            inputs.extend(found.into_iter().map(|path| (path, true)));
        } else {
            fs::metadata(path).map_err(|error| CliError::io(path, "read", &error))?;
            inputs.push((path.clone(), false));
        }
    }
    let of_folder = inputs.iter().any(|(_, from_folder)| *from_folder);
    let count = if of_folder {
        inputs.len().max(2)
    } else {
        inputs.len()
    };
    let destination = Destination::of(&arguments.out, count)?;
    let mut taken = HashSet::new();
    let mut jobs = Vec::with_capacity(inputs.len());
    for (input, from_folder) in inputs {
        let name = input.file_name().map(PathBuf::from).unwrap_or_default();
        let name = match is_picture_name(&name) {
            true => name,
            false => name.with_extension("png"),
        };
        let output = destination.path(&name);
        if !taken.insert(output.clone()) {
            return Err(CliError::usage(
                input.display(),
                format!(
                    "its result would be {}, as another picture's",
                    output.display()
                ),
            )
            .hint("take pictures of one name one at a time"));
        }
        if !arguments.force && is_same_file(&input, &output) {
            return Err(CliError::failure(
                Status::Files,
                output.display(),
                "is the picture itself",
            )
            .hint("--force writes over it; --out names another file"));
        }
        jobs.push(Job {
            input,
            output,
            from_folder,
        });
    }
    destination.prepare()?;
    for job in &jobs {
        check_writable(&job.output, arguments.force)?;
    }
    Ok(jobs)
}

/// The pictures that lie in a folder, by name; folders inside it are left alone.
fn pictures_in(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let unreadable = |error| CliError::io(folder, "read", &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_picture_name(&path) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

impl Job {
    /// What there is to say of a picture; `quality` is before and after, when noise was added.
    fn result(&self, shape: ImageShape, quality: Option<(Quality, Quality)>) -> PictureResult {
        PictureResult {
            input: self.input.clone(),
            output: self.output.clone(),
            width: shape.width,
            height: shape.height,
            channels: shape.channels,
            before: quality.map(|(before, _)| before),
            after: quality.map(|(_, after)| after),
        }
    }
}

/// Draws noisy, denoised and clean side by side.
fn compare(trial: NoiseTrial, title: &Path, path: &Path) -> Result<(), CliError> {
    let caption = |quality: &Quality| format!("PSNR {:.2} dB", quality.psnr);
    let panel = |label: &str, caption: String, image: Image| Panel {
        label: label.to_owned(),
        caption,
        image,
    };
    let picture = ae_report::panels(&PanelsRequest {
        title: title.display().to_string(),
        subtitle: String::new(),
        panels: vec![
            panel("noisy", caption(&trial.before), trial.noisy),
            panel("denoised", caption(&trial.after), trial.denoised),
            panel("clean", String::new(), trial.clean),
        ],
        detail: None,
    })?;
    Ok(picture.write_png(path)?)
}

impl Denoised {
    fn text(&self) -> String {
        let mut text = String::new();
        for picture in &self.pictures {
            text.push_str(&format!(
                "{}  {}x{}",
                picture.output.display(),
                picture.width,
                picture.height
            ));
            if let (Some(before), Some(after)) = (&picture.before, &picture.after) {
                text.push_str(&format!(
                    "  psnr {:.2} -> {:.2} dB  ssim {:.3} -> {:.3}",
                    before.psnr, after.psnr, before.ssim, after.ssim
                ));
            }
            text.push('\n');
        }
        if !self.skipped.is_empty() {
            text.push_str(&format!(
                "{} of {} pictures skipped\n",
                thousands(self.skipped.len() as u64),
                thousands((self.skipped.len() + self.pictures.len()) as u64)
            ));
        }
        if let Some(comparison) = &self.comparison {
            text.push_str(&format!("{}\n", comparison.display()));
        }
        text
    }
}
