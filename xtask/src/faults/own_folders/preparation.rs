//! How images were brought to the model's form, and which set was the run's own: what the model file must not forget.

use std::fs;

use super::super::bench::{Bench, copy_folder};
use super::super::case::Case;
use super::super::snapshot::Snapshot;
use super::super::synthetic::inputs::draw::scene;
use super::super::trouble::{Trouble, broken};
use super::answers::{BACKEND, FAMILY, discs, evaluated, expect, json, number, part, said, train};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = remembered();
    cases.extend(own_set());
    cases.extend(codes());
    cases
}

/// Pictures three times as wide as high.
fn wide(bench: &Bench<'_>, name: &str, count: u64) -> Result<(), Trouble> {
    (0..count).try_for_each(|number| {
        let file = format!("{name}/{number:02}.png");
        bench.write(file, &scene(96, 32, 1, number).png())
    })
}

fn train_wide<'a>(bench: &'a Bench<'_>, more: &[&str]) -> super::super::process::Run<'a> {
    train(bench, "wide", "run")
        .args(["--size", "32"])
        .args(more)
}

/// Two errors that are the same but for rounding.
fn same_error(one: f64, other: f64) -> Result<(), Trouble> {
    expect((one / other - 1.0).abs() < 1e-6, || {
        format!("MSE {one} and {other}")
    })
}

fn remembered() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "the fit is remembered by every command", |bench| {
            wide(bench, "wide", 40)?;
            wide(bench, "foreign", 9)?;
            train_wide(bench, &["--fit", "pad"]).run().check_done()?;
            let by_itself = evaluated(bench, &["run", "--data", "foreign"])?;
            let told = evaluated(bench, &["run", "--data", "foreign", "--fit", "pad"])?;
            let other = evaluated(bench, &["run", "--data", "foreign", "--fit", "stretch"])?;
            same_error(by_itself.0, told.0)?;
            expect(by_itself.0 != other.0, || {
                "the fit changes nothing".to_owned()
            })?;
            for (command, out) in [("encode", "codes.npy"), ("reconstruct", "out.npy")] {
                for (fit, file) in [(&[][..], "a"), (&["--fit", "pad"], "b")] {
                    let out = format!("{file}-{out}");
                    let run = bench.ae([command, "run", "--data", "foreign", "-o", &out]);
                    run.args(fit).args(BACKEND).run().check_done()?;
                }
                let read = |file: &str| fs::read(bench.path().join(format!("{file}-{out}")));
                let (a, b) = (read("a"), read("b"));
                expect(a.is_ok() && a.ok() == b.ok(), || {
                    format!("{command} forgets the fit")
                })?;
            }
            Ok(())
        }),
        Case::new(
            FAMILY,
            "a model file alone knows all of its preparation",
            |bench| {
                wide(bench, "wide", 40)?;
                wide(bench, "foreign", 9)?;
                let more = ["--fit", "pad", "--binarize", "static"];
                train_wide(bench, &more).run().check_done()?;
                let of_run = evaluated(bench, &["run", "--data", "foreign"])?;
                let alone = bench.path().join("elsewhere/alone.safetensors");
                fs::create_dir_all(bench.path().join("elsewhere")).map_err(broken(&alone))?;
                fs::copy(bench.path().join("run/model.safetensors"), &alone)
                    .map_err(broken(&alone))?;
                let of_file =
                    evaluated(bench, &["elsewhere/alone.safetensors", "--data", "foreign"])?;
                same_error(of_run.0, of_file.0)
            },
        ),
        Case::new(FAMILY, "a model file alone measures its own set", |bench| {
            discs(bench, "set", 0..60)?;
            train(bench, "set", "run").run().check_done()?;
            let of_run = evaluated(bench, &["run"])?;
            let alone = bench.path().join("alone.safetensors");
            fs::copy(bench.path().join("run/model.safetensors"), &alone).map_err(broken(&alone))?;
            let of_file = evaluated(bench, &["alone.safetensors"])?;
            expect(of_run.1 == of_file.1, || format!("{of_run:?} {of_file:?}"))?;
            same_error(of_run.0, of_file.0)
        })
        .slow(),
        Case::new(FAMILY, "color stays color and gray stays gray", |bench| {
            for number in 0..20 {
                let file = format!("color/{number:02}.png");
                bench.write(file, &scene(16, 16, 3, number).png())?;
                let file = format!("gray/{number:02}.png");
                bench.write(file, &scene(16, 16, 1, number).png())?;
            }
            train(bench, "color", "run").run().check_done()?;
            let info = json(bench.ae(["info", "run"]))?;
            expect(info.to_string().contains("[3,16,16]"), || info.to_string())?;
            // Gray pictures are brought to the model's form, and nothing else.
            let (_, images) = evaluated(bench, &["run", "--data", "gray"])?;
            expect(images == 20, || format!("{images} images"))
        }),
    ]
}

fn own_set() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "from another folder the own set is found",
            |bench| {
                discs(bench, "data", 0..50)?;
                train(bench, "data", "run").run().check_done()?;
                let here = evaluated(bench, &["run"])?;
                // A set of that relative name lies there, too.
                discs(bench, "sub/data", 700..712)?;
                copy_folder(&bench.path().join("run"), &bench.path().join("sub/run"))?;
                let script = "cd sub && exec \"$@\"";
                let eval = bench.ae(["eval", "run"]).args(BACKEND);
                let found = json(eval.under(["sh", "-c", script, "sh"]))?;
                expect(number(&found, "/images")? as usize == here.1, || {
                    found.to_string()
                })?;
                same_error(number(&found, "/model/mse")?, here.0)
            },
        ),
        Case::new(FAMILY, "a set that changed is said", |bench| {
            discs(bench, "set", 0..50)?;
            train(bench, "set", "run").run().check_done()?;
            let quiet = said(bench.ae(["eval", "run"]).args(BACKEND))?;
            expect(!quiet.contains("changed"), || quiet.clone())?;
            discs(bench, "set", 800..803)?;
            let text = said(bench.ae(["eval", "run"]).args(BACKEND))?;
            expect(text.contains("changed"), || format!("not said: {text}"))
        }),
        Case::new(
            FAMILY,
            "another set at the own set's place is refused",
            |bench| {
                discs(bench, "set", 0..50)?;
                train(bench, "set", "run").run().check_done()?;
                let set = bench.path().join("set");
                fs::remove_dir_all(&set).map_err(broken(&set))?;
                for number in 0..50 {
                    let file = format!("set/{number:03}.png");
                    bench.write(file, &scene(32, 32, 1, number).png())?;
                }
                let before = Snapshot::of(bench.path());
                let ended = bench.ae(["eval", "run"]).args(BACKEND).run();
                ended.check_error(3, &["set"])?;
                Ok(before.check_same(&Snapshot::of(bench.path()), |_| false)?)
            },
        ),
        Case::new(
            FAMILY,
            "a moved set is divided as before where it is named",
            |bench| {
                discs(bench, "set", 0..50)?;
                train(bench, "set", "run").run().check_done()?;
                let (here, images) = evaluated(bench, &["run"])?;
                let test = part(bench, "run", "test", &[])?;
                let (from, to) = (bench.path().join("set"), bench.path().join("moved"));
                fs::rename(&from, &to).map_err(broken(&to))?;
                let ended = bench.ae(["eval", "run"]).args(BACKEND).run();
                expect(ended.code != Some(0), || ended.stdout.clone())?;
                expect(ended.said().contains("--data"), || ended.said())?;
                let moved = evaluated(bench, &["run", "--data", "moved"])?;
                expect(moved.1 == images, || {
                    format!("{} of {images} images", moved.1)
                })?;
                same_error(moved.0, here)?;
                let again = part(bench, "run", "test", &["--data", "moved"])?;
                expect(again == test, || "another test part".to_owned())
            },
        ),
    ]
}

fn codes() -> Vec<Case> {
    vec![Case::new(
        FAMILY,
        "codes with axes in another order are refused",
        |bench| {
            let run = bench.run();
            let data = bench.set();
            let encode = [
                "encode",
                &run,
                "--data",
                &data,
                "--limit",
                "2",
                "-o",
                "codes.npy",
            ];
            bench.ae(encode).args(BACKEND).run().check_done()?;
            let info = json(bench.ae(["info", &run]))?;
            let shape: Vec<usize> = serde_json::from_value(info["code_shape"].clone())
                .map_err(|error| error.to_string())?;
            let [maps, height, width] = shape[..] else {
                return Err(Trouble::Failed(format!("code_shape {shape:?}")));
            };
            let values = vec![0; 4 * 2 * maps * height * width];
            for (shape, is_taken) in [
                (vec![2, maps * height * width], true),
                (vec![2, maps, height, width], true),
                (vec![2, height, width, maps], false),
                (vec![2, maps, height * width], false),
            ] {
                bench.write(
                    "other.npy",
                    &super::super::synthetic::inputs::npy::npy(&shape, "<f4", &values),
                )?;
                let decode = [
                    "decode",
                    "other.npy",
                    "--model",
                    &run,
                    "-o",
                    "images",
                    "--force",
                ];
                let decode = bench.ae(decode).args(BACKEND);
                // Maps may be as high as they are many.
                match is_taken || shape[1..] == [maps, height, width] {
                    true => decode.run().check_done()?,
                    false => bench.refuses(decode, 3, &["other.npy", "takes ["])?,
                }
            }
            Ok(())
        },
    )]
}
