//! Removing noise from the pages of a file, and from ones to which it was added to see how much is removed.

pub(crate) mod invisible;
pub(crate) mod noise_correlation;

use std::borrow::Cow;

use ae_data::{Image, ImageShape, NoiseChain, Page};
use ae_eval::filters::estimate_noise_sigma;
use ae_eval::{Quality, QualityMeter};
use ae_random::Draw;

use crate::denoise::invisible::fill_invisible;
use crate::denoise::noise_correlation::NoiseCorrelation;
use crate::denoisers::denoiser::Denoiser;
use crate::error::InferError;

/// How a denoiser is applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Removal {
    /// How much of the noise is removed: 1 what the denoiser takes for noise, 0 nothing, more than 1 more than that. A
    /// denoiser that is told the noise's level is told so many times it; of the difference that any other makes, so many
    /// times it is made.
    pub strength: f32,
    /// The noise's standard deviation in pixel units, where it is known; otherwise it is estimated from each page, if the
    /// denoiser has to be told.
    pub noise_level: Option<f32>,
}

impl Default for Removal {
    fn default() -> Self {
        Self {
            strength: 1.0,
            noise_level: None,
        }
    }
}

/// A page without its noise.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DenoisedPage {
    /// In the samples that the noisy page had, with its alpha.
    pub page: Page,
    /// The noise's standard deviation that was estimated, in pixel units, where it had to be.
    pub estimated_level: Option<f32>,
    /// How alike the noise is in neighboring pixels, where the denoiser [takes it to be
    /// independent](Denoiser::assumes_independent_noise) and it can be told.
    pub correlation: Option<NoiseCorrelation>,
}

/// A picture without its noise, in numbers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DenoisedValues {
    /// `[channels, height, width]`, neither clipped nor rounded.
    pub values: Vec<f32>,
    /// The noise's standard deviation that was estimated, in pixel units, where it had to be.
    pub estimated_level: Option<f32>,
}

/// A clean page to which noise was added, to see how much of it is removed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NoiseTrial {
    /// The page with noise, for looking at.
    pub noisy: Image,
    /// What was made of it, in the clean page's samples; alpha is the clean page's.
    pub denoised: DenoisedPage,
    /// How near the noisy page is to the clean one.
    pub before: Quality,
}

/// Removes noise from a page of a file in all of its bits. Alpha stays as it is, and so do colors where it is 0, which nobody sees:
/// in their place the denoiser sees those of visible pixels nearby.
///
/// # Errors
/// [`InferError::NoNoiseLevel`] when the noise would have to be estimated and the page is too small for that; those of
/// [`Denoiser::remove_noise`].
pub fn denoise_page(
    denoiser: &dyn Denoiser,
    page: &Page,
    removal: Removal,
) -> Result<DenoisedPage, InferError> {
    removed(denoiser, page, &page.to_unit(), removal)
}

/// Adds noise to a clean page, removes it again, and measures what the noise did. What was made of it is measured by
/// [`page_quality`], on what is written.
///
/// # Errors
/// As [`denoise_page`].
pub fn try_denoising(
    denoiser: &dyn Denoiser,
    clean: &Page,
    noise: &NoiseChain,
    draw: Draw,
    removal: Removal,
) -> Result<NoiseTrial, InferError> {
    let shape = clean.shape();
    let values = clean.to_unit();
    let mut noisy = values.clone();
    noise.apply(shape, &mut noisy, &mut draw.stream());
    Ok(NoiseTrial {
        before: quality(shape, &values, &noisy),
        denoised: removed(denoiser, clean, &noisy, removal)?,
        noisy: Image::from_unit(shape, &noisy),
    })
}

/// What is left of `values`, in the samples of `page`.
fn removed(
    denoiser: &dyn Denoiser,
    page: &Page,
    values: &[f32],
    removal: Removal,
) -> Result<DenoisedPage, InferError> {
    let shape = page.shape();
    let is_invisible = page.invisible_pixels();
    let mut seen = Cow::Borrowed(values);
    if let Some(is_invisible) = &is_invisible {
        fill_invisible(shape, seen.to_mut(), is_invisible);
    }
    let mut denoised = denoise_values(denoiser, shape, &seen, removal)?;
    for (index, _) in is_invisible
        .iter()
        .flatten()
        .enumerate()
        .filter(|(_, invisible)| **invisible)
    {
        for place in (index..values.len()).step_by(shape.pixels()) {
            denoised.values[place] = values[place];
        }
    }
    let correlation = match denoiser.assumes_independent_noise() {
        true => NoiseCorrelation::of(shape, &seen),
        false => None,
    };
    Ok(DenoisedPage {
        correlation,
        page: page.clone().with_unit(&denoised.values),
        estimated_level: denoised.estimated_level,
    })
}

/// Removes noise from a picture that is there in numbers, as [`denoise_page`] does from a page.
///
/// # Shapes
/// - `values`, output: `[channels, height, width]` of `shape`, in `[0, 1]` but for the noise
///
/// # Errors
/// As [`denoise_page`].
pub fn denoise_values(
    denoiser: &dyn Denoiser,
    shape: ImageShape,
    values: &[f32],
    removal: Removal,
) -> Result<DenoisedValues, InferError> {
    if !denoiser.needs_noise_level() {
        let mut output = denoiser.remove_noise(shape, values, 0.0)?;
        if removal.strength != 1.0 {
            for (output, value) in output.iter_mut().zip(values) {
                *output = value + removal.strength * (*output - value);
            }
        }
        return Ok(DenoisedValues {
            values: output,
            estimated_level: None,
        });
    }
    let estimated_level =
        match removal.noise_level {
            Some(_) => None,
            None => Some(estimate_noise_sigma(shape, values).ok_or_else(|| {
                InferError::NoNoiseLevel {
                    denoiser: denoiser.name().to_owned(),
                    size: shape.size(),
                }
            })?),
        };
    let level = removal.noise_level.or(estimated_level).unwrap_or_default();
    let values = denoiser.remove_noise(shape, values, removal.strength * level)?;
    Ok(DenoisedValues {
        values,
        estimated_level,
    })
}

/// A picture with noise added to it.
#[must_use]
pub fn noisy_image(picture: &Image, noise: &NoiseChain, draw: Draw) -> Image {
    let mut values = picture.to_unit();
    noise.apply(picture.shape(), &mut values, &mut draw.stream());
    Image::from_unit(picture.shape(), &values)
}

/// A page as an image to look at: 8 bits, without alpha.
#[must_use]
pub fn page_image(page: &Page) -> Image {
    Image::from_unit(page.shape(), &page.to_unit())
}

/// How near a page is to the clean one, as it was read again from the file that it was written to; alpha is left aside.
/// Where one is gray and the other in color, the gray one counts as one of equal channels.
///
/// # Panics
/// When the pages differ in size.
#[must_use]
pub fn page_quality(clean: &Page, written: &Page) -> Quality {
    assert_eq!(clean.size, written.size, "pages of one size");
    let channels = clean.color_channels().max(written.color_channels());
    let shape = ImageShape::new(channels, clean.size.height, clean.size.width);
    let values = |page: &Page| page.to_unit().repeat(channels / page.color_channels());
    let range = match clean.samples.bits() == written.samples.bits() {
        // 12 bits in 16 are still that, whatever the file's own values suggest.
        true => clean.range,
        false => written.samples.full_range(),
    };
    let written = Page {
        range,
        ..written.clone()
    };
    quality(shape, &values(clean), &values(&written))
}

fn quality(shape: ImageShape, clean: &[f32], candidate: &[f32]) -> Quality {
    let mut meter = QualityMeter::new(shape);
    meter.add(clean, candidate);
    meter.finish()
}
