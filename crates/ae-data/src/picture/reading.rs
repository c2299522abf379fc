//! Reading pictures: what a file is, whether all of it is there, and its pages as they are stored.

mod bmp;
mod encoded;
mod gif;
mod jpeg;
mod jpeg_scans;
mod left_out;
mod limits;
mod page_name;
mod png;
mod pnm;
mod signature;
mod tiff;
mod upright;
mod webp;

pub(crate) use encoded::Encoded;
pub(crate) use limits::{check_file_bytes, check_size};
pub(crate) use page_name::page_name;
pub use page_name::split_page;
pub(crate) use signature::{Recognized, START_BYTES, has_name_of, not_read, recognize};
pub(crate) use tiff::TiffPages;
pub(crate) use upright::upright;
