#![doc = include_str!("../README.md")]

pub mod ci;
pub mod download;
pub mod glyphs;
pub mod layering;
pub mod progress;
pub mod sources;
