//! How a source is opened.

use std::path::PathBuf;
use std::sync::Arc;

use crate::image::ImageOptions;
use crate::sources::shard_index::ShardIndex;

/// How a source is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenOptions {
    /// What each image becomes: its size, its channels.
    pub image: ImageOptions,
    /// Rows and columns of the patches that are cut from pictures of any sizes, which become the set's images; `None` for
    /// whole pictures of one size. The pictures are decoded once and kept in memory; where they don't fit, that is
    /// an error.
    pub patch: Option<usize>,
    /// Whether the images of shards stay in them and are read whenever they are asked for, and how; `None` for into memory.
    pub stream: Option<Streaming>,
    /// Whether a single unreadable file is an error.
    pub strict: bool,
    /// Where the sets that are known by name and not built in have been downloaded to.
    pub downloads: PathBuf,
    /// The most bytes of pixels that are kept in memory. Folders beyond it are decoded anew whenever an image is read;
    /// archives and gzipped files beyond it are refused, and pictures for patches. Plain IDX files stay on the disk whatever their size.
    pub memory_bytes: u64,
}

/// How a set is streamed from shards: of each image its place, digest and label are in memory, and no pixels.
///
/// All are gone through once when the set is opened, and each is read again by its place whenever it is asked for. It then has
/// to be the same image.
#[derive(Clone, Debug, PartialEq)]
pub struct Streaming {
    /// Among how many images an order mixes ([`ImageSet::shuffle_buffer`](crate::ImageSet::shuffle_buffer)).
    pub shuffle_buffer: usize,
    /// What is known of the shards, in their order; `None` where opening them is to find it out.
    pub indexes: Option<Arc<[ShardIndex]>>,
}

impl Streaming {
    /// Where none is given.
    pub const SHUFFLE_BUFFER: usize = 10_000;
}

impl Default for Streaming {
    fn default() -> Self {
        Self {
            shuffle_buffer: Self::SHUFFLE_BUFFER,
            indexes: None,
        }
    }
}

impl Default for OpenOptions {
    /// Images as they are, whole, unreadable files tolerated within limits, `datasets/downloads`, 2 GiB.
    fn default() -> Self {
        Self {
            image: ImageOptions::default(),
            patch: None,
            stream: None,
            strict: false,
            downloads: PathBuf::from("datasets/downloads"),
            memory_bytes: 2 << 30,
        }
    }
}
