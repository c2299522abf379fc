//! Runs targets over their corpora, as the crates' tests do.

use std::fs;
use std::path::Path;

/// A target's name and what it does with its input.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// Gives each target every file of its corpus, of which there must be one.
pub(crate) fn replay(targets: &[Target]) {
    for (name, body) in targets {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fuzz/corpus")
            .join(name);
        let mut tried = 0;
        for entry in fs::read_dir(corpus).expect("a corpus") {
            let path = entry.expect("a file").path();
            body(&fs::read(&path).expect("readable"));
            tried += 1;
        }
        assert!(tried > 0, "{name}");
    }
}
