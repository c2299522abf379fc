//! Everything that can go wrong with images and sets of them.

use std::io;
use std::path::{Path, PathBuf};

use crate::image::shape::{ImageShape, Size};
use crate::set::Skipped;

/// Why a set, an image or an option could not be used.
///
/// `Display` says what went wrong with which file; where the operating system refused, `source` says why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// An option's text or number means nothing here.
    #[error("invalid {what} {value:?}: expected {expected}")]
    InvalidValue {
        /// What was being set: `size`, `fit`, `noise` …
        what: &'static str,
        /// The text as it was given.
        value: String,
        /// What would have been understood.
        expected: String,
    },
    /// A source that is neither a known name nor something on the disk.
    #[error("unknown data set {name:?}: neither a known name nor a file or folder here")]
    UnknownSource {
        /// The name as it was given.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// A known set that has not been downloaded yet.
    #[error("{name} is not in {}", folder.display())]
    NotDownloaded {
        /// The set's name.
        name: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A path that does not exist.
    #[error("{}: no such file or folder", path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The operating system refused to write.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file whose content is not what it should be: an image, an IDX file, an archive, a font.
    #[error("cannot decode {}: {reason}", path.display())]
    Decode {
        /// The file, or an archive's entry.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An image that cannot be encoded, for example in a format that does not know its shape.
    #[error("cannot encode {}: {reason}", path.display())]
    Encode {
        /// The file that was to be written.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file of no kind that can be read.
    #[error("{}: neither {}", path.display(), neither(known))]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What could be read, each with its article.
        known: Vec<&'static str>,
    },
    /// An image or a set that would take more memory than allowed.
    #[error("{} is too large: {found}, the limit is {limit}", path.display())]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// What it asks for, with its unit.
        found: String,
        /// What is allowed, with its unit.
        limit: String,
    },
    /// Shards that would take more memory than allowed as one set.
    #[error(
        "{} is too large for memory: {shards} shards, of which {read} fit; the limit is {limit_bytes} bytes of pixels as one set",
        path.display()
    )]
    ShardsTooLarge {
        /// The shards, as they were named.
        path: PathBuf,
        /// How many there are.
        shards: usize,
        /// How many were read.
        read: usize,
        /// What is allowed.
        limit_bytes: u64,
    },
    /// A set that can't be left in shards and read image by image.
    #[error("{} cannot be streamed: {reason}", path.display())]
    NotStreamed {
        /// The set or the archive.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// A folder, archive or file without a single image.
    #[error("no images in {}", path.display())]
    NoImages {
        /// The folder, archive or file.
        path: PathBuf,
    },
    /// A folder of several sets, each with parts of its own.
    #[error(
        "{} holds {} sets with train and test folders of their own, not one: {}",
        path.display(), sets.len(), sets.join(", ")
    )]
    SeveralSets {
        /// The folder or archive.
        path: PathBuf,
        /// The sets' folders, relative to it.
        sets: Vec<String>,
    },
    /// More files than tolerable could not be read.
    #[error(
        "{} of {files} files in {} cannot be read, among them {} ({})",
        skipped.len(), path.display(), skipped[0].file, skipped[0].reason
    )]
    TooManySkipped {
        /// The folder or archive.
        path: PathBuf,
        /// The unreadable files; never empty.
        skipped: Vec<Skipped>,
        /// How many image files there are, unreadable ones included.
        files: usize,
    },
    /// Files of one set that differ in size where no size was asked for.
    #[error("images differ in size: {} is {first_size}, {} is {size}", first.display(), path.display())]
    SizesDiffer {
        /// The first file.
        first: PathBuf,
        /// Its size.
        first_size: Size,
        /// The first file that differs from it.
        path: PathBuf,
        /// That file's size.
        size: Size,
    },
    /// A patch that no picture of the set has room for.
    #[error(
        "a patch of {side}x{side} is larger than every picture of {name}; the largest is {largest}"
    )]
    PatchTooLarge {
        /// The set's name.
        name: String,
        /// Rows and columns of the patch.
        side: usize,
        /// The size of the picture whose shorter side is the longest.
        largest: Size,
    },
    /// Two sets, or a set and a buffer of pixels, that ought to have one shape.
    #[error("{what} has shape {found}, expected {expected}")]
    ShapeMismatch {
        /// What has the wrong shape.
        what: String,
        /// The shape it should have.
        expected: ImageShape,
        /// The shape it has.
        found: ImageShape,
    },
    /// Numbers of things that ought to agree.
    #[error("{what}: expected {expected}, found {found}")]
    CountMismatch {
        /// What was counted, and where.
        what: String,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A set with too few images for the parts that were asked for.
    #[error(
        "{name} has {images} different image{s}; its parts need at least {needed}",
        s = if *images == 1 { "" } else { "s" }
    )]
    TooFewImages {
        /// The set's name.
        name: String,
        /// How many different images, or groups of them, it has to divide.
        images: usize,
        /// How many it takes: one a part.
        needed: usize,
    },
    /// A set whose folders or files are all for measuring.
    #[error("{name} has no training images: all its images are for validation and test")]
    NoTrainingImages {
        /// The set's name.
        name: String,
    },
    /// A part of which nothing is left once copies are dropped.
    #[error(
        "every one of {images} images of a part of {name} is a copy of an image that is measured on"
    )]
    OnlyCopies {
        /// The set's name.
        name: String,
        /// How many images the part has.
        images: usize,
    },
}

impl DataError {
    /// Whether what was asked for is at fault (an unknown name, a bad size) rather than the data.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::InvalidValue { .. }
                | Self::UnknownSource { .. }
                | Self::SizesDiffer { .. }
                | Self::PatchTooLarge { .. }
                | Self::SeveralSets { .. }
                | Self::NotStreamed { .. }
        )
    }

    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// For `map_err` on a failed write.
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    /// The error for a file that stops or breaks in the middle.
    pub(crate) fn broken(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::decode(path, "the file is truncated"),
            // Nothing is wrong with the file.
            io::ErrorKind::OutOfMemory => Self::read(path, error.kind().into()),
            _ => match system_error_of(error) {
                Some(number) => Self::read(path, io::Error::from_raw_os_error(number)),
                None => Self::decode(path, error),
            },
        }
    }

    /// Other crates' messages begin with a capital; ours don't.
    pub(crate) fn decode(path: &Path, reason: impl ToString) -> Self {
        let mut reason = reason.to_string();
        // An abbreviation stays as it is.
        if reason.as_bytes().get(1).is_some_and(u8::is_ascii_lowercase)
            && let Some(first) = reason.get_mut(..1)
        {
            first.make_ascii_lowercase();
        }
        Self::Decode {
            path: path.to_owned(),
            reason,
        }
    }

    /// Why the file could not be used, without its name: what a list of skipped files says beside the name.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Decode { reason, .. } => reason.clone(),
            Self::Read { source, .. } => source.to_string(),
            Self::TooLarge { found, limit, .. } => {
                format!("too large: {found}, the limit is {limit}")
            }
            other => other.to_string(),
        }
    }
}

/// The number of the operating system's error that a reader met and passed on, perhaps inside another one.
fn system_error_of(error: &io::Error) -> Option<i32> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        cause = match error.downcast_ref::<io::Error>() {
            Some(error) if error.raw_os_error().is_some() => return error.raw_os_error(),
            Some(error) => error
                .get_ref()
                .map(|inner| inner as &(dyn std::error::Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// `a, b nor c`.
fn neither(things: &[&str]) -> String {
    match things {
        [] => String::new(),
        [thing] => (*thing).to_owned(),
        [most @ .., last] => format!("{} nor {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// Some bytes, then the system's refusal.
    struct Broken(&'static [u8]);

    impl io::Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.is_empty() {
                true => Err(io::Error::from_raw_os_error(5)),
                false => self.0.read(buffer),
            }
        }
    }

    #[test]
    fn what_the_system_refuses_is_no_fault_of_the_content() {
        let told = |error: io::Error| DataError::broken(Path::new("a"), &error);
        let gzipped = Broken(b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
        let mut inside_gzip = flate2::read::MultiGzDecoder::new(gzipped);
        let mut inside_tar = tar::Archive::new(Broken(&[b'a'; 100]));
        let of_tar = inside_tar.entries().unwrap().next().unwrap().err().unwrap();
        for error in [
            io::Error::from_raw_os_error(5),
            inside_gzip.read(&mut [0; 9]).unwrap_err(),
            of_tar,
            io::Error::other(io::Error::from_raw_os_error(5)),
        ] {
            let text = error.to_string();
            let DataError::Read { source, .. } = told(error) else {
                panic!("{text}");
            };
            assert_eq!(source.raw_os_error(), Some(5));
        }
        let mut damaged =
            flate2::read::MultiGzDecoder::new(&b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff"[..]);
        let error = damaged.read(&mut [0; 9]).unwrap_err();
        assert!(matches!(told(error), DataError::Decode { .. }));
    }
}
