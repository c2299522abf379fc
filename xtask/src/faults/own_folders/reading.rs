//! Damaged and unusual files: recognized, counted or refused, and never taken for something else.

use std::fs;

use super::super::bench::Bench;
use super::super::case::Case;
use super::super::synthetic::inputs::draw::{disc, scene};
use super::super::synthetic::inputs::gif::animated_gif;
use super::super::synthetic::inputs::jpeg::Jpeg;
use super::super::synthetic::inputs::picture::Picture;
use super::super::synthetic::inputs::tiff::{Alpha, Tiff};
use super::super::trouble::{Trouble, broken};
use super::answers::{BACKEND, FAMILY, content, discs, done, evaluated, expect, said, train};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = files();
    cases.extend(values());
    cases.extend(pages());
    cases
}

/// The first `percent` of a file.
fn cut(bytes: &[u8], percent: usize) -> Vec<u8> {
    bytes[..bytes.len() * percent / 100].to_vec()
}

/// Makes the run `run`, trained on discs.
fn run_of_discs(bench: &Bench<'_>) -> Result<(), Trouble> {
    discs(bench, "own", 400..430)?;
    Ok(train(bench, "own", "run").run().check_done()?)
}

/// Two sets that hold the same pictures, in other files.
fn same_pictures(bench: &Bench<'_>, one: &str, other: &str) -> Result<(), Trouble> {
    let of = |set| evaluated(bench, &["run", "--data", set]);
    let (first, second) = (of(one)?, of(other)?);
    expect(first.1 == second.1, || {
        format!("{} and {} images", first.1, second.1)
    })?;
    expect((first.0 / second.0 - 1.0).abs() < 1e-5, || {
        format!("MSE {} of {one}, {} of {other}", first.0, second.0)
    })
}

fn files() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "truncated JPEGs are unreadable and counted",
            |bench| {
                discs(bench, "set", 0..110)?;
                let mut names = Vec::new();
                for progressive in [false, true] {
                    let jpeg = Jpeg {
                        progressive,
                        ..Jpeg::default()
                    };
                    let whole = jpeg.of(&scene(128, 128, 1, 0));
                    for percent in [10, 50, 90, 98] {
                        let name = format!("set/{progressive}-{percent}.jpg");
                        bench.write(&name, &cut(&whole, percent))?;
                        names.push(name);
                    }
                }
                names.pop();
                // One in a hundred is passed over and told; more are an error.
                let many = train(bench, "set", "run").args(["--size", "32"]);
                bench.refuses(many, 3, &["8 of 118 files in set", ".jpg", "truncated"])?;
                for name in names {
                    let path = bench.path().join(name);
                    fs::remove_file(&path).map_err(broken(&path))?;
                }
                let training = train(bench, "set", "run").args(["--size", "32"]);
                let text = said(training.without(&["--quiet"]))?;
                let told = "1 of 111 files skipped as unreadable";
                expect(text.contains(told), || format!("not counted: {text}"))?;
                let strict = train(bench, "set", "strict").args(["--size", "32", "--strict"]);
                bench.refuses(strict, 3, &[".jpg"])
            },
        ),
        Case::new(
            FAMILY,
            "truncated pictures of other formats are unreadable, too",
            |bench| {
                discs(bench, "set", 0..80)?;
                let picture = scene(64, 64, 1, 0);
                let gif = animated_gif(std::slice::from_ref(&picture));
                for (extension, whole) in [
                    ("png", picture.png()),
                    ("tif", picture.tiff()),
                    ("pgm", picture.pnm()),
                    ("bmp", picture.bmp()),
                    ("gif", gif),
                ] {
                    let name = format!("set/cut.{extension}");
                    bench.write(&name, &cut(&whole, 60))?;
                    let show = bench.ae(["data", "show", &name, "-o", "out.png"]);
                    bench.refuses(show, 3, &[&name])?;
                }
                let training = train(bench, "set", "run").args(["--size", "32"]);
                bench.refuses(training, 3, &["5 of 85 files in set"])
            },
        ),
        Case::new(
            FAMILY,
            "content decides, not the extension, and what is passed over is counted",
            |bench| {
                let extensions = ["png", "JPG", "jfif", "jpe", "dat", "heic"];
                for number in 0..36_u64 {
                    let extension = extensions[number as usize % extensions.len()];
                    let picture = scene(32, 32, 1, number);
                    let file = match extension {
                        "JPG" | "jfif" | "jpe" => picture.jpeg(90),
                        _ => picture.png(),
                    };
                    bench.write(format!("set/c{number:02}.{extension}"), &file)?;
                }
                for name in [".DS_Store", "Thumbs.db", "._c00.png", "notes.txt"] {
                    bench.write(format!("set/{name}"), b"\0\x01junk")?;
                }
                let out = ["data", "show", "set", "-o", "shown.png"];
                bench.ae(out).run().check_done()?;
                let text = said(train(bench, "set", "run").without(&["--quiet"]))?;
                let info = done(bench.ae(["data", "info", "set"]))?;
                expect(
                    info.contains("36") && (text.contains("txt") || info.contains("txt")),
                    || format!("{info} {text}"),
                )
            },
        ),
        Case::new(
            FAMILY,
            "denoise passes over what train passes over",
            |bench| {
                for number in 0..6 {
                    let extension = ["png", "jpe", "dat"][number as usize % 3];
                    let picture = scene(16, 16, 1, number);
                    let file = if extension == "jpe" {
                        picture.jpeg(90)
                    } else {
                        picture.png()
                    };
                    bench.write(format!("set/c{number}.{extension}"), &file)?;
                }
                bench.write("set/notes.txt", b"nothing")?;
                let info = done(bench.ae(["data", "info", "set"]))?;
                let denoise = ["denoise", "set", "-o", "clean", "--model"];
                let denoise = bench.ae(denoise).arg(bench.run()).args(BACKEND);
                denoise.run().check_done()?;
                let clean = super::super::snapshot::Snapshot::of(&bench.path().join("clean"));
                let count = clean.names().count();
                expect(count == 6 && info.contains('6'), || {
                    format!("{count} denoised; {info}")
                })
            },
        ),
        Case::new(
            FAMILY,
            "a JPEG with a scan for each component is read right",
            |bench| {
                run_of_discs(bench)?;
                for number in 0..8 {
                    let picture = scene(40, 40, 3, number);
                    for (name, scans) in [("apart", true), ("together", false)] {
                        let mut file = Vec::new();
                        let mut encoder = jpeg_encoder::Encoder::new(&mut file, 80);
                        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
                        encoder.set_optimized_huffman_tables(scans);
                        encoder
                            .encode(picture.bytes(), 40, 40, jpeg_encoder::ColorType::Rgb)
                            .map_err(|error| error.to_string())?;
                        bench.write(format!("{name}/{number}.jpg"), &file)?;
                    }
                }
                let of = |set| evaluated(bench, &["run", "--data", set]);
                let (apart, together) = (of("apart")?, of("together")?);
                expect((apart.0 / together.0 - 1.0).abs() < 0.01, || {
                    format!("MSE {} of scans apart, {} of one scan", apart.0, together.0)
                })
            },
        ),
    ]
}

fn values() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "12 bits in a 16-bit file are the same pictures as 8",
            |bench| {
                run_of_discs(bench)?;
                for number in 0..12 {
                    let picture = disc(number);
                    let deep = picture.to_u16(|byte| ((u32::from(byte) * 4095 + 127) / 255) as u16);
                    bench.write(format!("eight/{number:02}.png"), &picture.png())?;
                    bench.write(format!("twelve/{number:02}.png"), &deep.png())?;
                    bench.write(format!("tiff/{number:02}.tif"), &deep.tiff())?;
                }
                let eight = evaluated(bench, &["run", "--data", "eight"])?;
                for set in ["twelve", "tiff"] {
                    let twelve = evaluated(bench, &["run", "--data", set])?;
                    expect((twelve.0 / eight.0 - 1.0).abs() < 0.02, || {
                        format!("MSE {} of {set}, {} of 8 bits", twelve.0, eight.0)
                    })?;
                }
                Ok(())
            },
        ),
        Case::new(
            FAMILY,
            "float pictures of 0..255, of 0..1 and of 8 bits are the same",
            |bench| {
                run_of_discs(bench)?;
                for number in 0..12 {
                    let picture = disc(number);
                    bench.write(format!("bytes/{number:02}.png"), &picture.png())?;
                    let wide = picture.to_f32(f32::from);
                    bench.write(format!("wide/{number:02}.tif"), &wide.tiff())?;
                    let unit = picture.to_f32(|byte| f32::from(byte) / 255.0);
                    bench.write(format!("unit/{number:02}.tif"), &unit.tiff())?;
                }
                same_pictures(bench, "bytes", "unit")?;
                let told = evaluated(bench, &["run", "--data", "wide", "--range", "0..255"])?;
                let bytes = evaluated(bench, &["run", "--data", "bytes"])?;
                expect((told.0 / bytes.0 - 1.0).abs() < 1e-5, || {
                    format!("{} {}", told.0, bytes.0)
                })?;
                same_pictures(bench, "bytes", "wide")
            },
        ),
        Case::new(FAMILY, "a float picture with NaN is refused", |bench| {
            discs(bench, "set", 0..30)?;
            let picture = disc(0);
            let broken = picture.to_f32(|byte| if byte > 200 { f32::NAN } else { 0.5 });
            let with_nan = |picture: Picture| {
                let mut picture = picture;
                if let super::super::synthetic::inputs::picture::Samples::F32(values) =
                    &mut picture.samples
                {
                    values[17] = f32::NAN;
                }
                picture
            };
            bench.write("set/nan.tif", &with_nan(broken).tiff())?;
            let show = bench.ae(["data", "show", "set/nan.tif", "-o", "out.png"]);
            bench.refuses(show, 3, &["nan.tif"])?;
            let strict = train(bench, "set", "run").arg("--strict");
            bench.refuses(strict, 3, &["nan.tif"])
        }),
        Case::new(
            FAMILY,
            "premultiplied alpha is not taken for straight",
            |bench| {
                run_of_discs(bench)?;
                for number in 0..8 {
                    let picture = scene(32, 32, 3, number);
                    let alpha = |_, y: usize| if y < 16 { 255 } else { 128 };
                    let straight = picture.with_alpha(alpha);
                    let halves = straight.bytes().chunks_exact(4).flat_map(|pixel| {
                        let alpha = u16::from(pixel[3]);
                        let times = |value: u8| ((u16::from(value) * alpha + 127) / 255) as u8;
                        [times(pixel[0]), times(pixel[1]), times(pixel[2]), pixel[3]]
                    });
                    let values = halves.collect();
                    let premultiplied = Picture::new(32, 32, 4, values);
                    let tiff = |alpha| Tiff {
                        alpha: Some(alpha),
                        ..Tiff::default()
                    };
                    let file = tiff(Alpha::Straight).pages(&[straight]);
                    bench.write(format!("straight/{number}.tif"), &file)?;
                    let file = tiff(Alpha::Premultiplied).pages(&[premultiplied]);
                    bench.write(format!("premultiplied/{number}.tif"), &file)?;
                }
                let straight = evaluated(bench, &["run", "--data", "straight"])?;
                let eval = ["eval", "run", "--data", "premultiplied", "--json"];
                let ended = bench.ae(eval).args(BACKEND).run();
                if ended.code == Some(3) {
                    return Ok(ended.check_error(3, &["premultiplied"])?);
                }
                let other = evaluated(bench, &["run", "--data", "premultiplied"])?;
                expect((other.0 / straight.0 - 1.0).abs() < 0.01, || {
                    format!("MSE {} premultiplied, {} straight", other.0, straight.0)
                })
            },
        ),
    ]
}

fn pages() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "every page and every frame is an image", |bench| {
            run_of_discs(bench)?;
            let frames: Vec<Picture> = (0..5).map(disc).collect();
            bench.write("scan.tif", &Tiff::default().pages(&frames))?;
            bench.write("moving.gif", &animated_gif(&frames))?;
            bench.write(
                "moving.png",
                &super::super::synthetic::inputs::png::Png::default().animated(&frames),
            )?;
            discs(bench, "single", 0..5)?;
            for file in ["scan.tif", "moving.gif", "moving.png"] {
                same_pictures(bench, "single", file)?;
            }
            bench.write("folder/scan.tif", &Tiff::default().pages(&frames))?;
            discs(bench, "folder", 5..9)?;
            let (_, images) = evaluated(bench, &["run", "--data", "folder"])?;
            expect(images == 9, || format!("{images} of 9 images"))
        }),
        Case::new(FAMILY, "a page is taken by its number", |bench| {
            let frames: Vec<Picture> = (0..5).map(|number| scene(20, 20, 1, number)).collect();
            bench.write("scan.tif", &Tiff::default().pages(&frames))?;
            bench.write("third.png", &frames[3].png())?;
            for (data, out) in [("scan.tif[3]", "a.png"), ("third.png", "b.png")] {
                bench
                    .ae(["data", "show", data, "-o", out])
                    .run()
                    .check_done()?;
            }
            let run = bench.run();
            for (picture, out) in [("scan.tif[3]", "page.png"), ("third.png", "whole.png")] {
                let denoise = ["denoise", picture, "-o", out, "--model", &run];
                bench.ae(denoise).args(BACKEND).run().check_done()?;
            }
            let same = content(bench, "page.png")? == content(bench, "whole.png")?;
            expect(same, || "page 3 is another picture".to_owned())?;
            let show = bench.ae(["data", "show", "scan.tif[5]", "-o", "out.png"]);
            bench.refuses(show, 3, &["scan.tif", "5"])
        }),
    ]
}
