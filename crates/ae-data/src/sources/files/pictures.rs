//! Pictures that are gathered at their own sizes, for patches to be cut from.

use std::path::Path;

use crate::error::DataError;
use crate::image::{Channels, Image, ImageShape};

/// Pictures of any sizes in memory.
pub(crate) struct Pictures {
    pictures: Vec<Image>,
    bytes: u64,
    memory_bytes: u64,
    is_color: bool,
}

impl Pictures {
    /// Room for pictures of so many bytes.
    pub(crate) fn new(memory_bytes: u64) -> Self {
        Self {
            pictures: Vec::new(),
            bytes: 0,
            memory_bytes,
            is_color: false,
        }
    }

    /// Takes the next picture of the set at `path`. One in color makes all of them color.
    pub(crate) fn push(&mut self, picture: Image, path: &Path) -> Result<(), DataError> {
        if picture.shape().channels == 3 && !self.is_color {
            self.is_color = true;
            self.bytes *= 3;
        }
        let pixels = picture.shape().pixels() as u64;
        self.bytes += self.channels() as u64 * pixels;
        if self.bytes > self.memory_bytes {
            return Err(DataError::TooLarge {
                path: path.to_owned(),
                found: format!(
                    "its first {} pictures have {} bytes of pixels",
                    self.pictures.len() + 1,
                    self.bytes
                ),
                limit: format!(
                    "{} bytes of pictures to cut patches from",
                    self.memory_bytes
                ),
            });
        }
        self.pictures.push(picture);
        Ok(())
    }

    fn channels(&self) -> usize {
        match self.is_color {
            true => 3,
            false => 1,
        }
    }

    /// All pictures with one number of channels, and a shape that has it; `None` where there is no picture.
    pub(crate) fn finish(self) -> Option<(ImageShape, Vec<Image>)> {
        let first = self.pictures.first()?.shape();
        let shape = ImageShape {
            channels: self.channels(),
            ..first
        };
        let pictures = match self.is_color {
            true => {
                let pictures = self.pictures.into_iter();
                pictures
                    .map(|picture| picture.with_channels(Channels::Rgb))
                    .collect()
            }
            false => self.pictures,
        };
        Some((shape, pictures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(channels: usize, width: usize) -> Image {
        let shape = ImageShape::new(channels, 2, width);
        Image::new(shape, vec![7; shape.values()]).expect("as many values as the shape has")
    }

    #[test]
    fn memory_is_counted_in_the_channels_that_the_set_gets() {
        let path = Path::new("set");
        let mut pictures = Pictures::new(60);
        pictures.push(picture(1, 5), path).unwrap();
        // 10 bytes of gray become 30, and 30 more are all there is room for.
        pictures.push(picture(3, 5), path).unwrap();
        let error = pictures.push(picture(1, 1), path).unwrap_err();
        assert_eq!(
            error.to_string(),
            "set is too large: its first 3 pictures have 66 bytes of pixels, the limit is 60 bytes of pictures to cut \
             patches from"
        );
        let (shape, pictures) = pictures.finish().unwrap();
        assert_eq!(shape.channels, 3);
        assert!(pictures.iter().all(|picture| picture.shape().channels == 3));
        assert!(Pictures::new(60).finish().is_none());
    }
}
