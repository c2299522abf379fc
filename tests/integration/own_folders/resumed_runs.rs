//! Runs that are resumed with another number of epochs: history stands, and a jump of the rate is told.

use std::fs;
use std::path::Path;

use super::inputs::write_discs;
use crate::command::{ae, done};
use crate::fixture::scratch;

const SMALL: &str = "train --data discs --model dense --widths 16 --latent 4 --batch-size 8 --backend flex --threads 1";

fn read(path: &Path, name: &str) -> Vec<u8> {
    fs::read(path.join(name)).expect("there")
}

fn text(path: &Path, name: &str) -> String {
    String::from_utf8(read(path, name)).expect("text")
}

#[test]
fn fewer_epochs_than_are_done_are_refused() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "discs", 0..40);
    done(path, &format!("{SMALL} --epochs 5 --out run --quiet"));
    let files = [
        "config.toml",
        "metrics.jsonl",
        "model.safetensors",
        "last.safetensors",
    ];
    let before = files.map(|name| read(&path.join("run"), name));
    for epochs in ["1", "4"] {
        let ended = ae(
            path,
            &format!("train --resume run --epochs {epochs} --backend flex"),
        );
        assert_eq!(ended.code, 2, "{ended:#?}");
        let errors = ended.lines("error: ");
        let expected = format!("run has begun its epoch 5: it cannot end with epoch {epochs}");
        assert!(
            errors.len() == 1 && errors[0].ends_with(&expected),
            "{ended:#?}"
        );
        let hints = ended.lines("hint: ");
        assert!(
            hints.len() == 1 && hints[0].contains("--epochs 5"),
            "{ended:#?}"
        );
        assert!(
            before == files.map(|name| read(&path.join("run"), name)),
            "{epochs} epochs"
        );
    }
    // As many as are done is nothing to do.
    done(path, "train --resume run --epochs 5 --backend flex --quiet");
    assert!(before[0] == read(&path.join("run"), "config.toml"));
}

#[test]
fn a_longer_run_tells_the_jump_of_its_rate_and_keeps_it() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "discs", 0..40);
    done(path, &format!("{SMALL} --epochs 10 --out run --quiet"));
    let past = text(&path.join("run"), "metrics.jsonl");
    let resumed = done(path, "train --resume run --epochs 20 --backend flex");
    let told = resumed.lines("warning: from step ");
    assert_eq!(told.len(), 1, "{}", resumed.stderr);
    // A cosine from 0.008 to 0.00008, which is half way down in a run of twice the length.
    for part in [
        "the learning rate is 4.",
        "where it would have been 8.000e-5",
        "its schedule now ends with epoch 20 instead of 10",
        "[[train.segments]]",
    ] {
        assert!(told[0].contains(part), "{part} in {}", told[0]);
    }
    let steps = |text: &str| -> Vec<String> {
        let steps = text
            .lines()
            .filter(|line| line.contains("\"kind\":\"step\""));
        steps.map(str::to_owned).collect()
    };
    let (past, all) = (
        steps(&past),
        steps(&text(&path.join("run"), "metrics.jsonl")),
    );
    assert_eq!(all.len(), 2 * past.len());
    assert_eq!(all[..past.len()], past, "the past is as it was");
    let config = text(&path.join("run"), "config.toml");
    let segment = format!(
        "[[train.segments]]\nuntil_step = {}\nepochs = 10\n",
        past.len()
    );
    assert!(
        config.contains(&segment) && config.contains("epochs = 20"),
        "{config}"
    );

    // Resumed again, nothing changes and nothing is told; the configuration alone gives the same run.
    let again = done(path, "train --resume run --backend flex");
    assert!(
        again.lines("warning: from step ").is_empty(),
        "{}",
        again.stderr
    );
    assert_eq!(text(&path.join("run"), "config.toml"), config);
    done(
        path,
        "train --config run/config.toml --backend flex --out once --quiet",
    );
    for name in ["model.safetensors", "last.safetensors"] {
        assert!(
            read(&path.join("run"), name) == read(&path.join("once"), name),
            "{name}"
        );
    }
    assert_eq!(steps(&text(&path.join("once"), "metrics.jsonl")), all);
}

#[test]
fn a_constant_rate_is_no_jump() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "discs", 0..40);
    done(
        path,
        &format!("{SMALL} --epochs 3 --schedule constant --warmup-steps 0 --out run --quiet"),
    );
    let resumed = done(path, "train --resume run --epochs 6 --backend flex");
    assert!(
        resumed.lines("warning: from step ").is_empty(),
        "{}",
        resumed.stderr
    );
    let config = text(&path.join("run"), "config.toml");
    assert!(
        config.contains("epochs = 6") && !config.contains("segments"),
        "{config}"
    );
}
