//! The size that all images of a set have.

use std::fmt;

/// Height and width of gray images, each from 1 to 65,535.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageShape {
    height: u16,
    width: u16,
}

impl ImageShape {
    /// The shape, or nothing where a side is 0.
    #[must_use]
    pub const fn new(height: u16, width: u16) -> Option<Self> {
        if height == 0 || width == 0 {
            return None;
        }
        Some(Self { height, width })
    }

    /// Rows of an image.
    #[must_use]
    pub const fn height(self) -> usize {
        self.height as usize
    }

    /// Pixels of a row.
    #[must_use]
    pub const fn width(self) -> usize {
        self.width as usize
    }

    /// Pixels of an image, which are its bytes.
    #[must_use]
    pub const fn pixels(self) -> usize {
        self.height() * self.width()
    }
}

impl fmt::Display for ImageShape {
    /// Writes height and width, as in `28x28`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.height, self.width)
    }
}
