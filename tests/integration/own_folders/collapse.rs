//! Models that learned nothing and codes that died: said, with what to try.

use super::inputs::{scene, write, write_discs};
use crate::command::{Ended, done};
use crate::fixture::scratch;

fn train(folder: &std::path::Path, more: &str) -> Ended {
    let line =
        format!("train --size 16 --batch-size 16 --backend flex --threads 1 --quiet --json {more}");
    done(folder, &line)
}

fn said<'a>(ended: &'a Ended, text: &str) -> Vec<&'a str> {
    let warnings = ended.lines("warning: ").into_iter();
    warnings.filter(|line| line.contains(text)).collect()
}

/// Whether the model's error is below the mean image's, in the command's own table.
fn beats_the_mean(ended: &Ended) -> bool {
    let json = ended.json();
    let baselines = json["baselines"].as_array().expect("a list");
    let mean = baselines
        .iter()
        .find(|row| row["name"] == "mean image")
        .expect("a row");
    json["model"]["mse"].as_f64() < mean["mse"].as_f64()
}

#[test]
fn a_model_no_better_than_the_mean_image_is_told_with_what_to_try() {
    let folder = scratch();
    write_discs(folder.path(), "discs", 0..60);
    for (out, options, tries) in [
        (
            "high",
            "--model dense --widths 32 --latent 8 --epochs 20 --learning-rate 3",
            "a smaller --learning-rate (this was 3, 0.008 is usual for adam)",
        ),
        (
            "conv",
            "--model conv --widths 4,8 --epochs 10 --learning-rate 3",
            "a smaller --learning-rate (this was 3",
        ),
        (
            "short",
            "--model dense --widths 32 --latent 8 --epochs 1",
            "more --epochs or a smaller --batch-size",
        ),
    ] {
        let ended = train(
            folder.path(),
            &format!("--data discs {options} --out {out}"),
        );
        assert!(
            !beats_the_mean(&ended),
            "{out}: the case is none: {ended:#?}"
        );
        let told = said(&ended, "no better than the mean image");
        assert_eq!(told.len(), 1, "{out}: {ended:#?}");
        assert!(told[0].contains(tries), "{out}: {told:?}");
    }
}

#[test]
fn codes_that_died_are_told() {
    let folder = scratch();
    write_discs(folder.path(), "discs", 0..60);
    let ended = train(
        folder.path(),
        "--data discs --model dense --widths 32 --latent 8 --epochs 20 --learning-rate 3 --out dead",
    );
    let activity = &ended.json()["code_activity"];
    let told = said(&ended, "died");
    let constant = activity["constant"].as_u64().expect("a number");
    assert_eq!(
        told.len(),
        usize::from(2 * constant >= 8),
        "{activity} {ended:#?}"
    );
    // A posterior that is held to the prior says nothing of an image.
    let vae = "--data discs --model vae --network dense --widths 32 --latent 8 --epochs 5";
    let ended = train(folder.path(), &format!("{vae} --beta 1000 --out ignored"));
    assert_eq!(ended.json()["codes"]["active_units"], 0, "{ended:#?}");
    assert_eq!(said(&ended, "the code is ignored").len(), 1, "{ended:#?}");
    assert_eq!(said(&ended, "--beta").len(), 1, "{ended:#?}");
}

#[test]
fn a_model_that_learned_is_not_warned_of() {
    let folder = scratch();
    for number in 0..80 {
        write(
            folder.path(),
            format!("scenes/{number:02}.png"),
            &scene(16, 16, 1, number).png(),
        );
    }
    let ended = train(
        folder.path(),
        "--data scenes --model dense --widths 64 --latent 16 --epochs 60 --out fine",
    );
    assert!(beats_the_mean(&ended), "{ended:#?}");
    assert!(ended.lines("warning: ").is_empty(), "{ended:#?}");
}
