//! Containers through pipes.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::{check_same, trained, write_letters};
use crate::command::{Ended, ae, command, done};
use crate::fixture::scratch;

/// Runs `ae` with `bytes` on its standard input.
fn with_input(folder: &Path, line: &str, bytes: &[u8]) -> Ended {
    let mut started = command(folder, line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ae starts");
    let mut stdin = started.stdin.take().expect("a pipe");
    stdin.write_all(bytes).expect("read");
    drop(stdin);
    Ended::from(started.wait_with_output().expect("an end"))
}

#[test]
fn pipes_are_read_and_written() {
    let folder = scratch();
    let path = folder.path();
    write_letters(path);
    let first = trained("first");
    done(path, &format!("compress letters --model {first} -o x.aez"));
    let file = fs::read(path.join("x.aez")).expect("a file");
    let output = command(path, &format!("compress letters --model {first} -o -"))
        .output()
        .expect("ae starts");
    assert!(output.status.success() && output.stdout == file);
    for out in ["back", "x.npy"] {
        let line = format!("decompress - --model {first} -o {out}");
        assert_eq!(with_input(path, &line, &file).code, 0, "{out}");
    }
    check_same(&path.join("letters"), &path.join("back"), 0);
    fs::write(path.join("letters.aez"), &file).expect("written");
    let of_file = done(path, "info letters.aez").stdout;
    let of_pipe = with_input(path, "info -", &file).stdout;
    assert_eq!(of_pipe.replace("-\n", "letters.aez\n"), of_file);
    let more = [&file[..], b"more"].concat();
    let ended = with_input(path, "info - --json", &more);
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert_eq!(ended.json()["bytes"], more.len());
    let ended = ae(
        path,
        &format!("compress letters --model {first} -o - --json"),
    );
    assert_eq!(ended.code, 2, "{ended:#?}");
}
