//! `ae denoise`.

mod denoiser;
mod jobs;
mod picture;
mod report;
mod step_progress;

use std::path::PathBuf;

use ae_data::{ImageLimits, ValueRange};
use ae_infer::Removal;
use clap::Args;

use crate::arguments::value::parsed;
use crate::arguments::{DeviceArguments, NoiseArgument};
use crate::command::Example;
use crate::commands::denoise::denoiser::{DenoiserArguments, OpenDenoiser};
use crate::commands::denoise::picture::{Denoising, Drawings};
use crate::commands::denoise::report::{Denoised, Failure};
use crate::context::Context;
use crate::destination::check_drawing;
use crate::error::CliError;

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[
    (
        "ae denoise photo.png -o clean.png",
        "a photograph, by the model that is built in",
    ),
    (
        "ae denoise photo.png -o clean.png --model bm3d",
        "the same by a filter, without training",
    ),
    (
        "ae denoise --self scan.png -o clean.png",
        "by a network that is trained on nothing but the scan",
    ),
];

/// Remove noise from pictures of any size.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae denoise photo.png -o clean.png
  ae denoise photo.jpg -o clean.jpg --strength 0.8 --preview half.png
  ae denoise scans/ more.jpg -o clean/ --model bm3d
  ae denoise --self scan.png -o clean.png
  ae denoise letter.png -o clean.png --model runs/glyphs-conv-denoise-1
  ae denoise clean-photo.png -o again.png --noise gaussian:0.1 --compare shown.png

The picture keeps its size, its bits, alpha, color profile, resolution, EXIF and pages as far as the format
holds them; what it cannot hold is said. The extension says the format: png, jpg, tif, webp, gif, bmp, pgm,
ppm, pnm, pam, qoi, tga, ff, exr. A JPEG is as fine as the one that came in.

Folders are gone through with the folders in them, and their pictures keep their place. A picture that fails
is named and the others are done; the exit code is then that of the first failure.

With --noise, noise is added first and PSNR and SSIM before and after are printed (pixels on 0..1: data range
1), of the file that was written.

The model photo is built in: a network that was trained on photographs with Gaussian noise of sigma 0 to 55 of 255
and is not told how strong the noise is. Of color it denoises luminance and chrominances.

Filters by name: bm3d, nlm, median. The first two have to know how strong the noise is, its
standard deviation. Where --noise-level does not say it, it is estimated from each page, by the median of the
finest diagonal wavelet coefficients (Donoho and Johnstone 1994), and printed; texture makes it too high, and
noise that is alike in neighboring pixels, as in JPEGs, too low. A name wins over a file: ./bm3d is a path.

With --self a network of 22,000 weights is trained on the picture alone, anew for each (Zero-Shot Noise2Noise), on
the CPU: 256x256 pixels take about 200 processor seconds, 512x512 four times that, and larger pictures no more, but
for the last pass: they are trained on in windows. It needs neither a model nor the noise's level. --steps 1000 takes
half the time.
It takes away noise that is independent from pixel to pixel; where a picture's noise is not, a warning says so.
--shrink 2 halves the picture before, and what neighboring pixels have in common of their noise with it.

A model runs over a picture in overlapping tiles that are blended, so memory stays bounded. A
gray model does a color picture channel by channel.")]
pub(super) struct DenoiseArguments {
    /// Pictures, or folders of them.
    #[arg(required = true, value_name = "PICTURE")]
    pictures: Vec<PathBuf>,
    /// What removes the noise.
    #[command(flatten)]
    denoiser: DenoiserArguments,
    /// A file for one picture, or a folder for several.
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,
    /// Add this noise to the picture first and print the PSNR before and after.
    #[command(flatten)]
    noise: NoiseArgument,
    /// Draw the noisy, the denoised and the clean picture side by side.
    #[arg(long, value_name = "FILE", requires = "noise")]
    compare: Option<PathBuf>,
    /// Draw one picture whose left half is as it was and whose right half is denoised.
    #[arg(long, value_name = "FILE")]
    preview: Option<PathBuf>,
    /// The seed of the noise, and of what --self begins with.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The quality of JPEG, 1 to 100 [default: as fine as the picture's JPEG, 95 for other formats].
    #[arg(long, value_name = "Q", value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// The values of black and white in pictures of 16 bits or floating point, as 0..4095 [default: found out from the
    /// picture].
    #[arg(long, value_name = "LOW..HIGH", value_parser = parsed::<ValueRange>, allow_negative_numbers = true)]
    range: Option<ValueRange>,
    /// Read pictures of up to N pixels a page [default: 67108864].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_pixels: Option<u64>,
    /// Write over files that exist, the picture itself among them.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: DenoiseArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let noise = arguments.noise.or(None).filter(|noise| !noise.is_empty());
    if arguments.compare.is_some() && noise.is_none() {
        return Err(CliError::usage(
            "--compare",
            "compares with a noisy picture, and --noise none makes none",
        ));
    }
    let listed = jobs::list(&arguments.pictures, &arguments.out, arguments.force)?;
    if let Some(passed_over) = listed.passed_over() {
        terminal.note(passed_over);
    }
    let jobs = listed.jobs;
    let drawings = Drawings {
        compare: arguments.compare.as_deref(),
        preview: arguments.preview.as_deref(),
    };
    for (option, path) in drawings.asked_for() {
        check_drawing(path, arguments.force)?;
        if jobs.len() > 1 {
            return Err(CliError::usage(option, "takes one picture at a time"));
        }
    }
    let removal = Removal {
        strength: arguments.denoiser.strength,
        noise_level: arguments.denoiser.noise_level,
    };
    let opened = OpenDenoiser::open(
        &arguments.denoiser,
        arguments.seed,
        arguments.device,
        context,
    )?;
    let denoiser = opened.denoiser();
    let mut result = Denoised::new(denoiser.name(), noise.as_ref());
    let denoising = Denoising {
        denoiser,
        removal,
        noise: noise.as_ref(),
        seed: arguments.seed,
        quality: arguments.quality,
        limits: ImageLimits::with_max_pixels(arguments.max_pixels),
        range: arguments.range,
        drawings,
        shrink: arguments.denoiser.shrink.unwrap_or(1),
        terminal,
    };
    let mut first = None;
    for (index, job) in jobs.iter().enumerate() {
        match denoising.run(job, index as u64) {
            Ok(picture) => result.pictures.push(picture),
            Err(error) if jobs.len() == 1 && !job.from_folder => return Err(error),
            Err(error) => {
                terminal.warning(format!("failed: {error}"));
                result.failed.push(Failure {
                    input: job.input.clone(),
                    reason: error.to_string(),
                });
                first.get_or_insert(error.status());
            }
        }
    }
    if !result.pictures.is_empty() {
        result.comparison.clone_from(&arguments.compare);
        result.preview.clone_from(&arguments.preview);
        terminal.result(&result, || result.text())?;
    }
    match first {
        None => Ok(()),
        Some(status) => Err(CliError::failure(
            status,
            result.failed_names(),
            format!("{} of {} pictures failed", result.failed.len(), jobs.len()),
        )),
    }
}
