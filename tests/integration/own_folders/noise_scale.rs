//! Strengths of noise on the scale of bytes: fractions are understood, and what looks like them is told.

use super::inputs::{scene, write, write_discs};
use crate::command::{ae, done};
use crate::fixture::scratch;

#[test]
fn a_fraction_is_the_number_that_it_is() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "discs", 0..12);
    for (out, noise) in [
        ("fraction", "gaussian:51/255"),
        ("number", "gaussian:0.2"),
        ("ranges", "gaussian:0/255..51/255,masking:1/4"),
        ("numbers", "gaussian:0..0.2,masking:0.25"),
    ] {
        done(
            path,
            &format!("data noise discs --noise {noise} -o {out}.png --quiet"),
        );
    }
    let read = |name: &str| std::fs::read(path.join(name)).expect("there");
    assert!(read("fraction.png") == read("number.png"));
    assert!(read("ranges.png") == read("numbers.png"));
    assert!(read("fraction.png") != read("ranges.png"));
}

#[test]
fn a_strength_on_the_scale_of_bytes_is_hinted_at_in_every_command() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "discs", 0..40);
    write(path, "scene.png", &scene(32, 32, 1, 0).png());
    let small = "--model dense --widths 16 --latent 4 --epochs 1 --backend flex --threads 1 --out";
    done(
        path,
        &format!("train --data discs --noise gaussian:25/255 {small} run --quiet"),
    );
    for (number, command) in [
        format!("train --data discs {small} other"),
        "eval run".to_owned(),
        "show run -o shown.png".to_owned(),
        "denoise scene.png -o clean.png --model run".to_owned(),
        "data noise discs -o noises.png".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        // Too much of it is refused, with what was meant.
        let ended = ae(path, &format!("{command} --noise gaussian:25"));
        assert_eq!(ended.code, 2, "{command}: {ended:#?}");
        assert!(
            ended.lines("error: ")[0].contains("gaussian:25/255"),
            "{command}: {ended:#?}"
        );
        // What could be meant is taken, with a warning.
        let strengths = [
            ("gaussian:10", "gaussian:10/255"),
            ("poisson:0..5", "poisson:0/255..5/255"),
        ];
        let (noise, written) = strengths[number % 2];
        let ended = done(path, &format!("{command} --noise {noise}"));
        let told = ended.lines("warning: --noise ");
        assert!(
            told.len() == 1 && told[0].ends_with(written),
            "{command}: {ended:#?}"
        );
    }
    for (noise, meant) in [
        ("masking:30", "masking:30/100"),
        ("gaussian:15..50", "gaussian:15/255..50/255"),
    ] {
        let ended = ae(
            path,
            &format!("data noise discs --noise {noise} -o refused.png"),
        );
        assert!(
            ended.code == 2 && ended.lines("error: ")[0].contains(meant),
            "{ended:#?}"
        );
    }
    let ended = done(
        path,
        "data noise discs --noise gaussian:25/255,blur:3 -o fine.png",
    );
    assert!(ended.lines("warning: ").is_empty(), "{ended:#?}");
}
