//! The `ae` command.
fn main() {}
