//! Seeded randomness: every draw depends on `(seed, purpose, epoch, index)` and on nothing else.
//!
//! There is no generator that is carried along from one sample to the next. Each thing that needs random numbers
//! names itself with a [`Draw`] and gets a ChaCha stream of its own, so that batch size, thread count, order and
//! resuming a run change nothing.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// What random numbers are drawn for.
///
/// The codes are part of what makes a seed mean the same thing in every release: they are never reused or renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u64)]
pub enum Purpose {
    /// Dividing a set into training and test images.
    Split = 1,
    /// The order of the training images.
    Shuffle = 2,
    /// Noise on training images.
    Noise = 3,
    /// Noise on images that are only measured.
    Validation = 4,
    /// A model's initial weights.
    Initialisation = 5,
    /// Samples in the latent space.
    Latent = 6,
    /// Pictures and examples that show a set rather than train on it.
    Display = 7,
    /// Samples in the latent space for images that are only measured.
    LatentValidation = 8,
    /// Making training images black and white.
    Binarization = 9,
    /// Making a source's own test images black and white.
    TestBinarization = 10,
}

impl Purpose {
    /// The number that stands for this purpose in the generator's key.
    #[must_use]
    pub const fn code(self) -> u64 {
        self as u64
    }
}

/// The name of one stream of random numbers.
///
/// ```
/// use ae_data::{Draw, Purpose, uniform};
///
/// let draw = Draw { seed: 1, purpose: Purpose::Noise, epoch: 0, index: 42 };
/// assert_eq!(uniform(&mut draw.rng()), uniform(&mut draw.rng()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Draw {
    /// The run's seed.
    pub seed: u64,
    /// What the numbers are for.
    pub purpose: Purpose,
    /// The epoch, counted from 0; 0 for what is drawn once.
    pub epoch: u64,
    /// The sample, parameter or image within the epoch.
    pub index: u64,
}

impl Draw {
    /// The stream's generator, at its beginning.
    ///
    /// The 32 bytes of the key are seed, purpose, epoch and index, each little-endian: distinct draws have distinct
    /// keys, so no hashing stands between them that could make two of them meet.
    ///
    /// # References
    /// D. J. Bernstein (2008), *ChaCha, a variant of Salsa20*. Eight rounds are ample for what isn't secret.
    #[must_use]
    pub fn rng(&self) -> ChaCha8Rng {
        let mut key = [0; 32];
        let numbers = [self.seed, self.purpose.code(), self.epoch, self.index];
        for (bytes, number) in key.chunks_exact_mut(8).zip(numbers) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}

/// Draws a number uniformly from `[0, 1)`: one of the 2²⁴ multiples of 2⁻²⁴.
#[inline]
pub fn uniform(rng: &mut ChaCha8Rng) -> f32 {
    const STEP: f32 = 1.0 / (1 << 24) as f32;
    (rng.next_u32() >> 8) as f32 * STEP
}

/// Draws a number uniformly from `[0, 1)`: one of the 2⁵³ multiples of 2⁻⁵³.
#[inline]
pub fn uniform_f64(rng: &mut ChaCha8Rng) -> f64 {
    const STEP: f64 = 1.0 / (1u64 << 53) as f64;
    (rng.next_u64() >> 11) as f64 * STEP
}

/// Draws an integer uniformly from `0..bound`, without the bias of a remainder.
///
/// # Panics
/// If `bound` is 0.
///
/// # References
/// D. Lemire (2019), *Fast random integer generation in an interval*, algorithm 5.
pub fn uniform_below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    assert!(bound > 0, "there is no integer below 0 to draw");
    let mut product = u128::from(rng.next_u64()) * u128::from(bound);
    if (product as u64) < bound {
        let threshold = bound.wrapping_neg() % bound;
        while (product as u64) < threshold {
            product = u128::from(rng.next_u64()) * u128::from(bound);
        }
    }
    (product >> 64) as u64
}

/// Draws two independent standard normal numbers.
///
/// Computed in `f64` and rounded once, so that libraries whose logarithms differ in the last bit agree.
///
/// # References
/// G. Marsaglia and T. A. Bray (1964), *A convenient method for generating normal variables*: the polar method.
#[inline]
fn standard_normal_pair(rng: &mut ChaCha8Rng) -> (f64, f64) {
    const STEP: f64 = 1.0 / (1u64 << 31) as f64;
    loop {
        let x = f64::from(rng.next_u32().cast_signed()) * STEP;
        let y = f64::from(rng.next_u32().cast_signed()) * STEP;
        let square = x * x + y * y;
        if square < 1.0 && square > 0.0 {
            let scale = (-2.0 * square.ln() / square).sqrt();
            return (x * scale, y * scale);
        }
    }
}

/// Draws a number from the normal distribution with mean 0 and standard deviation 1.
///
/// For many of them, [`fill_standard_normal`] does half the work; the two don't give the same numbers.
///
/// # References
/// G. Marsaglia and T. A. Bray (1964), *A convenient method for generating normal variables*: the polar method.
#[inline]
pub fn standard_normal(rng: &mut ChaCha8Rng) -> f32 {
    standard_normal_pair(rng).0 as f32
}

/// Fills `values` with independent standard normal numbers.
///
/// # References
/// As for [`standard_normal`]; both numbers of each pair are used.
pub fn fill_standard_normal(rng: &mut ChaCha8Rng, values: &mut [f32]) {
    let mut pairs = values.chunks_exact_mut(2);
    for pair in &mut pairs {
        let (first, second) = standard_normal_pair(rng);
        pair[0] = first as f32;
        pair[1] = second as f32;
    }
    if let [last] = pairs.into_remainder() {
        *last = standard_normal(rng);
    }
}

/// Draws one of the orders of `0..count`, each as likely as any other.
///
/// # References
/// R. Durstenfeld (1964), *Algorithm 235: random permutation*, after Fisher and Yates.
#[must_use]
pub fn permutation(rng: &mut ChaCha8Rng, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        let other = uniform_below(rng, last as u64 + 1) as usize;
        order.swap(last, other);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(index: u64) -> Draw {
        Draw {
            seed: 7,
            purpose: Purpose::Noise,
            epoch: 3,
            index,
        }
    }

    #[test]
    fn the_key_is_the_four_numbers() {
        let draw = Draw {
            seed: 0x0102_0304_0506_0708,
            purpose: Purpose::Shuffle,
            epoch: u64::MAX,
            index: 1 << 63,
        };
        let expected: [u8; 32] = [
            8, 7, 6, 5, 4, 3, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
            0, 0, 0, 0, 0, 0, 0, 128,
        ];
        assert_eq!(draw.rng().get_seed(), expected);
    }

    #[test]
    fn purposes_keep_their_codes() {
        let codes = [
            (Purpose::Split, 1),
            (Purpose::Shuffle, 2),
            (Purpose::Noise, 3),
            (Purpose::Validation, 4),
            (Purpose::Initialisation, 5),
            (Purpose::Latent, 6),
            (Purpose::Display, 7),
            (Purpose::LatentValidation, 8),
            (Purpose::Binarization, 9),
            (Purpose::TestBinarization, 10),
        ];
        for (purpose, code) in codes {
            assert_eq!(purpose.code(), code, "{purpose:?}");
        }
    }

    /// The all-zero key's stream, from draft-strombergson-chacha-test-vectors-01, TC1, 256-bit key, 8 rounds.
    #[test]
    fn the_stream_is_chacha8() {
        let mut rng = ChaCha8Rng::from_seed([0; 32]);
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        let expected = [
            0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6, 0x7f, 0x5b, 0xb8, 0xe8, 0x1f, 0x09,
            0xa5, 0xa1,
        ];
        assert_eq!(bytes, expected);
    }

    /// Computed from RFC 8439's rounds, cut to eight, by a Python script that shares nothing with this crate.
    #[test]
    fn golden_numbers() {
        let draw = draw(0);
        let mut rng = draw.rng();
        let expected = [0.591_898_74, 0.621_263, 0.088_130_355, 0.378_459_22];
        assert_eq!([(); 4].map(|()| uniform(&mut rng)), expected);

        let expected = [
            0.227_746_89,
            0.978_016_1,
            -0.335_308_55,
            -2.047_337_3,
            2.007_674_5,
            0.314_130_42,
        ];
        let mut filled = [0.0; 6];
        fill_standard_normal(&mut draw.rng(), &mut filled);
        assert_eq!(filled, expected);
        let mut rng = draw.rng();
        let [first, second, third] = [(); 3].map(|()| standard_normal(&mut rng));
        assert_eq!(
            [first, second, third],
            [expected[0], expected[2], expected[4]]
        );
    }

    #[test]
    fn each_of_the_four_numbers_changes_the_stream() {
        let base = draw(5);
        let others = [
            Draw { seed: 8, ..base },
            Draw {
                purpose: Purpose::Validation,
                ..base
            },
            Draw { epoch: 4, ..base },
            Draw { index: 6, ..base },
        ];
        for other in others {
            assert_ne!(base.rng().next_u64(), other.rng().next_u64(), "{other:?}");
        }
    }

    #[test]
    fn uniform_numbers_have_the_right_moments_and_bounds() {
        const COUNT: usize = 400_000;
        let mut rng = draw(0).rng();
        let (mut sum, mut square_sum) = (0.0, 0.0);
        let mut tenths = [0u32; 10];
        for _ in 0..COUNT {
            let value = uniform(&mut rng);
            assert!((0.0..1.0).contains(&value));
            sum += f64::from(value);
            square_sum += f64::from(value).powi(2);
            tenths[(value * 10.0) as usize] += 1;
        }
        let count = COUNT as f64;
        assert!((sum / count - 0.5).abs() < 4.0 * (1.0f64 / 12.0 / count).sqrt());
        // The variance of u² is 1/5 - 1/9.
        assert!((square_sum / count - 1.0 / 3.0).abs() < 4.0 * (4.0f64 / 45.0 / count).sqrt());
        for tenth in tenths {
            assert!(
                (f64::from(tenth) - count / 10.0).abs() < 4.5 * (count * 0.09).sqrt(),
                "{tenths:?}"
            );
        }
    }

    #[test]
    fn normal_numbers_have_the_right_moments_and_quantiles() {
        const COUNT: usize = 400_001;
        let mut filled = vec![0.0; COUNT];
        fill_standard_normal(&mut draw(0).rng(), &mut filled);
        let mut rng = draw(1).rng();
        let single: Vec<f32> = (0..COUNT).map(|_| standard_normal(&mut rng)).collect();
        for values in [filled, single] {
            let count = COUNT as f64;
            let moment = |power: i32| {
                values
                    .iter()
                    .map(|&value| f64::from(value).powi(power))
                    .sum::<f64>()
                    / count
            };
            // Standard errors of the raw moments: the variances of z, z², z³ and z⁴ are 1, 2, 15 and 96.
            for (power, expected, variance) in [
                (1, 0.0, 1.0),
                (2, 1.0, 2.0),
                (3, 0.0, 15.0),
                (4, 3.0, 96.0f64),
            ] {
                let found = moment(power);
                assert!(
                    (found - expected).abs() < 4.0 * (variance / count).sqrt(),
                    "moment {power}: {found}"
                );
            }
            // Values of the distribution function from Abramowitz and Stegun (1964), table 26.1.
            let table = [
                (-3.0, 0.001_349_898),
                (-1.0, 0.158_655_254),
                (0.0, 0.5),
                (0.5, 0.691_462_461),
                (1.0, 0.841_344_746),
                (2.0, 0.977_249_868),
                (4.0, 0.999_968_329),
            ];
            for (bound, expected) in table {
                let below = values.iter().filter(|&&value| value < bound).count() as f64 / count;
                let error = (expected * (1.0f64 - expected) / count).sqrt();
                assert!(
                    (below - expected).abs() < 4.0 * error,
                    "P(z < {bound}) = {below}, not {expected}"
                );
            }
            // Neighbours come from one pair: their products must still average to nothing.
            let products: f64 = values
                .windows(2)
                .map(|pair| f64::from(pair[0]) * f64::from(pair[1]))
                .sum::<f64>()
                / count;
            assert!(products.abs() < 4.0 / count.sqrt(), "{products}");
        }
    }

    #[test]
    fn integers_below_a_bound_are_uniform() {
        const COUNT: u32 = 210_000;
        let mut rng = draw(0).rng();
        let mut counts = [0u32; 7];
        for _ in 0..COUNT {
            counts[uniform_below(&mut rng, 7) as usize] += 1;
        }
        let expected = f64::from(COUNT) / 7.0;
        let chi_square: f64 = counts
            .iter()
            .map(|&count| (f64::from(count) - expected).powi(2) / expected)
            .sum();
        // The 99.99% quantile of chi-square with 6 degrees of freedom.
        assert!(chi_square < 27.86, "{counts:?}");
        // At three quarters of the range, multiplying alone would draw every third integer twice as often.
        let bound = 3u64 << 62;
        let thirds = (0..30_000)
            .filter(|_| uniform_below(&mut rng, bound).is_multiple_of(3))
            .count() as f64;
        assert!(
            (thirds - 10_000.0).abs() < 4.0 * (30_000.0f64 * 2.0 / 9.0).sqrt(),
            "{thirds}"
        );
    }

    #[test]
    fn permutations_are_permutations_and_each_is_as_likely() {
        for count in [0, 1, 2, 1000] {
            let mut order = permutation(&mut draw(0).rng(), count);
            order.sort_unstable();
            assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
        let mut counts = std::collections::BTreeMap::new();
        for index in 0..24_000 {
            *counts
                .entry(permutation(&mut draw(index).rng(), 4))
                .or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 24);
        let chi_square: f64 = counts
            .values()
            .map(|&count| (f64::from(count) - 1000.0).powi(2) / 1000.0)
            .sum();
        // The 99.99% quantile of chi-square with 23 degrees of freedom.
        assert!(chi_square < 55.8, "{counts:?}");
    }
}
