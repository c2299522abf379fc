//! Maps of codes: one point for each image, in a plane.

pub(crate) mod page;
pub(crate) mod picture;
pub(crate) mod points;
