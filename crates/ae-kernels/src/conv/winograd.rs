//! Convolutions by transformed tiles, one way for all transforms.
//!
//! An algorithm names its [`transforms`]; [`by_tiles`] takes a stage through them. Small passes transform weights
//! [`on_the_fly`]; what transforms round otherwise than sums do where it shows, [`zero_windows`] and [`tie_break`] mend.

pub(crate) mod by_tiles;
mod on_the_fly;
mod overlap_add;
mod products;
mod tie_break;
mod tile_transforms;
pub(crate) mod tiles;
pub(crate) mod transforms;
mod zero_windows;
