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
