#![doc = include_str!("../README.md")]

mod draw;
mod stream;

pub use draw::{Draw, Purpose};
pub use stream::RandomStream;
