//! A stream of random numbers and what is drawn from it.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// A stream of random numbers, made by [`Draw::stream`](crate::Draw::stream).
///
/// What is drawn advances it; two streams of one name give the same numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RandomStream(ChaCha8Rng);

impl RandomStream {
    pub(crate) fn of_key(key: [u8; 32]) -> Self {
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Draws a number uniformly from `[0, 1)`: one of the 2²⁴ multiples of 2⁻²⁴.
    #[inline]
    pub fn uniform(&mut self) -> f32 {
        const STEP: f32 = 1.0 / (1 << 24) as f32;
        (self.0.next_u32() >> 8) as f32 * STEP
    }

    /// Draws a number uniformly from `[0, 1)`: one of the 2⁵³ multiples of 2⁻⁵³.
    #[inline]
    pub fn uniform_f64(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * STEP
    }

    /// Draws a number uniformly from `[-bound, bound)`: one of 2²⁴ at equal distances.
    ///
    /// Computed in `f64` and rounded once: the same bits whatever the compiler makes of it.
    #[inline]
    pub fn uniform_within(&mut self, bound: f64) -> f32 {
        let step = bound / f64::from(1 << 23);
        (f64::from((self.0.next_u32() >> 8) as i32 - (1 << 23)) * step) as f32
    }

    /// Draws an integer uniformly from `0..bound`, without the bias of a remainder.
    ///
    /// # Panics
    /// If `bound` is 0.
    ///
    /// # References
    /// D. Lemire (2019), *Fast random integer generation in an interval*, algorithm 5.
    pub fn uniform_below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no integer below 0 to draw");
        let mut product = u128::from(self.0.next_u64()) * u128::from(bound);
        if (product as u64) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (product as u64) < threshold {
                product = u128::from(self.0.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Draws a number from the normal distribution with mean 0 and standard deviation 1.
    ///
    /// For many of them, [`fill_standard_normal`](Self::fill_standard_normal) does half the work; the two don't give
    /// the same numbers.
    ///
    /// # References
    /// G. Marsaglia and T. A. Bray (1964), *A convenient method for generating normal variables*: the polar method.
    #[inline]
    pub fn standard_normal(&mut self) -> f32 {
        self.standard_normal_pair().0 as f32
    }

    /// Fills `values` with independent standard normal numbers.
    ///
    /// # References
    /// As for [`standard_normal`](Self::standard_normal); both numbers of each pair are used.
    pub fn fill_standard_normal(&mut self, values: &mut [f32]) {
        let mut pairs = values.chunks_exact_mut(2);
        for pair in &mut pairs {
            let (first, second) = self.standard_normal_pair();
            pair[0] = first as f32;
            pair[1] = second as f32;
        }
        if let [last] = pairs.into_remainder() {
            *last = self.standard_normal();
        }
    }

    /// Draws one of the orders of `0..count`, each as likely as any other.
    ///
    /// # References
    /// R. Durstenfeld (1964), *Algorithm 235: random permutation*, after Fisher and Yates.
    #[must_use]
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let other = self.uniform_below(last as u64 + 1) as usize;
            order.swap(last, other);
        }
        order
    }

    /// Draws two independent standard normal numbers.
    ///
    /// Computed in `f64` and rounded once, so that libraries whose logarithms differ in the last bit agree.
    #[inline]
    fn standard_normal_pair(&mut self) -> (f64, f64) {
        const STEP: f64 = 1.0 / (1u64 << 31) as f64;
        loop {
            let x = f64::from(self.0.next_u32().cast_signed()) * STEP;
            let y = f64::from(self.0.next_u32().cast_signed()) * STEP;
            let square = x * x + y * y;
            if square < 1.0 && square > 0.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                return (x * scale, y * scale);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Draw, Purpose};

    fn draw(index: u64) -> Draw {
        Draw {
            seed: 7,
            purpose: Purpose::Noise,
            epoch: 3,
            index,
        }
    }

    /// The all-zero key's stream, from draft-strombergson-chacha-test-vectors-01, TC1, 256-bit key, 8 rounds.
    #[test]
    fn the_stream_is_chacha8() {
        let mut stream = RandomStream::of_key([0; 32]);
        let mut bytes = [0; 16];
        stream.0.fill_bytes(&mut bytes);
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
        let mut stream = draw.stream();
        let expected = [0.591_898_74, 0.621_263, 0.088_130_355, 0.378_459_22];
        assert_eq!([(); 4].map(|()| stream.uniform()), expected);

        let expected = [
            0.227_746_89,
            0.978_016_1,
            -0.335_308_55,
            -2.047_337_3,
            2.007_674_5,
            0.314_130_42,
        ];
        let mut filled = [0.0; 6];
        draw.stream().fill_standard_normal(&mut filled);
        assert_eq!(filled, expected);
        let mut stream = draw.stream();
        let [first, second, third] = [(); 3].map(|()| stream.standard_normal());
        assert_eq!(
            [first, second, third],
            [expected[0], expected[2], expected[4]]
        );
    }

    #[test]
    fn uniform_numbers_have_the_right_moments_and_bounds() {
        const COUNT: usize = 400_000;
        let mut stream = draw(0).stream();
        let (mut sum, mut square_sum) = (0.0, 0.0);
        let mut tenths = [0u32; 10];
        for _ in 0..COUNT {
            let value = stream.uniform();
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
        draw(0).stream().fill_standard_normal(&mut filled);
        let mut stream = draw(1).stream();
        let single: Vec<f32> = (0..COUNT).map(|_| stream.standard_normal()).collect();
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
        let mut stream = draw(0).stream();
        let mut counts = [0u32; 7];
        for _ in 0..COUNT {
            counts[stream.uniform_below(7) as usize] += 1;
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
            .filter(|_| stream.uniform_below(bound).is_multiple_of(3))
            .count() as f64;
        assert!(
            (thirds - 10_000.0).abs() < 4.0 * (30_000.0f64 * 2.0 / 9.0).sqrt(),
            "{thirds}"
        );
    }

    #[test]
    fn permutations_are_permutations_and_each_is_as_likely() {
        for count in [0, 1, 2, 1000] {
            let mut order = draw(0).stream().permutation(count);
            order.sort_unstable();
            assert_eq!(order, (0..count).collect::<Vec<_>>());
        }
        let mut counts = std::collections::BTreeMap::new();
        for index in 0..24_000 {
            *counts
                .entry(draw(index).stream().permutation(4))
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

    #[test]
    fn numbers_within_a_bound_are_those_of_the_stream_stretched() {
        for bound in [0.25, 0.1, 3.0f64.sqrt()] {
            let (mut stretched, mut plain) = (draw(2).stream(), draw(2).stream());
            for _ in 0..1000 {
                let number = stretched.uniform_within(bound);
                let expected = (2.0 * f64::from(plain.uniform()) - 1.0) * bound;
                assert!((f64::from(number) - expected).abs() < 1e-6 * bound);
                assert!((-bound..bound).contains(&f64::from(number)) || number == -(bound as f32));
            }
        }
    }
}
