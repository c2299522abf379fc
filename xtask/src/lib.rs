#![doc = include_str!("../README.md")]

pub mod ci;
pub mod download;
#[cfg(unix)]
pub mod faults;
pub mod glyphs;
pub mod layering;
pub mod loopback;
pub mod progress;
pub mod sources;
