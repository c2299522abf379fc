//! What codes are good for: `ae anomaly`, `ae probe`, `ae map`, and `ae verify`.

use std::fs;

use crate::command::done;
use crate::fixture::{FIXTURE, idx, scratch};
use crate::refusal::check_all;

/// Diagonal stripes, of another kind than the drawings.
fn stripes(count: u32, side: u32) -> Vec<u8> {
    let pixels = (0..count * side * side).map(|index| {
        let (row, column) = (index / side % side, index % side);
        if (row + column + index / (side * side)) % 6 < 3 {
            230
        } else {
            0
        }
    });
    idx(&[count, side, side], &pixels.collect::<Vec<u8>>())
}

#[test]
fn what_is_foreign_scores_above_what_is_not() {
    let folder = scratch();
    let path = folder.path();
    fs::write(path.join("stripes-images-idx3-ubyte"), stripes(20, 28)).expect("written");
    let (model, data) = (FIXTURE.argument("plain"), FIXTURE.argument("drawings"));
    let line = format!(
        "anomaly {model} --data {data} --foreign stripes-images-idx3-ubyte --false-alarm-rate 0.1 --score error"
    );
    let printed = done(path, &format!("{line} -o strange.png")).stdout;
    assert!(printed.contains("AUROC"), "{printed}");
    let picture = image::open(path.join("strange.png")).expect("a picture");
    assert!(picture.width() > 400 && picture.height() > 400);
    let json = done(path, &format!("{line} --json")).json();
    assert!(json["auroc"].as_f64().expect("a number") > 0.9, "{json}");
    assert_eq!(json["foreign"]["images"], 20);
    assert_eq!(
        json["judged"]["files"].as_array().expect("a list").len(),
        32
    );
    assert_eq!(json["foreign"]["anomalous_share"], 1.0);
    // Without a foreign set there is nothing to set beside.
    let alone = done(path, &format!("anomaly {model} --data {data} --json")).json();
    assert!(
        alone["auroc"].is_null() && alone["threshold"].is_number(),
        "{alone}"
    );
}

#[test]
fn labels_are_learned_from_codes_pca_and_pixels() {
    let folder = scratch();
    let (model, data) = (FIXTURE.argument("narrow"), FIXTURE.argument("drawings"));
    let json = done(
        folder.path(),
        &format!("probe {model} --data {data} --json"),
    )
    .json();
    let features = json["features"].as_array().expect("a list");
    let names: Vec<_> = features.iter().map(|kind| kind["name"].as_str()).collect();
    assert_eq!(names, [Some("code"), Some("PCA"), Some("pixels")]);
    assert_eq!(features[0]["numbers"], 12);
    assert_eq!(features[1]["numbers"], 12);
    assert_eq!(features[2]["numbers"], 784);
    let all = done(
        folder.path(),
        &format!("probe {model} --data {data} --neighbors 100000 --json"),
    );
    assert_eq!(all.json()["neighbours"], all.json()["train_images"]);
    assert!(all.stderr.contains("training images vote"), "{all:#?}");
    // Nearly every drawing of the test set is among the training images, too.
    for accuracy in ["neighbour_accuracy", "linear_accuracy"] {
        assert!(features[2][accuracy].as_f64() > Some(0.9), "{json}");
    }
}

#[test]
fn codes_are_laid_out_as_a_picture_and_as_a_page() {
    let folder = scratch();
    let path = folder.path();
    let (model, data) = (FIXTURE.argument("narrow"), FIXTURE.argument("drawings"));
    let map = |more: &str| {
        done(
            path,
            &format!("map {model} --data {data} --part test {more}"),
        );
    };
    map("-o map.png");
    map("--method pca -o pca.png");
    map("-o map.html");
    let pixels = |name: &str| image::open(path.join(name)).expect("a picture").to_rgb8();
    assert_ne!(pixels("map.png"), pixels("pca.png"));
    let page = fs::read_to_string(path.join("map.html")).expect("a page");
    assert!(page.contains("data:image/png;base64,"));
    assert!(!page.contains("http"), "a page that needs no network");
    map("-o again.png");
    assert_eq!(pixels("again.png"), pixels("map.png"), "no randomness");
}

#[test]
fn what_cannot_be_used_is_refused() {
    let folder = scratch();
    let path = folder.path();
    fs::write(path.join("small-images-idx3-ubyte"), stripes(8, 20)).expect("written");
    fs::write(path.join("stripes-images-idx3-ubyte"), stripes(20, 28)).expect("written");
    check_all(
        path,
        "
        anomaly {plain} --data {drawings} --foreign small-images-idx3-ubyte | 3 | images of 20x20x1
        anomaly {plain} --data {drawings} --foreign gone.gz              | 5 | gone.gz
        anomaly {plain} --false-alarm-rate 1                             | 2 | --false-alarm-rate: '1'
        probe {plain} --data stripes-images-idx3-ubyte                   | 3 | no labels
        map {plain} -o map.pdf                                           | 2 | must end in .png or .html
        map {plain} --count 100000 -o map.png                            | 2 | --count: '100000'
        eval {plain} --data {drawings} --nll 5                           | 2 | --nll: a model of kind conv has no likelihood
        verify --data gone                                               | 2 | no such folder
        verify --data . --only 'k = 7'                                   | 2 | --only k = 7: no row has that in it
        ",
    );
}

#[test]
fn protocols_without_their_data_are_skipped_by_name() {
    let folder = scratch();
    let ended = done(folder.path(), "verify --quick --data .");
    assert!(
        ended.stdout.contains("0 passed, 0 failed"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("skipped: no data"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.lines("warning: skipped: ").len() >= 3,
        "{}",
        ended.stderr
    );
}

#[test]
fn protocols_are_chosen_by_what_their_titles_have() {
    let folder = scratch();
    let line = "verify --data . --only 'k = 5,' --only '784-400-20, 10 epochs on mnist'";
    let ended = done(folder.path(), line);
    let skipped = ended.lines("warning: skipped: ");
    assert_eq!(skipped.len(), 2, "{}", ended.stderr);
    assert!(skipped[0].contains("VAE 784-400-20"), "{}", skipped[0]);
    assert!(skipped[1].contains("k = 5,"), "{}", skipped[1]);
}
