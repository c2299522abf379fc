//! Says at the end of `cargo test --workspace`, of which this crate's tests are the last, what was skipped.

use std::io::{self, Write as _};

#[test]
fn what_was_skipped_is_said() {
    let binary = std::env::current_exe().expect("a path");
    let folder = binary.ancestors().nth(2).expect("a folder");
    if let Some(summary) = xtask::skipped::summary(folder) {
        // The test harness swallows what `eprintln!` prints.
        let _ = writeln!(io::stderr(), "\n{summary}");
    }
}
