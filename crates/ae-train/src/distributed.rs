//! Training in several processes: how they talk, which parts of a batch each computes, and how what they computed is added.

pub(crate) mod agreement;
pub(crate) mod batch_parts;
pub(crate) mod communicator;
pub(crate) mod flat_gradients;
pub(crate) mod handover;
pub(crate) mod ordered_sum;
#[cfg(test)]
mod streamed_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod threads;
