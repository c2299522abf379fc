//! Poisson noise: counts photons instead of measuring light.
//!
//! A value `v` becomes a Poisson number of mean `v / s²` times `s²`, where `s` is the strength.

use ae_random::RandomStream;

use crate::image::ImageShape;
use crate::noise::kind::{Apply, Definition};

pub(crate) const POISSON: Definition = Definition {
    name: "poisson",
    effect: "counts photons instead of measuring light",
    strength_meaning: "standard deviation of a white pixel",
    maximum_strength: 10.0,
    example_strength: 0.2,
    other_scale: Some(255.0),
    apply: Apply::One(apply),
};

fn apply(deviation: f32, _: ImageShape, values: &mut [f32], stream: &mut RandomStream) {
    let value_of_a_photon = f64::from(deviation).powi(2);
    for value in values {
        let photons = poisson(stream, f64::from(value.max(0.0)) / value_of_a_photon);
        *value = (photons * value_of_a_photon) as f32;
    }
}

/// From here on the normal distribution, rounded, stands in: its skewness is off by a thousandth.
const NORMAL_FROM: f64 = 1e6;

/// Draws a number from the Poisson distribution with the given mean.
pub(super) fn poisson(stream: &mut RandomStream, mean: f64) -> f64 {
    if mean < 10.0 {
        by_sequential_search(stream, mean)
    } else if mean < NORMAL_FROM {
        by_transformed_rejection(stream, mean)
    } else {
        (mean + mean.sqrt() * f64::from(stream.standard_normal())).round()
    }
}

/// Inverts the distribution function from 0 upwards.
///
/// # References
/// L. Devroye (1986), *Non-uniform random variate generation*, section X.3.3.
fn by_sequential_search(stream: &mut RandomStream, mean: f64) -> f64 {
    let mut left = stream.uniform_f64();
    let mut photons = 0.0;
    let mut probability = (-mean).exp();
    // Rounding may leave a crumb of `left` that no term takes away.
    while left >= probability && photons < 200.0 {
        left -= probability;
        photons += 1.0;
        probability *= mean / photons;
    }
    photons
}

/// The transformed rejection method with squeeze, for means of at least 10.
///
/// # References
/// W. Hörmann (1993), *The transformed rejection method for generating Poisson random variables*, algorithm PTRS.
fn by_transformed_rejection(stream: &mut RandomStream, mean: f64) -> f64 {
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let v_r = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let u = stream.uniform_f64() - 0.5;
        // In (0, 1], for its logarithm.
        let v = 1.0 - stream.uniform_f64();
        let us = 0.5 - u.abs();
        let photons = ((2.0 * a / us + b) * u + mean + 0.43).floor();
        if us >= 0.07 && v <= v_r {
            return photons;
        }
        if photons < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let log_ratio = (v * inverse_alpha / (a / (us * us) + b)).ln();
        if log_ratio <= photons * mean.ln() - mean - log_factorial(photons) {
            return photons;
        }
    }
}

/// The logarithm of `n!`.
///
/// # References
/// M. Abramowitz and I. A. Stegun (1964), equation 6.1.41 (Stirling's series).
fn log_factorial(n: f64) -> f64 {
    if n < 10.0 {
        return (2..=n as u32).map(|factor| f64::from(factor).ln()).sum();
    }
    let x = n + 1.0;
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use ae_random::{Draw, Purpose};

    use super::*;

    #[test]
    fn log_factorials_are_sums_of_logarithms() {
        let mut sum = 0.0;
        for n in 0..200u32 {
            sum += f64::from(n.max(1)).ln();
            assert!(
                (log_factorial(f64::from(n)) - sum).abs() < 1e-8 * sum.max(1.0),
                "{n}"
            );
        }
    }

    #[test]
    fn means_variances_and_probabilities_are_poissons() {
        const COUNT: usize = 200_000;
        for (index, mean) in [0.0, 0.3, 4.0, 9.99, 10.0, 37.5, 2500.0, 999_999.0, 4e6]
            .into_iter()
            .enumerate()
        {
            let mut stream = Draw {
                seed: 2,
                purpose: Purpose::Noise,
                epoch: 0,
                index: index as u64,
            }
            .stream();
            let numbers: Vec<f64> = (0..COUNT).map(|_| poisson(&mut stream, mean)).collect();
            let count = COUNT as f64;
            let found_mean = numbers.iter().sum::<f64>() / count;
            assert!(
                (found_mean - mean).abs() <= 4.0 * (mean / count).sqrt(),
                "mean {found_mean}, not {mean}"
            );
            let variance = numbers
                .iter()
                .map(|number| (number - mean).powi(2))
                .sum::<f64>()
                / count;
            // The fourth central moment is mean + 3 mean².
            let error = ((mean + 2.0 * mean * mean) / count).sqrt();
            assert!(
                (variance - mean).abs() <= 4.0 * error,
                "variance {variance}, not {mean}"
            );
            let likeliest = mean.floor();
            let probability =
                (likeliest * mean.max(1e-300).ln() - mean - log_factorial(likeliest)).exp();
            let found = numbers
                .iter()
                .filter(|&&number| number == likeliest)
                .count() as f64
                / count;
            let error = (probability * (1.0 - probability) / count).sqrt();
            assert!(
                (found - probability).abs() <= 4.0 * error,
                "P({likeliest}) = {found}, not {probability}"
            );
        }
    }
}
