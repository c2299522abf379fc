//! A page in a fraction of its size.

use crate::image::Size;
use crate::picture::page::{Page, Samples};

impl Page {
    /// The page with means over `factor` by `factor` pixels, alpha among them, in the same samples. What is left over at the
    /// bottom and on the right is left out; a side stays at least one pixel, of as many as there are.
    ///
    /// Where noise is alike in neighboring pixels, as scanners and JPEG leave it, that of the means is less so.
    ///
    /// # Panics
    /// When `factor` is 0.
    #[must_use]
    pub fn shrunk(&self, factor: usize) -> Self {
        assert!(factor > 0, "a page is not shrunk to nothing");
        let cell = Size {
            height: factor.min(self.size.height),
            width: factor.min(self.size.width),
        };
        let size = Size {
            height: self.size.height / cell.height,
            width: self.size.width / cell.width,
        };
        let samples = match &self.samples {
            Samples::U8(values) => {
                Samples::U8(self.means(values, size, cell, |mean| mean.round() as u8))
            }
            Samples::U16(values) => {
                Samples::U16(self.means(values, size, cell, |mean| mean.round() as u16))
            }
            Samples::F32(values) => {
                Samples::F32(self.means(values, size, cell, |mean| mean as f32))
            }
        };
        Self {
            size,
            samples,
            ..self.clone()
        }
    }

    fn means<T: Copy + Into<f64>, U>(
        &self,
        values: &[T],
        size: Size,
        cell: Size,
        rounded: impl Fn(f64) -> U,
    ) -> Vec<U> {
        let line = self.size.width * self.channels;
        let count = (cell.height * cell.width) as f64;
        let mut means = Vec::with_capacity(size.height * size.width * self.channels);
        for y in 0..size.height {
            for x in 0..size.width {
                for channel in 0..self.channels {
                    let first = y * cell.height * line + x * cell.width * self.channels + channel;
                    let pixels = (0..cell.height)
                        .flat_map(|down| (0..cell.width).map(move |right| (down, right)));
                    let sum: f64 = pixels
                        .map(|(down, right)| {
                            values[first + down * line + right * self.channels].into()
                        })
                        .sum();
                    means.push(rounded(sum / count));
                }
            }
        }
        means
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::page::ValueRange;

    fn page(size: (usize, usize), channels: usize, samples: Samples) -> Page {
        Page {
            size: Size {
                height: size.0,
                width: size.1,
            },
            channels,
            range: samples.full_range(),
            samples,
            delay: None,
        }
    }

    #[test]
    fn pixels_are_means_of_their_cells() {
        // Gray with alpha, 2 x 5: the last column is left over.
        let samples = vec![
            0, 255, 10, 255, 20, 0, 30, 0, 99, 99, 2, 255, 4, 255, 50, 8, 60, 8, 99, 99,
        ];
        let shrunk = page((2, 5), 2, Samples::U8(samples)).shrunk(2);
        assert_eq!((shrunk.size.height, shrunk.size.width), (1, 2));
        assert_eq!(shrunk.samples, Samples::U8(vec![4, 255, 40, 4]));
        let deep = page((2, 2), 1, Samples::U16(vec![1000, 1001, 1001, 1001]));
        assert_eq!(deep.shrunk(2).samples, Samples::U16(vec![1001]));
        let float = page((2, 2), 1, Samples::F32(vec![0.5, 0.25, 0.0, 0.25]));
        assert_eq!(float.shrunk(2).samples, Samples::F32(vec![0.25]));
        assert_eq!(float.shrunk(1), float);
    }

    #[test]
    fn nothing_shrinks_to_nothing_and_the_range_stays() {
        let mut thin = page((1, 6), 1, Samples::U16(vec![0, 2, 4, 6, 8, 10]));
        thin.range = ValueRange {
            low: 0.0,
            high: 4095.0,
        };
        let shrunk = thin.shrunk(4);
        assert_eq!((shrunk.size.height, shrunk.size.width), (1, 1));
        assert_eq!(shrunk.samples, Samples::U16(vec![3]));
        assert_eq!(shrunk.range, thin.range);
    }
}
