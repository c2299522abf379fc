//! How a source is opened.

use std::path::PathBuf;

use crate::image::ImageOptions;

/// How a source is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenOptions {
    /// What each image becomes: its size, its channels.
    pub image: ImageOptions,
    /// Rows and columns of the patches that are cut from pictures of any sizes, which become the set's images; `None` for
    /// whole pictures of one size. The pictures are decoded once and kept in memory; where they don't fit, that is
    /// an error.
    pub patch: Option<usize>,
    /// Whether a single unreadable file is an error.
    pub strict: bool,
    /// Where the sets that are known by name and not built in have been downloaded to.
    pub downloads: PathBuf,
    /// The most bytes of pixels that are kept in memory. Folders beyond it are decoded anew whenever an image is read;
    /// archives and gzipped files beyond it are refused, and pictures for patches. Plain IDX files stay on the disk whatever their size.
    pub memory_bytes: u64,
}

impl Default for OpenOptions {
    /// Images as they are, whole, unreadable files tolerated within limits, `datasets/downloads`, 2 GiB.
    fn default() -> Self {
        Self {
            image: ImageOptions::default(),
            patch: None,
            strict: false,
            downloads: PathBuf::from("datasets/downloads"),
            memory_bytes: 2 << 30,
        }
    }
}
