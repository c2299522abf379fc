//! Images and codes side by side.

pub(crate) mod cells;
pub(crate) mod code_tiles;
pub(crate) mod color_bar;
pub(crate) mod color_range;
pub(crate) mod comparisons;
pub(crate) mod heat_maps;
pub(crate) mod image_grid;
pub(crate) mod panels;
pub(crate) mod picture_grid;
pub(crate) mod request;
