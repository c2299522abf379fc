//! What is exported computes what the model does, and weights come back.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod cases;
mod checkpoints;
mod onnx;
mod pytorch;
mod refusals;
