//! Denoising without clean targets: `ae denoise --self`, and `ae train --self-supervised`.

use std::fs;
use std::path::Path;

use image::{GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba};

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, scratch};

/// A generator of numbers of about a normal distribution (Irwin and Hall), mean 0 and deviation 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        let sum: f64 = (0..12)
            .map(|_| {
                let factor = 6_364_136_223_846_793_005;
                self.0 = self
                    .0
                    .wrapping_mul(factor)
                    .wrapping_add(1_442_695_040_888_963_407);
                (self.0 >> 40) as f64 / (1_u64 << 24) as f64
            })
            .sum();
        sum - 6.0
    }
}

/// Smooth, with an edge, from 60 to 190.
fn clean(x: u32, y: u32, shift: u32) -> f64 {
    let (x, y) = (f64::from(x + 5 * shift), f64::from(y + 3 * shift));
    let edge = if x + y > 60.0 { 30.0 } else { -30.0 };
    125.0 + edge + 30.0 * (x * 0.13).sin() * (y * 0.17).cos()
}

fn noisy_gray(width: u32, height: u32, sigma: f64, shift: u32) -> GrayImage {
    let mut noise = Noise(1 + u64::from(shift));
    GrayImage::from_fn(width, height, |x, y| {
        Luma([(clean(x, y, shift) + sigma * noise.next()).round() as u8])
    })
}

fn clean_color(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let value = clean(x, y, 0) as u8;
        Rgb([value, 255 - value, value / 2 + 60])
    })
}

fn mean_square(a: &[u8], b: impl Iterator<Item = f64>) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - b).powi(2));
    squares.sum::<f64>() / a.len() as f64
}

#[test]
fn nothing_but_the_picture_is_needed() {
    let folder = scratch();
    let path = folder.path();
    clean_color(64, 50)
        .save(path.join("clean.png"))
        .expect("written");
    let line =
        "denoise --self clean.png --noise gaussian:25/255 --noise-clip off --steps 200 --json";
    let ended = done(path, &format!("{line} -o a.png"));
    assert!(ended.lines("warning:").is_empty(), "{ended:#?}");
    let json = ended.json();
    assert_eq!(json["model"], "zs-n2n");
    let picture = &json["pictures"][0];
    let [before, after] =
        ["before", "after"].map(|key| picture[key]["psnr"].as_f64().expect("a number"));
    assert!(after > before + 5.0, "{before} {after}");
    assert_eq!(picture["correlation"].as_array().expect("two").len(), 2);

    // The seed decides, which is that of the added noise, too; threads do not.
    done(path, &format!("{line} -o b.png --threads 1"));
    let read = |name: &str| fs::read(path.join(name)).expect("there");
    assert!(read("a.png") == read("b.png"));
    noisy_gray(40, 30, 20.0, 0)
        .save(path.join("gray.png"))
        .expect("written");
    for (out, seed) in [("c.png", 1), ("d.png", 1), ("e.png", 2)] {
        done(
            path,
            &format!("denoise --self gray.png -o {out} --steps 20 --seed {seed}"),
        );
    }
    assert!(read("c.png") == read("d.png"));
    assert!(read("c.png") != read("e.png"));
    assert_eq!(
        image::open(path.join("c.png")).expect("a picture").color(),
        image::ColorType::L8
    );
}

#[test]
fn sixteen_bits_and_alpha_stay() {
    let folder = scratch();
    let path = folder.path();
    let mut noise = Noise(4);
    let deep = ImageBuffer::<Rgba<u16>, Vec<u16>>::from_fn(33, 41, |x, y| {
        let mut value = || (257.0 * (clean(x, y, 0) + 20.0 * noise.next())) as u16;
        Rgba([value(), value(), value(), (x * 1900 + y) as u16])
    });
    deep.save(path.join("deep.png")).expect("written");
    done(path, "denoise --self deep.png -o out.png --steps 30");
    let output = image::open(path.join("out.png")).expect("a picture");
    assert_eq!(output.color(), image::ColorType::Rgba16);
    let output = output.to_rgba16();
    let alpha = |picture: &ImageBuffer<Rgba<u16>, Vec<u16>>| -> Vec<u16> {
        picture.pixels().map(|pixel| pixel.0[3]).collect()
    };
    assert_eq!(alpha(&deep), alpha(&output));
    // Not levels of 8 bits.
    assert!(output.pixels().any(|pixel| pixel.0[0] % 257 != 0));
}

#[test]
fn what_cannot_be_trained_on_is_refused_and_the_others_are_done() {
    let folder = scratch();
    let path = folder.path();
    let scans = path.join("scans");
    fs::create_dir(&scans).expect("made");
    noisy_gray(40, 30, 20.0, 0)
        .save(scans.join("good.png"))
        .expect("written");
    GrayImage::new(40, 30)
        .save(scans.join("black.png"))
        .expect("written");
    GrayImage::from_fn(40, 30, |x, _| Luma([5 * x as u8]))
        .save(scans.join("slope.png"))
        .expect("written");
    noisy_gray(40, 9, 20.0, 0)
        .save(scans.join("flat.png"))
        .expect("written");
    GrayImage::new(1, 1)
        .save(scans.join("dot.png"))
        .expect("written");
    for (name, reason) in [
        ("black.png", "no noise to remove"),
        ("slope.png", "no noise to remove"),
        (
            "flat.png",
            "40x9 pixels are too few to train on: a side has at least 10",
        ),
        ("dot.png", "1x1 pixels are too few to train on"),
    ] {
        let ended = ae(path, &format!("denoise --self scans/{name} -o out.png"));
        assert_eq!(ended.code, 3, "{ended:#?}");
        let errors = ended.lines("error:");
        assert_eq!(errors.len(), 1, "{ended:#?}");
        assert!(
            errors[0].contains(name) && errors[0].contains(reason),
            "{ended:#?}"
        );
        assert!(!path.join("out.png").exists());
    }
    let ended = ae(path, "denoise --self scans -o clean/ --steps 5 --json");
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended.stderr.contains("4 of 5 pictures failed"),
        "{ended:#?}"
    );
    assert_eq!(ended.json()["pictures"].as_array().map(Vec::len), Some(1));
    let left: Vec<_> = fs::read_dir(path.join("clean")).expect("there").collect();
    assert_eq!(left.len(), 1, "{left:?}");

    for (line, error) in [
        (
            "denoise --self scans/good.png -o o.png --model photo",
            "cannot be used with",
        ),
        (
            "denoise --self scans/good.png -o o.png --steps 0",
            "must be at least 1",
        ),
        ("denoise scans/good.png -o o.png --steps 5", "--self"),
        ("denoise scans/good.png -o o.png --shrink 2", "--self"),
        (
            "denoise --self scans/good.png -o o.png --tile 8",
            "must be at least 16",
        ),
        (
            "denoise --self scans/good.png -o o.png --shrink 9",
            "from 1 to 8",
        ),
        (
            "denoise --self scans/good.png -o o.png --shrink 0",
            "from 1 to 8",
        ),
    ] {
        let ended = ae(path, line);
        assert_eq!(ended.code, 2, "{line}: {ended:#?}");
        assert!(ended.stderr.contains(error), "{line}: {ended:#?}");
    }
    let line = "denoise --self scans/good.png -o o.png --steps 2 --noise-level 0.1 --tile 24";
    let ended = done(path, line);
    assert!(
        ended
            .stderr
            .contains("warning: --noise-level is not used by zs-n2n"),
        "{ended:#?}"
    );
}

#[test]
fn noise_that_neighbors_share_is_warned_of_and_shrinking_helps() {
    let folder = scratch();
    let path = folder.path();
    // Each value of noise is the mean of a window of 2x2, as a scanner's optics make it.
    let (width, height) = (128_u32, 120_u32);
    let mut noise = Noise(2);
    let drawn: Vec<f64> = (0..(width + 1) * (height + 1))
        .map(|_| noise.next())
        .collect();
    let shared = GrayImage::from_fn(width, height, |x, y| {
        let at = |x: u32, y: u32| drawn[(y * (width + 1) + x) as usize];
        let sum = at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1);
        Luma([(clean(x, y, 0) + 12.0 * sum).round() as u8])
    });
    shared.save(path.join("shared.png")).expect("written");
    noisy_gray(width, height, 24.0, 0)
        .save(path.join("independent.png"))
        .expect("written");
    let run = |name: &str, more: &str| {
        done(
            path,
            &format!("denoise --self {name} -o out.png --force --steps 3 {more}"),
        )
    };
    let ended = run("independent.png", "");
    assert!(ended.lines("warning:").is_empty(), "{ended:#?}");
    let ended = run("shared.png", "");
    let warnings = ended.lines("warning:");
    assert_eq!(warnings.len(), 1, "{ended:#?}");
    for part in [
        "shared.png",
        "its noise is alike in neighboring pixels",
        "--shrink 2",
    ] {
        assert!(warnings[0].contains(part), "{ended:#?}");
    }
    run("shared.png", "--shrink 2");
    let output = image::open(path.join("out.png")).expect("a picture");
    assert_eq!((output.width(), output.height()), (width / 2, height / 2));
}

/// Noisy pictures, each under noise of its own that is drawn once.
fn write_scans(folder: &Path, count: u32) {
    fs::create_dir(folder).expect("made");
    for number in 0..count {
        let scan = noisy_gray(70 + number % 3, 64 + number % 2, 25.0, number);
        scan.save(folder.join(format!("{number}.png")))
            .expect("written");
    }
}

#[test]
fn a_denoiser_is_trained_on_noisy_pictures_alone() {
    let folder = scratch();
    let path = folder.path();
    write_scans(&path.join("scans"), 10);
    let train = "train --data scans --self-supervised neighbor2neighbor --model unet --widths 16,16 --patch 32 \
                 --batch-size 8 --patches-per-epoch 160 --learning-rate 2e-3 --backend flex --seed 3";
    let ended = done(path, &format!("{train} --steps 300 --json"));
    let summary = ended.json();
    assert_eq!(summary["run"], "runs/scans-unet-denoise-1");
    let loss = summary["neighbors"]["neighbor_loss"]
        .as_f64()
        .expect("a number");
    let noise = (25.0_f64 / 255.0).powi(2);
    assert!(
        (noise..1.6 * noise).contains(&loss),
        "{loss}, noise {noise}"
    );
    // Nothing that could be taken for a quality.
    assert!(
        summary["model"].is_null() && summary["baselines"].is_null(),
        "{summary}"
    );
    assert!(ended.stderr.contains("validation loss"), "{ended:#?}");
    let info = done(path, "info").stdout;
    assert!(
        info.contains("neighbor2neighbor, on noisy images alone"),
        "{info}"
    );
    let text = done(path, &format!("{train} --steps 2 --out other")).stdout;
    assert!(text.contains("is not known, as there are none"), "{text}");

    // It is what ae denoise takes, and gains on a clean picture that it never saw.
    let ended = done(
        path,
        "denoise scans/9.png -o clean.png --backend flex --json",
    );
    assert_eq!(ended.json()["model"], "runs/scans-unet-denoise-1");
    assert!(
        !ended.stderr.contains("not trained to remove noise"),
        "{ended:#?}"
    );
    noisy_gray(64, 64, 25.0, 40)
        .save(path.join("new.png"))
        .expect("written");
    done(path, "denoise new.png -o new-clean.png --backend flex");
    let expected = || (0..64 * 64).map(|pixel| clean(pixel % 64, pixel / 64, 40));
    let [before, after] = ["new.png", "new-clean.png"].map(|name| {
        let picture = image::open(path.join(name)).expect("there").to_luma8();
        mean_square(picture.as_raw(), expected())
    });
    let gain = 10.0 * (before / after).log10();
    assert!(gain > 4.0, "{gain:.2} dB");

    let ended = done(path, "eval runs/scans-unet-denoise-1 --backend flex");
    assert!(
        ended.stderr.contains("trained on noisy pictures alone"),
        "{ended:#?}"
    );
    let line = "eval runs/scans-unet-denoise-1 --backend flex --noise gaussian:0.1";
    assert!(
        !done(path, line)
            .stderr
            .contains("trained on noisy pictures alone")
    );
}

#[test]
fn training_on_noisy_pictures_refuses_what_it_cannot_be() {
    let folder = scratch();
    let path = folder.path();
    write_scans(&path.join("scans"), 6);
    let train = "train --data scans --self-supervised neighbor2neighbor --backend flex --out run";
    for (options, code, error) in [
        (
            "--model unet --patch 32 --noise gaussian:0.1",
            2,
            "cannot be used with",
        ),
        ("--model unet --patch 32 --loss l1", 2, "must be mse"),
        (
            "--model unet --patch 33 --widths 8",
            2,
            "height and width must be even",
        ),
        (
            "--model dense --patch 32 --latent 8",
            2,
            "does not take images of half the size",
        ),
        (
            "--model conv --patch 32 --latent 8",
            2,
            "does not take images of half the size",
        ),
        (
            "--model vae --patch 32 --latent 8",
            2,
            "does not take images of half the size",
        ),
        (
            "--model unet --patch 128",
            2,
            "is larger than every picture",
        ),
    ] {
        let ended = ae(path, &format!("{train} {options}"));
        assert_eq!(ended.code, code, "{options}: {ended:#?}");
        assert!(ended.stderr.contains(error), "{options}: {ended:#?}");
    }
    for option in ["neighbor2neighbor:-1", "noise2void"] {
        let ended = ae(path, &format!("train --self-supervised {option}"));
        assert_eq!(ended.code, 2, "{ended:#?}");
        assert!(
            ended.lines("error:")[0].contains("--self-supervised"),
            "{ended:#?}"
        );
    }
    let denoiser = FIXTURE.argument("denoiser");
    let ended = ae(
        path,
        &format!("train --resume {denoiser} --self-supervised neighbor2neighbor"),
    );
    assert!(
        ended.stderr.contains("cannot be changed while resuming"),
        "{ended:#?}"
    );
}

#[test]
fn a_video_and_a_huge_picture_are_refused_by_name() {
    let folder = scratch();
    let path = folder.path();
    // The beginning of an MP4 file.
    fs::write(path.join("film.mp4"), b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom").expect("written");
    let huge = b"P5 100000 100000 255\n";
    fs::write(path.join("huge.pgm"), huge).expect("written");
    for denoiser in ["--self", "--model photo", "--model bm3d"] {
        for (name, reason) in [("film.mp4", "film.mp4"), ("huge.pgm", "too large")] {
            let ended = ae(path, &format!("denoise {name} -o out.png {denoiser}"));
            assert_eq!(ended.code, 3, "{ended:#?}");
            let errors = ended.lines("error:");
            assert_eq!(errors.len(), 1, "{ended:#?}");
            assert!(
                errors[0].contains(name) && errors[0].contains(reason),
                "{ended:#?}"
            );
        }
    }
    // Smaller than what the network sees of a picture, and all black.
    for (width, height) in [(1, 1), (3, 2), (17, 5)] {
        GrayImage::new(width, height)
            .save(path.join("small.png"))
            .expect("written");
        done(path, "denoise small.png -o out.png --force --model photo");
        let output = image::open(path.join("out.png"))
            .expect("a picture")
            .to_luma8();
        assert_eq!((output.width(), output.height()), (width, height));
        assert!(output.iter().all(|value| *value == 0));
    }
}
