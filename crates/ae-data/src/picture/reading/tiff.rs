//! TIFF: one page or many, of whatever depth, colors and layout.

mod chunks;
mod colors;
mod described;
mod directory;
mod layout;

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use crate::image::ImageLimits;
use crate::picture::metadata::{Resolution, ResolutionUnit};
use crate::picture::page::Page;
use crate::picture::reading::left_out::{CMYK, DOUBLES, FILLING};
use crate::picture::reading::tiff::directory::{Directory, TiffFile};
use crate::picture::reading::tiff::layout::{broken, layout_of, size_of, tag};

/// A TIFF file and its pages: what is a thumbnail or a mask of another page is none.
#[derive(Debug)]
pub(crate) struct TiffPages<R> {
    file: TiffFile<R>,
    pages: Vec<Directory>,
    /// Smaller versions of pages, and masks.
    others: usize,
}

/// What a TIFF says of its first page.
#[derive(Debug, Default)]
pub(crate) struct TiffMetadata {
    pub(crate) icc_profile: Option<Vec<u8>>,
    pub(crate) resolution: Option<Resolution>,
    /// What is said of the picture, but not of its pixels, as an EXIF block.
    pub(crate) exif: Option<Vec<u8>>,
}

impl<R: Read + Seek> TiffPages<R> {
    /// Reads the directories.
    ///
    /// # Errors
    /// The file is damaged, or a camera's raw data.
    pub(crate) fn open(reader: R) -> Result<Self, String> {
        let (mut file, directories) = TiffFile::open(reader).map_err(broken)?;
        let mut pages = Vec::new();
        let mut others = 0;
        for directory in directories {
            if directory.has(tag::DNG_VERSION) {
                return Err(
                    "a camera's raw data (DNG) are not read: convert them to PNG, JPEG or TIFF"
                        .to_owned(),
                );
            }
            let kind = file
                .number(&directory, tag::NEW_SUBFILE_TYPE)
                .map_err(broken)?;
            // Bit 0 is a smaller version of another page, bit 2 a mask.
            match kind.unwrap_or(0) & 0b101 {
                0 => pages.push(directory),
                _ => others += 1,
            }
        }
        if pages.is_empty() {
            return Err("the TIFF holds nothing but thumbnails and masks".to_owned());
        }
        Ok(Self {
            file,
            pages,
            others,
        })
    }

    /// How many pages there are; at least one.
    pub(crate) fn count(&self) -> usize {
        self.pages.len()
    }

    /// What of the file is not read, or not as it is, a sentence each.
    pub(crate) fn left_out(&mut self) -> Vec<String> {
        let Self {
            file,
            pages,
            others,
        } = self;
        let mut found = BTreeSet::new();
        let first = |numbers: Vec<u64>| numbers.first().copied().unwrap_or(1);
        for directory in &*pages {
            let mut numbers = |tag| {
                let numbers = file.numbers(directory, tag);
                numbers.ok().flatten().unwrap_or_default()
            };
            let colors = match first(numbers(tag::PHOTOMETRIC)) {
                2 | 6 | 8 => 3,
                5 => {
                    found.insert(CMYK);
                    4
                }
                _ => u64::MAX,
            };
            let is_alpha = matches!(numbers(tag::EXTRA_SAMPLES).first(), Some(1 | 2));
            if first(numbers(tag::SAMPLES)) > colors && !is_alpha {
                found.insert(FILLING);
            }
            if first(numbers(tag::BITS)) == 64 {
                found.insert(DOUBLES);
            }
        }
        let mut sentences: Vec<String> = found.into_iter().map(str::to_owned).collect();
        if *others > 0 {
            sentences.push(format!(
                "smaller versions of its pages, and masks, are left out: {others}"
            ));
        }
        sentences
    }

    /// Bits of a value on the page that has most: 8, 16, or 32 for all that becomes floating point.
    pub(crate) fn bits(&mut self) -> u8 {
        let Self { file, pages, .. } = self;
        let bits_of = |directory: &Directory| {
            let mut number = |tag| file.number(directory, tag).ok().flatten().unwrap_or(1);
            let is_palette = number(tag::PHOTOMETRIC) == 3;
            let is_unsigned = matches!(number(tag::SAMPLE_FORMAT), 1 | 4);
            match number(tag::BITS) {
                _ if is_palette => 8,
                0..=8 if is_unsigned => 8,
                9..=16 if is_unsigned => 16,
                _ => 32,
            }
        };
        pages.iter().map(bits_of).max().unwrap_or(8)
    }

    /// A page's width and height.
    pub(crate) fn size(&mut self, page: usize) -> Result<(u64, u64), String> {
        size_of(&mut self.file, &self.pages[page])
    }

    /// Decodes a page whose size has been checked against `limits`, and tells its orientation as EXIF counts it.
    pub(crate) fn read(&mut self, page: usize, limits: &ImageLimits) -> Result<(Page, u8), String> {
        let layout = layout_of(&mut self.file, &self.pages[page])?;
        let value_bytes = layout
            .bits
            .div_ceil(8)
            .max(if layout.bits > 16 { 4 } else { 1 });
        let bytes = (layout.width * layout.height) as u64 * (layout.samples * value_bytes) as u64;
        if bytes > limits.max_decoded_bytes {
            return Err(format!(
                "too large: {bytes} bytes decoded, the limit is {}",
                limits.max_decoded_bytes
            ));
        }
        if layout.lengths.iter().sum::<u64>() > limits.max_file_bytes {
            let limit = limits.max_file_bytes;
            return Err(format!(
                "too large: a page of more than {limit} bytes, which is the limit"
            ));
        }
        let values = chunks::read_values(&mut self.file, &layout, limits.max_decoded_bytes)?;
        let orientation = layout.orientation;
        Ok((colors::page_of(values, &layout)?, orientation))
    }

    /// What the file says of its first page. What is damaged there is left out.
    pub(crate) fn metadata(&mut self) -> TiffMetadata {
        let Self { file, pages, .. } = self;
        let mut fraction = |tag| file.fraction(&pages[0], tag).ok().flatten();
        let (x, y) = (fraction(tag::X_RESOLUTION), fraction(tag::Y_RESOLUTION));
        let unit = match file.number(&pages[0], tag::RESOLUTION_UNIT) {
            Ok(Some(1)) => ResolutionUnit::Ratio,
            Ok(Some(3)) => ResolutionUnit::Centimeter,
            _ => ResolutionUnit::Inch,
        };
        let says_something =
            |x: f64, y: f64| x > 0.0 && y > 0.0 && (unit != ResolutionUnit::Ratio || x != y);
        let resolution = match (x, y) {
            (Some(x), Some(y)) if says_something(x, y) => Some(Resolution { x, y, unit }),
            _ => None,
        };
        TiffMetadata {
            icc_profile: file.bytes(&pages[0], tag::ICC_PROFILE).ok().flatten(),
            resolution,
            exif: file.described(&pages[0]).block(),
        }
    }
}
