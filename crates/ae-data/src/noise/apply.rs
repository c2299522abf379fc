//! What each noise does to the values of one image.

use ae_random::RandomStream;

use super::NoiseKind;
use super::poisson::poisson;
use crate::ImageShape;

/// Applies one noise of the given strength, without clipping.
pub(super) fn apply(
    kind: NoiseKind,
    strength: f32,
    shape: ImageShape,
    values: &mut [f32],
    rng: &mut RandomStream,
) {
    match kind {
        NoiseKind::Gaussian => {
            with_normal_numbers(values, rng, |value, normal| value + strength * normal)
        }
        NoiseKind::Speckle => with_normal_numbers(values, rng, |value, normal| {
            value + value * strength * normal
        }),
        NoiseKind::SaltAndPepper => salt_and_pepper(strength, values, rng),
        NoiseKind::Masking => mask(strength, shape, values, rng),
        NoiseKind::Cutout => cut_out(strength, shape, values, rng),
        NoiseKind::Poisson => count_photons(strength, values, rng),
        NoiseKind::Blur => blur(strength, shape, values),
    }
}

fn with_normal_numbers(
    values: &mut [f32],
    rng: &mut RandomStream,
    combine: impl Fn(f32, f32) -> f32,
) {
    let mut normals = [0.0; 256];
    for values in values.chunks_mut(normals.len()) {
        let normals = &mut normals[..values.len()];
        rng.fill_standard_normal(normals);
        for (value, &mut normal) in values.iter_mut().zip(normals) {
            *value = combine(*value, normal);
        }
    }
}

fn salt_and_pepper(probability: f32, values: &mut [f32], rng: &mut RandomStream) {
    for value in values {
        let number = rng.uniform();
        if number < probability {
            *value = if number < probability / 2.0 { 0.0 } else { 1.0 };
        }
    }
}

fn mask(probability: f32, shape: ImageShape, values: &mut [f32], rng: &mut RandomStream) {
    for pixel in 0..shape.pixels() {
        if rng.uniform() < probability {
            values[pixel..]
                .iter_mut()
                .step_by(shape.pixels())
                .for_each(|value| *value = 0.0);
        }
    }
}

fn cut_out(share: f32, shape: ImageShape, values: &mut [f32], rng: &mut RandomStream) {
    let side = |length: usize| ((share * length as f32).round() as usize).min(length);
    let (height, width) = (side(shape.height), side(shape.width));
    let top = rng.uniform_below((shape.height - height) as u64 + 1) as usize;
    let left = rng.uniform_below((shape.width - width) as u64 + 1) as usize;
    for plane in values.chunks_exact_mut(shape.pixels()) {
        for row in plane.chunks_exact_mut(shape.width).skip(top).take(height) {
            row[left..left + width].fill(0.0);
        }
    }
}

fn count_photons(deviation: f32, values: &mut [f32], rng: &mut RandomStream) {
    let value_of_a_photon = f64::from(deviation).powi(2);
    for value in values {
        let photons = poisson(rng, f64::from(value.max(0.0)) / value_of_a_photon);
        *value = (photons * value_of_a_photon) as f32;
    }
}

/// Convolves each channel with a Gaussian, rows first, then columns.
fn blur(sigma: f32, shape: ImageShape, values: &mut [f32]) {
    let kernel = gaussian_kernel(sigma);
    let mut line = Vec::with_capacity(shape.height.max(shape.width));
    for plane in values.chunks_exact_mut(shape.pixels()) {
        for row in 0..shape.height {
            blur_line(&kernel, plane, row * shape.width, 1, shape.width, &mut line);
        }
        for column in 0..shape.width {
            blur_line(&kernel, plane, column, shape.width, shape.height, &mut line);
        }
    }
}

/// One half of the kernel, from its centre outwards to four standard deviations; the whole sums to 1.
fn gaussian_kernel(sigma: f32) -> Vec<f32> {
    let sigma = f64::from(sigma);
    let radius = (4.0 * sigma).ceil() as usize;
    let weights: Vec<f64> = (0..=radius)
        .map(|distance| (-0.5 * (distance as f64 / sigma).powi(2)).exp())
        .collect();
    let sum = 2.0 * weights.iter().sum::<f64>() - weights[0];
    weights
        .into_iter()
        .map(|weight| (weight / sum) as f32)
        .collect()
}

fn blur_line(
    kernel: &[f32],
    plane: &mut [f32],
    start: usize,
    stride: usize,
    length: usize,
    line: &mut Vec<f32>,
) {
    line.clear();
    line.extend((0..length).map(|place| plane[start + place * stride]));
    for place in 0..length {
        let mut sum = kernel[0] * line[place];
        for (distance, weight) in kernel.iter().enumerate().skip(1) {
            let before = line[place.saturating_sub(distance)];
            let after = line[(place + distance).min(length - 1)];
            sum += weight * (before + after);
        }
        plane[start + place * stride] = sum;
    }
}
