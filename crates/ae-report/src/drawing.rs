//! What every picture is drawn with: the page, letters, colors and sizes.

pub(crate) mod canvas;
pub(crate) mod heading;
pub(crate) mod lettering;
pub(crate) mod picture;
pub(crate) mod theme;
pub(crate) mod viridis;
