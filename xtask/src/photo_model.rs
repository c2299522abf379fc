//! The models that `ae denoise` has built in: trained again from the pictures that they are made of.
//!
//! `crates/ae-infer/photo` holds the list of the pictures with their authors and licenses (`pictures.toml`) and what came out
//! of it; the pictures themselves are not in the repository. `crates/ae-infer/photo/README.md` is its card.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ae_data::{Image, ImageOptions, ImageShape};
use clap::Args;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::commands::{build_ae, cargo, run as run_program};

/// What `cargo xtask photo-model` may be told.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: cargo xtask photo-model --pictures pictures --work photo-runs")]
pub struct PhotoModelOptions {
    /// The folder of the pictures that crates/ae-infer/photo/pictures.toml lists.
    #[arg(long, value_name = "FOLDER")]
    pictures: PathBuf,
    /// Where the prepared pictures and the runs go; runs that are there are resumed.
    #[arg(long, value_name = "FOLDER")]
    work: PathBuf,
    /// Train with this `ae` instead of building one.
    #[arg(long, value_name = "FILE")]
    ae: Option<PathBuf>,
    /// Steps of each training.
    #[arg(long, value_name = "N", default_value_t = STEPS)]
    steps: u32,
}

/// What the shipped files were trained with.
const STEPS: u32 = 26_000;
/// What the model file says of its pictures.
const DATA_NAME: &str = "photographs of crates/ae-infer/photo/pictures.toml";
/// A shipped file, and what distinguishes its training.
struct Model {
    name: &'static str,
    options: &'static [&'static str],
    /// The orders of red, green and blue in which each picture is trained on. The luminance is the same in all; the
    /// chrominances are turned and mirrored, so that no color is rarer than another.
    orders: &'static [[usize; 3]],
}

const MODELS: [Model; 2] = [
    Model {
        name: "photo",
        options: &["--channels", "gray"],
        orders: &[[0, 1, 2]],
    },
    Model {
        name: "photo-chrominances",
        options: &["--channels", "rgb", "--chrominance-only"],
        orders: &[
            [0, 1, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
            [1, 0, 2],
            [0, 2, 1],
        ],
    },
];

#[derive(Debug, Deserialize)]
struct List {
    source: Vec<Source>,
}

#[derive(Debug, Deserialize)]
struct Source {
    /// By which factors its pictures are shrunk, each giving a picture to train on.
    shrunk: Vec<usize>,
    pictures: Vec<Picture>,
}

#[derive(Debug, Deserialize)]
struct Picture {
    name: String,
    sha256: String,
}

/// Prepares the pictures, trains each model and writes it to `crates/ae-infer/photo`.
///
/// # Errors
/// A picture is missing or another one, or a program fails.
pub fn run(root: &Path, options: &PhotoModelOptions) -> Result<(), Box<dyn Error>> {
    let folder = root.join("crates/ae-infer/photo");
    let list: List = toml::from_str(&fs::read_to_string(folder.join("pictures.toml"))?)?;
    let ae = match &options.ae {
        Some(ae) => ae.clone(),
        None => build_ae(root)?,
    };
    for Model {
        name,
        options: model,
        orders,
    } in MODELS
    {
        let prepared = options.work.join(format!("{name}-pictures"));
        prepare(&list, &options.pictures, &prepared, orders)?;
        let started = Instant::now();
        let run = options.work.join(name);
        train(&ae, &prepared, model, &run, options.steps)?;
        let hours = started.elapsed().as_secs_f64() / 3600.0;
        pack(root, &run, &folder.join(format!("{name}.safetensors")))?;
        println!("{name}: trained for {hours:.2} hours");
    }
    Ok(())
}

/// Writes every picture as often as its source says, each time shrunk by another factor, and that in each of `orders`.
fn prepare(
    list: &List,
    from: &Path,
    to: &Path,
    orders: &[[usize; 3]],
) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for source in &list.source {
        for picture in &source.pictures {
            let path = from.join(&picture.name);
            let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let sum: String = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            if sum != picture.sha256 {
                return Err(format!(
                    "{}: SHA-256 {sum}, listed is {}",
                    path.display(),
                    picture.sha256
                )
                .into());
            }
            let image = Image::decode(&bytes, &path, &ImageOptions::default())?;
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            for &factor in &source.shrunk {
                let small = shrunk(&image, factor)?;
                for order in orders {
                    let name = match (orders.len(), factor) {
                        (1, 1) => format!("{stem}.png"),
                        (1, _) => format!("{stem}-{factor}.png"),
                        _ => {
                            let [red, green, blue] = order.map(|channel| ["r", "g", "b"][channel]);
                            format!("{stem}-{factor}-{red}{green}{blue}.png")
                        }
                    };
                    reordered(&small, *order)?.write(&to.join(name))?;
                }
            }
        }
    }
    Ok(())
}

/// Each square of `factor` by `factor` pixels as one, their mean rounded half up; what is over at the right and at the bottom is
/// left out.
fn shrunk(image: &Image, factor: usize) -> Result<Image, Box<dyn Error>> {
    let shape = image.shape();
    let small = ImageShape::new(shape.channels, shape.height / factor, shape.width / factor);
    let area = (factor * factor) as u32;
    let mut pixels = Vec::with_capacity(small.values());
    for plane in image.pixels().chunks_exact(shape.pixels()) {
        for row in 0..small.height {
            for column in 0..small.width {
                let sum: u32 = (0..factor)
                    .map(|down| (factor * row + down) * shape.width + factor * column)
                    .flat_map(|start| &plane[start..start + factor])
                    .map(|&pixel| u32::from(pixel))
                    .sum();
                pixels.push(((sum + area / 2) / area) as u8);
            }
        }
    }
    Ok(Image::new(small, pixels)?)
}

/// The channels of a color picture in another order.
fn reordered(image: &Image, order: [usize; 3]) -> Result<Image, Box<dyn Error>> {
    let shape = image.shape();
    if shape.channels != order.len() {
        return Err(format!("a picture of {} channels, not of three", shape.channels).into());
    }
    let plane = |channel: usize| &image.pixels()[channel * shape.pixels()..][..shape.pixels()];
    Ok(Image::new(shape, order.map(plane).concat())?)
}

fn train(
    ae: &Path,
    pictures: &Path,
    model: &[&str],
    run: &Path,
    steps: u32,
) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(ae);
    command.arg("train");
    if run.join("config.toml").exists() {
        command.arg("--resume").arg(run);
    } else {
        command
            .args(["--model", "unet", "--patch", "64", "--batch-size", "16"])
            .args(model)
            .args(["--steps", &steps.to_string()])
            .args(["--noise", "gaussian:0/255..55/255", "--noise-clip", "off"])
            .args(["--learning-rate", "2e-3", "--schedule", "cosine"])
            .args(["--clip-norm", "0.1", "--ema", "0.999", "--seed", "1"])
            .args(["--validation-share", "0", "--test-share", "0.01"])
            .arg("--data")
            .arg(pictures)
            .arg("--out")
            .arg(run);
    }
    let status = command
        .status()
        .map_err(|error| format!("{}: {error}", ae.display()))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the training: {status}").into())
    }
}

/// Has the library write the run's model as it is built in.
fn pack(root: &Path, run: &Path, file: &Path) -> Result<(), Box<dyn Error>> {
    let (run, file) = (std::path::absolute(run)?, std::path::absolute(file)?);
    let arguments = [
        "run",
        "--release",
        "--quiet",
        "-p",
        "ae-infer",
        "--example",
        "pack_photo_model",
        "--",
        &*run.to_string_lossy(),
        DATA_NAME,
        &*file.to_string_lossy(),
    ];
    run_program(root, cargo(), &arguments)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_shrunk_picture_is_the_means_of_its_squares() {
        let pixels = vec![0, 1, 10, 20, 9, 1, 1, 30, 40, 9, 5, 5, 5, 5, 5];
        let image = Image::new(ImageShape::new(1, 3, 5), pixels).unwrap();
        let half = shrunk(&image, 2).unwrap();
        assert_eq!(half.shape(), ImageShape::new(1, 1, 2));
        // 3 over 4, and 100; the last column and row are left out.
        assert_eq!(half.pixels(), [1, 25]);
        // 58 over 9; the last two columns are left out.
        assert_eq!(shrunk(&image, 3).unwrap().pixels(), [6]);
        assert_eq!(shrunk(&image, 1).unwrap(), image);
    }

    #[test]
    fn channels_change_their_order() {
        let image = Image::new(ImageShape::new(3, 1, 2), vec![1, 2, 3, 4, 5, 6]).unwrap();
        let turned = reordered(&image, [1, 2, 0]).unwrap();
        assert_eq!(turned.pixels(), [3, 4, 5, 6, 1, 2]);
        let gray = Image::new(ImageShape::new(1, 1, 1), vec![1]).unwrap();
        assert!(reordered(&gray, [0, 1, 2]).is_err());
    }

    #[test]
    fn every_picture_is_listed_once_with_its_sum_and_where_it_is_from() {
        let text = include_str!("../../crates/ae-infer/photo/pictures.toml");
        let list: List = toml::from_str(text).unwrap();
        let pictures: Vec<_> = list
            .source
            .iter()
            .flat_map(|source| &source.pictures)
            .collect();
        assert_eq!(pictures.len(), 35);
        let sums: BTreeSet<_> = pictures.iter().map(|picture| &picture.sha256).collect();
        assert_eq!(sums.len(), pictures.len());
        assert!(sums.iter().all(|sum| sum.len() == 64));
        for source in &toml::from_str::<toml::Table>(text).unwrap()["source"]
            .as_array()
            .unwrap()[..]
        {
            for key in ["title", "author", "license"] {
                assert!(
                    source.get(key).is_some_and(toml::Value::is_str),
                    "{key} of {source}"
                );
            }
        }
    }
}
