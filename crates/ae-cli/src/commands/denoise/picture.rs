//! One file on its way through a denoiser, page by page.

use std::path::Path;

use ae_data::{
    Image, ImageLimits, Loss, NoiseChain, Page, PictureReader, PictureWriter, ValueRange,
};
use ae_eval::Quality;
use ae_infer::{
    DenoisedPage, Denoiser, NoiseCorrelation, NoiseTrial, Removal, denoise_page, page_image,
    page_quality, try_denoising,
};
use ae_random::{Draw, Purpose};
use ae_report::{Panel, PanelsRequest};

use crate::commands::denoise::jobs::Job;
use crate::commands::denoise::report::{PageResult, PictureResult};
use crate::commands::denoise::unpacked::{Unpacked, shown};
use crate::error::CliError;
use crate::terminal::Terminal;

/// Pictures of what was done to look at.
#[derive(Clone, Copy)]
pub(super) struct Drawings<'a> {
    pub(super) compare: Option<&'a Path>,
    pub(super) preview: Option<&'a Path>,
}

impl<'a> Drawings<'a> {
    /// The options by which pictures were asked for, and where those go.
    pub(super) fn asked_for(self) -> impl Iterator<Item = (&'static str, &'a Path)> {
        let options = [("--compare", self.compare), ("--preview", self.preview)];
        options
            .into_iter()
            .filter_map(|(option, path)| Some((option, path?)))
    }
}

/// What all pictures have in common.
pub(super) struct Denoising<'a> {
    pub(super) denoiser: &'a dyn Denoiser,
    pub(super) removal: Removal,
    pub(super) noise: Option<&'a NoiseChain>,
    pub(super) seed: u64,
    pub(super) quality: Option<u8>,
    pub(super) limits: ImageLimits,
    pub(super) range: Option<ValueRange>,
    pub(super) drawings: Drawings<'a>,
    /// Pixels of a side that become one before anything else.
    pub(super) shrink: usize,
    /// Where the pictures are an archive's.
    pub(super) unpacked: Option<Unpacked<'a>>,
    pub(super) terminal: Terminal,
}

impl Denoising<'_> {
    /// Denoises the file of a job, the `index`-th of all, and writes what comes out.
    pub(super) fn run(&self, job: &Job, index: u64) -> Result<PictureResult, CliError> {
        let mut reader = match self.range {
            None => PictureReader::open(&job.input, &self.limits)?,
            Some(range) => PictureReader::open_in_range(&job.input, range, &self.limits)?,
        };
        for note in reader.notes() {
            self.terminal
                .note(format!("{}: {note}", shown(&job.input, self.unpacked)));
        }
        let mut metadata = reader.metadata().clone();
        metadata.shrink(self.shrink);
        let page_count = reader.page_count();
        if page_count > 1
            && let Some((option, _)) = self.drawings.asked_for().next()
        {
            return Err(CliError::usage(
                option,
                format!(
                    "takes one page, and {} has {page_count}",
                    job.input.display()
                ),
            )
            .hint(format!("{}[0] is its first", job.input.display())));
        }
        let writer = PictureWriter::new(&job.output, &metadata, page_count, self.quality)?;
        let mut pages = Vec::with_capacity(page_count);
        let mut noisy = None;
        let written = writer.write(|page| -> Result<Page, CliError> {
            let clean = self.page(&mut reader, page)?;
            if self.range.is_some() && page == 0 && clean.samples.bits() == 8 {
                self.terminal.warning(format!(
                    "{}: --range is not used for values of 8 bits",
                    shown(&job.input, self.unpacked)
                ));
            }
            let mut result = PageResult::of(&clean);
            let failed = |error| CliError::from(error).about(&job.input);
            // Before minutes of training; noise that is added is looked at once it is.
            let told = match self.noise {
                None if self.denoiser.assumes_independent_noise() => {
                    NoiseCorrelation::of(clean.shape(), &clean.to_unit())
                }
                _ => None,
            };
            if let Some(correlation) = told {
                self.warn_of_correlation(correlation, &job.input);
            }
            let DenoisedPage {
                page: denoised,
                estimated_level,
                correlation,
                ..
            } = match self.noise {
                None => denoise_page(self.denoiser, &clean, self.removal).map_err(failed)?,
                Some(noise) => {
                    let draw = self.draw(index, page);
                    let trial = try_denoising(self.denoiser, &clean, noise, draw, self.removal)
                        .map_err(failed)?;
                    result.before = Some(trial.before);
                    let NoiseTrial {
                        noisy: image,
                        denoised,
                        ..
                    } = trial;
                    noisy = Some(image).filter(|_| self.drawings.asked_for().next().is_some());
                    denoised
                }
            };
            let given = self
                .removal
                .noise_level
                .filter(|_| self.denoiser.needs_noise_level());
            result.noise_level = given.or(estimated_level);
            result.is_estimated = estimated_level.is_some();
            result.correlation = correlation.map(|found| [found.lag_1, found.lag_2]);
            if let (Some(correlation), None) = (correlation, told) {
                self.warn_of_correlation(correlation, &job.input);
            }
            if let Some(path) = self.drawings.preview {
                let before = noisy.clone().unwrap_or_else(|| page_image(&clean));
                preview(&before, &page_image(&denoised), &job.input, path)?;
            }
            pages.push(result);
            Ok(denoised)
        })?;
        self.say_losses(&writer, &job.output, written.losses());
        let of_file = written.losses().iter().find_map(|loss| match loss {
            Loss::Bits { to, .. } => Some(*to),
            _ => None,
        });
        let bits = of_file.unwrap_or(metadata.bits);
        if self.noise.is_some() {
            // The file that was written is measured, which a JPEG or a palette has changed once more.
            let mut written = written.read_back(&self.limits)?;
            for (index, result) in pages.iter_mut().enumerate() {
                let clean = self.page(&mut reader, index)?;
                let page = written.page(index)?;
                let after = page_quality(&clean, &page);
                result.after = Some(after);
                if let (Some(path), Some(noisy), Some(before)) =
                    (self.drawings.compare, noisy.take(), &result.before)
                {
                    let images = [noisy, page_image(&page), page_image(&clean)];
                    compare(images, [before, &after], &job.input, path)?;
                }
            }
        }
        Ok(PictureResult::new(job, bits, pages))
    }

    /// A page as it is denoised.
    fn page(&self, reader: &mut PictureReader, index: usize) -> Result<Page, CliError> {
        let page = reader.page(index)?;
        Ok(match self.shrink {
            1 => page,
            factor => page.shrunk(factor),
        })
    }

    /// Warns where the noise was not what the denoiser takes it for.
    fn warn_of_correlation(&self, correlation: NoiseCorrelation, input: &Path) {
        if !correlation.is_of_dependent_noise() {
            return;
        }
        let NoiseCorrelation { lag_1, lag_2 } = correlation;
        self.terminal.warning(format!(
            "{}: its noise is alike in neighboring pixels (autocorrelation {lag_1:.2} at one pixel, {lag_2:.2} at two; independent \
             noise has about 0), as scanners and JPEG leave it: what they have in common stays. --self --shrink {} makes it \
             more independent",
            shown(input, self.unpacked),
            2 * self.shrink,
        ));
    }

    /// A page's own draw; a file of one page has that of the picture.
    fn draw(&self, picture: u64, page: usize) -> Draw {
        Draw {
            seed: self.seed,
            purpose: Purpose::Display,
            epoch: 0,
            index: picture + ((page as u64) << 32),
        }
    }

    fn say_losses(&self, writer: &PictureWriter<'_>, path: &Path, losses: &[Loss]) {
        if losses.is_empty() {
            return;
        }
        let losses: Vec<_> = losses.iter().map(ToString::to_string).collect();
        self.terminal.warning(format!(
            "{}: {} cannot hold {}",
            shown(path, self.unpacked),
            writer.format(),
            losses.join(", ")
        ));
    }
}

/// Draws the left half of what came in beside the right half of what comes out.
fn preview(before: &Image, after: &Image, title: &Path, path: &Path) -> Result<(), CliError> {
    let shape = before.shape();
    let mut halves = before.to_unit();
    let lines = halves.chunks_exact_mut(shape.width);
    for (line, denoised) in lines.zip(after.to_unit().chunks_exact(shape.width)) {
        let middle = shape.width / 2;
        line[middle..].copy_from_slice(&denoised[middle..]);
    }
    let picture = ae_report::panels(&PanelsRequest {
        title: title.display().to_string(),
        subtitle: String::new(),
        panels: vec![Panel {
            label: "before | denoised".to_owned(),
            caption: String::new(),
            image: Image::from_unit(shape, &halves),
        }],
        detail: None,
    })?;
    Ok(picture.write_png(path)?)
}

/// Draws noisy, denoised and clean side by side.
fn compare(
    [noisy, denoised, clean]: [Image; 3],
    [before, after]: [&Quality; 2],
    title: &Path,
    path: &Path,
) -> Result<(), CliError> {
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
            panel("noisy", caption(before), noisy),
            panel("denoised", caption(after), denoised),
            panel("clean", String::new(), clean),
        ],
        detail: None,
    })?;
    Ok(picture.write_png(path)?)
}
