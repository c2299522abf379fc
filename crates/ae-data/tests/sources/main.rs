//! Opening made-up and real sources of every kind.

mod archives;
mod files;
mod folders;
mod glyphs;
mod parts;
mod pictures;
mod real;
#[path = "../../../../tests/skipping.rs"]
mod skipping;
mod streamed;
mod support;
#[path = "../../src/test_images.rs"]
mod test_images;
