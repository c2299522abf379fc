//! The denoiser that is built in.

use std::fs;

use image::{ImageBuffer, Luma, Rgb, RgbImage};

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, scratch};

/// Smooth, with an edge, in colors of their own.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let edge = if x > width / 2 { 80 } else { 0 };
        Rgb([
            (60 + edge + y % 90) as u8,
            (150 - edge / 2) as u8,
            (40 + x % 120) as u8,
        ])
    })
}

#[test]
fn it_needs_no_run_and_removes_noise_of_unknown_strength() {
    let folder = scratch();
    picture(120, 90)
        .save(folder.path().join("color.png"))
        .expect("written");
    let gray = image::DynamicImage::from(picture(120, 90)).to_luma8();
    gray.save(folder.path().join("gray.png")).expect("written");
    let deep = ImageBuffer::<Luma<u16>, _>::from_fn(120, 90, |x, y| {
        Luma([u16::from(gray.get_pixel(x, y).0[0]) * 257])
    });
    deep.save(folder.path().join("deep.png")).expect("written");
    for file in ["color.png", "gray.png", "deep.png"] {
        // At 50 it has to gain more than at 10, with the same weights and nothing said.
        for (sigma, least) in [("10", 4.0), ("25", 7.0), ("50", 9.0)] {
            let line =
                format!("denoise {file} -o out.png --noise gaussian:{sigma}/255 --force --json");
            let json = done(folder.path(), &line).json();
            assert_eq!(json["model"], "photo");
            let picture = &json["pictures"][0];
            let [before, after] =
                ["before", "after"].map(|key| picture[key]["psnr"].as_f64().expect("a number"));
            assert!(
                after - before > least,
                "{file} at {sigma}: {before} {after}"
            );
        }
        // What has no noise stays as it is, but for a level or so.
        let name = format!("clean-{file}");
        done(folder.path(), &format!("denoise {file} -o {name}"));
        let [input, output] = [file, &name].map(|name| {
            image::open(folder.path().join(name))
                .expect("there")
                .to_rgb8()
                .into_raw()
        });
        let changes = input
            .iter()
            .zip(&output)
            .map(|(a, b)| f64::from(a.abs_diff(*b)));
        let mean = changes.sum::<f64>() / input.len() as f64;
        assert!(mean < 1.0, "{file}: {mean} levels");
    }
}

#[test]
fn a_denoiser_of_letters_is_not_taken_for_it() {
    let folder = scratch();
    picture(40, 40)
        .save(folder.path().join("in.png"))
        .expect("written");
    let run = folder.path().join("runs/letters");
    fs::create_dir_all(&run).expect("made");
    let letters = FIXTURE.path().join("denoiser");
    for file in ["model.safetensors", "config.toml"] {
        fs::copy(letters.join(file), run.join(file)).expect("copied");
    }
    for line in [
        "denoise in.png -o a.png --json",
        "denoise in.png -o b.png --model photo --json",
    ] {
        assert_eq!(done(folder.path(), line).json()["model"], "photo");
    }
    let line = "denoise in.png -o c.png --model runs/letters --json";
    assert_eq!(done(folder.path(), line).json()["model"], "runs/letters");
    let ended = ae(folder.path(), "denoise in.png -o d.png --model ./photo");
    assert_eq!(ended.code, 5, "{ended:#?}");
    assert!(
        ended.stderr.contains("by name there are photo, bm3d"),
        "{ended:#?}"
    );
}

#[test]
fn a_picture_in_tiles_is_the_picture_as_a_whole() {
    let folder = scratch();
    picture(200, 150)
        .save(folder.path().join("in.png"))
        .expect("written");
    let denoised = |tile: usize| {
        let line = format!("denoise in.png -o out{tile}.png --noise gaussian:25/255 --tile {tile}");
        done(folder.path(), &line);
        image::open(folder.path().join(format!("out{tile}.png")))
            .expect("there")
            .to_rgb8()
    };
    let (whole, tiles) = (denoised(256), denoised(128));
    let furthest = whole
        .iter()
        .zip(tiles.iter())
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(furthest <= Some(1), "{furthest:?}");
}

/// What a mean over orientations promises: the mirror image of a picture becomes the mirror image of what it becomes.
#[test]
fn a_mirror_image_is_denoised_to_the_mirror_image() {
    let folder = scratch();
    let path = folder.path();
    let noisy = RgbImage::from_fn(61, 40, |x, y| {
        let Rgb(levels) = *picture(61, 40).get_pixel(x, y);
        let noise = ((x * 7919 + y * 104_729) % 61) as u8;
        Rgb(levels.map(|level| level.saturating_add(noise)))
    });
    noisy.save(path.join("a.png")).expect("written");
    image::imageops::flip_horizontal(&noisy)
        .save(path.join("b.png"))
        .expect("written");
    let furthest = |orientations: usize| {
        let [a, b] = ["a", "b"].map(|name| {
            let line = format!(
                "denoise {name}.png -o {name}{orientations}.png --orientations {orientations} --model photo"
            );
            done(path, &line);
            let output = image::open(path.join(format!("{name}{orientations}.png")));
            output.expect("there").to_rgb8()
        });
        let b = image::imageops::flip_horizontal(&b);
        a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).max()
    };
    assert!(furthest(1) > Some(1));
    assert!(furthest(2) <= Some(1));
    let ended = ae(path, "denoise a.png -o c.png --orientations 3");
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(ended.stderr.contains("1, 2, 4 or 8"), "{ended:#?}");
}

#[test]
fn what_is_built_in_says_what_it_is() {
    let folder = scratch();
    let text = done(folder.path(), "info photo").stdout;
    for part in [
        "photo, built in",
        "U-Net",
        "no bottleneck",
        "what it was trained on:",
        "license:",
        "what it is not for:",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let json = done(folder.path(), "info --model photo --json").json();
    assert_eq!(json["kind"], "unet");
    assert!(
        json["card"].as_array().is_some_and(|card| card.len() >= 6),
        "{json}"
    );
    // As with ae denoise, a path is a path.
    assert_eq!(ae(folder.path(), "info ./photo").code, 5);
    let text = done(folder.path(), "info glyphs").stdout;
    for part in ["glyphs, built in", "a codec", "license:"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn options_for_one_way_to_denoise_are_refused_for_another() {
    let folder = scratch();
    let path = folder.path();
    picture(32, 24).save(path.join("in.png")).expect("written");
    for (options, expected) in [
        ("--model median --steps 5", "--steps: is for --self"),
        ("--orientations 2 --shrink 2", "--shrink: is for --self"),
        (
            "--model bm3d --noise-level -0.1",
            "must be a number from 0 to 1",
        ),
        ("--strength -1", "must be a number from 0 to 1.5"),
    ] {
        let ended = ae(path, &format!("denoise in.png -o out.png {options}"));
        assert_eq!(ended.code, 2, "{options}");
        assert!(
            ended.stderr.contains(expected),
            "{options}: {}",
            ended.stderr
        );
    }
}
