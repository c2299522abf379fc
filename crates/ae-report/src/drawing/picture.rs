//! A finished picture, and the small pictures that it is put together from.

use std::fmt;
use std::path::Path;

use ae_data::{Image, ImageShape};
use ae_files::write_atomically;
use image::ImageEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};

use crate::error::ReportError;

/// A raster of red, green and blue bytes, rows from top to bottom.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// A picture from its bytes, which the caller has counted.
    pub(crate) fn from_pixels(width: usize, height: usize, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), width * height * 3);
        Self {
            width,
            height,
            pixels,
        }
    }

    /// An image's pixels as they are, gray repeated in all three colors.
    pub(crate) fn from_image(image: &Image) -> Result<Self, ReportError> {
        let shape = image.shape();
        let planes = image.pixels();
        let count = shape.pixels();
        let pixels = match shape.channels {
            1 => planes.iter().flat_map(|&gray| [gray; 3]).collect(),
            3 => (0..count)
                .flat_map(|at| [planes[at], planes[count + at], planes[2 * count + at]])
                .collect(),
            channels => return Err(ReportError::UnsupportedChannels { channels }),
        };
        if shape.width == 0 || shape.height == 0 {
            return Err(ReportError::PictureSize {
                width: shape.width,
                height: shape.height,
            });
        }
        Ok(Self::from_pixels(shape.width, shape.height, pixels))
    }

    /// Pixels across.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Red, green and blue of each pixel, row by row from the top.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The picture as an image of three planes.
    ///
    /// # Errors
    /// None in practice: [`ReportError::PictureSize`] where the data crate refuses the shape.
    pub fn to_image(&self) -> Result<Image, ReportError> {
        let planes = (0..3)
            .flat_map(|channel| self.pixels.iter().skip(channel).step_by(3).copied())
            .collect();
        let shape = ImageShape::new(3, self.height, self.width);
        Image::new(shape, planes).map_err(|_| ReportError::PictureSize {
            width: self.width,
            height: self.height,
        })
    }

    /// The picture as the bytes of a PNG file, the same bytes each time.
    ///
    /// # Errors
    /// [`ReportError::Encode`] when the encoder fails.
    pub fn encode_png(&self) -> Result<Vec<u8>, ReportError> {
        let mut bytes = Vec::new();
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
            .write_image(
                &self.pixels,
                self.width as u32,
                self.height as u32,
                image::ExtendedColorType::Rgb8,
            )
            .map_err(|source| ReportError::Encode { source })?;
        Ok(bytes)
    }

    /// Writes the picture as a PNG file, whole or not at all: a file of this name that exists is replaced only when
    /// the new one is complete.
    ///
    /// # Errors
    /// [`ReportError::Write`] when the folder is missing or not writable, the disk is full, or `path` is a folder.
    pub fn write_png(&self, path: &Path) -> Result<(), ReportError> {
        let bytes = self.encode_png()?;
        write_atomically(path, |file| file.write_all(&bytes)).map_err(|source| ReportError::Write {
            path: path.to_owned(),
            source,
        })
    }

    /// Each pixel as a square of `factor` pixels: what was a pixel stays a visible square.
    pub(crate) fn enlarge(&self, factor: usize) -> Self {
        if factor == 1 {
            return self.clone();
        }
        let mut pixels = Vec::with_capacity(self.pixels.len() * factor * factor);
        for row in self.pixels.chunks_exact(self.width * 3) {
            let start = pixels.len();
            for pixel in row.chunks_exact(3) {
                for _ in 0..factor {
                    pixels.extend_from_slice(pixel);
                }
            }
            let end = pixels.len();
            for _ in 1..factor {
                pixels.extend_from_within(start..end);
            }
        }
        Self::from_pixels(self.width * factor, self.height * factor, pixels)
    }

    /// A part of the picture, which must lie inside.
    pub(crate) fn crop(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let row = |y: usize| &self.pixels[(y * self.width + left) * 3..][..width * 3];
        let pixels = (top..top + height).flat_map(row).copied().collect();
        Self::from_pixels(width, height, pixels)
    }

    /// The picture at a smaller size, each new pixel the mean over the area that it covers.
    pub(crate) fn shrink(&self, width: usize, height: usize) -> Self {
        let (width, height) = (width.clamp(1, self.width), height.clamp(1, self.height));
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let columns = coverage(self.width, width);
        let rows = coverage(self.height, height);
        let mut narrow = vec![0.0f32; self.height * width * 3];
        for y in 0..self.height {
            let source = &self.pixels[y * self.width * 3..];
            for (x, parts) in columns.iter().enumerate() {
                for &(from, share) in parts {
                    for channel in 0..3 {
                        narrow[(y * width + x) * 3 + channel] +=
                            share * f32::from(source[from * 3 + channel]);
                    }
                }
            }
        }
        let mut pixels = Vec::with_capacity(width * height * 3);
        let mut sums = vec![0.0f32; width * 3];
        for parts in &rows {
            sums.fill(0.0);
            for &(from, share) in parts {
                for (sum, value) in sums.iter_mut().zip(&narrow[from * width * 3..]) {
                    *sum += share * value;
                }
            }
            pixels.extend(sums.iter().map(|sum| sum.round() as u8));
        }
        Self::from_pixels(width, height, pixels)
    }
}

/// For each of `to` cells laid over `from` cells: which it covers, and by what share of its own length.
fn coverage(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    (0..to)
        .map(|cell| {
            // In units of 1 / to of a source cell, so that the bounds are whole numbers.
            let (start, end) = (cell * from, (cell + 1) * from);
            (start / to..end.div_ceil(to))
                .map(|source| {
                    let overlap = end.min((source + 1) * to) - start.max(source * to);
                    (source, overlap as f32 / from as f32)
                })
                .collect()
        })
        .collect()
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} x {})", self.width, self.height)
    }
}
