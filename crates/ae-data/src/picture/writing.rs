//! Writing pictures: which formats can be written, what each of them holds, and what a picture loses in it.

mod kind;
mod kinds;
mod loss;
mod reduce;
mod writer;

pub use loss::Loss;
pub use writer::{PictureWriter, Written, writable_extensions};

#[cfg(test)]
mod tests;
