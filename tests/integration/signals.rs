//! Signals to a run, and who may write to its directory.

use std::fs;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::command::{ae, command, done};
use crate::fixture::{scratch, write_set};
use crate::skipping::is_there;

/// A run that goes on until it is told to stop.
const LONG: &str = "train --data drawings --widths 4,8,8 --batch-size 16 --backend flex --schedule=constant --validation-share 0 \
                    --epochs 100000 --checkpoint-every=1h --out long";

fn start(folder: &Path) -> Child {
    write_set(&folder.join("drawings"), 480, 16);
    let child = command(folder, LONG)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ae starts");
    wait_for(&folder.join("long/model.safetensors"));
    child
}

fn wait_for(path: &Path) {
    for _ in 0..1_200 {
        if path.exists() {
            return;
        }
        sleep(Duration::from_millis(25));
    }
    panic!("{} not within 30 seconds", path.display());
}

fn send(signal: &str, child: &Child) {
    let sent = std::process::Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success(), "{signal}");
}

fn end(child: Child) -> (Output, String) {
    let output = child.wait_with_output().expect("ae ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

/// The steps that the log tells of.
fn logged_steps(folder: &Path) -> usize {
    let text = fs::read_to_string(folder.join("long/metrics.jsonl")).expect("a log");
    text.matches("\"kind\":\"step\"").count()
}

/// Whether this process was started with a signal ignored, which children inherit.
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 != 0)
}

#[test]
fn the_first_signal_saves_says_how_to_go_on_and_has_its_exit_code() {
    for (signal, number, code) in [("-INT", 2, 130), ("-TERM", 15, 143), ("-HUP", 1, 143)] {
        let test = format!("signals::the_first_signal{signal}");
        // Ignored in a shell's background and under nohup, a signal is so for what is started there.
        let want = format!("a process that does not ignore SIG{}", &signal[1..]);
        if !is_there(&test, &want, !is_ignored(number)) {
            continue;
        }
        let folder = scratch();
        let child = start(folder.path());
        send(signal, &child);
        let (output, said) = end(child);
        assert_eq!(output.status.code(), Some(code), "{signal}: {said}");
        assert!(
            said.contains("everything is saved\nresume with: ae train --resume long\n"),
            "{signal}: {said}"
        );
        assert!(!said.contains("error:"), "{said}");
        assert!(output.stdout.is_empty());
        // It does go on, from the step it stopped at.
        let steps = logged_steps(folder.path());
        let epochs = steps / 30 + 1;
        let resume = format!("train --resume long --epochs {epochs} --backend flex");
        let ended = done(folder.path(), &resume);
        assert!(
            ended.stderr.contains("resumed after step"),
            "{}",
            ended.stderr
        );
        assert_eq!(logged_steps(folder.path()), 30 * epochs);
    }
}

#[test]
fn sigusr1_saves_and_goes_on_and_a_stopped_process_is_no_dead_one() {
    let folder = scratch();
    let mut child = start(folder.path());
    // Epochs end at multiples of 30 steps; a checkpoint elsewhere is the signal's.
    let saved_within_an_epoch = || {
        fs::read_dir(folder.path().join("long/checkpoints"))
            .expect("checkpoints")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_prefix("step-")?.parse::<usize>().ok())
            .any(|step| step % 30 != 0)
    };
    let is_saved = (0..400).any(|_| {
        send("-USR1", &child);
        sleep(Duration::from_millis(20));
        saved_within_an_epoch()
    });
    assert!(is_saved, "no checkpoint within an epoch");
    assert!(child.try_wait().expect("a child").is_none(), "it goes on");

    // Somebody else is refused, who it is is said, and the run's configuration stays.
    let config = fs::read(folder.path().join("long/config.toml")).expect("there");
    let who = format!("long is in use by process {}", child.id());
    for line in ["train --resume long --epochs 3", &format!("{LONG} --force")] {
        let ended = ae(folder.path(), line);
        assert_eq!(ended.code, 5, "{ended:#?}");
        assert!(ended.lines("error:")[0].ends_with(&who), "{ended:#?}");
    }
    assert!(fs::read(folder.path().join("long/config.toml")).expect("there") == config);

    // A second signal doesn't wait for anything, here not even for the process to be waked.
    send("-STOP", &child);
    send("-TERM", &child);
    send("-INT", &child);
    send("-CONT", &child);
    let (output, said) = end(child);
    assert!(
        [Some(130), Some(143)].contains(&output.status.code()),
        "{said}"
    );
    // Its lock is stale now, and no hindrance.
    let epochs = logged_steps(folder.path()) / 30 + 1;
    let resume = format!("train --resume long --epochs {epochs} --backend flex");
    done(folder.path(), &resume);
}

/// `nohup ae train …` goes on when its terminal is closed.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_from_the_start_stays_ignored() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 480, 16);
    let line = format!("trap '' HUP; exec {} \"$@\"", env!("CARGO_BIN_EXE_ae"));
    let mut child = std::process::Command::new("sh")
        .args(["-c", &line, "sh"])
        .args(LONG.split_whitespace())
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh starts");
    wait_for(&folder.path().join("long/model.safetensors"));
    send("-HUP", &child);
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("a child").is_none(), "it goes on");
    send("-TERM", &child);
    assert_eq!(end(child).0.status.code(), Some(143));
}
