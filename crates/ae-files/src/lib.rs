#![doc = include_str!("../README.md")]

mod atomic;
mod folder;

pub use atomic::{Unfinished, write_atomically, write_atomically_as};
pub use folder::{create_folder, move_folder, sync_folder};
