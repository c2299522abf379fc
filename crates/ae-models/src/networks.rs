//! The networks that models are made of.

pub(crate) mod causal_prior;
pub(crate) mod compute;
pub(crate) mod conv;
pub(crate) mod conv_config;
pub(crate) mod conv_inference;
pub(crate) mod conv_stacks;
pub(crate) mod cosines;
pub(crate) mod dense;
pub(crate) mod dense_config;
pub(crate) mod dense_inference;
pub(crate) mod layer;
pub(crate) mod network;
pub(crate) mod opponent;
pub(crate) mod options;
pub(crate) mod padding;
pub(crate) mod quarter;
pub(crate) mod quarter_inference;
pub(crate) mod rearranging;
pub(crate) mod stack_inference;
pub(crate) mod upsampling;
