//! Denoising pictures, one after another.

use std::path::Path;

use ae_data::{ImageLimits, PictureFormat};
use ae_infer::{Denoiser as _, InOrientations, Removal};

use crate::arguments::tell_unused_clip;
use crate::commands::denoise::arguments::DenoiseArguments;
use crate::commands::denoise::denoiser::OpenDenoiser;
use crate::commands::denoise::jobs::{self, Job};
use crate::commands::denoise::picture::{Denoising, Drawings};
use crate::commands::denoise::report::{Denoised, Failure, PictureResult};
use crate::commands::denoise::unpacked::Unpacked;
use crate::context::Context;
use crate::destination::{check_drawing, is_one_file};
use crate::error::CliError;

/// Denoises the pictures that are named, and prints what was done; gives those that were written. They may be those of an archive.
///
/// # Errors
/// The denoiser cannot be opened, a destination cannot be written, or a picture failed; others are done nevertheless.
pub(super) fn denoise(
    arguments: DenoiseArguments,
    unpacked: Option<Unpacked<'_>>,
    context: &Context<'_>,
) -> Result<Vec<PictureResult>, CliError> {
    let terminal = context.terminal;
    let noise = arguments.noise.or(None).filter(|noise| !noise.is_empty());
    tell_unused_clip(&arguments.noise, noise.as_ref(), &terminal);
    if arguments.compare.is_some() && noise.is_none() {
        return Err(CliError::usage(
            "--compare",
            "compares with a noisy picture, and --noise none makes none",
        ));
    }
    arguments.denoiser.check()?;
    let listed = jobs::list(&arguments.pictures, &arguments.out, arguments.force)?;
    if let Some(passed_over) = listed.passed_over() {
        terminal.note(passed_over);
    }
    let jobs = listed.jobs;
    let is_jpeg = |job: &Job| PictureFormat::of_written(&job.output) == Some(PictureFormat::Jpeg);
    if arguments.quality.is_some() && !jobs.iter().any(is_jpeg) {
        terminal.warning("--quality is for JPEG, and no picture is written as one");
    }
    if arguments.seed.is_some() && noise.is_none() && !arguments.denoiser.is_self {
        terminal.warning("--seed is for --noise and --self: nothing here is drawn at random");
    }
    let seed = arguments.seed.unwrap_or_default();
    let drawings = Drawings {
        compare: arguments.compare.as_deref(),
        preview: arguments.preview.as_deref(),
    };
    let mut written: Vec<&Path> = jobs.iter().map(|job| job.output.as_path()).collect();
    for (option, path) in drawings.asked_for() {
        check_drawing(path, arguments.force)?;
        if jobs.len() > 1 {
            return Err(CliError::usage(option, "takes one picture at a time"));
        }
        if written.iter().any(|other| is_one_file(other, path)) {
            let reason = format!("{} is written already by this command", path.display());
            return Err(CliError::usage(option, reason));
        }
        written.push(path);
    }
    let removal = Removal {
        strength: arguments.denoiser.strength,
        noise_level: arguments.denoiser.noise_level,
    };
    let opened = OpenDenoiser::open(&arguments.denoiser, seed, arguments.device, context)?;
    let denoiser = InOrientations::new(opened.denoiser(), arguments.denoiser.orientations);
    let mut result = Denoised::new(denoiser.name(), noise.as_ref());
    let denoising = Denoising {
        denoiser: &denoiser,
        removal,
        noise: noise.as_ref(),
        seed,
        quality: arguments.quality,
        limits: ImageLimits::with_max_pixels(arguments.max_pixels),
        range: arguments.range,
        drawings,
        shrink: arguments.denoiser.shrink.unwrap_or(1),
        unpacked,
        terminal,
    };
    let mut first = None;
    for (index, job) in jobs.iter().enumerate() {
        match denoising.run(job, index as u64) {
            Ok(picture) => result.pictures.push(picture),
            Err(error) if jobs.len() == 1 && !job.from_folder => return Err(error),
            Err(error) => {
                let error = match unpacked {
                    Some(unpacked) => unpacked.error(error),
                    None => error,
                };
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
        None => Ok(result.pictures),
        Some(status) => Err(CliError::failure(
            status,
            result.failed_names(),
            format!("{} of {} pictures failed", result.failed.len(), jobs.len()),
        )),
    }
}
