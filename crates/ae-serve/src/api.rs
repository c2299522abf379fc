//! What can be asked for under `/api/v1`: a file for each.

pub(crate) mod codes;
pub(crate) mod compress;
pub(crate) mod decompress;
pub(crate) mod denoise;
pub(crate) mod generate;
pub(crate) mod health;
pub(crate) mod images;
pub(crate) mod list;
pub(crate) mod reconstruct;
pub(crate) mod request;
pub(crate) mod score;
