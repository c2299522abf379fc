//! Every file of the fuzz targets' corpora, so that what was found once stays found.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/bodies/data.rs"]
mod data;

/// A target's name and what it does with its input.
type Target = (&'static str, fn(&[u8]));

#[test]
fn the_corpora_are_no_danger() {
    let targets: [Target; 5] = [
        ("idx", data::idx),
        ("archive", data::archive),
        ("image", data::image),
        ("folder", data::folder),
        ("languages", data::languages),
    ];
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
