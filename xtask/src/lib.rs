#![doc = include_str!("../README.md")]

pub mod bench;
pub mod ci;
mod commands;
pub mod download;
pub mod glyphs;
pub mod layering;
pub mod peers;
pub mod progress;
pub mod sources;
