//! Checkpoints that were damaged, and directories that several want.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::archives::at;
use super::bench::{Bench, Started, broken, held_to_permissions};
use super::snapshot::{Snapshot, sha256, sha256_of};
use super::{Case, Trouble};

pub(super) const FAMILY: &str = "checkpoints";

/// The fixture's run again, longer: six steps are done, so these are three more. Its learning rate is constant, as one
/// that falls by the number of epochs would be another one from here on.
pub(super) const GO_ON: [&str; 6] = ["--epochs", "3", "--backend", "flex", "--quiet", "--json"];

/// Goes on with the run in `run` to its third epoch.
pub(super) fn go_on<'a>(bench: &'a Bench<'_>, run: &str) -> super::bench::Run<'a> {
    bench.ae(["train", "--resume", run]).args(GO_ON)
}

/// The SHA-256 of the models, the last and the best, that the fixture's run ends with when nothing happens to it.
pub(super) fn undisturbed(bench: &Bench<'_>) -> Result<String, Trouble> {
    let run = bench.copy_run("undisturbed")?;
    go_on(bench, "undisturbed").run().check_done()?;
    let sums = sums(&run)?;
    fs::remove_dir_all(&run).map_err(broken(&run))?;
    Ok(sums)
}

pub(super) fn sums(run: &Path) -> Result<String, Trouble> {
    let last = sha256_of(&run.join("last.safetensors"))?;
    let best = sha256_of(&run.join("model.safetensors"))?;
    Ok(format!("{last} {best}"))
}

/// Whether a run ended with the very same models.
pub(super) fn check_same_model(run: &Path, expected: &str) -> Result<(), Trouble> {
    match sums(run)? == expected {
        true => Ok(()),
        false => Err(Trouble::Failed(format!(
            "{}: the weights are other ones",
            run.display()
        ))),
    }
}

/// The run's checkpoints, the newest first.
pub(super) fn checkpoints(run: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(run.join("checkpoints"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("step-"))
        })
        .collect();
    found.sort();
    found.reverse();
    found
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = damage();
    cases.extend(refusals());
    cases.extend(one_writer());
    cases.extend(signals());
    cases.extend(full_disks());
    cases
}

/// Damages the newest checkpoint at many places: each time the run goes on from the one before it, says so, and ends
/// with the same bytes.
fn falls_back(
    name: &'static str,
    file: &'static str,
    places: usize,
    damage: fn(Vec<u8>, usize, usize) -> Vec<u8>,
) -> Case {
    Case::telling(FAMILY, name, move |bench| {
        let expected = undisturbed(bench)?;
        for place in 0..places {
            let run = bench.copy_run("run")?;
            let newest = checkpoints(&run)[0].clone();
            let path = newest.join(file);
            let content = fs::read(&path).map_err(broken(&path))?;
            fs::write(&path, damage(content, place, places)).map_err(broken(&path))?;
            let ended = go_on(bench, "run").run();
            let check = || {
                ended.check_done()?;
                let said = ended.stderr.contains("passed over")
                    && ended.stderr.contains("step-00000006")
                    && ended.stderr.contains(file);
                match said {
                    true => check_same_model(&run, &expected),
                    false => Err(Trouble::Failed(format!("not named: {}", ended.said()))),
                }
            };
            check().map_err(|trouble| at(trouble, &format!("place {place}")))?;
            fs::remove_dir_all(&run).map_err(broken(&run))?;
        }
        Ok(format!("{places} places"))
    })
}

fn cut(mut content: Vec<u8>, place: usize, places: usize) -> Vec<u8> {
    content.truncate(place * content.len() / places);
    content
}

fn flip(mut content: Vec<u8>, place: usize, places: usize) -> Vec<u8> {
    // Also the very first and the very last byte.
    let byte = place * (content.len() - 1) / (places - 1).max(1);
    content[byte] ^= 1 << (place % 8);
    content
}

fn damage() -> Vec<Case> {
    vec![
        falls_back("the manifest cut at 16 places", "state.toml", 16, cut),
        falls_back("the model cut at 16 places", "model.safetensors", 16, cut),
        falls_back(
            "the optimiser cut at 16 places",
            "optimizer.safetensors",
            16,
            cut,
        )
        .slow(),
        falls_back(
            "the best model cut at 16 places",
            "best.safetensors",
            16,
            cut,
        )
        .slow(),
        falls_back("a bit of the manifest flipped", "state.toml", 12, flip),
        falls_back("a bit of the model flipped", "model.safetensors", 12, flip).slow(),
        falls_back(
            "a bit of the optimiser flipped",
            "optimizer.safetensors",
            12,
            flip,
        )
        .slow(),
        falls_back(
            "a bit of the best model flipped",
            "best.safetensors",
            12,
            flip,
        )
        .slow(),
        Case::new(FAMILY, "a file of the newest is gone", |bench| {
            let expected = undisturbed(bench)?;
            for file in [
                "state.toml",
                "model.safetensors",
                "optimizer.safetensors",
                "best.safetensors",
            ] {
                let run = bench.copy_run("run")?;
                let path = checkpoints(&run)[0].join(file);
                fs::remove_file(&path).map_err(broken(&path))?;
                go_on(bench, "run").run().check_done()?;
                check_same_model(&run, &expected)?;
                fs::remove_dir_all(&run).map_err(broken(&run))?;
            }
            Ok(())
        }),
        Case::new(FAMILY, "the optimiser of another step", |bench| {
            let expected = undisturbed(bench)?;
            let run = bench.copy_run("run")?;
            let all = checkpoints(&run);
            let name = "optimizer.safetensors";
            fs::copy(all[1].join(name), all[0].join(name)).map_err(broken(&run))?;
            let ended = go_on(bench, "run").run();
            ended.check_done()?;
            if !ended.stderr.contains("passed over") {
                return Err(Trouble::Failed(ended.said()));
            }
            check_same_model(&run, &expected)
        }),
        Case::new(FAMILY, "every checkpoint damaged", |bench| {
            let run = bench.copy_run("run")?;
            for checkpoint in checkpoints(&run) {
                let path = checkpoint.join("model.safetensors");
                fs::write(&path, b"half a model").map_err(broken(&path))?;
            }
            bench.refuses(
                go_on(bench, "run"),
                4,
                &["step-00000006", "model.safetensors"],
            )
        }),
        Case::new(FAMILY, "stale staging files", |bench| {
            let expected = undisturbed(bench)?;
            let run = bench.copy_run("run")?;
            bench.write("run/checkpoints/.staging/model.safetensors", b"half")?;
            bench.write("run/checkpoints/.staging/more/and/more", b"x")?;
            bench.write("run/.model-123456", b"half a model")?;
            go_on(bench, "run").run().check_done()?;
            if run.join("checkpoints/.staging").exists() {
                return Err(Trouble::Failed("the staging folder is left".to_owned()));
            }
            check_same_model(&run, &expected)
        }),
        Case::new(FAMILY, "a log that is longer, shorter or gone", |bench| {
            let expected = undisturbed(bench)?;
            for change in ["longer", "shorter", "gone"] {
                let run = bench.copy_run("run")?;
                let path = run.join("metrics.jsonl");
                let mut log = fs::read(&path).map_err(broken(&path))?;
                match change {
                    "longer" => log.extend_from_slice(b"{\"kind\":\"step\",\"epoch\":3,\"st"),
                    "shorter" => log.truncate(log.len() / 2),
                    _ => log.clear(),
                }
                fs::write(&path, log).map_err(broken(&path))?;
                go_on(bench, "run").run().check_done()?;
                check_same_model(&run, &expected)?;
                fs::remove_dir_all(&run).map_err(broken(&run))?;
            }
            Ok(())
        }),
        Case::new(
            FAMILY,
            "a best model that a killed run was ahead with",
            |bench| {
                let run = bench.copy_run("run")?;
                let best = run.join("model.safetensors");
                let expected = sha256_of(&best)?;
                fs::write(&best, b"of a later epoch").map_err(broken(&best))?;
                // No more epochs: the run's result is measured and drawn again.
                let again = ["train", "--resume", "run", "--backend", "flex", "--quiet"];
                bench.ae(again).run().check_done()?;
                match sha256_of(&best)? == expected {
                    true => Ok(()),
                    false => Err(Trouble::Failed("the best model is another one".to_owned())),
                }
            },
        ),
    ]
}

/// Rewrites the newest checkpoint's manifest with a sum that fits.
fn rewrite_manifest(run: &Path, change: impl Fn(&str) -> String) -> Result<(), Trouble> {
    let path = checkpoints(run)[0].join("state.toml");
    let text = fs::read_to_string(&path).map_err(broken(&path))?;
    let rest = change(text.split_once('\n').map_or("", |(_, rest)| rest));
    let text = format!("# sha256 {}\n{rest}", sha256(rest.as_bytes()));
    fs::write(&path, text).map_err(broken(&path))
}

fn refusals() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "a later format version", |bench| {
            let run = bench.copy_run("run")?;
            rewrite_manifest(&run, |text| {
                text.replace("format_version = 1", "format_version = 2")
            })?;
            // Not even passed over: the older one would in the end replace it.
            let refused = ["step-00000006", "format version 2", "reads 1"];
            bench.refuses(go_on(bench, "run"), 4, &refused)
        }),
        Case::new(FAMILY, "a manifest of other fields", |bench| {
            let expected = undisturbed(bench)?;
            let run = bench.copy_run("run")?;
            rewrite_manifest(&run, |text| format!("mood = \"good\"\n{text}"))?;
            let ended = go_on(bench, "run").run();
            ended.check_done()?;
            match ended.stderr.contains("mood") {
                true => check_same_model(&run, &expected),
                false => Err(Trouble::Failed(ended.said())),
            }
        }),
        Case::new(FAMILY, "another learning rate in config.toml", |bench| {
            changed_configuration(
                bench,
                "learning_rate = 0.008",
                "learning_rate = 0.5",
                "learning_rate was 0.008, now 0.5",
            )
        }),
        Case::new(FAMILY, "other widths in config.toml", |bench| {
            changed_configuration(
                bench,
                "widths = [4, 4]",
                "widths = [4, 8]",
                "model.widths was [4, 4], now [4, 8]",
            )
        }),
        Case::new(FAMILY, "another seed in config.toml", |bench| {
            changed_configuration(bench, "seed = 1", "seed = 2", "seed was 1, now 2")
        }),
        Case::new(FAMILY, "a configuration that is no TOML", |bench| {
            let run = bench.copy_run("run")?;
            let path = run.join("config.toml");
            fs::write(&path, b"epochs = = 3").map_err(broken(&path))?;
            bench.refuses(go_on(bench, "run"), 2, &["run/config.toml"])
        }),
        Case::new(FAMILY, "other images under the same name", |bench| {
            let set = PathBuf::from(bench.set());
            super::bench::copy_folder(&set, &bench.path().join("set"))?;
            let arguments = ["train", "--data", "set", "--out", "run", "--epochs", "1"];
            bench
                .ae(arguments)
                .args(super::bench::SMALL)
                .run()
                .check_done()?;
            let images = bench.path().join("set/train-images-idx3-ubyte");
            let before = fs::read(&images).map_err(broken(&images))?;
            let mut after = before.clone();
            after[100] ^= 1;
            fs::write(&images, after).map_err(broken(&images))?;
            bench.refuses(go_on(bench, "run"), 2, &["the training images was"])?;
            fs::write(&images, before).map_err(broken(&images))?;
            Ok(go_on(bench, "run").run().check_done()?)
        }),
        Case::new(FAMILY, "a folder that holds no run", |bench| {
            bench.write("thesis/chapter.tex", b"mine")?;
            bench.refuses(go_on(bench, "thesis"), 4, &["thesis", "no run"])?;
            bench.refuses(go_on(bench, "gone"), 5, &["gone"])?;
            let onto = bench.train("thesis", &["--epochs", "1"]);
            bench.refuses(onto, 5, &["thesis", "holds no run"])
        }),
        Case::new(FAMILY, "a read-only run", |bench| {
            use std::os::unix::fs::PermissionsExt as _;
            let run = bench.copy_run("run")?;
            let set_mode = |mode| {
                fs::set_permissions(&run, fs::Permissions::from_mode(mode)).map_err(broken(&run))
            };
            set_mode(0o555)?;
            let before = Snapshot::of(&run);
            let ended = held_to_permissions(go_on(bench, "run")).map(super::bench::Run::run);
            set_mode(0o755)?;
            ended?.check_error(5, &["run", "ermission denied"])?;
            before.check_same(&Snapshot::of(&run), |name| name.ends_with("lock"))?;
            Ok(go_on(bench, "run").run().check_done()?)
        }),
        Case::new(FAMILY, "a read-only folder for a new run", |bench| {
            use std::os::unix::fs::PermissionsExt as _;
            let folder = bench.path().join("locked");
            fs::create_dir(&folder).map_err(broken(&folder))?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o555))
                .map_err(broken(&folder))?;
            let ended = held_to_permissions(bench.train("locked/run", &["--epochs", "1"]))?.run();
            Ok(ended.check_error(5, &["locked/run", "ermission denied"])?)
        }),
    ]
}

fn changed_configuration(
    bench: &Bench<'_>,
    from: &str,
    to: &str,
    reason: &str,
) -> Result<(), Trouble> {
    let run = bench.copy_run("run")?;
    let path = run.join("config.toml");
    let text = fs::read_to_string(&path).map_err(broken(&path))?;
    if !text.contains(from) {
        return Err(Trouble::Failed(format!(
            "harness: {from:?} is not in {text}"
        )));
    }
    fs::write(&path, text.replace(from, to)).map_err(broken(&path))?;
    let again = ["train", "--resume", "run", "--backend", "flex"];
    let before = Snapshot::of(&run);
    bench.ae(again).run().check_error(2, &["run", reason])?;
    before.check_same(&Snapshot::of(&run), |_| false)?;
    fs::write(&path, text).map_err(broken(&path))?;
    Ok(go_on(bench, "run").run().check_done()?)
}

/// A run that goes on until it is told to stop, once its first epoch is saved.
fn start_long(bench: &Bench<'_>) -> Result<Started, Trouble> {
    let more = [
        "--epochs",
        "1000000",
        "--checkpoint-every",
        "1h",
        "--schedule",
        "constant",
    ];
    let started = bench.train("long", &more).start();
    let model = bench.path().join("long/last.safetensors");
    let begin = Instant::now();
    while !model.exists() {
        if begin.elapsed() > Duration::from_secs(30) {
            return Err(Trouble::Failed("no epoch within 30 s".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(started)
}

/// Goes on with the run of [`start_long`], which has more epochs behind it than it is asked for.
fn end_long(bench: &Bench<'_>) -> Result<(), Trouble> {
    let again = [
        "train",
        "--resume",
        "long",
        "--epochs",
        "1",
        "--backend",
        "flex",
        "--quiet",
    ];
    Ok(bench.ae(again).run().check_done()?)
}

fn send(started: &Started, signal: Signal) -> Result<(), Trouble> {
    let process = Pid::from_raw(started.child.id() as i32);
    kill(process, signal).map_err(|error| Trouble::Failed(format!("harness: kill: {error}")))
}

fn signals() -> Vec<Case> {
    let stops = |signal: Signal, code: i32| {
        Case::new(
            FAMILY,
            format!("{signal} saves, and a second signal is not needed"),
            move |bench| {
                let started = start_long(bench)?;
                send(&started, signal)?;
                let ended = started.wait();
                if ended.code != Some(code) {
                    return Err(Trouble::Failed(format!(
                        "exit code {:?}: {}",
                        ended.code,
                        ended.said()
                    )));
                }
                if !ended.stderr.contains("go on with: ae train --resume long") {
                    return Err(Trouble::Failed(ended.said()));
                }
                end_long(bench)
            },
        )
    };
    vec![
        stops(Signal::SIGINT, 130),
        stops(Signal::SIGTERM, 143),
        stops(Signal::SIGHUP, 143),
        Case::new(FAMILY, "SIGUSR1 saves and goes on", |bench| {
            let started = start_long(bench)?;
            let begin = Instant::now();
            // Epochs end at multiples of three steps.
            let within_an_epoch = || {
                checkpoints(&bench.path().join("long")).iter().any(|path| {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    name.trim_start_matches("step-")
                        .parse::<u64>()
                        .is_ok_and(|step| step % 3 != 0)
                })
            };
            while !within_an_epoch() && begin.elapsed() < Duration::from_secs(20) {
                send(&started, Signal::SIGUSR1)?;
                std::thread::sleep(Duration::from_millis(2));
            }
            let saved = begin.elapsed() < Duration::from_secs(20);
            send(&started, Signal::SIGTERM)?;
            let ended = started.wait();
            match (saved, ended.code) {
                (true, Some(143)) => Ok(()),
                _ => Err(Trouble::Failed(format!(
                    "saved {saved}, then {:?}",
                    ended.code
                ))),
            }
        }),
        Case::new(
            FAMILY,
            "a second signal ends at once, and nothing is lost",
            |bench| {
                let started = start_long(bench)?;
                // Both arrive before the step is over: the process does not run meanwhile.
                for signal in [
                    Signal::SIGSTOP,
                    Signal::SIGINT,
                    Signal::SIGTERM,
                    Signal::SIGCONT,
                ] {
                    send(&started, signal)?;
                }
                let ended = started.wait();
                if ![Some(130), Some(143)].contains(&ended.code) {
                    return Err(Trouble::Failed(format!("exit code {:?}", ended.code)));
                }
                end_long(bench)
            },
        ),
    ]
}

fn one_writer() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "two runs in one directory", |bench| {
            let started = start_long(bench)?;
            let config = sha256_of(&bench.path().join("long/config.toml"))?;
            let who = format!("in use by process {}", started.child.id());
            let resume = bench.ae([
                "train",
                "--resume",
                "long",
                "--epochs",
                "9",
                "--backend",
                "flex",
            ]);
            let resumed = resume.run().check_error(5, &["long", &who]);
            let forced = bench
                .train("long", &["--force"])
                .run()
                .check_error(5, &["long", &who]);
            let same = sha256_of(&bench.path().join("long/config.toml"))? == config;
            send(&started, Signal::SIGTERM)?;
            let ended = started.wait();
            resumed?;
            forced?;
            match (same, ended.code) {
                (true, Some(143)) => Ok(()),
                _ => Err(Trouble::Failed(format!(
                    "config the same: {same}, {:?}",
                    ended.code
                ))),
            }
        }),
        Case::new(FAMILY, "two new runs of one name at once", |bench| {
            let started: Vec<Started> = (0..2)
                .map(|_| bench.train("new", &["--epochs", "3"]).start())
                .collect();
            let ended: Vec<_> = started.into_iter().map(Started::wait).collect();
            let done = ended
                .iter()
                .filter(|ended| ended.check_done().is_ok())
                .count();
            let refused = ended
                .iter()
                .filter(|ended| ended.check_error(5, &["new"]).is_ok())
                .count();
            match (done, refused) {
                (1, 1) => Ok(()),
                _ => Err(Trouble::Failed(format!(
                    "{} | {}",
                    ended[0].said(),
                    ended[1].said()
                ))),
            }
        }),
        Case::new(FAMILY, "the lock of a process that is no more", |bench| {
            let expected = undisturbed(bench)?;
            let run = bench.copy_run("run")?;
            bench.write("run/lock", b"999999\n")?;
            go_on(bench, "run").run().check_done()?;
            check_same_model(&run, &expected)
        }),
        Case::new(FAMILY, "a lock of garbage", |bench| {
            bench.copy_run("run")?;
            bench.write("run/lock", &[0xff; 100_000])?;
            Ok(go_on(bench, "run").run().check_done()?)
        }),
        Case::new(FAMILY, "a lock that is a folder", |bench| {
            let run = bench.copy_run("run")?;
            let lock = run.join("lock");
            fs::remove_file(&lock).map_err(broken(&lock))?;
            fs::create_dir(&lock).map_err(broken(&lock))?;
            bench.refuses(go_on(bench, "run"), 5, &["run/lock"])?;
            fs::remove_dir(&lock).map_err(broken(&lock))?;
            Ok(go_on(bench, "run").run().check_done()?)
        }),
    ]
}

fn full_disks() -> Vec<Case> {
    vec![
        Case::telling(
            FAMILY,
            "a quota on a file's size, at every 512 bytes",
            |bench| {
                let expected = undisturbed(bench)?;
                let (mut refused, mut done) = (0, 0);
                // In blocks of 512 bytes; the largest file of a checkpoint has a few thousand.
                for blocks in 1..=24 {
                    let run = bench.copy_run("run")?;
                    let ended = go_on(bench, "run").ulimit(&format!("-f {blocks}")).run();
                    let check = || match ended.code {
                        Some(0) => Ok(ended.check_done()?),
                        _ => Ok(ended.check_error(5, &["run", "ile too large"])?),
                    };
                    check().map_err(|trouble| at(trouble, &format!("{blocks} blocks")))?;
                    match ended.code {
                        Some(0) => done += 1,
                        _ => refused += 1,
                    }
                    go_on(bench, "run").run().check_done()?;
                    check_same_model(&run, &expected)
                        .map_err(|trouble| at(trouble, &format!("{blocks} blocks")))?;
                    fs::remove_dir_all(&run).map_err(broken(&run))?;
                }
                match refused {
                    0 => Err(Trouble::Failed("the quota was never met".to_owned())),
                    _ => Ok(format!("{refused} refused, {done} large enough")),
                }
            },
        ),
        Case::telling(FAMILY, "a disk that is full, at every 4 KiB", |bench| {
            let expected = undisturbed(bench)?;
            let place = bench.path().join("disk");
            let mut met = 0;
            for kibibytes in (0..=64).step_by(4) {
                let disk = SmallDisk::mount(&place, 192)?;
                let run = place.join("run");
                super::bench::copy_folder(Path::new(&bench.run()), &run)?;
                disk.fill_but(kibibytes)?;
                let ended = go_on(bench, "disk/run").run();
                if ended.code != Some(0) {
                    met += 1;
                    ended
                        .check_error(5, &["disk/run", "o space left"])
                        .map_err(|reason| Trouble::Failed(format!("{kibibytes} KiB: {reason}")))?;
                }
                disk.make_room()?;
                go_on(bench, "disk/run").run().check_done()?;
                check_same_model(&run, &expected)
                    .map_err(|trouble| at(trouble, &format!("{kibibytes} KiB")))?;
            }
            match met {
                0 => Err(Trouble::Failed("the disk was never full".to_owned())),
                _ => Ok(format!("full {met} times of 17")),
            }
        }),
    ]
}

/// A file system in memory of a few hundred kibibytes; root alone may make one.
pub(super) struct SmallDisk {
    place: PathBuf,
}

impl SmallDisk {
    pub(super) fn mount(place: &Path, kibibytes: u32) -> Result<Self, Trouble> {
        fs::create_dir_all(place).map_err(broken(place))?;
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "tmpfs"])
            .arg(place)
            .stderr(std::process::Stdio::null())
            .status();
        match mounted.is_ok_and(|status| status.success()) {
            true => Ok(Self {
                place: place.to_owned(),
            }),
            false => Err(Trouble::Skipped(
                "a tmpfs cannot be mounted here".to_owned(),
            )),
        }
    }

    /// Fills the disk and gives so much of it back.
    pub(super) fn fill_but(&self, kibibytes: usize) -> Result<(), Trouble> {
        use std::io::Write as _;
        let path = self.place.join("filler");
        let mut file = fs::File::create(&path).map_err(broken(&path))?;
        while file.write_all(&[1; 4096]).is_ok() {}
        let length = file.metadata().map_err(broken(&path))?.len();
        file.set_len(length.saturating_sub(kibibytes as u64 * 1024))
            .map_err(broken(&path))
    }

    pub(super) fn make_room(&self) -> Result<(), Trouble> {
        let path = self.place.join("filler");
        fs::remove_file(&path).map_err(broken(&path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What cannot be unmounted goes with the machine.
        let _ = std::process::Command::new("umount")
            .arg(&self.place)
            .status();
    }
}
