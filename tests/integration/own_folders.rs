//! Right answers on folders that people bring: a file for each kind, whose tests are named for what went wrong.
//!
//! [`inputs`] makes the folders: the same synthetic pictures in any format, without a file from elsewhere.

mod inputs;

// A line for each kind, in alphabetical order.
mod as_written;
mod code_axes;
mod kept;
mod measuring;
mod pages;
mod preprocessing;
mod results_apart;
mod same_set;
mod small_things;
mod where_it_lies;
