//! Blur: smooths with a Gaussian; edges are replicated.

use ae_random::RandomStream;

use crate::image::ImageShape;
use crate::noise::kind::{Apply, Definition};

pub(crate) const BLUR: Definition = Definition {
    name: "blur",
    effect: "smooths with a Gaussian, replicating the edges",
    strength_meaning: "standard deviation in pixels",
    maximum_strength: 100.0,
    example_strength: 1.0,
    other_scale: None,
    apply: Apply::One(apply),
};

/// Convolves each channel with a Gaussian, rows first, then columns.
fn apply(sigma: f32, shape: ImageShape, values: &mut [f32], _: &mut RandomStream) {
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

/// One half of the kernel, from its center outwards to four standard deviations; the whole sums to 1.
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
