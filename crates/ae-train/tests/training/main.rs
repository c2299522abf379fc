//! What training promises: it learns, repeats itself to the bit, survives interruption, and stops at a NaN.

mod binarization;
mod capabilities;
mod kernels;
mod kinds;
mod learning;
mod longer;
mod patches;
mod quantized;
mod resuming;
mod run_directory;
mod selection;
mod self_supervised;
mod steps;
mod support;
mod weight_average;
