//! What the user of the binary `ae` sees, a file for each topic.

mod backends;
mod bad_input;
mod codes;
mod command;
mod data;
mod denoising;
mod evaluation;
mod fixture;
mod help;
#[cfg(unix)]
mod signals;
mod streams;
mod training;
