#![doc = include_str!("../README.md")]

pub mod bench;
pub mod ci;
mod commands;
#[cfg(unix)]
pub mod coverage;
pub mod dist;
pub mod download;
#[cfg(unix)]
pub mod faults;
pub mod file_map;
pub mod glyphs;
pub mod layering;
pub mod loopback;
mod mpi;
pub mod packages;
pub mod peers;
pub mod photo_model;
pub mod progress;
pub mod python;
pub mod skipped;
pub mod sources;
