//! The networks that models are made of.

pub(crate) mod conv;
pub(crate) mod conv_stacks;
pub(crate) mod dense;
pub(crate) mod layer;
pub(crate) mod network;
pub(crate) mod padding;
pub(crate) mod upsampling;
