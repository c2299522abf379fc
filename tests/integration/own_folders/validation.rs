//! C2: a folder of validation images chooses the epoch, is not trained on, and test images have no say.

use std::path::Path;

use super::inputs::{Picture, write, write_discs};
use crate::command::done;
use crate::fixture::scratch;

/// Images that a model that was just initialized is best at: one gray, the middle of the range.
fn write_middle_gray(folder: &Path, name: &str) {
    for number in 0..15 {
        let mut values = vec![128; 1024];
        values[number] = 127;
        let picture = Picture::new(32, 32, 1, values);
        write(folder, format!("{name}/{number:03}.png"), &picture.png());
    }
}

/// The best epoch of a run on a set whose validation and test images are discs, as the training images are, or grays.
fn best_epoch(validation: &str, discs_validate: bool, discs_test: bool) -> u64 {
    let folder = scratch();
    write_discs(folder.path(), "set/train", 0..30);
    for (name, discs, first) in [(validation, discs_validate, 30), ("test", discs_test, 45)] {
        let name = format!("set/{name}");
        match discs {
            true => write_discs(folder.path(), &name, first..first + 15),
            false => write_middle_gray(folder.path(), &name),
        }
    }
    let line = "train --data set --model dense --widths 32,8 --epochs 6 --batch-size 6 --learning-rate 0.002 \
                --warmup-steps 0 --threads 1 --json -o run";
    let json = done(folder.path(), line).json();
    json["best_epoch"].as_u64().unwrap_or_default()
}

#[test]
fn the_validation_folder_chooses_the_epoch_and_the_test_folder_does_not() {
    for validation in ["val", "Valid", "validation", "dev"] {
        // By the discs, more epochs are better; by the gray, the first is best.
        assert!(best_epoch(validation, true, false) > 2, "{validation}");
        assert_eq!(best_epoch(validation, false, true), 1, "{validation}");
    }
}

#[test]
fn the_validation_folder_is_a_part_of_its_own() {
    let folder = scratch();
    write_discs(folder.path(), "set/train", 0..15);
    write_discs(folder.path(), "set/val", 15..27);
    write_discs(folder.path(), "set/test", 27..37);
    let found = done(folder.path(), "data info set --json").json();
    let images = |part: &str| found[part]["images"].as_u64();
    assert_eq!(
        (images("train"), images("validation"), images("test")),
        (Some(15), Some(12), Some(10))
    );
    let parts = |part: &str| found["parts"][part].as_u64();
    assert_eq!(
        (parts("train"), parts("validation"), parts("test")),
        (Some(15), Some(12), Some(10))
    );
    assert_eq!(
        found["layout"]["recognized"],
        "folders train (15), validation (12), test (10); no classes"
    );
}

/// Without test files, test images are taken from the training images; the validation files stay what they are.
#[test]
fn train_and_validation_folders_alone_leave_test_images_to_the_share() {
    let folder = scratch();
    write_discs(folder.path(), "set/train", 0..60);
    write_discs(folder.path(), "set/val", 60..70);
    let found = done(folder.path(), "data info set --test-share 0.3 --json").json();
    let parts = |part: &str| found["parts"][part].as_u64().unwrap_or_default();
    assert_eq!(parts("validation"), 10);
    assert_eq!(parts("train") + parts("test"), 60);
    assert!((8..=28).contains(&parts("test")), "{found}");
}

#[test]
fn sets_without_folders_get_all_three_parts_down_to_three_images() {
    let folder = scratch();
    write_discs(folder.path(), "set", 0..100);
    let parts = |options: &str| {
        let line = format!("data info set --json {options}");
        let found = done(folder.path(), &line).json();
        let of = |part: &str| found["parts"][part].as_u64().unwrap_or_default();
        (of("train"), of("validation"), of("test"))
    };
    let (train, validation, test) = parts("");
    assert_eq!(train + validation + test, 100);
    assert!((10..=31).contains(&validation) && (3..=19).contains(&test));
    assert_eq!(parts("--size 16"), (train, validation, test));
    assert_eq!(parts("--validation-share 0").1, 0);
    assert_eq!(parts("--validation-share 0").2, test);
    assert_ne!(parts("--seed 5"), parts("--seed 6"));
    write_discs(folder.path(), "three", 0..3);
    write_discs(folder.path(), "two", 0..2);
    let found = done(folder.path(), "data info three").stdout;
    assert!(found.contains("train 1, validation 1, test 1"), "{found}");
    let found = done(folder.path(), "data info two").stdout;
    assert!(
        found.contains("none: two has 2 different images; its parts need at least 3"),
        "{found}"
    );
    let refused = crate::command::ae(folder.path(), "train --data two --epochs 1 -o run");
    assert_eq!(refused.code, 3, "{refused:#?}");
    assert!(
        refused.stderr.contains("its parts need at least 3"),
        "{refused:#?}"
    );
}
