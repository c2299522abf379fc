//! What the user of the binary `ae` sees, a file for each topic.

mod backends;
mod bad_input;
mod before;
mod binarization;
mod codes;
mod command;
mod compression;
mod data;
mod denoising;
mod documentation;
mod evaluation;
mod fixture;
mod help;
mod interchange;
mod kinds;
mod own_folders;
mod patches;
mod photo;
mod refusal;
mod self_supervised;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod signals;
#[path = "../skipping.rs"]
mod skipping;
mod speed;
mod streams;
mod training;
mod transform;
mod unet;
mod uses;
