//! The model that `ae denoise` has built in: trained again from the pictures that it is made of.
//!
//! `crates/ae-infer/photo` holds the list of the pictures with their licenses (`pictures.toml`) and what came out of it; the
//! pictures themselves are not in the repository. `docs/photo-model.md` is its card.

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
#[command(after_help = "Example: cargo xtask photo-model --pictures kodak --work photo-runs")]
pub struct PhotoModelOptions {
    /// The folder of the pictures that crates/ae-infer/photo/pictures.toml lists.
    #[arg(long, value_name = "FOLDER")]
    pictures: PathBuf,
    /// Where the prepared pictures and the runs go; runs that are there are resumed.
    #[arg(long, value_name = "FOLDER")]
    work: PathBuf,
    /// Steps of the training.
    #[arg(long, value_name = "N", default_value_t = STEPS)]
    steps: u32,
}

/// What the shipped files were trained with.
const STEPS: u32 = 8_000;
/// What the model file says of its pictures.
const DATA_NAME: &str = "Kodak Photo CD samples";

#[derive(Debug, Deserialize)]
struct List {
    picture: Vec<Picture>,
}

#[derive(Debug, Deserialize)]
struct Picture {
    name: String,
    sha256: String,
}

/// Prepares the pictures, trains the model and writes it to `crates/ae-infer/photo`.
///
/// # Errors
/// A picture is missing or another one, or a program fails.
pub fn run(root: &Path, options: &PhotoModelOptions) -> Result<(), Box<dyn Error>> {
    let folder = root.join("crates/ae-infer/photo");
    let list: List = toml::from_str(&fs::read_to_string(folder.join("pictures.toml"))?)?;
    let prepared = options.work.join("pictures");
    prepare(&list, &options.pictures, &prepared)?;
    let ae = build_ae(root)?;
    let started = Instant::now();
    let run = options.work.join("run");
    train(&ae, &prepared, &run, options.steps)?;
    let hours = started.elapsed().as_secs_f64() / 3600.0;
    pack(root, &run, &folder.join("photo.safetensors"))?;
    println!("trained for {hours:.2} hours");
    Ok(())
}

/// Writes every picture in its own size and in half of it.
fn prepare(list: &List, from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for picture in &list.picture {
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
        halved(&image)?.write(&to.join(format!("{stem}-half.png")))?;
        image.write(&to.join(format!("{stem}.png")))?;
    }
    Ok(())
}

/// Each two by two pixels as one, their mean rounded half up.
fn halved(image: &Image) -> Result<Image, Box<dyn Error>> {
    let shape = image.shape();
    let half = ImageShape::new(shape.channels, shape.height / 2, shape.width / 2);
    let mut pixels = Vec::with_capacity(half.values());
    for plane in image.pixels().chunks_exact(shape.pixels()) {
        for row in 0..half.height {
            for column in 0..half.width {
                let sum: u16 = [(0, 0), (0, 1), (1, 0), (1, 1)]
                    .map(|(down, right)| {
                        u16::from(plane[(2 * row + down) * shape.width + 2 * column + right])
                    })
                    .iter()
                    .sum();
                pixels.push(((sum + 2) / 4) as u8);
            }
        }
    }
    Ok(Image::new(half, pixels)?)
}

fn train(ae: &Path, pictures: &Path, run: &Path, steps: u32) -> Result<(), Box<dyn Error>> {
    let mut command = Command::new(ae);
    command.arg("train");
    if run.join("config.toml").exists() {
        command.arg("--resume").arg(run);
    } else {
        command
            .args(["--model", "unet", "--patch", "64", "--batch-size", "16"])
            .args(["--channels", "gray", "--steps", &steps.to_string()])
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
    use super::*;

    #[test]
    fn half_a_picture_is_the_means_of_its_squares() {
        let pixels = vec![0, 1, 10, 20, 9, 1, 1, 30, 40, 9, 5, 5, 5, 5, 5];
        let image = Image::new(ImageShape::new(1, 3, 5), pixels).unwrap();
        let half = halved(&image).unwrap();
        assert_eq!(half.shape(), ImageShape::new(1, 1, 2));
        // 3 over 4, and 100; the last column and row are left out.
        assert_eq!(half.pixels(), [1, 25]);
    }

    #[test]
    fn every_picture_is_listed_with_its_sum() {
        let list: List =
            toml::from_str(include_str!("../../crates/ae-infer/photo/pictures.toml")).unwrap();
        assert_eq!(list.picture.len(), 24);
        for picture in &list.picture {
            assert_eq!(picture.sha256.len(), 64, "{}", picture.name);
        }
    }
}
