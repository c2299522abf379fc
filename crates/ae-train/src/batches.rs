//! Batches of images, and the random numbers that go with them.

pub(crate) mod latent_draws;
pub(crate) mod loader;
