//! The pictures of a file with nothing lost: every page, its samples as they are stored, and what the file says of them.
//!
//! An [`Image`](crate::Image) is what a model learns from: bytes, gray or color. A [`Page`] is what somebody wants back.

mod depth;
mod exif;
mod format;
mod metadata;
mod page;
mod planes;
mod range;
mod reader;
mod reading;
mod shrinking;
mod writing;

pub(crate) use depth::{DeepRanges, Depths};
pub use format::PictureFormat;
pub use metadata::{JpegCoding, PictureMetadata, PngColors, Resolution, ResolutionUnit};
pub use page::{Page, Samples, ValueRange};
pub use reader::PictureReader;
pub use reading::split_page;
pub(crate) use reading::{
    Recognized, START_BYTES, check_size, has_name_of, not_read, page_name, recognize,
};
pub use writing::{Loss, PictureWriter, Written, writable_extensions};
