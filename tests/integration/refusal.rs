//! Commands that must fail as documented.

use std::path::Path;

use crate::command::{Ended, ae};
use crate::fixture::{FIXTURE, files_in};

/// A command line, where `{plain}` is the path of that name in the fixture; the exit code; and what the `error:` line
/// must contain.
pub(crate) type Row<'a> = (&'a str, i32, &'a [&'a str]);

/// Whether a command fails with one `error:` line and nothing else, and leaves no file behind.
pub(crate) fn check(folder: &Path, (line, code, parts): Row<'_>) -> Ended {
    let line = FIXTURE.fill(line);
    let before = files_in(folder);
    let ended = ae(folder, &line);
    assert_eq!(ended.code, code, "ae {line}: {ended:#?}");
    let errors = ended.lines("error:");
    assert_eq!(errors.len(), 1, "ae {line}: {ended:#?}");
    for part in parts {
        assert!(
            errors[0].contains(part),
            "{part:?} in ae {line}: {ended:#?}"
        );
    }
    assert!(ended.stdout.is_empty(), "ae {line}: {ended:#?}");
    for word in ["panicked", "RUST_BACKTRACE", "internal error"] {
        assert!(!ended.stderr.contains(word), "ae {line}: {ended:#?}");
    }
    assert_eq!(files_in(folder), before, "ae {line} left files behind");
    ended
}

/// Checks rows of a table: `command line | exit code | part ; part`.
pub(crate) fn check_all(folder: &Path, table: &str) {
    for row in table.lines().filter(|row| !row.trim().is_empty()) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [line, code, parts] = cells[..] else {
            panic!("a row of three cells: {row:?}");
        };
        let parts: Vec<&str> = parts.split(" ; ").collect();
        check(folder, (line, code.parse().expect("a code"), &parts));
    }
}
