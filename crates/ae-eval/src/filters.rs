//! Classical denoising filters, the baselines of a denoiser.
//!
//! All take one image, treat every channel alone and see the nearest edge pixel beyond an edge.

mod gaussian;
mod median;
mod non_local_means;
mod planes;
#[cfg(test)]
mod test_images;

pub use gaussian::gaussian;
pub use median::median;
pub use non_local_means::{NonLocalMeans, non_local_means};
