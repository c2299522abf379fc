//! Tests that were skipped because this machine lacks what they want, as `tests/skipping.rs` records them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One line on the tests that were skipped when they last ran; nothing where none was.
///
/// `folder` is cargo's folder for what it builds in a profile, such as `target/debug`.
#[must_use]
pub fn summary(folder: &Path) -> Option<String> {
    let mut wants: BTreeMap<String, usize> = BTreeMap::new();
    let records = fs::read_dir(folder.join("skipped-tests")).into_iter();
    for record in records.flatten().flatten() {
        // A record that is gone by now is of a test that runs again.
        if let Ok(want) = fs::read_to_string(record.path()) {
            *wants.entry(want).or_default() += 1;
        }
    }
    let all: usize = wants.values().sum();
    let each = |(want, count): (&String, &usize)| match count {
        1 => format!("1 wants {want}"),
        count => format!("{count} want {want}"),
    };
    let reasons: Vec<String> = wants.iter().map(each).collect();
    let tests = if all == 1 { "test" } else { "tests" };
    (all > 0).then(|| format!("skipped: {all} {tests}: {}", reasons.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(summary(folder.path()), None);
        let records = folder.path().join("skipped-tests");
        fs::create_dir(&records).unwrap();
        let check = |name: &str, want: &str, expected: &str| {
            fs::write(records.join(name), want).unwrap();
            assert_eq!(summary(folder.path()).as_deref(), Some(expected));
        };
        check("a", "a GPU", "skipped: 1 test: 1 wants a GPU");
        check("b", "a GPU", "skipped: 2 tests: 2 want a GPU");
        check("c", "data", "skipped: 3 tests: 2 want a GPU, 1 wants data");
    }
}
