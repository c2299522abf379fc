//! What chooses the epoch: validation images. Test images are measured once, at the end, and change nothing.

use std::fs;
use std::path::Path;

use super::inputs::{scene, write, write_discs};
use crate::command::{Ended, ae, done};
use crate::fixture::scratch;

const SMALL: &str = "train --model dense --widths 16 --latent 4 --batch-size 8 --epochs 4 --backend flex --threads 1";

fn train(folder: &Path, more: &str) -> Ended {
    done(folder, &format!("{SMALL} {more}"))
}

/// The weights of a model file, without what stands before them.
fn weights(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).expect("a model");
    let (length, rest) = bytes.split_first_chunk().expect("a length");
    rest[u64::from_le_bytes(*length) as usize..].to_vec()
}

/// The lines of the log of one kind.
fn log(run: &Path, kind: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).expect("a log");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    lines
        .filter(|line: &serde_json::Value| line["kind"] == kind)
        .collect()
}

#[test]
fn other_test_images_give_the_same_model() {
    let folder = scratch();
    let path = folder.path();
    for set in ["first", "second"] {
        write_discs(path, &format!("{set}/train"), 0..30);
        write_discs(path, &format!("{set}/val"), 30..40);
    }
    write_discs(path, "first/test", 40..50);
    for number in 0..7 {
        let name = format!("second/test/{number}.png");
        write(path, name, &scene(32, 32, 1, number).png());
    }
    let ended = ["first", "second"]
        .map(|set| train(path, &format!("--data {set} --out run-{set} --json")).json());
    for name in ["model.safetensors", "last.safetensors"] {
        let of = |set: &str| weights(&path.join(format!("run-{set}")).join(name));
        assert!(of("first") == of("second"), "{name}");
    }
    for (set, images) in [("first", 10), ("second", 7)] {
        let run = path.join(format!("run-{set}"));
        let epochs = log(&run, "epoch");
        assert!(
            epochs.iter().all(|line| line["part"] == "validation"),
            "{epochs:?}"
        );
        let tests = log(&run, "test");
        assert_eq!(tests.len(), 1, "{tests:?}");
        assert_eq!(
            (&tests[0]["part"], &tests[0]["images"]),
            (&"test".into(), &images.into())
        );
        let end = &ended[usize::from(set == "second")];
        assert_eq!(tests[0]["quality"]["mse"], end["model"]["mse"]);
        assert_eq!(
            (&end["part"], &end["images"]),
            (&"test".into(), &images.into())
        );
        assert_eq!(
            (&end["compared_on"], &end["compared_images"]),
            (&"validation".into(), &10.into())
        );
        assert_eq!(end["best_epoch"], end["kept_epoch"]);
    }
    assert_ne!(ended[0]["model"]["mse"], ended[1]["model"]["mse"]);
}

#[test]
fn what_is_printed_names_the_part_that_was_measured() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "discs", 0..40);
    let ended = train(path, "--data discs --out run");
    let epochs = ended.lines("epoch ");
    assert!(
        epochs.len() == 4 && epochs.iter().all(|line| line.contains("  validation mse ")),
        "{epochs:?}"
    );
    assert!(
        ended.stdout.contains("images of the test set"),
        "{}",
        ended.stdout
    );
    let kept = ended
        .stdout
        .lines()
        .find(|line| line.contains("kept is epoch "))
        .expect("a line");
    assert!(
        kept.contains("the best on ") && kept.contains(" validation images"),
        "{kept}"
    );
    let info = done(path, "info run").stdout;
    assert!(info.contains(", validation mse 0."), "{info}");
}

#[test]
fn the_last_is_kept_on_request_and_without_validation_images() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "discs", 0..40);
    for (out, options, said) in [
        ("asked", "--select last", None),
        (
            "without",
            "--validation-share 0",
            Some("no validation images: epochs are not compared, the last is kept"),
        ),
    ] {
        let ended = train(path, &format!("--data discs {options} --out {out}"));
        assert!(
            ended.stdout.contains("kept is epoch 4, the last"),
            "{}",
            ended.stdout
        );
        if let Some(said) = said {
            assert!(ended.stderr.contains(said), "{}", ended.stderr);
            let epochs = ended.lines("epoch ");
            assert!(
                !epochs
                    .iter()
                    .any(|line| line.contains(" mse ") || line.contains("best")),
                "{epochs:?}"
            );
        }
        let run = path.join(out);
        assert!(
            weights(&run.join("model.safetensors")) == weights(&run.join("last.safetensors")),
            "{out}"
        );
    }
    for (option, named) in [
        ("--patience 3", "--patience"),
        ("--select best", "--select best"),
    ] {
        let ended = ae(
            path,
            &format!("{SMALL} --data discs --validation-share 0 {option} --out refused"),
        );
        assert_eq!(ended.code, 2, "{ended:#?}");
        let expected =
            format!("error: {named}: there are no validation images to compare epochs by");
        assert_eq!(ended.lines("error: "), [expected], "{ended:#?}");
        assert!(!path.join("refused").exists());
    }
}

#[test]
fn training_warns_of_what_data_info_warns_of() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "discs", 0..30);
    let black = scene(32, 32, 1, 0).bytes().iter().map(|_| 0).collect();
    write(
        path,
        "discs/zz.png",
        &super::inputs::Picture::new(32, 32, 1, black).png(),
    );
    let info = done(path, "data info discs --json").json();
    let warnings = info["train"]["warnings"]
        .as_array()
        .expect("a list")
        .clone();
    assert!(!warnings.is_empty(), "{info}");
    let ended = train(path, "--data discs --out run");
    for warning in &warnings {
        let expected = format!("warning: {}", warning.as_str().expect("text"));
        assert_eq!(
            ended.lines(&expected).len(),
            1,
            "{expected} in {}",
            ended.stderr
        );
    }
}
