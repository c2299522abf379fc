//! What a model can do, and what it is asked with.

pub(crate) mod autoencoder;
pub(crate) mod latent_variable;
pub(crate) mod loss;
pub(crate) mod posterior;
pub(crate) mod random;
