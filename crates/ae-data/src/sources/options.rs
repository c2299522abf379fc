//! How a source is opened.

use std::path::PathBuf;

use crate::image::ImageOptions;

/// How a source is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenOptions {
    /// What each image becomes: its size, its channels.
    pub image: ImageOptions,
    /// Whether a single unreadable file is an error.
    pub strict: bool,
    /// Where the sets that are known by name and not built in have been downloaded to.
    pub downloads: PathBuf,
    /// The most bytes of pixels that are kept in memory. Folders beyond it are decoded anew whenever an image is read;
    /// archives and gzipped files beyond it are refused. Plain IDX files stay on the disk whatever their size.
    pub memory_bytes: u64,
}

impl Default for OpenOptions {
    /// Images as they are, unreadable files tolerated within limits, `datasets/downloads`, 2 GiB.
    fn default() -> Self {
        Self {
            image: ImageOptions::default(),
            strict: false,
            downloads: PathBuf::from("datasets/downloads"),
            memory_bytes: 2 << 30,
        }
    }
}
