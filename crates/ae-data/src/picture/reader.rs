//! From a file to its pictures, page by page.

use std::fs::{self, File};
use std::io::{BufReader, Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::image::DynamicImage;
use ::image::metadata::Orientation;

use crate::error::DataError;
use crate::image::{ImageLimits, Size};
use crate::picture::depth::{DeepRanges, Depths};
use crate::picture::format::PictureFormat;
use crate::picture::metadata::PictureMetadata;
use crate::picture::page::{Page, Samples, ValueRange};
use crate::picture::reading::{
    Encoded, Recognized, START_BYTES, TiffPages, check_file_bytes, check_size, has_name_of,
    not_read, recognize, split_page, upright,
};

/// Reads the pictures of a file, one page at a time.
///
/// It keeps the file open, so that writing another file under its name changes nothing that is read.
#[derive(Debug)]
pub struct PictureReader {
    path: PathBuf,
    limits: ImageLimits,
    metadata: PictureMetadata,
    source: Source,
    /// The one page that was asked for by the file's name.
    only: Option<usize>,
    ranges: Option<DeepRanges>,
    notes: Vec<String>,
}

#[derive(Debug)]
enum Source {
    Tiff(Box<TiffPages<Box<dyn ReadAndSeek>>>),
    Encoded(Box<Encoded>),
}

trait ReadAndSeek: Read + Seek + std::fmt::Debug {}

impl<T: Read + Seek + std::fmt::Debug> ReadAndSeek for T {}

impl PictureReader {
    /// Opens a file and reads what it says of its pictures. The content decides which format it is.
    ///
    /// A name such as `scans.tif[3]`, where there is no file of that name, means one page of `scans.tif`, counted from
    /// 0. The range of pictures deeper than 8 bits is found out from all pages, which are decoded for it.
    ///
    /// # Errors
    /// There is no such file or page, it holds no pictures or damaged ones, or it is larger than `limits`.
    pub fn open(path: &Path, limits: &ImageLimits) -> Result<Self, DataError> {
        let mut reader = Self::open_raw(path, limits)?;
        reader.find_range(None)?;
        Ok(reader)
    }

    /// As [`open`](Self::open), with the values of black and white of pictures deeper than 8 bits said and not found out.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_in_range(
        path: &Path,
        range: ValueRange,
        limits: &ImageLimits,
    ) -> Result<Self, DataError> {
        let mut reader = Self::open_raw(path, limits)?;
        reader.find_range(Some(range))?;
        Ok(reader)
    }

    /// As [`open`](Self::open), from the bytes of a file; `path` gives errors their name.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn from_bytes(
        bytes: Vec<u8>,
        path: &Path,
        limits: &ImageLimits,
    ) -> Result<Self, DataError> {
        let mut reader = Self::from_bytes_raw(bytes, path, limits)?;
        reader.find_range(None)?;
        Ok(reader)
    }

    /// Opens a file without looking at its values: pages have the ranges of their types.
    pub(crate) fn open_raw(path: &Path, limits: &ImageLimits) -> Result<Self, DataError> {
        match fs::metadata(path) {
            Ok(metadata) => Self::of_file(path, path, &metadata, limits),
            Err(error) => {
                if error.kind() == std::io::ErrorKind::NotFound
                    && let Some((file, page)) = split_page(path)
                    && let Ok(metadata) = fs::metadata(&file)
                {
                    return Self::of_file(&file, path, &metadata, limits)?.only(page);
                }
                Err(match error.kind() {
                    std::io::ErrorKind::NotFound => DataError::NotFound {
                        path: path.to_owned(),
                    },
                    _ => DataError::read(path, error),
                })
            }
        }
    }

    fn of_file(
        file: &Path,
        name: &Path,
        metadata: &fs::Metadata,
        limits: &ImageLimits,
    ) -> Result<Self, DataError> {
        // Opening a pipe would wait for a writer, so look first.
        if !metadata.is_file() {
            let what = if metadata.is_dir() {
                "a folder, not a file"
            } else {
                "not a regular file"
            };
            return Err(DataError::decode(name, what));
        }
        let read_error = |source| DataError::read(name, source);
        let mut opened = File::open(file).map_err(read_error)?;
        let mut start = Vec::with_capacity(START_BYTES);
        (&mut opened)
            .take(START_BYTES as u64)
            .read_to_end(&mut start)
            .map_err(read_error)?;
        // Its pages are read one by one, so the whole may be larger than what is read at once.
        if recognize(&start) == Some(Recognized::Readable(PictureFormat::Tiff)) {
            return Self::of_tiff(Box::new(BufReader::new(opened)), name, limits);
        }
        check_file_bytes(name, metadata.len(), limits)?;
        let mut bytes = start;
        opened
            .take(limits.max_file_bytes)
            .read_to_end(&mut bytes)
            .map_err(read_error)?;
        Self::from_bytes_raw(bytes, name, limits)
    }

    /// As [`open_raw`](Self::open_raw), from the bytes of a file.
    pub(crate) fn from_bytes_raw(
        bytes: Vec<u8>,
        path: &Path,
        limits: &ImageLimits,
    ) -> Result<Self, DataError> {
        check_file_bytes(path, bytes.len() as u64, limits)?;
        let format = match recognize(&bytes[..bytes.len().min(START_BYTES)]) {
            Some(Recognized::Readable(format)) => format,
            Some(Recognized::Unreadable(name)) => {
                return Err(DataError::decode(path, not_read(name)));
            }
            // Targa has no signature.
            None if has_name_of(path) == Some(PictureFormat::Tga) => PictureFormat::Tga,
            None => {
                let reason = "not a picture of a format that can be read (PNG, JPEG, TIFF, WebP, GIF, BMP and others)";
                return Err(DataError::decode(path, reason));
            }
        };
        if format == PictureFormat::Tiff {
            return Self::of_tiff(Box::new(Cursor::new(bytes)), path, limits);
        }
        let opened = guarded(path, || {
            Encoded::open(Arc::from(bytes), format, path, limits)
        })?;
        let (encoded, mut metadata) = opened;
        let notes = leave_out_profile(&mut metadata);
        let left_out: Vec<String> = encoded.left_out().collect();
        let mut reader = Self::new(path, limits, metadata, Source::Encoded(Box::new(encoded)));
        reader.notes.extend(notes);
        reader.notes.extend(left_out);
        Ok(reader)
    }

    fn of_tiff(
        reader: Box<dyn ReadAndSeek>,
        path: &Path,
        limits: &ImageLimits,
    ) -> Result<Self, DataError> {
        let broken = |reason| DataError::decode(path, reason);
        let mut pages = guarded(path, || TiffPages::open(reader).map_err(broken))?;
        let stated = pages.metadata();
        let bits = pages.bits();
        let left_out = pages.left_out();
        let mut metadata = PictureMetadata::new(PictureFormat::Tiff, bits);
        metadata.icc_profile = stated.icc_profile;
        metadata.exif = stated.exif;
        metadata.resolution = stated.resolution;
        let notes = leave_out_profile(&mut metadata);
        let mut reader = Self::new(path, limits, metadata, Source::Tiff(Box::new(pages)));
        reader.notes.extend(notes);
        reader.notes.extend(left_out);
        Ok(reader)
    }

    fn new(path: &Path, limits: &ImageLimits, metadata: PictureMetadata, source: Source) -> Self {
        Self {
            path: path.to_owned(),
            limits: *limits,
            metadata,
            source,
            only: None,
            ranges: None,
            notes: Vec::new(),
        }
    }

    fn only(mut self, page: usize) -> Result<Self, DataError> {
        let count = self.page_count();
        if page >= count {
            let pages = if count == 1 {
                "1 page"
            } else {
                &format!("{count} pages")
            };
            let reason = format!("there is no page {page}: the file has {pages}, counted from 0");
            return Err(DataError::decode(&self.path, reason));
        }
        self.only = Some(page);
        Ok(self)
    }

    /// Finds out the range of deep pictures.
    fn find_range(&mut self, asked: Option<ValueRange>) -> Result<(), DataError> {
        if self.metadata.bits <= 8 {
            return Ok(());
        }
        let mut depths = Depths::default();
        for index in 0..self.page_count() {
            depths.add(&Depths::of(&self.raw_page(index)?));
        }
        let broken = |reason| DataError::decode(&self.path, reason);
        let ranges = depths.ranges(asked).map_err(broken)?;
        if let (16, Some(bits)) = (self.metadata.bits, depths.word_bits()) {
            self.metadata.bits = bits.max(9);
        }
        self.notes.extend(depths.notes(asked, &ranges));
        self.ranges = Some(ranges);
        Ok(())
    }

    /// What the file says of its pictures.
    #[must_use]
    pub fn metadata(&self) -> &PictureMetadata {
        &self.metadata
    }

    /// What was found out of the range of deep pictures, and what is left out of the file's metadata and of its pixels, and ought to be
    /// said: a sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How many pages or frames there are; at least one.
    #[must_use]
    pub fn page_count(&self) -> usize {
        match (self.only, &self.source) {
            (Some(_), _) => 1,
            (None, Source::Tiff(pages)) => pages.count(),
            (None, Source::Encoded(encoded)) => encoded.count(),
        }
    }

    /// Decodes a page.
    ///
    /// # Errors
    /// It cannot be decoded, has values that are not finite, or is larger than the limits.
    ///
    /// # Panics
    /// When there is no page of that number.
    pub fn page(&mut self, index: usize) -> Result<Page, DataError> {
        let mut page = self.raw_page(index)?;
        if let Some(ranges) = &self.ranges {
            match page.samples {
                Samples::U8(_) => {}
                Samples::U16(_) => page.range = ranges.words,
                Samples::F32(_) => page.range = ranges.floats,
            }
        }
        Ok(page)
    }

    /// Decodes a page, whose range is that of its type or what the file states.
    pub(crate) fn raw_page(&mut self, index: usize) -> Result<Page, DataError> {
        assert!(index < self.page_count(), "page {index}");
        let index = self.only.unwrap_or(index);
        let Self {
            path,
            limits,
            source,
            ..
        } = self;
        let broken = |reason: String| DataError::decode(path, reason);
        let page = guarded(path, || match source {
            Source::Encoded(encoded) => encoded.read(index).map_err(broken),
            Source::Tiff(pages) => {
                check_size(path, pages.size(index).map_err(broken)?, 1, limits)?;
                let (page, code) = pages.read(index, limits).map_err(broken)?;
                let orientation = Orientation::from_exif(code);
                Ok(upright(
                    page,
                    orientation.unwrap_or(Orientation::NoTransforms),
                ))
            }
        })?;
        if let Samples::F32(values) = &page.samples {
            let bad = values.iter().filter(|value| !value.is_finite()).count();
            if bad > 0 {
                let reason = format!("{bad} of its {} values are NaN or infinite", values.len());
                return Err(broken(reason));
            }
        }
        Ok(page)
    }
}

/// Runs a decoder. Decoders are others' code, which now and then panics over a damaged file: that is the file's fault.
fn guarded<T>(path: &Path, decode: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    // What a decoder was changing is its own, and is dropped with it.
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(DataError::decode(path, "its decoder gave up (it panicked)")))
}

/// Whether an ICC profile can be kept: its header names the colors that it is of (ICC.1:2022, 7.2.6). What was CMYK or
/// Lab in the file is RGB in the page; a profile of RGB beside gray pixels is usual, and one that says nothing is the
/// business of whoever wrote it.
fn describes(profile: &[u8]) -> bool {
    !matches!(
        profile.get(16..20),
        Some(b"CMYK" | b"CMY " | b"Lab " | b"YCbr")
    )
}

/// Takes away a profile of other colors than the page's, and says so.
fn leave_out_profile(metadata: &mut PictureMetadata) -> Option<String> {
    let profile = metadata
        .icc_profile
        .take_if(|profile| !describes(profile))?;
    let colors = profile.get(16..20).unwrap_or_default();
    Some(format!(
        "its color profile, of {}, is left out: its colors are read as RGB without it",
        String::from_utf8_lossy(colors).trim()
    ))
}

impl Page {
    /// The samples as the `image` crate decoded them.
    pub(crate) fn from_dynamic(decoded: DynamicImage) -> Self {
        let size = Size {
            height: decoded.height() as usize,
            width: decoded.width() as usize,
        };
        let samples = match decoded {
            DynamicImage::ImageLuma8(image) => Samples::U8(image.into_raw()),
            DynamicImage::ImageLumaA8(image) => Samples::U8(image.into_raw()),
            DynamicImage::ImageRgb8(image) => Samples::U8(image.into_raw()),
            DynamicImage::ImageRgba8(image) => Samples::U8(image.into_raw()),
            DynamicImage::ImageLuma16(image) => Samples::U16(image.into_raw()),
            DynamicImage::ImageLumaA16(image) => Samples::U16(image.into_raw()),
            DynamicImage::ImageRgb16(image) => Samples::U16(image.into_raw()),
            DynamicImage::ImageRgba16(image) => Samples::U16(image.into_raw()),
            DynamicImage::ImageRgb32F(image) => Samples::F32(image.into_raw()),
            DynamicImage::ImageRgba32F(image) => Samples::F32(image.into_raw()),
            // The enum is open; what it may gain has a 16-bit form.
            other => match other.color().has_alpha() {
                true => Samples::U16(other.into_rgba16().into_raw()),
                false => Samples::U16(other.into_rgb16().into_raw()),
            },
        };
        Self {
            size,
            channels: samples.len() / (size.height * size.width).max(1),
            range: samples.full_range(),
            samples,
            delay: None,
        }
    }
}
