//! Pictures that are written: what came in goes out, and nothing is lost on the way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::super::bench::Bench;
use super::super::case::Case;
use super::super::process::Run;
use super::super::snapshot::Snapshot;
use super::super::synthetic::inputs::draw::scene;
use super::super::synthetic::inputs::gif::animated_gif;
use super::super::synthetic::inputs::jpeg::{Jpeg, exif_orientation};
use super::super::synthetic::inputs::picture::Picture;
use super::super::synthetic::inputs::png::Png;
use super::super::synthetic::inputs::tiff::Tiff;
use super::super::trouble::{Trouble, broken};
use super::answers::{BACKEND, FAMILY, content, done, expect, train};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = kept();
    cases.extend(several());
    cases
}

fn denoise<'a>(bench: &'a Bench<'_>, arguments: &[&str]) -> Run<'a> {
    let run = bench.run();
    bench
        .ae(["denoise", "--model", &run])
        .args(arguments)
        .args(BACKEND)
}

/// Whether a file has these bytes somewhere.
fn has(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}

/// Bits and color type of a PNG.
fn png_kind(file: &[u8]) -> Option<(u8, u8)> {
    Some((*file.get(24)?, *file.get(25)?))
}

/// The pages of a TIFF file, in either byte order.
fn tiff_pages(file: &[u8]) -> usize {
    let is_little = file.starts_with(b"II");
    let number = |place: usize, bytes: usize| -> Option<usize> {
        let bytes = file.get(place..place + bytes)?.iter();
        let add = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
        Some(match is_little {
            true => bytes.rev().fold(0, add),
            false => bytes.fold(0, add),
        })
    };
    let mut pages = 0;
    let mut place = number(4, 4).unwrap_or(0);
    while place != 0 && pages < 100 {
        pages += 1;
        let entries = number(place, 2).unwrap_or(0);
        place = number(place + 2 + 12 * entries, 4).unwrap_or(0);
    }
    pages
}

/// The quantization tables' mean, which falls with the quality of a JPEG.
fn coarseness(file: &[u8]) -> Option<f64> {
    let place = file.windows(2).position(|pair| pair == [0xFF, 0xDB])?;
    let table = file.get(place + 5..place + 69)?;
    Some(table.iter().map(|&step| f64::from(step)).sum::<f64>() / 64.0)
}

fn kept() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "16 bits in, 16 bits out", |bench| {
            let ramp = scene(64, 40, 1, 0).to_u16(|byte| 20_000 + 37 * u16::from(byte));
            bench.write("ramp.png", &ramp.png())?;
            done(denoise(bench, &["ramp.png", "-o", "clean.png"]))?;
            let file = content(bench, "clean.png")?;
            expect(png_kind(&file) == Some((16, 0)), || {
                format!("{:?}", png_kind(&file))
            })?;
            // Values between those that 8 bits have.
            done(denoise(bench, &["ramp.png", "-o", "clean.pgm"]))?;
            let file = content(bench, "clean.pgm")?;
            let pixels = &file[file.len() - 64 * 40 * 2..];
            let odd = pixels
                .as_chunks::<2>()
                .0
                .iter()
                .filter(|value| u16::from_be_bytes(**value) % 257 != 0)
                .count();
            expect(odd > 1_000, || {
                format!("{odd} of 2560 values between those of 8 bits")
            })
        }),
        Case::new(FAMILY, "alpha stays as it was", |bench| {
            let picture = scene(48, 48, 3, 0);
            let round = |x: usize, y: usize| match x.abs_diff(24).pow(2) + y.abs_diff(24).pow(2) {
                0..400 => 255,
                _ => 0,
            };
            bench.write("alpha.png", &picture.with_alpha(round).png())?;
            done(denoise(bench, &["alpha.png", "-o", "clean.png"]))?;
            let file = content(bench, "clean.png")?;
            expect(png_kind(&file) == Some((8, 6)), || {
                format!("{:?}", png_kind(&file))
            })?;
            done(denoise(bench, &["alpha.png", "-o", "clean.tif"]))?;
            let file = content(bench, "clean.tif")?;
            expect(file.starts_with(b"II") || file.starts_with(b"MM"), || {
                "clean.tif is no TIFF".to_owned()
            })
        }),
        Case::new(FAMILY, "profile, resolution and EXIF are kept", |bench| {
            let picture = scene(48, 48, 3, 0);
            let profile: Vec<u8> = (0..400).map(|byte| (byte * 7 % 251) as u8).collect();
            let jpeg = Jpeg {
                icc_profile: Some(profile.clone()),
                dots_per_inch: Some(300),
                ..Jpeg::default()
            };
            bench.write("x.jpg", &jpeg.of(&picture))?;
            done(denoise(bench, &["x.jpg", "-o", "clean.jpg"]))?;
            let file = content(bench, "clean.jpg")?;
            expect(has(&file, &profile), || {
                "the JPEG's profile is gone".to_owned()
            })?;
            // JFIF: the unit is the inch, then 300 twice.
            expect(has(&file, b"\x01\x01\x2c\x01\x2c"), || {
                "the JPEG's 300 dpi are gone".to_owned()
            })?;
            let png = Png::default()
                .icc_profile(&profile)
                .pixels_per_meter(11_811);
            bench.write("x.png", &png.of(&picture))?;
            done(denoise(bench, &["x.png", "-o", "clean.png"]))?;
            let file = content(bench, "clean.png")?;
            for chunk in ["iCCP", "pHYs"] {
                expect(has(&file, chunk.as_bytes()), || {
                    format!("the PNG's {chunk} is gone")
                })?;
            }
            let tiff = Tiff {
                icc_profile: Some(profile.clone()),
                dots_per_inch: Some(300),
                ..Tiff::default()
            };
            bench.write("x.tif", &tiff.pages(&[picture]))?;
            done(denoise(bench, &["x.tif", "-o", "clean.tif"]))?;
            let file = content(bench, "clean.tif")?;
            expect(has(&file, &profile), || {
                "the TIFF's profile is gone".to_owned()
            })
        }),
        Case::new(
            FAMILY,
            "an orientation is applied and then reset",
            |bench| {
                let picture = scene(48, 32, 1, 0);
                let jpeg = Jpeg {
                    exif: Some(exif_orientation(6)),
                    ..Jpeg::default()
                };
                bench.write("turned.jpg", &jpeg.of(&picture))?;
                done(denoise(bench, &["turned.jpg", "-o", "clean.jpg"]))?;
                done(denoise(bench, &["clean.jpg", "-o", "again.png"]))?;
                let file = content(bench, "again.png")?;
                let sides = (&file[16..20], &file[20..24]);
                expect(sides == (&[0, 0, 0, 32], &[0, 0, 0, 48]), || {
                    format!("{sides:?}")
                })
            },
        ),
        Case::new(
            FAMILY,
            "a JPEG is written at the input's quality at least",
            |bench| {
                let picture = scene(64, 64, 3, 0);
                for quality in [40, 95] {
                    bench.write("x.jpg", &picture.jpeg(quality))?;
                    done(denoise(bench, &["x.jpg", "-o", "clean.jpg", "--force"]))?;
                    let before = coarseness(&content(bench, "x.jpg")?);
                    let after = coarseness(&content(bench, "clean.jpg")?);
                    expect(after <= before && after.is_some(), || {
                        format!("quality {quality}: steps of {before:?}, then {after:?}")
                    })?;
                }
                done(denoise(
                    bench,
                    &["x.jpg", "-o", "low.jpg", "--quality", "20"],
                ))?;
                let (low, high) = (content(bench, "low.jpg")?, content(bench, "clean.jpg")?);
                expect(coarseness(&low) > coarseness(&high), || {
                    "--quality changes nothing".to_owned()
                })
            },
        ),
        Case::new(FAMILY, "PGM and PPM are what they are called", |bench| {
            bench.write("gray.png", &scene(32, 32, 1, 0).png())?;
            bench.write("color.png", &scene(32, 32, 3, 0).png())?;
            done(denoise(bench, &["gray.png", "-o", "clean.pgm"]))?;
            done(denoise(bench, &["color.png", "-o", "clean.ppm"]))?;
            for (file, magic) in [("clean.pgm", "P5"), ("clean.ppm", "P6")] {
                let begins = content(bench, file)?[..2].to_vec();
                expect(begins == magic.as_bytes(), || {
                    format!("{file} begins with {begins:?}")
                })?;
            }
            Ok(())
        }),
        Case::new(FAMILY, "writing over a file keeps its mode", |bench| {
            bench.write("x.png", &scene(32, 32, 1, 0).png())?;
            let path = bench.path().join("x.png");
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(&path, private).map_err(broken(&path))?;
            done(denoise(bench, &["x.png", "-o", "x.png", "--force"]))?;
            let mode = fs::metadata(&path)
                .map_err(broken(&path))?
                .permissions()
                .mode();
            expect(mode & 0o777 == 0o600, || format!("mode {mode:o}"))
        }),
        Case::new(
            FAMILY,
            "a format that cannot be written is an error, not a folder",
            |bench| {
                bench.write("x.png", &scene(32, 32, 1, 0).png())?;
                for name in ["clean.jp2", "clean.heic", "clean.xyz"] {
                    let before = Snapshot::of(bench.path());
                    let ended = denoise(bench, &["x.png", "-o", name]).run();
                    expect(ended.code == Some(2) && ended.errors().len() == 1, || {
                        ended.said()
                    })?;
                    before.check_same(&Snapshot::of(bench.path()), |_| false)?;
                    expect(!bench.path().join(name).exists(), || {
                        format!("{name} is there")
                    })?;
                }
                Ok(())
            },
        ),
    ]
}

fn several() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "of five pages five are written", |bench| {
            let frames: Vec<Picture> = (0..5).map(|number| scene(32, 24, 1, number)).collect();
            bench.write("scan.tif", &Tiff::default().pages(&frames))?;
            done(denoise(bench, &["scan.tif", "-o", "clean.tif"]))?;
            let pages = tiff_pages(&content(bench, "clean.tif")?);
            expect(pages == 5, || format!("{pages} pages"))?;
            done(denoise(bench, &["scan.tif", "-o", "scan.tif", "--force"]))?;
            let pages = tiff_pages(&content(bench, "scan.tif")?);
            expect(pages == 5, || format!("{pages} pages in place"))
        }),
        Case::new(FAMILY, "an animation is not reduced to a frame", |bench| {
            let frames: Vec<Picture> = (0..5).map(|number| scene(32, 24, 1, number)).collect();
            bench.write("moving.gif", &animated_gif(&frames))?;
            let before = content(bench, "moving.gif")?;
            let ended = denoise(bench, &["moving.gif", "-o", "moving.gif", "--force"]).run();
            let file = content(bench, "moving.gif")?;
            if ended.code != Some(0) {
                return expect(file == before && ended.errors().len() == 1, || ended.said());
            }
            let frames = file.windows(2).filter(|pair| *pair == [0x21, 0xF9]).count();
            expect(frames >= 5, || format!("{frames} frames"))?;
            let ended = denoise(bench, &["moving.gif", "-o", "still.png"]).run();
            let still = bench.path().join("still.png");
            expect(
                ended.code != Some(0) || has(&content(bench, "still.png")?, b"acTL"),
                || format!("one frame in {}", still.display()),
            )
        }),
        Case::new(
            FAMILY,
            "names that collide are refused before any work",
            |bench| {
                for number in 0..20 {
                    bench.write(
                        format!("own/{number:02}.png"),
                        &scene(32, 32, 1, number).png(),
                    )?;
                }
                train(bench, "own", "run").run().check_done()?;
                let picture = scene(32, 32, 1, 0);
                bench.write("set/x.png", &picture.png())?;
                bench.write("set/x.jpg", &picture.jpeg(90))?;
                bench.write("set/x.bmp", &picture.bmp())?;
                bench.write("set/y.png", &picture.png())?;
                for command in ["reconstruct", "denoise"] {
                    let out = format!("{command}-out");
                    let run = match command {
                        "denoise" => denoise(bench, &["set", "-o", &out]),
                        _ => bench
                            .ae(["reconstruct", "run", "--data", "set", "-o", &out])
                            .args(BACKEND),
                    };
                    let ended = run.run();
                    let written = Snapshot::of(&bench.path().join(&out));
                    let count = written.names().count();
                    match ended.code {
                        Some(0) => expect(count == 4, || format!("{command}: {count} of 4 files"))?,
                        _ => expect(count == 0 && ended.errors().len() == 1, || {
                            format!("{command}: {count} files; {}", ended.said())
                        })?,
                    }
                }
                Ok(())
            },
        ),
        Case::new(
            FAMILY,
            "a batch goes on past a failing file and ends non-zero",
            |bench| {
                for number in 0..4 {
                    bench.write(format!("set/{number}.png"), &scene(32, 32, 1, number).png())?;
                }
                let half = scene(32, 32, 1, 9).png();
                bench.write("set/1-half.png", &half[..half.len() / 2])?;
                let ended = denoise(bench, &["set", "-o", "clean"]).run();
                let written = Snapshot::of(&bench.path().join("clean"));
                let count = written.names().count();
                expect(count == 4, || {
                    format!("{count} of 4 files; {}", ended.said())
                })?;
                expect(ended.code.is_some_and(|code| code != 0), || {
                    "exit code 0".to_owned()
                })?;
                expect(ended.said().contains("1-half.png"), || ended.said())
            },
        ),
        Case::new(
            FAMILY,
            "figures are of the file that was written",
            |bench| {
                bench.write("x.png", &scene(64, 64, 3, 0).png())?;
                let noise = ["--noise", "gaussian:0.05", "--json"];
                let figures = |out: &str, more: &[&str]| -> Result<String, Trouble> {
                    let command = denoise(bench, &["x.png", "-o", out]).args(noise).args(more);
                    done(command)
                };
                let lossless = figures("clean.png", &[])?;
                let lossy = figures("clean.jpg", &["--quality", "5"])?;
                let psnr = |text: &str| -> Result<f64, Trouble> {
                    let value: serde_json::Value =
                        serde_json::from_str(text).map_err(|error| error.to_string())?;
                    super::answers::number(&value, "/pictures/0/after/psnr")
                };
                let (lossless, lossy) = (psnr(&lossless)?, psnr(&lossy)?);
                // A bad model's output may gain by what JPEG leaves out.
                expect((lossy - lossless).abs() > 0.01, || {
                    format!("PSNR {lossless} as PNG, {lossy} as JPEG of quality 5")
                })
            },
        ),
    ]
}
