//! From an image to a file.

use std::path::{Path, PathBuf};

use png::{ColorType, Encoder};

use crate::error::DataError;
use crate::image::{Channels, Image, ImageLimits};
use crate::picture::{Page, PictureFormat, PictureMetadata, PictureWriter, Samples, Written};

impl Image {
    /// Writes the image in the format of the path's extension, whole or not at all.
    ///
    /// # Errors
    /// [`DataError::InvalidValue`] when the extension names no format that can be written, [`DataError::Encode`] when
    /// the format or the image's number of channels does not allow it, [`DataError::Write`] when the disk refuses.
    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        self.write_picture(path).map(|_| ())
    }

    /// As [`write`](Self::write), and gives back what was written: the same image, but for formats that lose something.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn write_measured(self, path: &Path) -> Result<Self, DataError> {
        let written = self.write_picture(path)?;
        if written.is_exact() {
            return Ok(self);
        }
        let shape = self.shape();
        let mut reader = written.read_back(&ImageLimits::default())?;
        let page = reader.page(0)?;
        let read = Self::from_unit(page.shape(), &page.to_unit());
        Ok(match shape.channels {
            1 => read.with_channels(Channels::Gray),
            _ => read.with_channels(Channels::Rgb),
        })
    }

    /// The bytes of a PNG file of the image, without metadata.
    ///
    /// # Errors
    /// [`DataError::Encode`] when the image is neither gray nor in color, or has more rows or columns than 32 bits count.
    pub fn to_png(&self) -> Result<Vec<u8>, DataError> {
        let shape = self.shape();
        let failed = |reason: String| DataError::Encode {
            path: PathBuf::from("a PNG file"),
            reason,
        };
        let side = |side: usize| u32::try_from(side).map_err(|error| failed(error.to_string()));
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, side(shape.width)?, side(shape.height)?);
        encoder.set_color(match shape.channels {
            1 => ColorType::Grayscale,
            3 => ColorType::Rgb,
            channels => {
                let reason = format!("{channels} channels are neither gray nor color");
                return Err(failed(reason));
            }
        });
        encoder
            .write_header()
            .and_then(|mut writer| {
                writer.write_image_data(&self.interleaved())?;
                writer.finish()
            })
            .map_err(|error| failed(error.to_string()))?;
        Ok(bytes)
    }

    fn write_picture(&self, path: &Path) -> Result<Written, DataError> {
        let shape = self.shape();
        let metadata = PictureMetadata::new(PictureFormat::Png, 8);
        let writer = PictureWriter::new(path, &metadata, 1, None)?;
        if !matches!(shape.channels, 1 | 3) {
            return Err(DataError::Encode {
                path: path.to_owned(),
                reason: format!("{} channels are neither gray nor color", shape.channels),
            });
        }
        let samples = Samples::U8(self.interleaved());
        let page = Page {
            size: shape.size(),
            channels: shape.channels,
            range: samples.full_range(),
            samples,
            delay: None,
        };
        let mut page = Some(page);
        writer.write(|_| {
            page.take().ok_or_else(|| DataError::Encode {
                path: path.to_owned(),
                reason: "asked for more than one page".to_owned(),
            })
        })
    }
}
