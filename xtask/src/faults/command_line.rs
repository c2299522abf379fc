//! Places that results cannot go to, and surroundings that lack something.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use super::bench::Bench;
use super::case::Case;
use super::small_disk::SmallDisk;
use super::snapshot::{Snapshot, sha256_of};
use super::trouble::{Trouble, at, broken};

pub(super) const FAMILY: &str = "command line";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = outputs();
    cases.extend(streams());
    cases.extend(surroundings());
    cases
}

/// Every command that writes, to the place `out`.
pub(super) fn writers(bench: &Bench<'_>, out: &str) -> Vec<Vec<String>> {
    let (run, set, photo) = (bench.run(), bench.set(), bench.photo());
    [
        format!("encode {run} --data {set} -o {out} --backend flex"),
        format!("show {run} --data {set} -o {out} --backend flex"),
        format!("show {run} --losses -o {out}"),
        format!("data show {set} -o {out}"),
        format!("data noise {set} -o {out}"),
        format!("denoise {photo} -o {out} --model {run} --backend flex"),
    ]
    .iter()
    .map(|line| line.split_whitespace().map(str::to_owned).collect())
    .collect()
}

fn outputs() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "the output exists", |bench| {
            bench.write("out.png", b"mine")?;
            for arguments in writers(bench, "out.png") {
                let place = arguments[0].clone();
                bench
                    .refuses(bench.ae(&arguments), 5, &["out.png"])
                    .map_err(|trouble| at(trouble, &place))?;
            }
            for arguments in writers(bench, "out.png") {
                bench.ae(&arguments).arg("--force").run().check_done()?;
            }
            Ok(())
        }),
        Case::new(FAMILY, "the output is the input", |bench| {
            fs::copy(bench.photo(), bench.path().join("x.png")).map_err(broken(bench.path()))?;
            let run = bench.run();
            let denoise = ["denoise", "x.png", "-o", "x.png", "--model", &run];
            bench.refuses(bench.ae(denoise), 5, &["x.png", "is the picture itself"])
        }),
        Case::new(FAMILY, "the output's folder is not there", |bench| {
            for arguments in writers(bench, "gone/out.png") {
                let place = arguments[0].clone();
                bench
                    .refuses(bench.ae(&arguments), 5, &["gone/out.png"])
                    .map_err(|trouble| at(trouble, &place))?;
            }
            Ok(())
        }),
        Case::new(FAMILY, "the output is a folder", |bench| {
            fs::create_dir(bench.path().join("out")).map_err(broken(bench.path()))?;
            for arguments in writers(bench, "out").into_iter().take(5) {
                let place = arguments[0].clone();
                bench
                    .refuses(bench.ae(&arguments), 2, &["out"])
                    .map_err(|trouble| at(trouble, &place))?;
            }
            Ok(())
        }),
        Case::new(FAMILY, "the output is /dev/full", |bench| {
            for arguments in writers(bench, "/dev/full").into_iter().take(5) {
                let place = arguments[0].clone();
                bench
                    .refuses(bench.ae(&arguments), 5, &["/dev/full", "o space left"])
                    .map_err(|trouble| at(trouble, &place))?;
            }
            Ok(())
        }),
        Case::telling(FAMILY, "no space for results", |bench| {
            let place = bench.path().join("disk");
            let disk = SmallDisk::mount(&place, 64)?;
            disk.fill_but(0)?;
            let mut tried = 0;
            for arguments in writers(bench, "disk/out.png") {
                let name = arguments[0].clone();
                bench
                    .refuses(bench.ae(&arguments), 5, &["disk/out.png", "o space left"])
                    .map_err(|trouble| at(trouble, &name))?;
                tried += 1;
            }
            disk.make_room()?;
            let arguments = &writers(bench, "disk/out.png")[5];
            bench.ae(arguments).run().check_done()?;
            Ok(format!("{tried} commands"))
        }),
        Case::new(
            FAMILY,
            "a disk that fills up between two pictures",
            |bench| {
                let place = bench.path().join("disk");
                let disk = SmallDisk::mount(&place, 128)?;
                disk.fill_but(40)?;
                let (run, set) = (bench.run(), bench.set());
                let reconstruct = ["reconstruct", &run, "--data", &set, "-o", "disk/out"];
                let all = ["--part", "all", "--backend", "flex"];
                let ended = bench.ae(reconstruct).args(all).run();
                ended.check_error(5, &["disk/out", "o space left"])?;
                // Those that are there are whole.
                let whole = Snapshot::of(&place.join("out"));
                for name in whole.names() {
                    let path = place.join("out").join(name);
                    if path.extension().is_some_and(|ending| ending == "png") {
                        let info = bench.ae(["data", "info"]).arg(&path).run();
                        info.check_done()?;
                    } else {
                        return Err(Trouble::Failed(format!("{} is left", name.display())));
                    }
                }
                Ok(())
            },
        ),
        Case::new(FAMILY, "a link to nowhere as the output", |bench| {
            let link = bench.path().join("out.png");
            std::os::unix::fs::symlink("gone/elsewhere.png", &link).map_err(broken(&link))?;
            let (run, photo) = (bench.run(), bench.photo());
            let denoise = ["denoise", &photo, "-o", "out.png", "--model", &run];
            bench.refuses(
                bench.ae(denoise).args(["--backend", "flex"]),
                5,
                &["out.png", "exists"],
            )
        }),
    ]
}

fn streams() -> Vec<Case> {
    let full = || File::options().write(true).open("/dev/full");
    vec![
        Case::new(FAMILY, "standard output is /dev/full", move |bench| {
            let run = bench.run();
            for arguments in [
                &["info", &run][..],
                &["info", &run, "--json"],
                &["devices"],
                &["--help"],
            ] {
                let output = full().map_err(broken("/dev/full".as_ref()))?;
                let ended = bench.ae(arguments).stdout(output).run();
                ended.check_error(5, &["standard output", "no space left"])?;
            }
            Ok(())
        }),
        Case::new(FAMILY, "a pipe that is closed after a line", |bench| {
            let run = bench.run();
            for command in [
                "data info glyphs",
                "--help",
                "completions bash",
                "info --json",
            ] {
                let line = format!(
                    "\"$0\" {} | head -1; test ${{PIPESTATUS[0]}} -eq 0",
                    command.replace("info --json", &format!("info {run} --json"))
                );
                let output = Command::new("bash")
                    .args(["-c", &line])
                    .arg(bench.ae_path())
                    .stdin(Stdio::null())
                    .output()
                    .map_err(broken("bash".as_ref()))?;
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                if !output.status.success() || said.contains("error:") {
                    return Err(Trouble::Failed(format!("{command}: {said}")));
                }
            }
            Ok(())
        }),
        Case::new(FAMILY, "no standard output at all", |bench| {
            closed(bench, ">&-")
        }),
        Case::new(FAMILY, "no standard error at all", |bench| {
            closed(bench, "2>&-")
        }),
        Case::new(FAMILY, "standard error is /dev/full", |bench| {
            closed(bench, "2>/dev/full")
        }),
    ]
}

/// Training does not depend on anybody listening.
fn closed(bench: &Bench<'_>, redirection: &str) -> Result<(), Trouble> {
    let (set, line) = (bench.set(), format!("exec \"$0\" \"$@\" {redirection}"));
    let status = Command::new("sh")
        .args(["-c", &line])
        .arg(bench.ae_path())
        .args(["train", "--data", &set, "--out", "run", "--epochs", "1"])
        .args(super::bench::SMALL)
        .current_dir(bench.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(broken("sh".as_ref()))?;
    // What cannot be said may fail the command, but the run is there.
    match status.code() {
        Some(0 | 5) if bench.path().join("run/model.safetensors").is_file() => Ok(()),
        code => Err(Trouble::Failed(format!("exit code {code:?}"))),
    }
}

fn surroundings() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "no home directory, no terminal, no path", |bench| {
            let mut run = bench.train("run", &["--epochs", "1"]);
            for name in [
                "HOME",
                "TERM",
                "PATH",
                "USER",
                "LANG",
                "TMPDIR",
                "XDG_CACHE_HOME",
            ] {
                run = run.without_env(name);
            }
            Ok(run.env("HOME", "/nowhere/at/all").run().check_done()?)
        }),
        Case::new(FAMILY, "no room for temporary files elsewhere", |bench| {
            let run = bench.train("run", &["--epochs", "1"]);
            Ok(run.env("TMPDIR", "/nowhere").run().check_done()?)
        }),
        Case::new(FAMILY, "an address space of 2 GB", |bench| {
            let run = bench.train("run", &["--epochs", "1"]);
            run.address_space(2048).run().check_done()?;
            let model = bench.run();
            let commands = [
                vec![
                    "eval".to_owned(),
                    model.clone(),
                    "--backend".to_owned(),
                    "flex".to_owned(),
                ],
                vec!["data".to_owned(), "info".to_owned(), "glyphs".to_owned()],
            ];
            for arguments in commands {
                bench
                    .ae(&arguments)
                    .address_space(2048)
                    .run()
                    .check_done()?;
            }
            Ok(())
        }),
        Case::new(FAMILY, "sixteen open files", |bench| {
            let run = bench.train("run", &["--epochs", "1"]).ulimit("-n 16");
            Ok(run.run().check_done()?)
        }),
        Case::telling(FAMILY, "too few open files", |bench| {
            let mut refused = 0;
            for files in 5..14 {
                let run = bench.train("run", &["--epochs", "1"]);
                let ended = run.ulimit(&format!("-n {files}")).run();
                match ended.code {
                    Some(0) => ended.check_done()?,
                    // The system could not even load the program.
                    Some(127) => continue,
                    Some(8) => ended.check_error(8, &[])?,
                    _ => ended.check_error(5, &["oo many open files"])?,
                }
                refused += u32::from(ended.code != Some(0));
                // Whatever is there can be gone on with or replaced.
                bench
                    .train("run", &["--epochs", "1", "--force"])
                    .run()
                    .check_done()?;
                fs::remove_dir_all(bench.path().join("run")).map_err(broken(bench.path()))?;
            }
            match refused {
                0 => Err(Trouble::Failed("there were always enough".to_owned())),
                _ => Ok(format!("{refused} refused")),
            }
        }),
        Case::new(FAMILY, "a name that would command the terminal", |bench| {
            let name = "evil\u{1b}[31m\nerror: injected.png";
            let ended = bench.ae(["data", "info", name]).run();
            ended.check_error(5, &["evil\\u{1b}[31m"])?;
            match ended.stderr.contains('\u{1b}') {
                false => Ok(()),
                true => Err(Trouble::Failed("an escape got through".to_owned())),
            }
        }),
        Case::new(FAMILY, "an argument that is no UTF-8", |bench| {
            use std::os::unix::ffi::OsStrExt as _;
            let name = std::ffi::OsStr::from_bytes(b"\xff\xfe.png");
            let ended = bench.ae(["data", "info"]).arg(name).run();
            Ok(ended.check_error(2, &[])?)
        }),
        Case::new(FAMILY, "the working directory is gone", |bench| {
            let status = Command::new("sh")
                .args([
                    "-c",
                    "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" info",
                ])
                .arg(bench.ae_path())
                .current_dir(bench.path())
                .stdin(Stdio::null())
                .output()
                .map_err(broken("sh".as_ref()))?;
            let said = String::from_utf8_lossy(&status.stderr).into_owned();
            match status.status.code() {
                Some(4) if said.starts_with("error:") => Ok(()),
                code => Err(Trouble::Failed(format!("exit code {code:?}: {said}"))),
            }
        }),
        Case::new(
            FAMILY,
            "a command that is killed leaves what was there",
            |bench| {
                bench.write("codes.npy", b"mine")?;
                let path = bench.path().join("codes.npy");
                let before = sha256_of(&path)?;
                let run = bench.run();
                for pause in 0..12 {
                    let encode = [
                        "encode",
                        &run,
                        "--data",
                        "glyphs",
                        "-o",
                        "codes.npy",
                        "--force",
                    ];
                    let mut started = bench.ae(encode).args(["--backend", "flex"]).start();
                    std::thread::sleep(std::time::Duration::from_millis(pause * 20));
                    let is_done = started.has_ended();
                    started.kill();
                    started.wait();
                    if !is_done && sha256_of(&path)? != before {
                        let info = bench.ae(["decode", "codes.npy", "--model", &run, "-o"]);
                        info.args(["out", "--backend", "flex", "--force"])
                            .run()
                            .check_done()?;
                        return Ok(());
                    }
                }
                Ok(())
            },
        ),
    ]
}
