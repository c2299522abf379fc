//! What a model can do, and what it is asked with.

pub(crate) mod capabilities;
pub(crate) mod code_bits;
pub(crate) mod discrete_codes;
pub(crate) mod host_decoder;
pub(crate) mod latent_variable;
pub(crate) mod loss;
pub(crate) mod objective;
pub(crate) mod posterior;
pub(crate) mod random;
pub(crate) mod support;
pub(crate) mod validation;
