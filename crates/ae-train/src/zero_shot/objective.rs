//! What training on one picture minimizes.
//!
//! With `f` for the noise that the network sees, `D1` and `D2` for the picture's two halves `D1(y)` and `D2(y)`, the paper
//! minimizes the sum of a residual loss and a consistency loss, both symmetric:
//!
//! ```text
//! 1/2 ( |D1 - f(D1) - D2|² + |D2 - f(D2) - D1|² )
//! 1/2 ( |D1 - f(D1) - D1(y - f(y))|² + |D2 - f(D2) - D2(y - f(y))|² )
//! ```
//!
//! As halving is linear, the pictures cancel where they can: with `a = f(D1)`, `b = f(D2)`, `c = f(y)`, `d = D1 - D2`,
//!
//! ```text
//! 1/2 ( |a - d|² + |b + d|² + |a - D1(c)|² + |b - D2(c)|² )
//! ```
//!
//! where `|.|²` is a mean over all values.
//!
//! # References
//! Mansour and Heckel 2023, "Zero-Shot Noise2Noise: Efficient Image Denoising without any Data", equations 4 to 6.

/// The losses at one value of both halves and of both halves of what the network says of the picture, each to be multiplied by
/// [`share`].
pub(super) struct Losses {
    /// Half of it is the loss.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only its gradients are followed")
    )]
    pub(super) value: f32,
    /// Its gradient by what the network says of the halves.
    pub(super) by_halves: [f32; 2],
    /// Its gradient by the halves of what it says of the picture.
    pub(super) by_picture: [f32; 2],
}

impl Losses {
    /// Of what the network says of the halves, the targets of that, and the halves of what it says of the picture.
    pub(super) fn at(of_halves: [f32; 2], targets: [f32; 2], of_picture: [f32; 2]) -> Self {
        let residuals = [of_halves[0] - targets[0], of_halves[1] - targets[1]];
        let inconsistencies = [of_halves[0] - of_picture[0], of_halves[1] - of_picture[1]];
        let square = |[first, second]: [f32; 2]| first * first + second * second;
        Self {
            value: square(residuals) + square(inconsistencies),
            by_halves: [
                residuals[0] + inconsistencies[0],
                residuals[1] + inconsistencies[1],
            ],
            by_picture: inconsistencies.map(|inconsistency| -inconsistency),
        }
    }
}

/// What a mean over one half's values makes of each, where both halves have so many.
pub(super) fn share(values_of_halves: usize) -> f32 {
    2.0 / values_of_halves as f32
}

/// The difference of the halves of a picture, and of its negative, one after the other: the residual loss' targets.
///
/// # Shapes
/// - `halves`, output: two of `[channels, height / 2, width / 2]`
pub(super) fn targets(halves: &[f32]) -> Vec<f32> {
    let (first, second) = halves.split_at(halves.len() / 2);
    let differences = first
        .iter()
        .zip(second)
        .map(|(first, second)| first - second);
    let opposite = first
        .iter()
        .zip(second)
        .map(|(first, second)| second - first);
    differences.chain(opposite).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::zero_shot::pair::{gradient_of_pair, pair_of};

    /// The loss and its gradients by what the network says of the halves, one after the other, and of the picture.
    pub(crate) struct Loss {
        pub(crate) value: f64,
        by_halves: Vec<f32>,
        by_picture: Vec<f32>,
    }

    /// # Shapes
    /// - `of_halves`, `targets`: two of `[channels, height / 2, width / 2]`
    /// - `of_picture`: `shape`, `[channels, height, width]`
    pub(crate) fn loss(
        of_halves: &[f32],
        of_picture: &[f32],
        targets: &[f32],
        shape: [usize; 3],
    ) -> Loss {
        let share = share(of_halves.len());
        let half = of_halves.len() / 2;
        let both = |values: &[f32], place: usize| [values[place], values[half + place]];
        let consistent = pair_of(of_picture, shape);
        let mut value = 0.0;
        let (mut by_halves, mut by_consistent) = (vec![0.0; 2 * half], vec![0.0; 2 * half]);
        for place in 0..half {
            let losses = Losses::at(
                both(of_halves, place),
                both(targets, place),
                both(&consistent, place),
            );
            value += 0.5 * f64::from(share * losses.value);
            for (index, place) in [place, half + place].into_iter().enumerate() {
                by_halves[place] = share * losses.by_halves[index];
                by_consistent[place] = share * losses.by_picture[index];
            }
        }
        Loss {
            value,
            by_halves,
            by_picture: gradient_of_pair(&by_consistent, shape),
        }
    }

    const SHAPE: [usize; 3] = [2, 4, 6];

    fn values(count: usize, factor: usize) -> Vec<f32> {
        let values = (0..count).map(|value| (value * factor % 101) as f32 / 101.0);
        values.collect()
    }

    /// As the paper writes it, in double precision.
    fn definition(noisy: &[f32], of_halves: &[f32], of_picture: &[f32]) -> f64 {
        let halves = pair_of(noisy, SHAPE);
        let less = |values: &[f32], noise: &[f32]| -> Vec<f32> {
            values
                .iter()
                .zip(noise)
                .map(|(value, noise)| value - noise)
                .collect()
        };
        let far = |a: &[f32], b: &[f32]| -> f64 {
            let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
            squares.sum::<f64>() / a.len() as f64
        };
        let half = halves.len() / 2;
        let denoised = less(&halves, of_halves);
        let whole = pair_of(&less(noisy, of_picture), SHAPE);
        let residual =
            far(&denoised[..half], &halves[half..]) + far(&denoised[half..], &halves[..half]);
        let consistency =
            far(&denoised[..half], &whole[..half]) + far(&denoised[half..], &whole[half..]);
        0.5 * (residual + consistency)
    }

    #[test]
    fn the_loss_is_the_paper_s_and_its_gradients_are_finite_differences() {
        let noisy = values(48, 37);
        let (mut of_halves, mut of_picture) = (values(24, 53), values(48, 71));
        let targets = targets(&pair_of(&noisy, SHAPE));
        let found = loss(&of_halves, &of_picture, &targets, SHAPE);
        let expected = definition(&noisy, &of_halves, &of_picture);
        assert!((found.value / expected - 1.0).abs() < 1e-6);
        let step = 1e-2;
        for place in 0..24 {
            let kept = of_halves[place];
            let [above, below] = [step, -step].map(|step| {
                of_halves[place] = kept + step;
                definition(&noisy, &of_halves, &of_picture)
            });
            of_halves[place] = kept;
            let slope = (above - below) / f64::from(2.0 * step);
            assert!(
                (slope - f64::from(found.by_halves[place])).abs() < 1e-5,
                "{place}"
            );
        }
        for place in 0..48 {
            let kept = of_picture[place];
            let [above, below] = [step, -step].map(|step| {
                of_picture[place] = kept + step;
                definition(&noisy, &of_halves, &of_picture)
            });
            of_picture[place] = kept;
            let slope = (above - below) / f64::from(2.0 * step);
            assert!(
                (slope - f64::from(found.by_picture[place])).abs() < 1e-5,
                "{place}"
            );
        }
    }
}
