//! Trainings of the codec that are stopped, killed and resumed: what comes of them has the same bytes.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use crate::command::{ae, command, done};
use crate::fixture::{scratch, write_set};

/// As short as can be, and still interrupted before its end.
const TRAIN: &str = "train --model pixel --data drawings --batch-size 32 --steps 1200 --checkpoint-every 20steps --threads 1 --quiet";

fn model(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("model.aepixel")).expect(run)
}

fn wait_for(path: &Path) {
    for _ in 0..2_400 {
        if path.exists() {
            return;
        }
        sleep(Duration::from_millis(25));
    }
    panic!("{} not within a minute", path.display());
}

#[test]
fn a_killed_training_is_resumed_to_the_same_bytes() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 48, 16);
    done(path, &format!("{TRAIN} -o whole"));
    assert!(!path.join("whole/training").exists());
    for options in ["", " --patch 12"] {
        let whole = format!("whole{}", options.len());
        let killed = format!("killed{}", options.len());
        done(path, &format!("{TRAIN}{options} -o {whole}"));
        let mut child = command(path, &format!("{TRAIN}{options} -o {killed}"))
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("ae starts");
        wait_for(&path.join(&killed).join("training/state.aetrain"));
        // Without a chance to save anything more.
        child.kill().expect("killed");
        child.wait().expect("an end");
        assert!(!path.join(&killed).join("model.aepixel").exists());
        // As it would leave if it were killed while it wrote.
        let unfinished = path.join(&killed).join("training/.ae-a1b2c3.tmp");
        fs::write(unfinished, "half").expect("written");
        let ended = ae(path, &format!("train --resume {killed} --seed 3"));
        assert_eq!(ended.code, 2, "{ended:#?}");
        let json = done(path, &format!("train --resume {killed} --json")).json();
        assert_eq!(json["steps"], 1200);
        assert!(model(path, &whole) == model(path, &killed), "{options}");
        assert!(!path.join(&killed).join("training").exists());
    }
}

#[test]
fn what_a_training_cannot_be_resumed_from_is_refused() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 48, 16);
    let mut child = command(path, &format!("{TRAIN} -o run"))
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("ae starts");
    let state = path.join("run/training/state.aetrain");
    wait_for(&state);
    child.kill().expect("killed");
    child.wait().expect("an end");

    let whole = fs::read(&state).expect("a state");
    for damaged in [
        &whole[..0],
        &whole[..100],
        &[whole.clone(), vec![0]].concat(),
    ] {
        fs::write(&state, damaged).expect("written");
        let ended = ae(path, "train --resume run");
        assert_eq!(ended.code, 4, "{ended:#?}");
        assert!(
            ended.lines("error:")[0].contains("state.aetrain"),
            "{ended:#?}"
        );
    }
    fs::write(&state, &whole).expect("written");
    // Other images under the same name.
    fs::remove_dir_all(path.join("drawings")).expect("removed");
    write_set(&path.join("drawings"), 40, 16);
    let ended = ae(path, "train --resume run");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(ended.stderr.contains("not the images"), "{ended:#?}");
    assert!(fs::read(&state).expect("a state") == whole);
}
