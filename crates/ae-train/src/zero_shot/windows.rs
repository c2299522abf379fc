//! The windows that steps on a large picture are taken on.

use ae_random::{Draw, Purpose};

/// Pictures of more pixels are not trained on whole: each step takes a window of them, of `WINDOW` pixels a side.
const MOST_PIXELS: usize = 768 * 512;
const WINDOW: usize = 512;

/// The windows of a picture that steps are taken on.
pub(super) struct Windows {
    picture: [usize; 3],
    sides: [usize; 2],
}

impl Windows {
    pub(super) fn new(picture: [usize; 3]) -> Self {
        let [_, height, width] = picture;
        let sides = match height.saturating_mul(width) > MOST_PIXELS {
            // Of a long and narrow picture, a window of as many pixels.
            true => {
                let rows = height.min((WINDOW * WINDOW / width.min(WINDOW)).max(2));
                [rows, width.min(WINDOW * WINDOW / rows.min(WINDOW)).max(2)]
            }
            false => [height, width],
        };
        Self { picture, sides }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.sides == self.picture[1..]
    }

    /// `[channels, height, width]` of a window.
    pub(super) fn shape(&self) -> [usize; 3] {
        [self.picture[0], self.sides[0], self.sides[1]]
    }

    /// The window of a step.
    pub(super) fn cut(&self, values: &[f32], seed: u64, step: u64) -> Vec<f32> {
        let [channels, height, width] = self.picture;
        let [rows, columns] = self.sides;
        let draw = Draw {
            seed,
            purpose: Purpose::Patch,
            epoch: 0,
            index: step,
        };
        let mut stream = draw.stream();
        let top = stream.uniform_below((height - rows + 1) as u64) as usize;
        let left = stream.uniform_below((width - columns + 1) as u64) as usize;
        let mut window = Vec::with_capacity(channels * rows * columns);
        for channel in 0..channels {
            for y in top..top + rows {
                let line = (channel * height + y) * width;
                window.extend_from_slice(&values[line + left..][..columns]);
            }
        }
        window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_are_trained_on_in_windows() {
        let check = |shape: [usize; 3], expected: [usize; 2]| {
            let windows = Windows::new(shape);
            assert_eq!(windows.sides, expected, "{shape:?}");
            assert_eq!(windows.is_whole(), shape[1..] == expected);
        };
        check([3, 512, 768], [512, 768]);
        check([3, 513, 768], [512, 512]);
        check([1, 3000, 4000], [512, 512]);
        check([1, 10, 1_000_000], [10, 26214]);
        check([1, 1_000_000, 10], [26214, 10]);
        check([1, 100, 4000], [100, 2621]);
        let values: Vec<f32> = (0..2 * 600 * 700).map(|value| value as f32).collect();
        let windows = Windows::new([2, 600, 700]);
        let window = windows.cut(&values, 1, 0);
        let first = window[0] as usize;
        for (channel, y, x) in [(0, 0, 0), (0, 17, 3), (1, 511, 511)] {
            let expected = first + (channel * 600 + y) * 700 + x;
            assert_eq!(window[(channel * 512 + y) * 512 + x] as usize, expected);
        }
        assert_ne!(windows.cut(&values, 1, 1)[0], window[0]);
    }
}
