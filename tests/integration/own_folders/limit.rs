//! C3: a limit takes images of every class, by seed.

use serde_json::{Value, json};

use super::inputs::write_discs;
use crate::command::done;
use crate::fixture::scratch;

fn counts(part: &Value) -> Vec<u64> {
    let classes = part["classes"].as_array().cloned().unwrap_or_default();
    classes
        .iter()
        .filter_map(|class| class["images"].as_u64())
        .collect()
}

#[test]
fn a_limit_is_spread_over_the_classes_of_every_part() {
    let folder = scratch();
    for (class, first) in [("a", 0), ("b", 100), ("c", 200)] {
        write_discs(
            folder.path(),
            &format!("set/train/{class}"),
            first..first + 40,
        );
        write_discs(
            folder.path(),
            &format!("set/test/{class}"),
            first + 40..first + 60,
        );
    }
    let found = done(folder.path(), "data info set --limit 30 --json").json();
    assert_eq!(counts(&found["train"]), [10, 10, 10]);
    assert_eq!(counts(&found["test"]), [10, 10, 10]);
    assert_eq!(found["parts"]["train"], 30);
    assert_eq!(found["parts"]["test"], 30);
    let line =
        "train --data set --limit 12 --model dense --widths 16,4 --epochs 1 --threads 1 -o run";
    let trained = done(folder.path(), line);
    assert!(trained.stderr.contains("12 training"), "{}", trained.stderr);
    // Others of another seed.
    let mean = |seed: u64| {
        let line = format!("data info set --limit 30 --seed {seed} --json");
        done(folder.path(), &line).json()["train"]["mean"].clone()
    };
    assert_eq!(mean(1), found["train"]["mean"]);
    assert_ne!(mean(1), mean(2));
}

#[test]
fn small_classes_give_all_that_they_have() {
    let folder = scratch();
    for (class, numbers) in [("a", 0..50), ("b", 50..53), ("c", 60..100)] {
        write_discs(folder.path(), &format!("set/{class}"), numbers);
    }
    let found = done(folder.path(), "data info set --limit 31 --json").json();
    assert_eq!(counts(&found["train"]), [14, 3, 14]);
    let flat = scratch();
    write_discs(flat.path(), "set", 0..50);
    let found = done(flat.path(), "data info set --limit 7 --json").json();
    assert_eq!(found["train"]["images"], json!(7));
}
