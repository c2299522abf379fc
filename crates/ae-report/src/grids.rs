//! Images and codes side by side.

pub(crate) mod cells;
pub(crate) mod code_tiles;
pub(crate) mod color_bar;
pub(crate) mod comparisons;
pub(crate) mod labeled_rows;
pub(crate) mod panels;
