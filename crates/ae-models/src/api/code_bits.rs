//! The size of a code beside the size of its image.

use std::fmt;

/// The size of a code beside that of the image it stands for.
///
/// A code's bits are those that its model states, 32 for each value where it says nothing else; an image has 8 for each
/// value. Nothing is said of what an entropy coder would make of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CodeBits {
    /// Values in one image's code.
    pub code_numbers: usize,
    /// Bits in one image's code.
    pub code_bits: u64,
    /// Values in one image: pixels times channels.
    pub image_values: usize,
    /// Bits in one image: 8 a value.
    pub image_bits: u64,
}

impl CodeBits {
    /// The sizes of a code of `code_numbers` values in `code_bits`, and of an image of `image_values`.
    #[must_use]
    pub fn new(code_numbers: usize, code_bits: u64, image_values: usize) -> Self {
        Self {
            code_numbers,
            code_bits,
            image_values,
            image_bits: 8 * image_values as u64,
        }
    }

    /// Bits of the code for each bit of the image; below 1 it is compression.
    #[must_use]
    pub fn bit_ratio(&self) -> f64 {
        self.code_bits as f64 / self.image_bits as f64
    }

    /// Whether the code takes fewer bits than the image.
    #[must_use]
    pub fn is_compression(&self) -> bool {
        self.code_bits < self.image_bits
    }

    /// Whether the code has fewer values than the image has values: *undercomplete*, as the field says. Weaker than
    /// [`is_compression`](Self::is_compression), as an `f32` takes four times a pixel's bits.
    #[must_use]
    pub fn is_undercomplete(&self) -> bool {
        self.code_numbers < self.image_values
    }
}

impl fmt::Display for CodeBits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code_numbers,
            code_bits,
            image_values,
            image_bits,
        } = self;
        write!(
            formatter,
            "{code_numbers} numbers ({code_bits} bits) for {image_values} pixel values ({image_bits} bits): "
        )?;
        if self.is_compression() {
            write!(formatter, "compressed {:.1} times", 1.0 / self.bit_ratio())
        } else if self.is_undercomplete() {
            write!(
                formatter,
                "fewer numbers, but {:.1} times the bits: no compression",
                self.bit_ratio()
            )
        } else {
            write!(
                formatter,
                "{:.1} times the bits: no compression",
                self.bit_ratio()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_code_is_told_honestly() {
        let check = |code: usize, image: usize, expected: &str| {
            assert_eq!(
                CodeBits::new(code, 32 * code as u64, image).to_string(),
                expected
            );
        };

        check(
            6_272,
            784,
            "6272 numbers (200704 bits) for 784 pixel values (6272 bits): 32.0 times the bits: no compression",
        );
        check(
            392,
            784,
            "392 numbers (12544 bits) for 784 pixel values (6272 bits): fewer numbers, but 2.0 times the bits: no compression",
        );
        check(
            196,
            784,
            "196 numbers (6272 bits) for 784 pixel values (6272 bits): fewer numbers, but 1.0 times the bits: no compression",
        );
        check(
            32,
            784,
            "32 numbers (1024 bits) for 784 pixel values (6272 bits): compressed 6.1 times",
        );
    }
}
