//! Reading IDX files: headers that are checked before they are believed, then the bytes.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::error::DataError;
use crate::image::ImageShape;
use crate::set::{MappedFile, Pixels};

/// The code for unsigned bytes, the only elements images and labels have.
pub(crate) const UNSIGNED_BYTE: u8 = 0x08;

/// No deflate stream expands more than this: 258 bytes from two bits.
///
/// # References
/// M. Adler, "zlib Technical Details", <https://zlib.net/zlib_tech.html>, "Maximum Compression Factor".
const MAX_DEFLATE_FACTOR: u64 = 1_032;

/// The images of an IDX file.
pub(crate) struct IdxImages {
    pub(crate) shape: ImageShape,
    pub(crate) count: usize,
    pub(crate) pixels: Pixels,
}

/// Whether a file that begins with `start` is IDX: two zeros, a type, a number of dimensions.
pub(crate) fn is_idx(start: &[u8]) -> bool {
    matches!(start, [0, 0, 0x08 | 0x09 | 0x0B..=0x0E, 1..=4, ..])
}

/// Reads images: memory-mapped where the file is plain, into at most `memory_bytes` where it is gzipped.
///
/// Three dimensions are count, height, width; four are count, channels, height, width; two are count and width, the
/// images being single rows.
pub(crate) fn read_images(path: &Path, memory_bytes: u64) -> Result<IdxImages, DataError> {
    let mut source = Source::open(path)?;
    let header = Header::read(path, &mut source.reader)?;
    let (count, shape) = match header.dimensions[..] {
        [count, width] => (count, ImageShape::new(1, 1, width)),
        [count, height, width] => (count, ImageShape::new(1, height, width)),
        [count, channels @ (1 | 3), height, width] => {
            (count, ImageShape::new(channels, height, width))
        }
        [_] => {
            return Err(DataError::decode(
                path,
                "an IDX file of labels, not of images",
            ));
        }
        _ => {
            let reason = format!(
                "dimensions {:?} are not count, channels, height, width",
                header.dimensions
            );
            return Err(DataError::decode(path, reason));
        }
    };
    if shape.checked_values().is_none() {
        return Err(DataError::decode(
            path,
            format!("the header promises images of {shape}"),
        ));
    }
    if count == 0 {
        return Err(DataError::NoImages {
            path: path.to_owned(),
        });
    }
    let bytes = header.checked_bytes(path)?;
    let pixels = if source.gzipped {
        Pixels::Memory(source.read_rest(path, bytes, memory_bytes)?)
    } else {
        let start = header.own_bytes();
        source.check_file_bytes(path, bytes, start)?;
        let file = MappedFile::new(source.reader.get_file())
            .map_err(|error| DataError::read(path, error))?;
        // The file may have been exchanged since its length was asked for.
        if file.bytes().len() as u64 != bytes + start as u64 {
            return Err(DataError::decode(
                path,
                "the file changed while it was opened",
            ));
        }
        Pixels::Mapped { file, start }
    };
    Ok(IdxImages {
        shape,
        count,
        pixels,
    })
}

/// Reads labels, plain or gzipped.
pub(crate) fn read_labels(path: &Path, memory_bytes: u64) -> Result<Vec<u32>, DataError> {
    let mut source = Source::open(path)?;
    let header = Header::read(path, &mut source.reader)?;
    let &[count] = &header.dimensions[..] else {
        let reason = format!(
            "{} dimensions where labels have one",
            header.dimensions.len()
        );
        return Err(DataError::decode(path, reason));
    };
    if !source.gzipped {
        source.check_file_bytes(path, count as u64, header.own_bytes())?;
    }
    let labels = source.read_rest(path, count as u64, memory_bytes)?;
    Ok(labels.into_iter().map(u32::from).collect())
}

/// A file, gunzipped on the way where its first bytes say that it is gzipped.
struct Source {
    reader: Reader,
    gzipped: bool,
    file_bytes: u64,
}

enum Reader {
    Plain(BufReader<File>),
    Gzip(Box<MultiGzDecoder<BufReader<File>>>),
}

impl Reader {
    fn get_file(&self) -> &File {
        match self {
            Self::Plain(reader) => reader.get_ref(),
            Self::Gzip(decoder) => decoder.get_ref().get_ref(),
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
        }
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, DataError> {
        let read_error = |error| DataError::read(path, error);
        let file = File::open(path).map_err(read_error)?;
        let metadata = file.metadata().map_err(read_error)?;
        if !metadata.is_file() {
            return Err(DataError::decode(path, "not a regular file"));
        }
        let mut reader = BufReader::new(file);
        let gzipped = io::BufRead::fill_buf(&mut reader)
            .map_err(read_error)?
            .starts_with(&[0x1F, 0x8B]);
        let reader = if gzipped {
            Reader::Gzip(Box::new(MultiGzDecoder::new(reader)))
        } else {
            Reader::Plain(reader)
        };
        Ok(Self {
            reader,
            gzipped,
            file_bytes: metadata.len(),
        })
    }

    /// Compares what the header promises with the length of a plain file.
    fn check_file_bytes(&self, path: &Path, promised: u64, header: usize) -> Result<(), DataError> {
        let found = self.file_bytes.saturating_sub(header as u64);
        if found != promised {
            let reason = format!("the header promises {promised} bytes, the file holds {found}");
            return Err(DataError::decode(path, reason));
        }
        Ok(())
    }

    /// Reads what follows the header: exactly `promised` bytes, and no memory for them before they are plausible.
    fn read_rest(
        &mut self,
        path: &Path,
        promised: u64,
        memory_bytes: u64,
    ) -> Result<Vec<u8>, DataError> {
        if promised / MAX_DEFLATE_FACTOR > self.file_bytes {
            let reason = format!(
                "the header promises {promised} bytes, more than {} gzipped bytes can hold",
                self.file_bytes
            );
            return Err(DataError::decode(path, reason));
        }
        let too_large = || DataError::TooLarge {
            path: path.to_owned(),
            found: format!("{promised} bytes"),
            limit: format!("{memory_bytes} bytes in memory (unpacked IDX files stay on the disk)"),
        };
        let length = usize::try_from(promised)
            .ok()
            .filter(|_| promised <= memory_bytes)
            .ok_or_else(too_large)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| too_large())?;
        (&mut self.reader)
            .take(promised)
            .read_to_end(&mut bytes)
            .map_err(|error| DataError::broken(path, &error))?;
        if bytes.len() < length {
            let reason = format!(
                "the header promises {promised} bytes, the file holds {}",
                bytes.len()
            );
            return Err(DataError::decode(path, reason));
        }
        // The end of a gzip stream is where its checksum stands.
        match self.reader.read(&mut [0]) {
            Ok(0) => Ok(bytes),
            Ok(_) => Err(DataError::decode(
                path,
                format!("the file holds more than the {promised} bytes promised"),
            )),
            Err(error) => Err(DataError::broken(path, &error)),
        }
    }
}

/// The beginning of an IDX file.
struct Header {
    dimensions: Vec<usize>,
}

impl Header {
    fn read(path: &Path, reader: &mut impl Read) -> Result<Self, DataError> {
        let mut magic = [0; 4];
        reader
            .read_exact(&mut magic)
            .map_err(|error| DataError::broken(path, &error))?;
        if !is_idx(&magic) {
            let [a, b, c, d] = magic;
            let reason = format!("not an IDX file: it begins with {a:02x} {b:02x} {c:02x} {d:02x}");
            return Err(DataError::decode(path, reason));
        }
        if magic[2] != UNSIGNED_BYTE {
            let reason = format!(
                "IDX elements of type 0x{:02x}; only unsigned bytes (0x08) are images",
                magic[2]
            );
            return Err(DataError::decode(path, reason));
        }
        let mut dimensions = Vec::with_capacity(4);
        for _ in 0..magic[3] {
            let mut dimension = [0; 4];
            reader
                .read_exact(&mut dimension)
                .map_err(|error| DataError::broken(path, &error))?;
            dimensions.push(u32::from_be_bytes(dimension) as usize);
        }
        Ok(Self { dimensions })
    }

    fn own_bytes(&self) -> usize {
        4 + 4 * self.dimensions.len()
    }

    /// The product of the dimensions.
    fn checked_bytes(&self, path: &Path) -> Result<u64, DataError> {
        let product = self
            .dimensions
            .iter()
            .try_fold(1_u64, |product, &factor| product.checked_mul(factor as u64));
        product
            .filter(|&bytes| bytes <= i64::MAX as u64)
            .ok_or_else(|| {
                DataError::decode(
                    path,
                    format!("the header's dimensions {:?} are absurd", self.dimensions),
                )
            })
    }
}
