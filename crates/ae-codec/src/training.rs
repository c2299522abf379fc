//! Training in floating point, and what is made of it: integers.
//!
//! Training gives the same bits for any number of threads, on machines of one kind: a batch is divided into a fixed number
//! of parts, each part's gradient is computed by one thread, and the parts are summed in their order.

mod adam;
mod fitting;
mod matmul;
mod network;
mod quantization;
mod samples;
mod settings;

pub use settings::{TrainingProgress, TrainingSettings};
