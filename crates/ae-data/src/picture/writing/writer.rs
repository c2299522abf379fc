//! From pages to a file, which is there whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Cursor, Write as _};
use std::path::{Path, PathBuf};

use ae_files::{WriteSeek, write_atomically_seeking};

use crate::error::DataError;
use crate::image::ImageLimits;
use crate::picture::format::PictureFormat;
use crate::picture::metadata::PictureMetadata;
use crate::picture::page::Page;
use crate::picture::reader::PictureReader;
use crate::picture::writing::kind::{About, Encode, EncodeError, Holds, Pages, WritableFormat};
use crate::picture::writing::kinds::FORMATS;
use crate::picture::writing::loss::Loss;
use crate::picture::writing::reduce::reduce;

/// The extensions of file names whose formats can be written, the usual one of each format first.
pub fn writable_extensions() -> impl Iterator<Item = &'static str> {
    FORMATS
        .iter()
        .flat_map(|kind| kind.extensions.iter().copied())
}

impl PictureFormat {
    /// The format that a file name's extension stands for, where it can be written.
    #[must_use]
    pub fn of_written(path: &Path) -> Option<Self> {
        kind_of(path).map(|(kind, _)| kind.format)
    }

    /// The usual extension, where the format can be written.
    #[must_use]
    pub fn written_extension(self) -> Option<&'static str> {
        let kind = FORMATS.iter().find(|kind| kind.format == self)?;
        kind.extensions.first().copied()
    }
}

fn kind_of(path: &Path) -> Option<(&'static WritableFormat, String)> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    FORMATS
        .iter()
        .find(|kind| kind.extensions.contains(&extension.as_str()))
        .map(|kind| (*kind, extension))
}

/// Writes the pages of one file.
pub struct PictureWriter<'a> {
    path: PathBuf,
    kind: &'static WritableFormat,
    extension: String,
    metadata: &'a PictureMetadata,
    page_count: usize,
    quality: Option<u8>,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    path: PathBuf,
    format: PictureFormat,
    /// What went to a device, which cannot be read again.
    bytes: Option<Vec<u8>>,
    losses: Vec<Loss>,
}

impl<'a> PictureWriter<'a> {
    /// Makes ready to write `page_count` pages to `path`, in the format of its extension, and nothing yet.
    ///
    /// `quality`, 1 to 100 as libjpeg counts it, is for JPEG alone. Without it, a JPEG is written with the quantization
    /// tables of the JPEG that `metadata` is of, and with quality 95 where that was another format.
    ///
    /// # Errors
    /// [`DataError::InvalidValue`] when the extension names no format that can be written, [`DataError::Encode`] when
    /// the format does not hold so many pages.
    pub fn new(
        path: &Path,
        metadata: &'a PictureMetadata,
        page_count: usize,
        quality: Option<u8>,
    ) -> Result<Self, DataError> {
        let (kind, extension) = kind_of(path).ok_or_else(|| {
            let extensions: Vec<_> = writable_extensions().collect();
            DataError::InvalidValue {
                what: "picture file name",
                value: path.display().to_string(),
                expected: format!(
                    "the extension of a format that can be written: {}",
                    extensions.join(", ")
                ),
            }
        })?;
        let is_animation = metadata.plays.is_some();
        let fits = page_count == 1
            || match (kind.holds)(&extension).pages {
                Pages::One => false,
                Pages::Animation => is_animation,
                Pages::Any => true,
            };
        if !fits {
            let what = if is_animation { "frames" } else { "pages" };
            let holds_them = FORMATS.iter().filter(|kind| {
                match (kind.holds)(kind.extensions.first().copied().unwrap_or_default()).pages {
                    Pages::One => false,
                    Pages::Animation => is_animation,
                    Pages::Any => true,
                }
            });
            let names: Vec<_> = holds_them.map(|kind| kind.format.name()).collect();
            return Err(DataError::Encode {
                path: path.to_owned(),
                reason: format!(
                    "a picture of {page_count} {what}, of which {} would keep one; written to {} it keeps all",
                    kind.format.name(),
                    names.join(" or ")
                ),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            kind,
            extension,
            metadata,
            page_count,
            quality,
        })
    }

    /// The format that is written.
    #[must_use]
    pub fn format(&self) -> PictureFormat {
        self.kind.format
    }

    /// Writes the file: `page` is asked for every page, one after the other.
    ///
    /// # Errors
    /// Those of `page`, [`DataError::Encode`] when the format does not allow a page, [`DataError::Write`] when the disk
    /// refuses. What the file held before is still there then.
    pub fn write<E: From<DataError>>(
        &self,
        mut page: impl FnMut(usize) -> Result<Page, E>,
    ) -> Result<Written, E> {
        let write_error = |error| E::from(DataError::write(&self.path)(error));
        let is_device = fs::metadata(&self.path)
            .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        if is_device {
            let (bytes, losses) = self.encode(page)?;
            let mut device = fs::File::options()
                .write(true)
                .open(&self.path)
                .map_err(write_error)?;
            device.write_all(&bytes).map_err(write_error)?;
            return Ok(Written {
                path: self.path.clone(),
                format: self.kind.format,
                bytes: Some(bytes),
                losses,
            });
        }
        // Before a file is begun: whatever is made of a page may take minutes, and who ends the process leaves nothing then.
        let mut first = Some(page(0)?);
        let mut page = |index| match (index, first.take()) {
            (0, Some(first)) => Ok(first),
            _ => page(index),
        };
        let mut losses = Vec::new();
        let mut failure = None;
        let written =
            write_atomically_seeking(&self.path, |out| match self.encode_to(out, &mut page) {
                Ok(lost) => {
                    losses = lost;
                    Ok(())
                }
                Err(Failure::Io(error)) => Err(error),
                Err(Failure::Other(error)) => {
                    failure = Some(error);
                    Err(io::ErrorKind::Other.into())
                }
            });
        match (failure, written) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(write_error(error)),
            (None, Ok(())) => Ok(Written {
                path: self.path.clone(),
                format: self.kind.format,
                bytes: None,
                losses,
            }),
        }
    }

    /// The bytes of the file, and what the picture loses in it.
    ///
    /// # Errors
    /// Those of `page`, and [`DataError::Encode`] when the format does not allow one.
    pub fn encode<E: From<DataError>>(
        &self,
        mut page: impl FnMut(usize) -> Result<Page, E>,
    ) -> Result<(Vec<u8>, Vec<Loss>), E> {
        let mut bytes = Cursor::new(Vec::new());
        let losses = self
            .encode_to(&mut bytes, &mut page)
            .map_err(|failure| match failure {
                Failure::Io(error) => DataError::write(&self.path)(error).into(),
                Failure::Other(error) => error,
            })?;
        Ok((bytes.into_inner(), losses))
    }

    fn encode_to<E: From<DataError>>(
        &self,
        out: &mut dyn WriteSeek,
        page: &mut dyn FnMut(usize) -> Result<Page, E>,
    ) -> Result<Vec<Loss>, Failure<E>> {
        let about = About {
            page_count: self.page_count,
            metadata: self.metadata,
            quality: self.quality,
            extension: &self.extension,
        };
        let holds = (self.kind.holds)(&self.extension);
        let failed = |error| match error {
            EncodeError::Io(error) => Failure::Io(error),
            EncodeError::Format(reason) => Failure::Other(E::from(DataError::Encode {
                path: self.path.clone(),
                reason,
            })),
        };
        let mut losses = self.losses_of_metadata(&holds);
        let mut next = |index: usize| {
            let page = page(index).map_err(Failure::Other)?;
            Ok(reduce(page, &holds, &mut losses))
        };
        match &self.kind.encode {
            Encode::One(encode) => {
                let bytes = encode(&next(0)?, &about).map_err(failed)?;
                out.write_all(&bytes).map_err(Failure::Io)?;
            }
            Encode::Several(begin) => {
                let mut encoder = begin(out, about);
                for index in 0..self.page_count {
                    encoder.page(&next(index)?).map_err(failed)?;
                }
                let more = encoder.finish().map_err(failed)?;
                losses.extend(more);
            }
        }
        Ok(losses.into_iter().collect())
    }

    fn losses_of_metadata(&self, holds: &Holds) -> BTreeSet<Loss> {
        let metadata = self.metadata;
        [
            (
                metadata.icc_profile.is_some() && !holds.icc_profile
                    || metadata.has_gray_profile() && !holds.channels.gray,
                Loss::IccProfile,
            ),
            (
                metadata.png_colors.is_some() && self.kind.format != PictureFormat::Png,
                Loss::PngColors,
            ),
            (metadata.exif.is_some() && !holds.exif, Loss::Exif),
            (
                metadata.resolution.is_some() && !holds.resolution,
                Loss::Resolution,
            ),
            (
                metadata.plays.is_some() && self.page_count > 1 && holds.pages != Pages::Animation,
                Loss::FrameTimes,
            ),
        ]
        .into_iter()
        .filter_map(|(is_lost, loss)| is_lost.then_some(loss))
        .collect()
    }
}

enum Failure<E> {
    Io(io::Error),
    Other(E),
}

impl Written {
    /// What the format could not hold, and is lost.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Whether every value of the pages is in the file.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.format != PictureFormat::Jpeg && self.losses.is_empty()
    }

    /// Reads what was written.
    ///
    /// # Errors
    /// It cannot be read again.
    pub fn read_back(self, limits: &ImageLimits) -> Result<PictureReader, DataError> {
        match self.bytes {
            Some(bytes) => PictureReader::from_bytes(bytes, &self.path, limits),
            None => PictureReader::open(&self.path, limits),
        }
    }
}
