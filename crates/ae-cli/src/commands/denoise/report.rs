//! What `ae denoise` prints.

use std::path::PathBuf;

use ae_data::{NoiseChain, Page};
use ae_eval::Quality;
use ae_report::thousands;
use serde::Serialize;

use crate::commands::denoise::jobs::Job;

/// All pictures.
#[derive(Serialize)]
pub(super) struct Denoised {
    model: String,
    noise: Option<String>,
    pub(super) pictures: Vec<PictureResult>,
    pub(super) failed: Vec<Failure>,
    pub(super) comparison: Option<PathBuf>,
    pub(super) preview: Option<PathBuf>,
}

/// A picture that was not written.
#[derive(Serialize)]
pub(super) struct Failure {
    pub(super) input: PathBuf,
    pub(super) reason: String,
}

/// A picture that was written.
#[derive(Serialize)]
pub(super) struct PictureResult {
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
    /// Significant bits of a value in the file that was written.
    bits: u8,
    /// The first page's; all pages have their own in `pages`.
    #[serde(flatten)]
    first: PageResult,
    pages: Vec<PageResult>,
}

/// One page of it.
#[derive(Clone, Serialize)]
pub(super) struct PageResult {
    width: usize,
    height: usize,
    channels: usize,
    alpha: bool,
    /// The noise's standard deviation that it was removed by, in pixel units, and whether it was estimated.
    pub(super) noise_level: Option<f32>,
    pub(super) is_estimated: bool,
    /// The noise's autocorrelation at lags of one and two pixels, where it should be 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correlation: Option<[f32; 2]>,
    /// Noisy against clean, when noise was added.
    pub(super) before: Option<Quality>,
    /// What was written against clean, when noise was added.
    pub(super) after: Option<Quality>,
}

impl PageResult {
    pub(super) fn of(page: &Page) -> Self {
        Self {
            width: page.size.width,
            height: page.size.height,
            channels: page.color_channels(),
            alpha: page.has_alpha(),
            noise_level: None,
            is_estimated: false,
            correlation: None,
            before: None,
            after: None,
        }
    }

    fn figures(&self) -> String {
        let mut text = match self.noise_level {
            Some(level) => format!(
                "  noise {:.1}/255{}",
                255.0 * level,
                if self.is_estimated {
                    " (estimated)"
                } else {
                    ""
                }
            ),
            None => String::new(),
        };
        let quality = match (&self.before, &self.after) {
            (Some(before), Some(after)) => format!(
                "  psnr {:.2} -> {:.2} dB  ssim {:.3} -> {:.3}",
                before.psnr, after.psnr, before.ssim, after.ssim
            ),
            _ => String::new(),
        };
        text.push_str(&quality);
        text
    }
}

impl PictureResult {
    /// Of at least one page.
    pub(super) fn new(job: &Job, bits: u8, pages: Vec<PageResult>) -> Self {
        Self {
            input: job.input.clone(),
            output: job.output.clone(),
            bits,
            first: pages[0].clone(),
            pages,
        }
    }

    fn text(&self) -> String {
        let PageResult { width, height, .. } = self.first;
        let mut text = format!("{}  {width}x{height}", self.output.display());
        if self.bits > 8 {
            text.push_str(&format!("  {} bits", self.bits));
        }
        match self.pages.as_slice() {
            [page] => text.push_str(&page.figures()),
            pages => {
                text.push_str(&format!("  {} pages", thousands(pages.len() as u64)));
                for (index, page) in pages.iter().enumerate() {
                    let figures = page.figures();
                    if !figures.is_empty() {
                        text.push_str(&format!("\n  page {index}{figures}"));
                    }
                }
            }
        }
        text.push('\n');
        text
    }
}

impl Denoised {
    pub(super) fn new(model: &str, noise: Option<&NoiseChain>) -> Self {
        Self {
            model: model.to_owned(),
            noise: noise.map(ToString::to_string),
            pictures: Vec::new(),
            failed: Vec::new(),
            comparison: None,
            preview: None,
        }
    }

    /// The failed pictures' names.
    pub(super) fn failed_names(&self) -> String {
        let names = self.failed.iter().map(|failure| failure.input.display());
        let names: Vec<_> = names.map(|name| name.to_string()).collect();
        names.join(", ")
    }

    pub(super) fn text(&self) -> String {
        let mut text: String = self.pictures.iter().map(PictureResult::text).collect();
        for drawing in [&self.comparison, &self.preview].into_iter().flatten() {
            text.push_str(&format!("{}\n", drawing.display()));
        }
        text
    }
}
