//! Sizes in one order, a map of few images, the data range, a message that says its option once.

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, scratch};

use super::inputs::{scene, write, write_discs};

#[test]
fn sizes_are_width_by_height_in_all_that_is_printed() {
    let folder = scratch();
    let path = folder.path();
    for number in 0..12 {
        write(
            path,
            format!("wide/{number:02}.png"),
            &scene(24, 16, 1, number).png(),
        );
    }
    let info = done(path, "data info wide").stdout;
    assert!(
        info.contains("24x16x1 (width x height x channels)"),
        "{info}"
    );
    let line =
        "train --data wide --out run --widths 4,8 --epochs 1 --batch-size 4 --quiet --threads 1";
    done(path, line);
    let info = done(path, "info run").stdout;
    assert!(
        info.contains("24x16x1 (width x height x channels)"),
        "{info}"
    );
    assert!(info.contains("(width x height x maps)"), "{info}");
    let ended = ae(path, "eval run --data wide --size 16x24");
    assert!(
        ended.stderr.contains("16x24x1") && ended.stderr.contains("24x16x1"),
        "{ended:#?}"
    );
    // The same word in `--size`.
    done(path, "data show wide --size 24x16 -o shown.png");
}

#[test]
fn a_map_of_three_images_says_that_it_is_no_tsne() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "few", 0..3);
    let plain = FIXTURE.argument("plain");
    for (count, method, warnings) in [(3, "PCA", 1), (2, "PCA", 1)] {
        let line = format!(
            "map {plain} --data few --size 28 --count {count} --part all -o map-{count}.png --json"
        );
        let ended = done(path, &line);
        assert_eq!(ended.json()["method"], method, "{ended:#?}");
        let said = ended.lines("warning: t-SNE takes 4 images at least");
        assert_eq!(said.len(), warnings, "{ended:#?}");
    }
    let line =
        format!("map {plain} --data few --size 28 --part all --method pca -o map.html --json");
    let ended = done(path, &line);
    assert!(ended.lines("warning:").is_empty(), "{ended:#?}");
    let data = FIXTURE.argument("drawings");
    let line = format!("map {plain} --data {data} --count 4 -o four.png --json");
    assert_eq!(done(path, &line).json()["method"], "t-SNE");
}

#[test]
fn psnr_and_ssim_say_their_data_range() {
    let plain = FIXTURE.argument("plain");
    let line = format!("eval {plain} --data {}", FIXTURE.argument("drawings"));
    let text = done(FIXTURE.path(), &line).stdout;
    assert!(
        text.contains("PSNR and SSIM of pixels on 0..1 (data range 1)"),
        "{text}"
    );
    let json = done(FIXTURE.path(), &format!("{line} --json")).json();
    assert_eq!(json["data_range"], 1.0);
    for command in ["eval", "reconstruct", "denoise"] {
        let help = done(FIXTURE.path(), &format!("{command} --help")).stdout;
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains("data range"), "{help}");
    }
}

#[test]
fn a_message_says_its_option_once() {
    let folder = scratch();
    for (option, said) in [
        (
            "--model sparse --sparsity l1:-1",
            "error: --sparsity: -1: must be a finite number of at least 0",
        ),
        (
            "--model vae --likelihood gaussian:-1",
            "error: --likelihood: -1: must be a finite number above 0",
        ),
        (
            "--model vae --beta-schedule linear:-1",
            "error: --beta-schedule: `linear:-1`: `-1` is not such a number",
        ),
    ] {
        let ended = ae(folder.path(), &format!("train {option} --epochs 1"));
        assert_eq!(
            (ended.code, ended.lines("error:")),
            (2, vec![said]),
            "{ended:#?}"
        );
    }
}
