//! Numbers that training or a file should not have.

use std::fs;

use super::bench::Bench;
use super::bytes::{self, SIDE, idx, npy};
use super::case::Case;
use super::snapshot::Snapshot;
use super::trouble::{Trouble, broken};

const FAMILY: &str = "numbers";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = divergence();
    cases.extend(small_sets());
    cases.extend(arrays());
    cases.extend(arguments());
    cases
}

/// A run that diverges: exit code 7, the weights before it are kept and can be used, the best model stays.
fn diverges(name: &'static str, optimizer: &'static str, rate: &'static str) -> Case {
    Case::new(FAMILY, name, move |bench| {
        let ended = bench
            .train(
                "run",
                &[
                    "--epochs",
                    "20",
                    "--optimizer",
                    optimizer,
                    "--learning-rate",
                    rate,
                ],
            )
            .run();
        ended.check_error(7, &["training diverged", "at step", "run/last.safetensors"])?;
        bench
            .ae(["info", "run/last.safetensors"])
            .run()
            .check_done()?;
        check_no_remains(bench)?;
        let again = bench.train("run", &["--epochs", "1", "--force"]);
        Ok(again.run().check_done()?)
    })
}

fn check_no_remains(bench: &Bench<'_>) -> Result<(), Trouble> {
    let all = Snapshot::of(bench.path());
    let temporary = all
        .names()
        .find(|name| name.extension().is_some_and(|ending| ending == "tmp"));
    match temporary {
        None => Ok(()),
        Some(name) => Err(Trouble::Failed(format!("{} is left", name.display()))),
    }
}

fn divergence() -> Vec<Case> {
    vec![
        diverges("learning rate 1e30 with sgd", "sgd", "1e30"),
        diverges("learning rate 1e38 with sgd", "sgd", "1e38"),
        diverges("learning rate 1e38 with rmsprop", "rmsprop", "1e38"),
        Case::new(
            FAMILY,
            "a diverged run is gone on with no further",
            |bench| {
                let rate = [
                    "--epochs",
                    "9",
                    "--optimizer",
                    "sgd",
                    "--learning-rate",
                    "1e30",
                ];
                let first = bench.train("run", &rate).run();
                first.check_error(7, &["diverged"])?;
                let again = bench
                    .ae(["train", "--resume", "run", "--backend", "flex"])
                    .run();
                again.check_error(7, &["diverged"])?;
                match first.errors() == again.errors() {
                    true => Ok(()),
                    false => Err(Trouble::Failed(format!(
                        "first {}, then {}",
                        first.said(),
                        again.said()
                    ))),
                }
            },
        ),
    ]
}

fn small_sets() -> Vec<Case> {
    let trains = |name: &'static str, count: u32, more: &'static [&'static str]| {
        Case::new(FAMILY, name, move |bench| {
            let pixels: Vec<u8> = (0..count).flat_map(bytes::drawing).collect();
            bench.write("x-idx3-ubyte", &idx(&[count, SIDE, SIDE], &pixels))?;
            let arguments = [
                "train",
                "--data",
                "x-idx3-ubyte",
                "--out",
                "run",
                "--epochs",
                "2",
            ];
            let run = bench.ae(arguments).args(super::bench::SMALL).args(more);
            Ok(run.run().check_done()?)
        })
    };
    vec![
        Case::new(FAMILY, "a batch larger than the set", |bench| {
            let arguments = ["train", "--epochs", "2", "--batch-size", "100000"];
            let run = bench.ae(arguments).args(["--out", "run"]).args([
                "--data",
                &bench.set(),
                "--widths",
                "4,4",
                "--backend",
                "flex",
            ]);
            Ok(run.run().check_done()?)
        }),
        Case::new(FAMILY, "a set of one image", |bench| {
            bench.write("x-idx3-ubyte", &bytes::idx_images(1))?;
            let run = bench.ae(["train", "--data", "x-idx3-ubyte", "--out", "run"]);
            bench.refuses(run, 3, &["x-idx3-ubyte", "at least 3"])
        }),
        trains("a set of three images", 3, &[]),
        Case::new(FAMILY, "a set of equal gray images", |bench| {
            let pixels = vec![128; (12 * SIDE * SIDE) as usize];
            bench.write("x-idx3-ubyte", &idx(&[12, SIDE, SIDE], &pixels))?;
            let run = bench.ae(["train", "--data", "x-idx3-ubyte", "--out", "run"]);
            bench.refuses(run, 3, &["x-idx3-ubyte", "1 different", "at least 3"])
        }),
        trains("a limit of one image", 12, &["--limit", "1"]),
        Case::new(FAMILY, "images of one pixel", |bench| {
            bench.write(
                "x-idx3-ubyte",
                &idx(&[12, 1, 1], &(0..12).collect::<Vec<u8>>()),
            )?;
            let data = [
                "train",
                "--data",
                "x-idx3-ubyte",
                "--out",
                "run",
                "--epochs",
                "1",
            ];
            let convolutions = bench.ae(data).args(super::bench::SMALL);
            bench.refuses(convolutions, 2, &["widths", "1x1"])?;
            let dense = [
                "--model",
                "dense",
                "--widths",
                "4",
                "--latent",
                "1",
                "--backend",
                "flex",
            ];
            Ok(bench.ae(data).args(dense).run().check_done()?)
        }),
    ]
}

/// An array of codes that `ae decode` refuses.
fn refused(name: &'static str, reason: &'static str, content: fn() -> Vec<u8>) -> Case {
    Case::new(FAMILY, name, move |bench| {
        bench.write("codes.npy", &content())?;
        let run = bench.run();
        let decode = bench
            .ae(["decode", "codes.npy", "--model", &run, "-o", "out"])
            .args(["--backend", "flex"])
            .address_space(1024);
        bench.refuses(decode, 3, &["codes.npy", reason])?;
        let encode = [
            "encode",
            &run,
            "-o",
            "codes.npy",
            "--force",
            "--backend",
            "flex",
        ];
        bench.ae(encode).run().check_done()?;
        let decode = [
            "decode",
            "codes.npy",
            "--model",
            &run,
            "-o",
            "out",
            "--backend",
            "flex",
        ];
        Ok(bench.ae(decode).run().check_done()?)
    })
}

fn arrays() -> Vec<Case> {
    // The code of the fixture's run has 64 numbers: 4 maps of 4 x 4.
    vec![
        refused("an array with a NaN", "not finite", || {
            let mut values = [0.5; 128];
            values[20] = f32::NAN;
            npy(&[2, 4, 4, 4], &values)
        }),
        refused("an array with an infinity", "not finite", || {
            npy(&[1, 4, 4, 4], &[f32::INFINITY; 64])
        }),
        refused("an array of another width", "a code of 3 values", || {
            npy(&[2, 3], &[0.0; 6])
        }),
        refused("an array cut short", "needs", || {
            let mut bytes = npy(&[2, 4, 4, 4], &[0.5; 128]);
            bytes.truncate(bytes.len() - 5);
            bytes
        }),
        refused("an array whose shape overflows", "codes.npy", || {
            npy(&[usize::MAX, 4, 4, 4], &[])
        }),
        refused("an array that claims a terabyte", "needs", || {
            npy(&[1 << 34, 4, 4, 4], &[0.5; 64])
        }),
        refused("an array without rows", "no codes", || {
            npy(&[0, 4, 4, 4], &[])
        }),
        refused("an empty array file", "not an .npy file", Vec::new),
        refused("an array of objects, a pickle", "codes.npy", || {
            let bytes = npy(&[1, 16], &[0.5; 16]);
            let text = String::from_utf8_lossy(&bytes[10..]).replace("'<f4'", "'|O' ");
            [
                &bytes[..10],
                &text.as_bytes()[..bytes.len() - 10 - 64],
                &bytes[bytes.len() - 64..],
            ]
            .concat()
        }),
    ]
}

fn arguments() -> Vec<Case> {
    let refused = |name: &'static str, more: &'static [&'static str], part: &'static str| {
        Case::new(FAMILY, name, move |bench| {
            let run = bench.train("run", &["--epochs", "1"]).args(more);
            bench.refuses(run, 2, &[part])?;
            Ok(bench.train("run", &["--epochs", "1"]).run().check_done()?)
        })
    };
    let mut cases = vec![
        refused(
            "a learning rate that is no number",
            &["--learning-rate", "nan"],
            "--learning-rate",
        ),
        refused(
            "a test share above one",
            &["--test-share", "1.5"],
            "--test-share",
        ),
        refused(
            "a seed beyond what a configuration holds",
            &["--seed", "18446744073709551615"],
            "seed",
        ),
        refused(
            "a noise of infinite strength",
            &["--noise", "gaussian:inf"],
            "--noise",
        ),
        refused(
            "a checkpoint every 0 steps",
            &["--checkpoint-every", "0steps"],
            "--checkpoint-every",
        ),
        refused("a clipping norm of 0", &["--clip-norm", "0"], "--clip-norm"),
    ];
    cases.push(Case::new(FAMILY, "no epochs", |bench| {
        let run = bench.ae(["train", "--epochs", "0", "--out", "run"]);
        bench.refuses(run, 2, &["--epochs: '0': must be at least 1"])
    }));
    cases.push(Case::new(FAMILY, "no epochs in a configuration", |bench| {
        let path = bench.copy_run("run")?.join("config.toml");
        let text = fs::read_to_string(&path).map_err(broken(&path))?;
        let text = text.replace("epochs = 2", "epochs = 0");
        bench.write("config.toml", text.as_bytes())?;
        let run = bench.ae(["train", "--config", "config.toml", "--out", "new"]);
        bench.refuses(run, 2, &["epochs = 0", "at least 1"])
    }));
    cases
}
