//! The U-Net: it trains, resumes, denoises pictures of any size, and has no codes.

use std::fs;
use std::path::Path;

use crate::command::{ae, done};
use crate::fixture::{scratch, write_set};

const TRAIN: &str = "train --model unet --widths 8,12 --data drawings --noise gaussian:25/255 --batch-size 8 --backend flex \
                     --learning-rate 2e-3 --seed 3 --quiet";

#[test]
fn a_unet_learns_to_remove_noise_and_refuses_what_needs_codes() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 64, 16);
    let summary = done(path, &format!("{TRAIN} --epochs 6 --out run --json")).json();
    assert_eq!(summary["model"]["kind"], "unet");

    let information = done(path, "info run --json").json();
    assert_eq!(
        information["parameters"],
        9 * (8 + 64 + 96 + 144 + 96 + 128 + 8)
    );
    assert!(information["code"].is_null() && information["code_shape"].is_null());
    let text = done(path, "info run").stdout;
    assert!(text.contains("no bottleneck"), "{text}");

    let evaluation = done(path, "eval run --json").json();
    assert_eq!(evaluation["model"]["mse"], summary["model"]["mse"]);
    let mse = evaluation["model"]["mse"].as_f64().expect("a number");
    // The noise itself has (25 / 255)^2.
    assert!(mse < 0.006, "{mse}");

    // 31 by 45 pixels, which two levels do not divide.
    let picture =
        image::GrayImage::from_fn(31, 45, |x, y| image::Luma([((x * 7 + y * 3) % 256) as u8]));
    picture.save(path.join("in.png")).expect("written");
    done(path, "denoise in.png --model run -o out.png");
    let output = image::open(path.join("out.png")).expect("a picture");
    assert_eq!((output.width(), output.height()), (31, 45));

    for line in [
        "encode run -o codes.npy",
        "interpolate in.png in.png --model run -o path.png",
        "traverse run -o walk.png",
        "probe run",
        "map run -o map.png",
    ] {
        let ended = ae(path, line);
        assert_eq!(ended.code, 2, "{line}: {ended:#?}");
        let error = ended.lines("error:");
        assert!(
            error.len() == 1 && error[0].contains("a model of kind unet has no codes"),
            "{line}: {ended:#?}"
        );
    }
    let error = ae(path, "generate run -o new.png");
    assert_eq!(error.code, 2, "{error:#?}");
    assert!(error.lines("error:")[0].contains("unet"), "{error:#?}");
}

fn model(run: &Path) -> Vec<u8> {
    fs::read(run.join("model.safetensors")).expect("a model")
}

#[test]
fn a_resumed_unet_is_the_same_to_the_byte() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 32, 8);
    // With these, a run's rates don't depend on its length.
    let train = format!("{TRAIN} --schedule constant --warmup-steps 0");
    done(path, &format!("{train} --epochs 4 --out whole"));
    done(path, &format!("{train} --epochs 2 --out part"));
    done(
        path,
        "train --resume part --epochs 4 --backend flex --quiet",
    );
    assert!(model(&path.join("whole")) == model(&path.join("part")));
    // Nor does the number of threads matter.
    done(path, &format!("{train} --epochs 4 --out alone --threads 1"));
    assert!(model(&path.join("whole")) == model(&path.join("alone")));
}

#[test]
fn losses_of_any_range_of_output_are_taken_and_others_refused() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 16, 8);
    done(
        path,
        &format!("{TRAIN} --epochs 1 --loss charbonnier --out run"),
    );
    let config = fs::read_to_string(path.join("run/config.toml")).expect("a configuration");
    assert!(config.contains("loss = \"charbonnier\""), "{config}");
    let refused = |line: &str| {
        let ended = ae(path, line);
        assert_eq!(ended.code, 2, "{ended:#?}");
        let error =
            "--loss bce: not for a model of kind unet: a cross-entropy is of outputs from 0 to 1";
        assert!(ended.lines("error:")[0].contains(error), "{ended:#?}");
    };
    refused(&format!("{TRAIN} --loss bce --out other"));
    // A file's, too.
    fs::write(path.join("bce.toml"), config.replace("charbonnier", "bce")).expect("written");
    refused("train --config bce.toml --out other");
    assert!(!path.join("other").exists());
}

/// It denoises colors, so it must not be taken for a denoiser of pictures.
#[test]
fn a_network_of_chrominances_is_no_denoiser_by_itself() {
    let folder = scratch();
    let path = folder.path();
    fs::create_dir(path.join("photos")).expect("a folder");
    for number in 0..12_u32 {
        let picture = image::RgbImage::from_fn(24, 20, |x, y| {
            image::Rgb([
                (x * 9 + number) as u8,
                (y * 11) as u8,
                (40 * number % 251) as u8,
            ])
        });
        picture
            .save(path.join(format!("photos/{number:02}.png")))
            .expect("written");
    }
    let train = "train --model unet --widths 8,12 --data photos --patch 16 --channels rgb --chrominance-only \
                 --noise gaussian:25/255 --noise-clip off --steps 4 --batch-size 4 --backend flex --quiet";
    done(path, &format!("{train} --out runs/colors"));
    let gray = image::GrayImage::from_fn(40, 30, |x, y| {
        image::Luma([((x * 37 + y * 11) % 251) as u8])
    });
    gray.save(path.join("gray.png")).expect("written");
    let json = done(path, "denoise gray.png -o clean.png --json").json();
    assert_eq!(json["model"], "photo");
    let ended = done(path, "denoise gray.png -o same.png --model runs/colors");
    assert!(
        ended.stderr.contains("denoises chrominances alone"),
        "{}",
        ended.stderr
    );
    let same = image::open(path.join("same.png"))
        .expect("there")
        .to_luma8();
    let furthest = same
        .iter()
        .zip(gray.iter())
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!(furthest <= Some(1), "{furthest:?}");
    let refused = ae(
        path,
        "train --model unet --chrominance-only --channels gray --data photos --patch 16 --out none",
    );
    assert_eq!(refused.code, 2, "{refused:#?}");
    assert!(
        refused.lines("error:")[0].contains("chrominance"),
        "{refused:#?}"
    );
}
