use std::fmt;

use ae_data::{ImageSet, ImageShape};
use rayon::prelude::*;

use crate::filters::{NonLocalMeans, gaussian, median, non_local_means};
use crate::pca::evenly_spread;
use crate::quality::squared_error;
use crate::{Corruption, EvalError, Part};

/// Pixels, all images together, on which the strengths are compared: 102 images of 28x28.
const MOST_PIXELS: usize = 80_000;
/// Fewest images, where there are as many, however large.
const FEWEST_IMAGES: usize = 8;
/// Larger images are compared by their middle, after the noise is on them.
const LARGEST_SIDE: usize = 96;
/// Non-local means looks this far: 15x15 pixels.
const SEARCH_RADIUS: usize = 7;

/// A denoising filter with its strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Filter {
    Median { radius: usize },
    Gaussian { sigma: f32 },
    NonLocalMeans(NonLocalMeans),
}

impl Filter {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Median { .. } => "median",
            Self::Gaussian { .. } => "gaussian",
            Self::NonLocalMeans(_) => "non-local means",
        }
    }

    pub(super) fn apply(&self, shape: ImageShape, values: &[f32]) -> Vec<f32> {
        match self {
            Self::Median { radius } => median(shape, values, *radius),
            Self::Gaussian { sigma } => gaussian(shape, values, *sigma),
            Self::NonLocalMeans(settings) => non_local_means(shape, values, settings),
        }
    }
}

impl fmt::Display for Filter {
    /// The strength alone.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Median { radius } => {
                let side = 2 * radius + 1;
                write!(formatter, "{side}x{side}")
            }
            Self::Gaussian { sigma } => write!(formatter, "sigma {sigma}"),
            Self::NonLocalMeans(settings) => {
                let patch = 2 * settings.patch_radius + 1;
                let search = 2 * settings.search_radius + 1;
                let NonLocalMeans {
                    strength,
                    noise_sigma,
                    ..
                } = settings;
                write!(
                    formatter,
                    "{patch}x{patch} in {search}x{search}, h {strength:.3}, sigma {noise_sigma:.3}"
                )
            }
        }
    }
}

/// A training image and its noisy input, cut to their middle where they are large.
struct Pair {
    clean: Vec<f32>,
    noisy: Vec<f32>,
}

/// The best median, Gaussian and non-local-means filter for a noise, judged on training images.
pub(super) fn choose_filters(
    train: &ImageSet,
    corruption: &dyn Corruption,
) -> Result<Vec<Filter>, EvalError> {
    let full = train.shape();
    let shape = ImageShape::new(
        full.channels,
        full.height.min(LARGEST_SIDE),
        full.width.min(LARGEST_SIDE),
    );
    let most_images = (MOST_PIXELS / shape.values().max(1)).max(FEWEST_IMAGES);
    let pairs: Result<Vec<Pair>, EvalError> = evenly_spread(train.len(), most_images)
        .into_par_iter()
        .map(|index| {
            let mut clean = vec![0.0; full.values()];
            train.read_unit_into(index, &mut clean)?;
            let mut noisy = clean.clone();
            corruption.corrupt(Part::Train, index as u64, full, &mut noisy);
            Ok(Pair {
                clean: middle(full, shape, &clean),
                noisy: middle(full, shape, &noisy),
            })
        })
        .collect();
    let pairs = pairs?;

    let noise: f64 = pairs
        .iter()
        .map(|pair| squared_error(&pair.clean, &pair.noisy))
        .sum();
    let noise_sigma = (noise / (pairs.len() * shape.values()) as f64).sqrt() as f32;
    let families = [medians(), gaussians(), non_local_means_about(noise_sigma)];
    Ok(families
        .into_iter()
        .filter_map(|family| best(family, shape, &pairs))
        .collect())
}

fn medians() -> Vec<Filter> {
    (1..=3).map(|radius| Filter::Median { radius }).collect()
}

fn gaussians() -> Vec<Filter> {
    let sigmas = [0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5];
    sigmas.map(|sigma| Filter::Gaussian { sigma }).to_vec()
}

/// Strengths in proportion to the noise's root mean square, as Buades, Coll and Morel set them.
fn non_local_means_about(noise: f32) -> Vec<Filter> {
    let mut filters = Vec::new();
    for patch_radius in 1..=3 {
        for noise_sigma in [0.0, noise] {
            for share in [0.25, 0.4, 0.6, 0.8, 1.0] {
                filters.push(Filter::NonLocalMeans(NonLocalMeans {
                    patch_radius,
                    search_radius: SEARCH_RADIUS,
                    strength: share * noise,
                    noise_sigma,
                }));
            }
        }
    }
    filters
}

/// The filter with the least squared error, the first of equals.
fn best(family: Vec<Filter>, shape: ImageShape, pairs: &[Pair]) -> Option<Filter> {
    let error = |filter: &Filter| -> f64 {
        let errors: Vec<f64> = pairs
            .par_iter()
            .map(|pair| squared_error(&pair.clean, &filter.apply(shape, &pair.noisy)))
            .collect();
        errors.iter().sum()
    };
    let judged = family.into_iter().map(|filter| (error(&filter), filter));
    judged
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, filter)| filter)
}

/// The middle part of shape `part` of an image.
fn middle(full: ImageShape, part: ImageShape, values: &[f32]) -> Vec<f32> {
    let top = (full.height - part.height) / 2;
    let left = (full.width - part.width) / 2;
    let mut cut = Vec::with_capacity(part.values());
    for plane in values.chunks_exact(full.pixels()) {
        for row in plane.chunks_exact(full.width).skip(top).take(part.height) {
            cut.extend_from_slice(&row[left..left + part.width]);
        }
    }
    cut
}
