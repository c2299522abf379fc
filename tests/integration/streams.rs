//! Results on standard output, everything else on standard error, and readers that go away.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use crate::command::{command, done};
use crate::fixture::{FIXTURE, scratch};

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = scratch();
    for line in ["train --help", "completions bash", "data info --help"] {
        let mut child = command(folder.path(), line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ae starts");
        // The reader is gone before anything is written.
        drop(child.stdout.take());
        let status = child.wait().expect("ae ends");
        let mut said = String::new();
        let mut stderr = child.stderr.take().expect("piped");
        stderr.read_to_string(&mut said).expect("text");
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_fails_the_command() {
    let folder = scratch();
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let output = command(folder.path(), "completions bash")
        .stdout(full)
        .output()
        .expect("ae starts");
    assert_eq!(output.status.code(), Some(5));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "error: standard output: no space left on device\n");
}

#[test]
fn quiet_leaves_standard_error_empty_and_json_is_one_object() {
    let run = FIXTURE.argument("plain");
    for command in ["info", "eval"] {
        let ended = done(FIXTURE.path(), &format!("{command} {run} --json --quiet"));
        assert_eq!(ended.stderr, "", "{command}");
        ended.json();
    }
}
