//! Whether a picture's noise is independent from pixel to pixel.

use ae_data::ImageShape;

/// A side of the blocks that are looked at, in pixels.
const BLOCK: usize = 8;
const PIXELS: usize = BLOCK * BLOCK;
/// The flattest share of all blocks is taken for noise alone, and at least so many blocks.
const SHARE: f64 = 0.02;
const FEWEST: usize = 16;
/// A block with less is flat by rounding or clipped: a standard deviation of 8-bit rounding alone, `1 / sqrt(12)` levels.
const LEAST_VARIANCE: f64 = 1.0 / 12.0 / (255.0 * 255.0);
/// Beyond this noise is not independent. At one pixel, independent noise of sigma 5 to 25 in photographs (Kodak) has -0.05 to
/// 0.03, the scans of RNI6 0.07 to 0.63, and the one of 0.07, a halftone screen, -0.20 at two pixels; blurred and compressed
/// noise: `docs/benchmarks/2026-11-29-self-supervised.md`.
const BOUND: f32 = 0.1;
/// Below this at two pixels it repeats itself.
const LOW_BOUND: f32 = -0.18;

/// How alike a picture's noise is in neighboring pixels: the autocorrelation at lags of one and of two pixels, the mean along
/// rows and columns, of what is left of the flattest blocks of 8x8 pixels once a plane is taken off; the median over the blocks.
///
/// Of independent noise both are near 0. Noise that a scanner, a camera's processing or JPEG has left is alike in neighbors,
/// and what was trained on noisy pictures alone cannot tell such noise from the picture. It is looked for in the picture and
/// not in what a denoiser took away: that is what neighbors do not have in common, whatever the noise was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseCorrelation {
    /// At one pixel, -1 to 1.
    pub lag_1: f32,
    /// At two pixels.
    pub lag_2: f32,
}

impl NoiseCorrelation {
    /// Of a noisy picture; `None` where it has fewer than sixteen blocks that are neither clipped nor flat.
    ///
    /// # Shapes
    /// - `values`: `[channels, height, width]` of `shape`, in `[0, 1]` but for the noise
    ///
    /// # Panics
    /// When `values` are not as many as the shape says.
    #[must_use]
    pub fn of(shape: ImageShape, values: &[f32]) -> Option<Self> {
        assert_eq!(values.len(), shape.values(), "values of a picture");
        let mut blocks = Vec::new();
        for plane in values.chunks_exact(shape.pixels().max(1)) {
            for top in (0..shape.height.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
                for left in (0..shape.width.saturating_sub(BLOCK - 1)).step_by(BLOCK) {
                    let rows =
                        (top..top + BLOCK).map(|y| &plane[y * shape.width + left..][..BLOCK]);
                    blocks.extend(Block::of(rows));
                }
            }
        }
        if blocks.len() < FEWEST {
            return None;
        }
        blocks.sort_by(|a, b| a.variance.total_cmp(&b.variance));
        blocks.truncate(FEWEST.max((SHARE * blocks.len() as f64) as usize));
        let median = |of: fn(&Block) -> f64| {
            let mut found: Vec<f64> = blocks.iter().map(of).collect();
            found.sort_by(f64::total_cmp);
            found[found.len() / 2] as f32
        };
        Some(Self {
            lag_1: median(|block| block.lags[0]),
            lag_2: median(|block| block.lags[1]),
        })
    }

    /// Whether neighbors have more in common than independent noise leaves them, or the noise repeats itself as a screen does.
    #[must_use]
    pub fn is_of_dependent_noise(&self) -> bool {
        self.lag_1.max(self.lag_2) > BOUND || self.lag_2 < LOW_BOUND
    }
}

/// What is left of a block once a plane is taken off.
struct Block {
    variance: f64,
    /// The autocorrelation at lags 1 and 2.
    lags: [f64; 2],
}

impl Block {
    /// `None` for one that is flat, or not finite.
    fn of<'a>(rows: impl Iterator<Item = &'a [f32]>) -> Option<Self> {
        let values: Vec<f64> = rows.flatten().map(|&value| f64::from(value)).collect();
        // Columns and rows counted from the middle: with a constant they are orthogonal.
        let from_middle = |place: usize| place as f64 - (BLOCK - 1) as f64 / 2.0;
        let across = |place: usize| from_middle(place % BLOCK);
        let down = |place: usize| from_middle(place / BLOCK);
        let part = |of: &dyn Fn(usize) -> f64| {
            let places = 0..PIXELS;
            let square: f64 = places.clone().map(|place| of(place).powi(2)).sum();
            places.map(|place| of(place) * values[place]).sum::<f64>() / square
        };
        let [mean, slope_across, slope_down] = [part(&|_| 1.0), part(&across), part(&down)];
        let left: Vec<f64> = (0..PIXELS)
            .map(|place| {
                values[place] - mean - slope_across * across(place) - slope_down * down(place)
            })
            .collect();
        let variance = left.iter().map(|value| value * value).sum::<f64>() / PIXELS as f64;
        let is_usable = variance.is_finite() && variance >= LEAST_VARIANCE;
        is_usable.then(|| Self {
            variance,
            lags: [1, 2].map(|lag| {
                let along_rows: f64 = left
                    .chunks_exact(BLOCK)
                    .flat_map(|row| row.iter().zip(&row[lag..]))
                    .map(|(a, b)| a * b)
                    .sum();
                let along_columns: f64 = left
                    .iter()
                    .zip(&left[lag * BLOCK..])
                    .map(|(a, b)| a * b)
                    .sum();
                let pairs = (2 * BLOCK * (BLOCK - lag)) as f64;
                (along_rows + along_columns) / pairs / variance
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use ae_data::Image;
    use ae_random::{Draw, Purpose};

    use super::*;

    const SHAPE: ImageShape = ImageShape {
        channels: 1,
        height: 160,
        width: 200,
    };

    /// Standard normal numbers.
    fn normal(count: usize, index: u64) -> Vec<f32> {
        let draw = Draw {
            seed: 5,
            purpose: Purpose::Noise,
            epoch: 0,
            index,
        };
        let mut noise = vec![0.0; count];
        draw.stream().fill_standard_normal(&mut noise);
        noise
    }

    /// Waves, an edge, and a corner that is clipped.
    fn picture() -> Vec<f32> {
        let pixels = 0..SHAPE.pixels();
        let values = pixels.map(|place| {
            let (y, x) = ((place / SHAPE.width) as f32, (place % SHAPE.width) as f32);
            let edge = if x > 1.3 * y { 0.1 } else { -0.1 };
            let wave = 0.5 + edge + 0.15 * (0.11 * x).sin() * (0.07 * y).cos();
            if x + y < 60.0 { 1.5 } else { wave }
        });
        values.collect()
    }

    /// As a file of 8 bits has it.
    fn with(noise: &[f32], sigma: f32) -> Vec<f32> {
        let values: Vec<f32> = picture()
            .iter()
            .zip(noise)
            .map(|(value, noise)| value + sigma / 255.0 * noise)
            .collect();
        Image::from_unit(SHAPE, &values).to_unit()
    }

    fn found(values: &[f32]) -> NoiseCorrelation {
        NoiseCorrelation::of(SHAPE, values).unwrap()
    }

    #[test]
    fn independent_noise_is_below_the_bound_at_every_strength() {
        for (index, sigma) in [3.0, 5.0, 10.0, 25.0, 50.0].into_iter().enumerate() {
            let found = found(&with(&normal(SHAPE.pixels(), index as u64), sigma));
            // A plane that is taken off makes -0.03; the median of sixteen blocks is within 0.03 of that.
            assert!((-0.15..0.08).contains(&found.lag_1), "{sigma}: {found:?}");
            assert!(!found.is_of_dependent_noise(), "{sigma}: {found:?}");
        }
    }

    #[test]
    fn noise_that_was_blurred_or_compressed_is_above_it() {
        // The mean of 2x2 pixels has an autocorrelation of a half at one pixel, and of 0 at two.
        let (height, width) = (SHAPE.height + 1, SHAPE.width + 1);
        let drawn = normal(height * width, 9);
        let box_of_two: Vec<f32> = (0..SHAPE.pixels())
            .map(|place| {
                let corner = place / SHAPE.width * width + place % SHAPE.width;
                let corners = [corner, corner + 1, corner + width, corner + width + 1];
                0.5 * corners.iter().map(|&place| drawn[place]).sum::<f32>()
            })
            .collect();
        for sigma in [5.0, 10.0, 25.0] {
            let found = found(&with(&box_of_two, sigma));
            assert!((0.25..0.5).contains(&found.lag_1), "{sigma}: {found:?}");
            assert!(found.is_of_dependent_noise());
        }
        // A JPEG of what was independent.
        let noisy = Image::from_unit(SHAPE, &with(&normal(SHAPE.pixels(), 3), 15.0));
        let compressed = ae_eval::jpeg::compress(&noisy, 60).unwrap().reconstruction;
        let compressed = compressed.to_unit();
        let found = found(&compressed);
        assert!(found.is_of_dependent_noise(), "{found:?}");
    }

    #[test]
    fn a_screen_repeats_itself() {
        let screen = (0..SHAPE.pixels())
            .map(|place| [1.0, 1.0, -1.0, -1.0][(place % 200 + place / 200) % 4]);
        let found = found(&with(&screen.collect::<Vec<f32>>(), 10.0));
        assert!(
            found.lag_2 < -0.5 && found.is_of_dependent_noise(),
            "{found:?}"
        );
    }

    #[test]
    fn what_says_nothing_has_none() {
        assert_eq!(
            NoiseCorrelation::of(SHAPE, &vec![0.5; SHAPE.values()]),
            None
        );
        let small = ImageShape::new(3, 12, 12);
        assert_eq!(NoiseCorrelation::of(small, &normal(432, 1)), None);
        let tiny = ImageShape::new(1, 1, 1);
        assert_eq!(NoiseCorrelation::of(tiny, &[0.3]), None);
        let slope: Vec<f32> = (0..SHAPE.pixels())
            .map(|place| (place % 200) as f32 / 200.0)
            .collect();
        assert_eq!(NoiseCorrelation::of(SHAPE, &slope), None);
    }
}
