//! Images that stay in tar archives: where each lies, and how it is read when it is asked for.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tar::Header;

use crate::error::DataError;
use crate::image::{Decoded, Image, ImageDigest, ImageOptions};
use crate::picture::{DeepRanges, PictureReader};

/// Archives that are open at a time, at most.
const OPEN_FILES: usize = 64;
/// Bytes of a header, which lies right before what it is of.
const HEADER_BYTES: usize = 512;

/// An archive.
pub(crate) struct ShardFile {
    pub(crate) path: PathBuf,
    /// Its length when it was gone through.
    pub(crate) bytes: u64,
    /// The number of its first image among those of all.
    pub(crate) first: usize,
}

/// The images of archives, each read by its place and decoded whenever it is asked for. None stays in memory.
pub(crate) struct ShardImages {
    pub(crate) shards: Vec<ShardFile>,
    /// Where each image's file begins in its archive.
    pub(crate) offsets: Vec<u64>,
    /// How many bytes it has.
    pub(crate) sizes: Vec<u32>,
    /// What it becomes.
    pub(crate) options: ImageOptions,
    pub(crate) ranges: DeepRanges,
    /// How many images an order mixes.
    pub(crate) shuffle_buffer: usize,
    open: Mutex<VecDeque<(usize, Arc<File>)>>,
    read: AtomicU64,
}

impl ShardImages {
    /// Those of `shards` at `offsets`, in the shape that `options` say.
    pub(crate) fn new(
        shards: Vec<ShardFile>,
        (offsets, sizes): (Vec<u64>, Vec<u32>),
        options: ImageOptions,
        ranges: DeepRanges,
        shuffle_buffer: usize,
    ) -> Self {
        Self {
            shards,
            offsets,
            sizes,
            options,
            ranges,
            shuffle_buffer,
            open: Mutex::default(),
            read: AtomicU64::new(0),
        }
    }

    /// How many images were read so far.
    pub(crate) fn images_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Reads an image, which must still be the one that `digest` is of.
    ///
    /// # Errors
    /// The archive is gone, shorter or damaged, or has another image there.
    pub(crate) fn image(&self, index: usize, digest: &ImageDigest) -> Result<Image, DataError> {
        self.read.fetch_add(1, Ordering::Relaxed);
        let number = self.shards.partition_point(|shard| shard.first <= index) - 1;
        let shard = &self.shards[number];
        let path = &shard.path;
        let file = self.opened(number)?;
        let mut bytes = vec![0; HEADER_BYTES + self.sizes[index] as usize];
        let start = self.offsets[index] - HEADER_BYTES as u64;
        read_at(&file, &mut bytes, start).map_err(|error| {
            match DataError::broken(path, &error) {
                DataError::Decode { reason, .. } => {
                    DataError::decode(path, format!("the image at byte {start}: {reason}"))
                }
                refused => refused,
            }
        })?;
        let content = bytes.split_off(HEADER_BYTES);
        let member = name_in(&bytes);
        let damaged = |reason: String| {
            DataError::decode(path, format!("{}: {reason}", member.to_string_lossy()))
        };
        let decoded = decoded(content, &member, &self.options, &self.ranges)
            .map_err(|error| damaged(error.reason()))?;
        if decoded.digest != *digest {
            let reason = "another image than when the shards were gone through";
            return Err(damaged(reason.to_owned()));
        }
        Ok(decoded.image)
    }

    /// An archive, opened, of which only so many are at a time.
    fn opened(&self, number: usize) -> Result<Arc<File>, DataError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, file)) = open.iter().find(|(of, _)| *of == number) {
            return Ok(Arc::clone(file));
        }
        let shard = &self.shards[number];
        let read = |error| DataError::read(&shard.path, error);
        let file = Arc::new(File::open(&shard.path).map_err(read)?);
        if file.metadata().map_err(read)?.len() != shard.bytes {
            let reason = format!(
                "it had {} bytes when the shards were gone through, and has others now",
                shard.bytes
            );
            return Err(DataError::decode(&shard.path, reason));
        }
        if open.len() == OPEN_FILES {
            open.pop_front();
        }
        open.push_back((number, Arc::clone(&file)));
        Ok(file)
    }
}

/// The one image of a member's bytes; its name tells the format that has no signature.
pub(crate) fn decoded(
    bytes: Vec<u8>,
    member: &Path,
    options: &ImageOptions,
    ranges: &DeepRanges,
) -> Result<Decoded, DataError> {
    let mut reader = PictureReader::from_bytes_raw(bytes, member, &options.limits)?;
    match reader.page_count() {
        1 => Ok(Decoded::of_page(&reader.raw_page(0)?, ranges, options)),
        pages => {
            let reason = format!("{pages} pages, and an image that is streamed has one");
            Err(DataError::decode(member, reason))
        }
    }
}

/// The name that a header says.
pub(crate) fn name_in(header: &[u8]) -> PathBuf {
    let header = Header::from_byte_slice(header);
    PathBuf::from(String::from_utf8_lossy(&header.path_bytes()).into_owned())
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !buffer.is_empty() {
        let read = file.seek_read(buffer, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let rest = buffer;
        buffer = &mut rest[read..];
        offset += read as u64;
    }
    Ok(())
}
