//! Fully connected layers in a row: forward, backward and training passes on slices.
//!
//! The matrix products are the crate faer's; what is between them is done here while the rows are in cache.

pub(crate) mod layer;
pub(crate) mod parts;
mod passes;
pub(crate) mod row_losses;
pub(crate) mod stack;
mod weight_gradients;
