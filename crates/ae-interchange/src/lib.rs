#![doc = include_str!("../README.md")]

mod configuration;
mod description;
mod error;
mod folder;
mod import;
mod onnx;
mod preparation;
mod pytorch;

pub use configuration::WeightsConfiguration;
pub use error::InterchangeError;
pub use import::read::{import, write_run};
pub use onnx::write::{Half, OnnxSummary, OnnxValue, to_onnx, write_onnx};
pub use preparation::ImagePreparation;
pub use pytorch::write::{PYTORCH_FILES, PytorchSummary, write_pytorch};
