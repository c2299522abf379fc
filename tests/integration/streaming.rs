//! Training from shards that stay on the disk.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use crate::command::{ae, command, done};
use crate::fixture::{FIXTURE, scratch};

const TRAIN: &str = "train --data 'shards/*.tar' --stream --widths 4,8,8 --batch-size 16 --backend flex --threads 1";

fn write_shards(folder: &Path) {
    let line = FIXTURE.fill("data shard {drawings} --images-per-shard 30 -o shards");
    done(folder, &line);
}

fn model(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("model.safetensors")).expect("a model")
}

#[test]
fn a_streamed_run_says_how_repeats_itself_and_is_used_like_any_other() {
    let folder = scratch();
    let path = folder.path();
    write_shards(path);
    let first = done(path, &format!("{TRAIN} --epochs 2 --out first"));
    for expected in [
        "streaming: going through 5 shards once",
        "layout: 5 shards, streamed",
        "streaming: 128 images stay in their shards; an epoch's order mixes 128 at a time (--shuffle-buffer)",
        "streaming: left out are warnings about pixel values",
    ] {
        assert!(first.stderr.contains(expected), "{expected}\n{first:#?}");
    }
    let config = fs::read_to_string(path.join("first/config.toml")).unwrap();
    assert!(config.contains("stream = true"), "{config}");
    assert!(config.contains("shuffle_buffer = 10000"), "{config}");
    done(path, "train --config first/config.toml --out again");
    assert!(model(path, "first") == model(path, "again"));
    done(
        path,
        &format!("{TRAIN} --epochs 2 --shuffle-buffer 5 --out small"),
    );
    assert!(model(path, "first") != model(path, "small"));

    // Its own set, streamed again.
    let measured = done(path, "eval first --backend flex --json").json();
    assert!(measured["model"]["mse"].is_number(), "{measured}");
    let info = done(path, "info first --json").json().to_string();
    assert!(info.contains("shards"), "{info}");

    let changed = ae(path, "train --resume first --epochs 3 --shuffle-buffer 7");
    assert_eq!(changed.code, 2, "{changed:#?}");
    assert!(changed.stderr.contains("--shuffle-buffer"), "{changed:#?}");
    done(path, "train --resume first --epochs 3");
}

#[test]
fn what_cannot_be_streamed_is_refused() {
    let folder = scratch();
    let path = folder.path();
    write_shards(path);
    let check = |line: &str, code: i32, expected: &str| {
        let refused = ae(path, line);
        assert_eq!(refused.code, code, "{line}: {refused:#?}");
        assert!(refused.stderr.contains(expected), "{line}: {refused:#?}");
        assert!(!path.join("run").exists(), "{line}");
    };
    check(
        &FIXTURE.fill("train --data {drawings} --stream --out run"),
        2,
        "cannot be streamed: it is no tar archive",
    );
    check(
        "train --data shards --shuffle-buffer 9 --out run",
        2,
        "--shuffle-buffer: needs --stream",
    );
    check(
        "train --data shards --stream --patch 8 --out run",
        2,
        "--patch",
    );
    check(
        "train --data shards --stream --shuffle-buffer 0 --out run",
        2,
        "--shuffle-buffer",
    );
    check(
        "train --model pixel --data shards --stream --out run",
        2,
        "--stream",
    );
    let shard = path.join("shards/shard-000002.tar");
    let whole = fs::read(&shard).unwrap();
    fs::write(&shard, &whole[..whole.len() / 2]).unwrap();
    check(
        "train --data shards --stream --out run",
        3,
        "shard-000002.tar",
    );
    fs::write(&shard, b"").unwrap();
    check(
        "train --data shards --stream --out run",
        2,
        "shard-000002.tar cannot be streamed",
    );
}

/// Every image of a shard, in place; again to have them back.
fn damage(shard: &Path) {
    let bytes = fs::read(shard).expect("a shard");
    let mut file = File::options().write(true).open(shard).expect("a shard");
    for at in 0..bytes.len() - 12 {
        if &bytes[at..at + 4] == b"IDAT" {
            file.seek(SeekFrom::Start(at as u64 + 8))
                .expect("a place in it");
            file.write_all(&[bytes[at + 8] ^ 0xff])
                .expect("room for a byte");
        }
    }
}

#[test]
fn a_shard_that_is_damaged_while_it_is_trained_on_ends_the_run_which_is_resumed_to_the_same_bytes()
{
    let folder = scratch();
    let path = folder.path();
    write_shards(path);
    let line = format!("{TRAIN} --schedule=constant --warmup-steps 4 --out long");
    let child = command(path, &format!("{line} --epochs 100000"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ae starts");
    for _ in 0..2_400 {
        if path.join("long/model.safetensors").exists() {
            break;
        }
        sleep(Duration::from_millis(25));
    }
    let shard = path.join("shards/shard-000001.tar");
    damage(&shard);
    let ended = child.wait_with_output().expect("ae ends");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(3), "{said}");
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("error:"))
        .collect();
    assert_eq!(errors.len(), 1, "{said}");
    assert!(
        errors[0].contains("shards/shard-000001.tar") && errors[0].contains(".png: "),
        "{said}"
    );
    // All that was done is there.
    let log = fs::read_to_string(path.join("long/metrics.jsonl")).unwrap();
    let steps = log.matches("\"kind\":\"step\"").count();
    damage(&shard);
    done(path, &format!("train --resume long --steps {}", steps + 9));
    let log = fs::read_to_string(path.join("long/metrics.jsonl")).unwrap();
    let line = line.replace("--out long", "--out straight");
    done(path, &format!("{line} --steps {}", steps + 9));
    assert_eq!(log.matches("\"kind\":\"step\"").count(), steps + 9);
    assert!(model(path, "long") == model(path, "straight"));
}
