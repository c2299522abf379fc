//! What the user of the binary `ae` sees, a file for each topic.

mod backends;
mod bad_input;
mod before;
mod binarization;
mod codes;
mod codewords;
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
mod picture_transform;
mod protocols;
mod ranks;
mod refusal;
mod self_supervised;
#[cfg(unix)]
mod serve;
mod shards;
#[cfg(unix)]
mod signals;
#[path = "../skipping.rs"]
mod skipping;
mod speed;
mod streaming;
mod streams;
mod training;
mod transform;
mod unet;
mod uses;
