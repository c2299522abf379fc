//! `ae denoise`.

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma, Rgb, RgbImage};

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, files_in, scratch};

/// Something smooth with an edge.
fn gray(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        Luma([if x > width / 2 {
            200
        } else {
            (40 + y % 100) as u8
        }])
    })
}

fn colour(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x % 256) as u8, (y % 256) as u8, 90])
    })
}

fn size(path: &Path) -> (u32, u32) {
    let picture = image::open(path).expect("a picture");
    (picture.width(), picture.height())
}

#[test]
fn pictures_keep_their_size_and_their_colours() {
    let folder = scratch();
    let sizes = [(1, 1), (3, 50), (28, 28), (29, 31), (70, 45), (130, 5)];
    for model in ["denoiser", "narrow"] {
        let model = FIXTURE.argument(model);
        for (width, height) in sizes {
            for is_gray in [true, false] {
                let input = folder.path().join("in.png");
                match is_gray {
                    true => gray(width, height).save(&input).expect("written"),
                    false => colour(width, height).save(&input).expect("written"),
                }
                let line = format!("denoise in.png -o out.png --model {model} --tile 40 --force");
                done(folder.path(), &line);
                let output = folder.path().join("out.png");
                assert_eq!(size(&output), (width, height), "{model}");
                let is_gray_still = image::open(&output)
                    .expect("a picture")
                    .color()
                    .channel_count()
                    == 1;
                assert_eq!(is_gray_still, is_gray, "{model} {width}x{height}");
            }
        }
    }
}

#[test]
fn tiles_make_little_difference() {
    let folder = scratch();
    let model = FIXTURE.argument("denoiser");
    gray(100, 90)
        .save(folder.path().join("in.png"))
        .expect("written");
    for (out, tile) in [("whole.png", "256"), ("tiles.png", "128")] {
        done(
            folder.path(),
            &format!("denoise in.png -o {out} --model {model} --tile {tile}"),
        );
    }
    let pixels = |name: &str| {
        image::open(folder.path().join(name))
            .expect("there")
            .to_luma8()
            .into_raw()
    };
    let furthest = pixels("whole.png")
        .iter()
        .zip(&pixels("tiles.png"))
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(furthest <= Some(1), "{furthest:?}");
}

#[test]
fn added_noise_is_measured_before_and_after() {
    let folder = scratch();
    let model = FIXTURE.argument("denoiser");
    gray(64, 64)
        .save(folder.path().join("in.png"))
        .expect("written");
    let line = format!(
        "denoise in.png -o out.png --model {model} --noise gaussian:0.2 --compare compare.png --json"
    );
    let json = done(folder.path(), &line).json();
    let picture = &json["pictures"][0];
    let before = picture["before"]["psnr"].as_f64().expect("a number");
    // A standard deviation of 0.2 is 13.98 dB; a little is clipped away.
    assert!((13.5..15.5).contains(&before), "{before}");
    assert!(picture["after"]["psnr"].as_f64().is_some(), "{json}");
    assert!(size(&folder.path().join("compare.png")).0 > 3 * 64);
    // The same seed draws the same noise, another one another.
    let again = done(folder.path(), &format!("{line} --force")).json();
    assert_eq!(again["pictures"][0]["before"], picture["before"]);
    let other = done(folder.path(), &format!("{line} --force --seed 7")).json();
    assert_ne!(other["pictures"][0]["before"], picture["before"]);
}

#[test]
fn a_folder_is_done_at_a_time_and_unreadable_pictures_are_counted() {
    let folder = scratch();
    let model = FIXTURE.argument("denoiser");
    let scans = folder.path().join("scans");
    fs::create_dir(&scans).expect("made");
    gray(30, 20).save(scans.join("a.png")).expect("written");
    colour(20, 30).save(scans.join("b.jpg")).expect("written");
    fs::write(scans.join("broken.png"), b"\x89PNG\r\n\x1a\nbut no more").expect("written");
    fs::write(scans.join("notes.txt"), "not a picture").expect("written");
    let line = format!("denoise scans -o clean --model {model} --json");
    let ended = ae(folder.path(), &line);
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert_eq!(
        ended.lines("error:"),
        ["error: scans/broken.png: 1 of 3 pictures failed"]
    );
    let names: Vec<_> = files_in(&folder.path().join("clean"));
    assert_eq!(names, [Path::new("a.png"), Path::new("b.jpg")]);
    assert_eq!(ended.json()["failed"][0]["input"], "scans/broken.png");
    assert!(ended.stderr.contains("broken.png"), "{}", ended.stderr);
}

#[test]
fn a_picture_is_never_written_over_unless_forced() {
    let folder = scratch();
    let model = FIXTURE.argument("denoiser");
    let input = folder.path().join("in.png");
    gray(30, 30).save(&input).expect("written");
    let before = fs::read(&input).expect("there");
    for out in ["in.png", "./in.png", "."] {
        let ended = ae(
            folder.path(),
            &format!("denoise in.png -o {out} --model {model}"),
        );
        assert_eq!(ended.code, 5, "{out}: {ended:#?}");
        assert!(
            ended.lines("error:")[0].contains("is the picture itself"),
            "{ended:#?}"
        );
        assert_eq!(fs::read(&input).expect("there"), before);
    }
    done(
        folder.path(),
        &format!("denoise in.png -o in.png --model {model} --force"),
    );
    assert_ne!(fs::read(&input).expect("there"), before);
}

/// Something smooth under noise of a standard deviation of 25 levels, not clipped anywhere.
fn noisy(width: u32, height: u32) -> GrayImage {
    let clean = gray(width, height);
    let mut state = 1_u64;
    let mut uniform = move || {
        // A linear congruential generator, the constants of Knuth's MMIX.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    };
    GrayImage::from_fn(width, height, |x, y| {
        // A sum of twelve uniform values has a variance of 1.
        let normal: f64 = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let value = f64::from(clean.get_pixel(x, y).0[0]) + 25.0 * normal;
        Luma([value.round().clamp(0.0, 255.0) as u8])
    })
}

fn mean_squared_error(a: &GrayImage, b: &GrayImage) -> f64 {
    let squares = a.iter().zip(b.iter()).map(|(a, b)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    });
    squares.sum::<f64>() / f64::from(a.width() * a.height())
}

#[test]
fn filters_need_no_model_and_no_training() {
    let folder = scratch();
    noisy(96, 80)
        .save(folder.path().join("in.png"))
        .expect("written");
    let clean = gray(96, 80);
    let read = |name: &str| {
        image::open(folder.path().join(name))
            .expect("there")
            .to_luma8()
    };
    let before = mean_squared_error(&clean, &read("in.png"));
    for (filter, share) in [("bm3d", 0.12), ("nlm", 0.3), ("median", 0.4)] {
        let line = format!("denoise in.png -o {filter}.png --model {filter} --json");
        let picture = done(folder.path(), &line).json()["pictures"][0].clone();
        let after = mean_squared_error(&clean, &read(&format!("{filter}.png")));
        assert!(after < share * before, "{filter}: {before} -> {after}");
        match filter {
            "median" => assert!(picture["noise_level"].is_null(), "{picture}"),
            _ => {
                let level = 255.0 * picture["noise_level"].as_f64().expect("a number");
                assert!((22.0..28.0).contains(&level), "{level}");
                assert_eq!(picture["is_estimated"], true);
            }
        }
    }
    let text = done(folder.path(), "denoise in.png -o again.png --model bm3d").stdout;
    assert!(text.contains("/255 (estimated)"), "{text}");
}

#[test]
fn strength_goes_from_the_picture_itself_to_more_than_was_found() {
    let folder = scratch();
    noisy(64, 64)
        .save(folder.path().join("in.png"))
        .expect("written");
    let read = |name: &str| {
        image::open(folder.path().join(name))
            .expect("there")
            .to_luma8()
    };
    let input = read("in.png");
    let model = FIXTURE.argument("denoiser");
    for denoiser in ["bm3d", "nlm", "median", model.as_str()] {
        let changes = ["0", "0.5", "1", "1.5"].map(|strength| {
            let line = format!(
                "denoise in.png -o out.png --force --model {denoiser} --strength {strength}"
            );
            done(folder.path(), &line);
            mean_squared_error(&input, &read("out.png"))
        });
        assert_eq!(changes[0], 0.0, "{denoiser}");
        assert!(
            changes.is_sorted() && changes[1] > 1.0,
            "{denoiser}: {changes:?}"
        );
    }
    // Half of a difference is a quarter of its square, but for rounding to levels.
    for (name, strength) in [("half", "0.5"), ("whole", "1")] {
        let line = format!("denoise in.png -o {name}.png --model median --strength {strength}");
        done(folder.path(), &line);
    }
    let [half, whole] =
        ["half.png", "whole.png"].map(|name| mean_squared_error(&input, &read(name)));
    assert!((4.0 * half / whole - 1.0).abs() < 0.05, "{half} {whole}");
}

#[test]
fn levels_that_are_given_are_taken_and_names_win_over_files() {
    let folder = scratch();
    noisy(48, 48)
        .save(folder.path().join("in.png"))
        .expect("written");
    gray(3, 3)
        .save(folder.path().join("small.png"))
        .expect("written");
    let json = done(
        folder.path(),
        "denoise in.png -o out.png --model bm3d --noise-level 25/255 --json",
    )
    .json();
    assert_eq!(json["model"], "bm3d");
    let picture = &json["pictures"][0];
    let level = picture["noise_level"].as_f64().expect("a number");
    assert!((level - 25.0 / 255.0).abs() < 1e-6, "{level}");
    assert_eq!(picture["is_estimated"], false);

    let ended = ae(folder.path(), "denoise in.png -o x.png --model ./bm3d");
    assert_eq!(ended.code, 5, "{ended:#?}");
    let ended = ae(
        folder.path(),
        "denoise in.png -o x.png --model bm3d --noise-level 25",
    );
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(ended.stderr.contains("25/255"), "{ended:#?}");
    let ended = ae(folder.path(), "denoise small.png -o x.png --model bm3d");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended.lines("error:")[0].contains("small.png: "),
        "{ended:#?}"
    );
    done(
        folder.path(),
        "denoise small.png -o x.png --model bm3d --noise-level 0.1",
    );
}

#[test]
fn a_preview_has_a_half_of_each() {
    let folder = scratch();
    noisy(64, 48)
        .save(folder.path().join("in.png"))
        .expect("written");
    let line = "denoise in.png -o out.png --model bm3d --preview half.png --json";
    let json = done(folder.path(), line).json();
    assert_eq!(json["preview"], "half.png");
    let [input, output] = ["in.png", "out.png"].map(|name| {
        image::open(folder.path().join(name))
            .expect("there")
            .to_luma8()
    });
    let drawn = image::open(folder.path().join("half.png"))
        .expect("there")
        .to_luma8();
    let expected = |x: u32, y: u32| match x < 32 {
        true => input.get_pixel(x, y),
        false => output.get_pixel(x, y),
    };
    // It lies somewhere in the drawing, perhaps enlarged, pixel for pixel.
    let lies_at = |left: u32, top: u32, factor: u32| {
        let drawn = |x: u32, y: u32| drawn.get_pixel(left + factor * x, top + factor * y);
        (0..48).all(|y| (0..64).all(|x| drawn(x, y) == expected(x, y)))
    };
    let found = (1..=64).any(|factor| {
        let columns = (drawn.width() + 1).saturating_sub(64 * factor);
        let rows = (drawn.height() + 1).saturating_sub(48 * factor);
        (0..columns).any(|left| (0..rows).any(|top| lies_at(left, top, factor)))
    });
    assert!(found);
    let ended = ae(
        folder.path(),
        "denoise in.png in.png -o two --model bm3d --preview p.png",
    );
    assert_eq!(ended.code, 2, "{ended:#?}");
    for (line, option) in [
        ("-o a.png --preview ./a.png", "--preview"),
        ("-o b.png --noise gaussian:0.1 --compare b.png", "--compare"),
        (
            "-o c.png --noise gaussian:0.1 --compare d.png --preview d.png",
            "--preview",
        ),
    ] {
        let ended = ae(
            folder.path(),
            &format!("denoise in.png --model median {line}"),
        );
        assert_eq!(ended.code, 2, "{ended:#?}");
        assert!(ended.lines("error:")[0].contains(option), "{ended:#?}");
    }
    for name in ["a.png", "b.png", "c.png", "d.png"] {
        assert!(!folder.path().join(name).exists(), "{name}");
    }
}

/// Portable gray maps say themselves which value is white; of more than 8 bits they keep their values.
#[test]
fn the_highest_value_of_a_gray_map_is_white() {
    let folder = scratch();
    let path = folder.path();
    for (highest, values, expected) in [
        (100_u32, "0 20 40 100", [0_u16, 51 * 257, 102 * 257, 65_535]),
        (4_095, "0 1365 2730 4095", [0, 1_365, 2_730, 4_095]),
    ] {
        fs::write(
            path.join("in.pgm"),
            format!("P2\n4 1\n{highest}\n{values}\n"),
        )
        .expect("written");
        done(
            path,
            "denoise in.pgm -o out.png --model median --strength 0 --force",
        );
        let output = image::open(path.join("out.png"))
            .expect("a picture")
            .to_luma16();
        assert_eq!(output.into_raw(), expected, "{highest}");
    }
}

#[test]
fn a_pattern_of_pictures_is_left_to_the_shell() {
    let folder = scratch();
    gray(20, 20)
        .save(folder.path().join("a.png"))
        .expect("written");
    let ended = ae(folder.path(), "denoise '*.png' -o out --model median");
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(
        ended.lines("error:")[0].contains("without quotes"),
        "{ended:#?}"
    );
}
