//! Layouts of folders, archives and arrays: the same pictures give the same answer however they are packed.

use super::super::bench::Bench;
use super::super::case::Case;
use super::super::synthetic::inputs::draw::{defect, disc, scene};
use super::super::synthetic::inputs::npy::{npy, npz};
use super::super::synthetic::inputs::zip::zip;
use super::super::trouble::Trouble;
use super::answers::{
    BACKEND, FAMILY, TRAIN, discs, done, evaluated, expect, json, number, part, said, train,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = folders();
    cases.extend(packed());
    cases
}

/// A delivery in the layout of MVTec AD: 30 to train on, 8 good and 8 broken to test, with masks.
fn mvtec(bench: &Bench<'_>) -> Result<(), Trouble> {
    discs(bench, "mvtec/train/good", 0..30)?;
    discs(bench, "mvtec/test/good", 100..108)?;
    for number in 0..8 {
        let (picture, mask) = defect(200 + number);
        bench.write(format!("mvtec/test/broken/{number:03}.png"), &picture.png())?;
        let name = format!("mvtec/ground_truth/broken/{number:03}_mask.png");
        bench.write(name, &mask.png())?;
    }
    Ok(())
}

fn folders() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "MVTec's layout: good parts alone are trained on",
            |bench| {
                mvtec(bench)?;
                train(bench, "mvtec", "run").run().check_done()?;
                let mut all = 0;
                for (name, may_be) in [
                    ("train", "train"),
                    ("validation", "train"),
                    ("test", "test"),
                ] {
                    let names = part(bench, "run", name, &[])?;
                    all += names.len();
                    let wrong = names.iter().find(|name| {
                        name.contains("mask") || name.contains("broken") && may_be == "train"
                    });
                    expect(wrong.is_none(), || format!("{wrong:?} in {name}"))?;
                }
                // 30 to train and validate, 16 to test, no mask.
                expect(all == 46, || format!("{all} images"))
            },
        ),
        Case::new(
            FAMILY,
            "a stray picture beside train and test is left aside and said",
            |bench| {
                discs(bench, "set/train/good", 0..30)?;
                discs(bench, "set/test/good", 100..110)?;
                bench.write("set/preview.png", &disc(999).png())?;
                let text = said(train(bench, "set", "run").without(&["--quiet"]))?;
                expect(
                    text.contains("preview.png") || text.contains("left aside"),
                    || format!("not said: {text}"),
                )?;
                let mut sizes = Vec::new();
                for name in ["train", "validation", "test"] {
                    let names = part(bench, "run", name, &[])?;
                    expect(!names.iter().any(|name| name.contains("preview")), || {
                        format!("preview.png in {name}")
                    })?;
                    sizes.push(names.len());
                }
                expect(sizes[0] + sizes[1] == 30 && sizes[2] == 10, || {
                    format!("{sizes:?}")
                })
            },
        ),
        Case::new(FAMILY, "classes keep their folders' names", |bench| {
            for (class, first) in [("screw", 0), ("nut", 300)] {
                discs(bench, &format!("set/{class}"), first..first + 20)?;
            }
            let info = done(bench.ae(["data", "info", "set"]))?;
            expect(info.contains("nut") && info.contains("screw"), || {
                info.clone()
            })?;
            train(bench, "set", "run").run().check_done()?;
            let map = ["map", "run", "-o", "map.html", "--part", "all"];
            bench.ae(map).args(BACKEND).run().check_done()?;
            let page = super::answers::content(bench, "map.html")?;
            let page = String::from_utf8_lossy(&page).into_owned();
            expect(page.contains("screw") && page.contains("nut"), || {
                "the map has no classes' names".to_owned()
            })
        })
        .slow(),
        Case::new(
            FAMILY,
            "a run inside its own set is no part of it",
            |bench| {
                discs(bench, ".", 0..30)?;
                train(bench, ".", "runs/one").run().check_done()?;
                let show = ["show", "runs/one", "-o", "runs/one/shown.png"];
                bench.ae(show).args(BACKEND).run().check_done()?;
                train(bench, ".", "runs/two").run().check_done()?;
                let mut all = 0;
                for name in ["train", "validation", "test"] {
                    let names = part(bench, "runs/two", name, &[])?;
                    let wrong = names.iter().find(|name| name.contains("shown"));
                    expect(wrong.is_none(), || format!("{wrong:?}"))?;
                    all += names.len();
                }
                expect(all == 30, || format!("{all} of 30 images"))
            },
        ),
    ]
}

/// The pixels of twenty discs, one after another.
fn pixels() -> Vec<u8> {
    (0..20)
        .flat_map(|number| disc(number).bytes().to_vec())
        .collect()
}

/// The same error on the same images, however they are packed.
fn same_answer(bench: &Bench<'_>, file: &str, content: &[u8]) -> Result<(), Trouble> {
    discs(bench, "set", 0..20)?;
    discs(bench, "own", 400..430)?;
    train(bench, "own", "run").run().check_done()?;
    bench.write(file, content)?;
    let folder = evaluated(bench, &["run", "--data", "set"])?;
    let packed = evaluated(bench, &["run", "--data", file])?;
    expect(folder.1 == 20 && packed.1 == 20, || {
        format!("{} and {} images", folder.1, packed.1)
    })?;
    expect((folder.0 / packed.0 - 1.0).abs() < 1e-6, || {
        format!("MSE {} of the folder, {} of {file}", folder.0, packed.0)
    })
}

fn packed() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "a zip archive is its folder", |bench| {
            let members: Vec<(String, Vec<u8>)> = (0..20)
                .map(|number| (format!("set/{number:03}.png"), disc(number).png()))
                .collect();
            same_answer(bench, "set.zip", &zip(&members))
        }),
        Case::new(
            FAMILY,
            "an array of images (NHW) is their folder",
            |bench| same_answer(bench, "set.npy", &npy(&[20, 32, 32], "|u1", &pixels())),
        ),
        Case::new(
            FAMILY,
            "an array with one channel first (NCHW) is their folder",
            |bench| same_answer(bench, "set.npy", &npy(&[20, 1, 32, 32], "|u1", &pixels())),
        ),
        Case::new(
            FAMILY,
            "an array with one channel last (NHWC) is their folder",
            |bench| same_answer(bench, "set.npy", &npy(&[20, 32, 32, 1], "|u1", &pixels())),
        )
        .slow(),
        Case::new(
            FAMILY,
            "an npz file with one array is its folder",
            |bench| {
                let array = npy(&[20, 32, 32], "|u1", &pixels());
                same_answer(bench, "set.npz", &npz(&[("images", array)]))
            },
        ),
        Case::new(
            FAMILY,
            "color arrays, channels first or last, are the same pictures",
            |bench| {
                let pictures: Vec<_> = (0..12).map(|number| scene(16, 12, 3, number)).collect();
                let last: Vec<u8> = pictures.iter().flat_map(|p| p.bytes().to_vec()).collect();
                let first: Vec<u8> = pictures
                    .iter()
                    .flat_map(|picture| {
                        let plane = |channel: usize| -> Vec<u8> {
                            picture
                                .bytes()
                                .iter()
                                .skip(channel)
                                .step_by(3)
                                .copied()
                                .collect()
                        };
                        (0..3).flat_map(plane).collect::<Vec<u8>>()
                    })
                    .collect();
                bench.write("last.npy", &npy(&[12, 12, 16, 3], "|u1", &last))?;
                bench.write("first.npy", &npy(&[12, 3, 12, 16], "|u1", &first))?;
                bench
                    .ae(["train", "--data", "last.npy", "--out", "run"])
                    .args(TRAIN)
                    .run()
                    .check_done()?;
                let one = json(bench.ae(["data", "info", "last.npy"]))?;
                let other = json(bench.ae(["data", "info", "first.npy"]))?;
                expect(
                    one.to_string().contains("16") && one["shape"] == other["shape"],
                    || format!("{one} {other}"),
                )?;
                let found = json(
                    bench
                        .ae(["eval", "run", "--data", "first.npy"])
                        .args(BACKEND),
                )?;
                // The same images are the own set, divided as the run divided it.
                let own = json(bench.ae(["eval", "run"]).args(BACKEND))?;
                let (a, b) = (number(&found, "/model/mse")?, number(&own, "/model/mse")?);
                expect((a / b - 1.0).abs() < 1e-6, || format!("MSE {a} and {b}"))
            },
        ),
        Case::new(FAMILY, "images and labels in one npz file", |bench| {
            let labels: Vec<u8> = (0..20).map(|number| number % 2).collect();
            let file = npz(&[
                ("images", npy(&[20, 32, 32], "|u1", &pixels())),
                ("labels", npy(&[20], "|u1", &labels)),
            ]);
            bench.write("set.npz", &file)?;
            let info = done(bench.ae(["data", "info", "set.npz"]))?;
            expect(info.contains("10"), || {
                format!("no ten of each class: {info}")
            })
        }),
        Case::new(
            FAMILY,
            "a lone pair of IDX files is a set with labels",
            |bench| {
                let labels: Vec<u8> = (0..20).map(|number| number % 2).collect();
                let images = super::super::bytes::idx(&[20, 32, 32], &pixels());
                bench.write("set/images-idx3-ubyte", &images)?;
                let labels = super::super::bytes::idx(&[20], &labels);
                bench.write("set/labels-idx1-ubyte", &labels)?;
                let info = done(bench.ae(["data", "info", "set"]))?;
                expect(info.contains("20") && info.contains("10"), || info.clone())
            },
        ),
    ]
}
