#![doc = include_str!("../README.md")]

mod atomic;
mod folder;

pub use atomic::{
    Unfinished, WriteSeek, write_atomically, write_atomically_as, write_atomically_seeking,
};
pub use folder::{create_folder, move_folder, sync_folder};
