//! `ae denoise` stopped in the middle: nothing half-written is left, and what was there is as it was.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::bench::Bench;
use super::bytes::png;
use super::case::Case;
use super::command_line::FAMILY;
use super::process::is_there;
use super::small_disk::SmallDisk;
use super::snapshot::Snapshot;
use super::trouble::{Trouble, at, broken};

/// A side of the noisy picture, in pixels.
const SIDE: u32 = 96;
/// The picture that is denoised, and its result.
const NOISY: &str = "noisy.png";
const OUT: &str = "out/clean.png";
/// What the result's place holds before.
const BEFORE: &[u8] = b"what was there";

/// How the picture is denoised: by the built-in model, and by what is trained on it.
const WAYS: [&[&str]; 2] = [&["--model", "photo"], &["--self", "--steps", "3"]];

/// Calls that a result is written by.
const CALLS: &str = "openat,write,fsync,fdatasync,rename,renameat,renameat2,link,linkat";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "killed while it trains on the picture", |bench| {
            prepare(bench)?;
            let before = Snapshot::of(bench.path());
            let endless = ["denoise", "--self", NOISY, "-o", OUT, "--force"];
            let run = bench.ae(endless).args(["--steps", "1000000"]);
            let mut started = run.start();
            std::thread::sleep(Duration::from_millis(700));
            if started.has_ended() {
                return Err(Trouble::Failed("it ended by itself".to_owned()));
            }
            started.kill();
            started.wait();
            before.check_same(&Snapshot::of(bench.path()), |_| false)?;
            Ok(denoise(bench, WAYS[1]).run().check_done()?)
        }),
        Case::telling(
            FAMILY,
            "killed at every write of a denoised picture",
            |bench| {
                if !is_there("strace") {
                    return Err(Trouble::Skipped("strace is not there".to_owned()));
                }
                let mut told = Vec::new();
                for way in WAYS {
                    told.push(format!("{} calls by {}", sweep(bench, way)?, way[0]));
                }
                Ok(told.join(", "))
            },
        ),
        Case::telling(FAMILY, "no space for a denoised picture", |bench| {
            prepare(bench)?;
            let place = bench.path().join("disk");
            let disk = SmallDisk::mount(&place, 64)?;
            disk.fill_but(0)?;
            for way in WAYS {
                let arguments = ["denoise", NOISY, "-o", "disk/clean.png"];
                let run = bench.ae(arguments).args(way);
                bench.refuses(run, 5, &["disk/clean.png", "o space left"])?;
            }
            disk.make_room()?;
            let arguments = ["denoise", NOISY, "-o", "disk/clean.png"];
            bench.ae(arguments).args(WAYS[0]).run().check_done()?;
            Ok(format!("{} ways", WAYS.len()))
        }),
    ]
}

/// A noisy picture, and something in the place of the result.
fn prepare(bench: &Bench<'_>) -> Result<(), Trouble> {
    // The top bytes of a linear congruential generator (Knuth): noise that no compression gets the better of.
    let mut state = 1_u64;
    let pixels: Vec<u8> = (0..SIDE * SIDE)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    bench.write(NOISY, &png(SIDE, SIDE, &pixels))?;
    bench.write(OUT, BEFORE)
}

fn denoise<'a>(bench: &'a Bench<'_>, way: &[&str]) -> super::process::Run<'a> {
    let arguments = ["denoise", NOISY, "-o", OUT, "--force", "--threads", "1"];
    bench.ae(arguments).args(way)
}

/// Kills the command at each of its calls on the folder of the result; the number of them.
fn sweep(bench: &Bench<'_>, way: &[&str]) -> Result<usize, Trouble> {
    prepare(bench)?;
    let log = bench.path().join("strace.log");
    let strace = |inject: Option<String>| {
        let mut words = ["strace", "-f", "-q", "-y", "-e", "signal=none", "-o"]
            .map(str::to_owned)
            .to_vec();
        words.push(log.display().to_string());
        words.extend(["-e".to_owned(), format!("trace={CALLS}")]);
        words.extend(
            inject
                .into_iter()
                .flat_map(|inject| ["-e".to_owned(), inject]),
        );
        words
    };
    denoise(bench, way).under(strace(None)).run().check_done()?;
    let out = bench.path().join(OUT);
    let whole = fs::read(&out).map_err(broken(&out))?;
    let text = fs::read_to_string(&log).map_err(broken(&log))?;
    let calls = calls_on(&text, &bench.path().join("out"));
    if calls.is_empty() {
        return Err(Trouble::Failed("no such call was seen".to_owned()));
    }
    for (call, number) in &calls {
        prepare(bench)?;
        let inject = format!("inject={call}:signal=SIGKILL:when={number}");
        let ended = denoise(bench, way).under(strace(Some(inject))).run();
        let check = || -> Result<(), Trouble> {
            if !matches!(ended.code, None | Some(137)) {
                return Err(Trouble::Failed(format!("not killed: {}", ended.said())));
            }
            let found = fs::read(&out).map_err(broken(&out))?;
            if found != BEFORE && found != whole {
                return Err(Trouble::Failed(format!("{OUT} is half-written")));
            }
            Ok(denoise(bench, way).run().check_done()?)
        };
        check().map_err(|trouble| at(trouble, &format!("{call} {number}")))?;
        let left = fs::read(&out).map_err(broken(&out))?;
        if left != whole {
            return Err(Trouble::Failed(
                "another picture than without a kill".to_owned(),
            ));
        }
    }
    Ok(calls.len())
}

/// The first thread's calls on a folder: their names, and their numbers among the calls of the name, as strace counts.
fn calls_on(log: &str, folder: &Path) -> Vec<(String, usize)> {
    let process = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let first = log.lines().next().and_then(process);
    let folder = folder.display().to_string();
    let mut counts = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for line in log.lines().filter(|line| process(line) == first) {
        let Some((before, arguments)) = line.split_once('(') else {
            continue;
        };
        let name = before.split_whitespace().last().unwrap_or_default();
        let count = counts.entry(name.to_owned()).or_insert(0);
        *count += 1;
        if arguments.contains(&folder) || arguments.contains("\"out/") {
            found.push((name.to_owned(), *count));
        }
    }
    found
}
