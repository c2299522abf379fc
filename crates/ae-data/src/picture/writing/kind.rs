//! What there is to say of a format that can be written.

use std::io;

use ae_files::WriteSeek;

use crate::picture::format::PictureFormat;
use crate::picture::metadata::PictureMetadata;
use crate::picture::page::Page;
use crate::picture::writing::loss::Loss;

/// A format that can be written.
pub(super) struct WritableFormat {
    /// Its name.
    pub(super) format: PictureFormat,
    /// What file names end with, in small letters, the usual one first.
    pub(super) extensions: &'static [&'static str],
    /// What a file of an extension can hold.
    pub(super) holds: fn(extension: &str) -> Holds,
    /// How it is written.
    pub(super) encode: Encode,
}

/// How a format is written.
pub(super) enum Encode {
    /// One page, at once.
    One(fn(&Page, &About<'_>) -> Result<Vec<u8>, EncodeError>),
    /// Page after page.
    Several(for<'a> fn(&'a mut dyn WriteSeek, About<'a>) -> Box<dyn PageEncoder + 'a>),
}

/// Writes the pages of a file, one after the other.
pub(super) trait PageEncoder {
    /// Writes a page, whose channels and samples the format holds.
    fn page(&mut self, page: &Page) -> Result<(), EncodeError>;

    /// Writes what follows the last page, and says what the pages lost.
    fn finish(self: Box<Self>) -> Result<Vec<Loss>, EncodeError>;
}

/// What is known before the first page.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) page_count: usize,
    pub(super) metadata: &'a PictureMetadata,
    /// The quality that was asked for, 1 to 100.
    pub(super) quality: Option<u8>,
    /// The file name's extension, in small letters.
    pub(super) extension: &'a str,
}

/// What a format can hold.
#[derive(Clone, Copy)]
pub(super) struct Holds {
    /// Bits of a sample, rising.
    pub(super) bits: &'static [u8],
    pub(super) channels: Channels,
    pub(super) pages: Pages,
    pub(super) icc_profile: bool,
    pub(super) exif: bool,
    pub(super) resolution: bool,
}

/// The channels that a format holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Channels {
    pub(super) gray: bool,
    pub(super) color: bool,
    pub(super) alpha: Alpha,
}

/// What a format knows of transparency.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alpha {
    /// Nothing.
    None,
    /// Beside color alone.
    WithColor,
    /// Beside color and gray.
    Any,
    /// Beside color alone, where every pixel has it.
    Always,
}

/// How many pages a format holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pages {
    /// One.
    One,
    /// One, or the frames of an animation.
    Animation,
    /// Any number, whatever they are to each other.
    Any,
}

/// Why a page was not written.
#[derive(Debug)]
pub(super) enum EncodeError {
    /// The disk.
    Io(io::Error),
    /// The format does not allow it.
    Format(String),
}

impl From<io::Error> for EncodeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
