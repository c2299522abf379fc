//! Classical denoising filters, the baselines of a denoiser.
//!
//! All take one image. But for [`bm3d()`], which takes color as a whole and looks inside the image alone, they treat every
//! channel alone and see the nearest edge pixel beyond an edge.

mod bm3d;
mod gaussian;
mod median;
mod noise_level;
mod non_local_means;
mod opponent;
mod planes;
#[cfg(test)]
mod test_images;

pub use bm3d::bm3d;
pub use gaussian::gaussian;
pub use median::median;
pub use noise_level::estimate_noise_sigma;
pub use non_local_means::{NonLocalMeans, non_local_means};
pub use opponent::{from_opponent, to_opponent};
