//! Training in floating point, and what is made of it: integers.
//!
//! Training gives the same bits for any number of threads, on machines of one kind: a batch is divided into a fixed number
//! of parts, each part's gradient is computed by one thread, and the parts are summed in their order.

mod adam;
mod course;
mod fitting;
mod matmul;
mod network;
mod picture;
mod quantization;
mod samples;
mod settings;
mod source;
mod state;

pub use course::TrainingWatch;
pub use picture::PictureTrainingSettings;
pub use settings::{TrainingProgress, TrainingSettings};
pub use source::TrainingImages;
pub use state::TrainingState;
