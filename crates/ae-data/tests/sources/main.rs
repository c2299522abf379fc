//! Opening made-up and real sources of every kind.

mod archives;
mod files;
mod folders;
mod glyphs;
mod real;
mod support;
#[path = "../../src/test_images.rs"]
mod test_images;
