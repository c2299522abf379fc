//! Models on their way to other programs, and weights from them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ae_random::{Draw, Purpose};

use super::bench::Bench;
use super::bytes::safetensors;
use super::case::Case;
use super::process::is_there;
use super::small_disk::SmallDisk;
use super::snapshot::Snapshot;
use super::synthetic::inputs::zip::zip;
use super::trouble::{Trouble, at, broken};

const FAMILY: &str = "model files";

/// The small model of the bench, by hand.
const CONFIGURATION: &str = "input_shape = [1, 8, 8]\n[model]\nkind = \"conv\"\nwidths = [4, 4]\n";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = writing();
    cases.extend(weights());
    cases
}

/// Every form, to the place `out`.
fn writers(bench: &Bench<'_>, out: &str) -> [Vec<String>; 3] {
    let run = bench.run();
    [
        format!("export {run} -o {out}.onnx"),
        format!("export {run} --to pytorch -o {out}"),
        format!("import {run}/model.safetensors --config model.toml -o {out}-run"),
    ]
    .map(|line| line.split_whitespace().map(str::to_owned).collect())
}

fn writing() -> Vec<Case> {
    vec![
        Case::telling(
            FAMILY,
            "an export killed at every write, sync and rename",
            |bench| {
                if !is_there("strace") {
                    return Err(Trouble::Skipped("strace is not there".to_owned()));
                }
                bench.write("model.toml", CONFIGURATION.as_bytes())?;
                let mut kills = 0;
                for arguments in writers(bench, "x/out") {
                    for call in ["write", "fsync", "rename"] {
                        kills += kill_at_each(bench, &arguments, call)
                            .map_err(|trouble| at(trouble, &format!("{} {call}", arguments[0])))?;
                    }
                }
                Ok(format!("{kills} kills"))
            },
        )
        .slow(),
        Case::telling(FAMILY, "an export killed at random moments", |bench| {
            bench.write("model.toml", CONFIGURATION.as_bytes())?;
            let mut random = Draw {
                seed: bench.seed,
                purpose: Purpose::Display,
                epoch: 0,
                index: 1,
            }
            .stream();
            let mut finished = 0;
            for round in 0..24 {
                let arguments = &writers(bench, "x/out")[round % 3];
                fs::create_dir_all(bench.path().join("x")).map_err(broken(bench.path()))?;
                let mut started = bench.ae(arguments).start();
                std::thread::sleep(Duration::from_millis(80).mul_f64(random.uniform_f64()));
                match started.has_ended() {
                    true => {
                        started.wait().check_done()?;
                        finished += 1;
                    }
                    false => {
                        started.kill();
                        started.wait();
                    }
                }
                check_whole_or_none(bench, arguments)?;
            }
            Ok(format!("24 starts, {finished} of them too quick"))
        }),
        Case::new(FAMILY, "no space for an export", |bench| {
            bench.write("model.toml", CONFIGURATION.as_bytes())?;
            let place = bench.path().join("disk");
            let disk = SmallDisk::mount(&place, 64)?;
            disk.fill_but(0)?;
            for arguments in writers(bench, "disk/out") {
                let name = arguments.join(" ");
                bench
                    .refuses(bench.ae(&arguments), 5, &["disk/out", "o space left"])
                    .map_err(|trouble| at(trouble, &name))?;
            }
            disk.make_room()?;
            bench
                .ae(&writers(bench, "disk/out")[1])
                .run()
                .check_done()?;
            Ok(())
        }),
        Case::new(FAMILY, "an export to /dev/full", |bench| {
            let run = bench.run();
            let export = bench.ae(["export", &run, "-o", "/dev/full"]);
            bench.refuses(export, 5, &["/dev/full", "o space left"])
        }),
        Case::new(FAMILY, "an export where something exists", |bench| {
            bench.write("model.toml", CONFIGURATION.as_bytes())?;
            bench.write("out.onnx", b"mine")?;
            for name in ["out/model.py", "out-run/model.toml"] {
                bench.write(name, b"mine")?;
            }
            for arguments in writers(bench, "out") {
                bench.refuses(bench.ae(&arguments), 5, &["out", "exist"])?;
                bench.ae(&arguments).arg("--force").run().check_done()?;
            }
            Ok(())
        }),
    ]
}

/// Kills the command at its first call of a kind, at its second, and so on until it ends by itself, and looks each time
/// whether the output is whole or not there.
fn kill_at_each(bench: &Bench<'_>, arguments: &[String], call: &str) -> Result<usize, Trouble> {
    let folder = bench.path().join("x");
    // Reading the libraries opens some files, and threads write to pipes: what matters comes last.
    for number in 1..400 {
        fs::create_dir_all(&folder).map_err(broken(&folder))?;
        let calls = match call {
            "rename" => "rename,renameat,renameat2".to_owned(),
            call => call.to_owned(),
        };
        let inject = format!("inject={calls}:signal=SIGKILL:when={number}");
        let wrapper = ["strace", "-f", "-q", "-o", "/dev/null", "-e", &inject];
        let ended = bench.ae(arguments).under(wrapper).run();
        if ended.code == Some(0) {
            ended.check_done()?;
            check_whole_or_none(bench, arguments)?;
            return Ok(number - 1);
        }
        if !matches!(ended.code, None | Some(137)) {
            return Err(Trouble::Failed(format!("not killed: {}", ended.said())));
        }
        check_whole_or_none(bench, arguments)?;
    }
    Err(Trouble::Failed("it never ends".to_owned()))
}

/// What stands under the final name is what an undisturbed command writes, and the same command succeeds after it; then
/// the folder is emptied.
fn check_whole_or_none(bench: &Bench<'_>, arguments: &[String]) -> Result<(), Trouble> {
    let folder = bench.path().join("x");
    let out = |folder: &str| {
        let out = arguments.last().map(String::as_str).unwrap_or_default();
        bench.path().join(out.replacen('x', folder, 1))
    };
    let mut undisturbed = arguments.to_vec();
    if let Some(last) = undisturbed.last_mut() {
        *last = last.replacen('x', "whole", 1);
    }
    let expected = out("whole");
    if !expected.exists() {
        let parent = bench.path().join("whole");
        fs::create_dir_all(&parent).map_err(broken(&parent))?;
        bench.ae(&undisturbed).run().check_done()?;
    }
    let found = out("x");
    if found.exists() {
        check_same(&found, &expected)?;
        bench.ae(arguments).arg("--force").run().check_done()?;
    } else {
        bench.ae(arguments).run().check_done()?;
    }
    check_same(&found, &expected)?;
    fs::remove_dir_all(&folder).map_err(broken(&folder))
}

fn check_same(found: &Path, expected: &Path) -> Result<(), Trouble> {
    let is_same = match expected.is_dir() {
        true => Snapshot::of(found) == Snapshot::of(expected),
        false => {
            let read = |path: &Path| fs::read(path).map_err(broken(path));
            read(found)? == read(expected)?
        }
    };
    match is_same {
        true => Ok(()),
        false => Err(Trouble::Failed(format!("{} is not whole", found.display()))),
    }
}

/// Weights that `ae import` refuses with exit code 4.
fn refused(
    name: &'static str,
    part: &'static str,
    make: impl Fn(&Bench<'_>) -> Result<Vec<u8>, Trouble> + 'static,
) -> Case {
    Case::new(FAMILY, name, move |bench| {
        bench.write("model.toml", CONFIGURATION.as_bytes())?;
        bench.write("weights.pt", &make(bench)?)?;
        let import = [
            "import",
            "weights.pt",
            "--config",
            "model.toml",
            "-o",
            "out",
        ];
        bench.refuses(
            bench.ae(import).address_space(1024),
            4,
            &["weights.pt", part],
        )?;
        let good = Path::new(&bench.run()).join("model.safetensors");
        let good = fs::read(&good).map_err(broken(&good))?;
        bench.write("weights.pt", &good)?;
        Ok(bench.ae(import).run().check_done()?)
    })
}

/// A pickle that has Python touch the file `executed`.
fn code() -> Vec<u8> {
    let command = "touch executed";
    let length = (command.len() as u32).to_le_bytes();
    let start = b"\x80\x02cposix\nsystem\nX";
    [&start[..], &length, command.as_bytes(), b"\x85R."].concat()
}

fn weights() -> Vec<Case> {
    vec![
        refused("weights: code in a checkpoint", "posix.system", |_| {
            Ok(zip(&[
                ("a/data.pkl", code()),
                ("a/byteorder", b"little".to_vec()),
            ]))
        }),
        refused(
            "weights: a bare pickle with code",
            "torch.save writes",
            |_| Ok(code()),
        ),
        refused(
            "weights: an instruction that no tensors need",
            "0x81",
            |_| Ok(zip(&[("a/data.pkl", b"\x80\x02N)\x81.".to_vec())])),
        ),
        refused(
            "weights: a pickle that grows without end",
            "instructions",
            |_| Ok(zip(&[("a/data.pkl", vec![b'N'; 3 << 20])])),
        ),
        refused("weights: a pickle larger than any", "more than", |_| {
            Ok(zip(&[("a/data.pkl", vec![b'N'; 17 << 20])]))
        }),
        refused(
            "weights: an archive of something else",
            "none that torch.save",
            |_| Ok(zip(&[("readme.txt", b"hello".to_vec())])),
        ),
        refused("weights: an archive that is cut off", "weights.pt", |_| {
            let whole = zip(&[
                ("a/data.pkl", b"\x80\x02}.".to_vec()),
                ("a/data/0", vec![0; 64]),
            ]);
            Ok(whole[..whole.len() / 2].to_vec())
        }),
        refused("weights: a NaN among them", "NaN", |bench| {
            let path = Path::new(&bench.run()).join("model.safetensors");
            let mut bytes = fs::read(&path).map_err(broken(&path))?;
            let end = bytes.len();
            bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
            Ok(bytes)
        }),
        refused("weights: of other shapes", "the model needs", |bench| {
            let path = Path::new(&bench.run()).join("model.safetensors");
            let bytes = fs::read(&path).map_err(broken(&path))?;
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap_or_default()) as usize;
            let header = String::from_utf8_lossy(&bytes[8..8 + length]);
            let header = header.replace("[4,1,3,3]", "[1,4,3,3]");
            Ok(safetensors(&header, &bytes[8 + length..]))
        }),
        refused("weights: text", "neither safetensors", |_| {
            Ok(b"weights, one would think".to_vec())
        }),
        Case::telling(FAMILY, "weights: cut at 32 places", |bench| {
            bench.write("model.toml", CONFIGURATION.as_bytes())?;
            let path = Path::new(&bench.run()).join("model.safetensors");
            let whole = fs::read(&path).map_err(broken(&path))?;
            for part in 0..32 {
                bench.write("weights.pt", &whole[..part * whole.len() / 32])?;
                let import = [
                    "import",
                    "weights.pt",
                    "--config",
                    "model.toml",
                    "-o",
                    "out",
                ];
                bench.refuses(bench.ae(import), 4, &["weights.pt"])?;
            }
            Ok("32 refused".to_owned())
        }),
    ]
}
