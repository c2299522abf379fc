//! Batches of images, and the random numbers that go with them.

pub(crate) mod images;
pub(crate) mod latent_noise;
pub(crate) mod loader;
pub(crate) mod neighbors;
pub(crate) mod order;
pub(crate) mod plan;
