//! `ae reconstruct`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use ae_data::{DataError, Image, ImageSet, ImageShape, NoiseChain, Part};
use ae_eval::{Quality, QualityMeter};
use ae_infer::{InferError, OpenModel, write_npy};
use ae_report::thousands;
use clap::Args;
use serde::Serialize;

use crate::arguments::{
    DataArguments, DeviceArguments, ModelPosition, NoiseArgument, part, tell_unused_clip,
};
use crate::context::Context;
use crate::destination::{Destination, check_writable, make_folder};
use crate::error::{CliError, Status};
use crate::measured_set::MeasuredSet;
use crate::opening::open_with_images;

/// Pass images through a model and write what comes out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae reconstruct runs/glyphs-conv-1 --limit 20 -o letters/
  ae reconstruct --data photo.png -o photo-again.png
  ae reconstruct --data pictures/ --part all -o pictures-again/ --json
  ae reconstruct --limit 100 -o outputs.npy          the numbers themselves, float32, shape
                                                     (images, channels, height, width)

MSE, PSNR and SSIM are of pixels on 0..1: their data range is 1.")]
pub(super) struct ReconstructArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images.
    #[command(flatten)]
    data: DataArguments,
    /// Add this noise to what the model sees.
    #[command(flatten)]
    noise: NoiseArgument,
    /// The seed of the noise [default: the run's].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Which images [default: test, of the set that the model was trained on; all, of any other].
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// The folder for the images, a file for a single one, or an .npy file for all.
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,
    /// Write over files that exist.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

#[derive(Serialize)]
struct Reconstructed {
    model: String,
    #[serde(flatten)]
    set: MeasuredSet,
    noise: Option<String>,
    #[serde(flatten)]
    quality: Quality,
    images: Vec<ImageResult>,
}

#[derive(Serialize)]
struct ImageResult {
    /// Nothing where all images are in one array.
    file: Option<PathBuf>,
    #[serde(flatten)]
    quality: Quality,
}

pub(super) fn run(arguments: ReconstructArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let (model, opened, images) = open_with_images(
        arguments.model,
        &arguments.data,
        arguments.part,
        arguments.device,
        context,
    )?;
    let sets = [images];
    let noise = arguments.noise.or(None).filter(|noise| !noise.is_empty());
    tell_unused_clip(&arguments.noise, noise.as_ref(), &context.terminal);
    let job = Job {
        model: &model,
        sets: &sets,
        noise: noise.as_ref(),
        seed: arguments.seed.unwrap_or(opened.seed()),
    };
    let (quality, images) = match arguments.out.extension().is_some_and(|end| end == "npy") {
        true => job.write_array(&arguments.out, arguments.force)?,
        false => job.write_pictures(&arguments.out, arguments.force)?,
    };
    let result = Reconstructed {
        model: model.name().to_owned(),
        set: MeasuredSet::of(&opened),
        noise: noise.as_ref().map(ToString::to_string),
        quality,
        images,
    };
    terminal.result(&result, || result.text(&arguments.out))
}

/// Images on their way through a model.
struct Job<'a> {
    model: &'a OpenModel,
    sets: &'a [ImageSet],
    noise: Option<&'a NoiseChain>,
    seed: u64,
}

impl Job<'_> {
    /// Writes every output as a picture.
    fn write_pictures(
        &self,
        out: &Path,
        force: bool,
    ) -> Result<(Quality, Vec<ImageResult>), CliError> {
        let names = names(self.sets)?;
        let destination = Destination::of(out, names.len())?;
        let files: Vec<PathBuf> = names.iter().map(|name| destination.path(name)).collect();
        destination.prepare()?;
        for file in &files {
            if let (Destination::Folder(_), Some(folder)) = (&destination, file.parent()) {
                make_folder(folder)?;
            }
            check_writable(file, force)?;
        }
        let shape = self.model.image_shape();
        let mut next = files.iter();
        let (whole, each) = self.run(|output| {
            let image = Image::from_unit(shape, output);
            match next.next() {
                Some(file) => image.write_measured(file),
                None => Ok(image),
            }
            .map(|written| Cow::Owned(written.to_unit()))
        })?;
        let images = files
            .into_iter()
            .zip(each)
            .map(|(file, quality)| ImageResult {
                file: Some(file),
                quality,
            });
        Ok((whole, images.collect()))
    }

    /// Writes all outputs, unrounded, as one array.
    fn write_array(
        &self,
        out: &Path,
        force: bool,
    ) -> Result<(Quality, Vec<ImageResult>), CliError> {
        check_writable(out, force)?;
        let count = self.sets.iter().map(ImageSet::len).sum();
        let ImageShape {
            channels,
            height,
            width,
        } = self.model.image_shape();
        let mut measured = None;
        write_npy::<InferError>(out, count, &[channels, height, width], |rows| {
            measured = Some(self.run(|output| {
                rows.push(output)?;
                Ok(Cow::Borrowed(output))
            })?);
            Ok(())
        })?;
        let (whole, each) = measured.ok_or_else(|| {
            CliError::failure(Status::Internal, out.display(), "nothing was written")
        })?;
        let images = each.into_iter().map(|quality| ImageResult {
            file: None,
            quality,
        });
        Ok((whole, images.collect()))
    }

    /// Hands every output to `keep`, in order, and measures what it kept, all together and each.
    fn run(
        &self,
        mut keep: impl for<'o> FnMut(&'o [f32]) -> Result<Cow<'o, [f32]>, DataError>,
    ) -> Result<(Quality, Vec<Quality>), InferError> {
        let shape = self.model.image_shape();
        let mut whole = QualityMeter::new(shape);
        let mut each = Vec::new();
        for set in self.sets {
            let noise = self.noise.map(|noise| (noise, self.seed));
            self.model.reconstruct_set(set, noise, |image| {
                let kept = keep(image.output)?;
                let mut meter = QualityMeter::new(shape);
                meter.add(image.clean, &kept);
                each.push(meter.finish());
                whole.add(image.clean, &kept);
                Ok(())
            })?;
        }
        Ok((whole.finish(), each))
    }
}

/// A relative path for each image, no two the same: its own where it is a file, else its number. Files that differ in
/// their extension alone keep it: `x.jpg` and `x.png` become `x.jpg.png` and `x.png.png`.
fn names(sets: &[ImageSet]) -> Result<Vec<PathBuf>, CliError> {
    let mut names = Vec::new();
    let mut files = Vec::new();
    for (part, set) in sets.iter().enumerate() {
        for index in 0..set.len() {
            let (file, name) = match set.file(index) {
                Some(file) => (Some(file), inside(file).with_extension("png")),
                None if sets.len() == 1 => (None, PathBuf::from(format!("{index:06}.png"))),
                None => {
                    let part = ["train", "test"][part.min(1)];
                    (None, PathBuf::from(format!("{part}-{index:06}.png")))
                }
            };
            files.push(file);
            names.push(name);
        }
    }
    let is_of_patches = sets.iter().any(ImageSet::is_of_patches);
    told_apart(&files, names, is_of_patches)
}

/// Gives names that several files have to none of them.
fn told_apart(
    files: &[Option<&Path>],
    names: Vec<PathBuf>,
    is_of_patches: bool,
) -> Result<Vec<PathBuf>, CliError> {
    let mut count = HashMap::new();
    for name in &names {
        *count.entry(name.clone()).or_insert(0_usize) += 1;
    }
    let names: Vec<PathBuf> = names
        .into_iter()
        .zip(files)
        .map(|(name, file)| match file {
            Some(file) if count.get(&name).is_some_and(|&count| count > 1) => {
                let mut whole = inside(file).into_os_string();
                whole.push(".png");
                whole.into()
            }
            _ => name,
        })
        .collect();
    let mut taken = HashMap::new();
    for (name, file) in names.iter().zip(files) {
        let Some(other) = taken.insert(name, file) else {
            continue;
        };
        let reason = format!("its result would be {}, as another image's", name.display());
        let error = match file {
            Some(file) if is_of_patches && *other == Some(*file) => CliError::usage(
                file.display(),
                "the model takes several patches of it, not the whole",
            )
            .hint(
                "`ae denoise` takes whole pictures; an .npy file holds all patches, in their order",
            ),
            _ => CliError::usage(file.unwrap_or(name).display(), reason)
                .hint("an .npy file holds all of them, in their order"),
        };
        return Err(error);
    }
    Ok(names)
}

/// A path without what could lead out of a folder: archives are not to be trusted.
fn inside(path: &Path) -> PathBuf {
    path.components()
        .filter(|component| matches!(component, Component::Normal(_)))
        .collect()
}

impl Reconstructed {
    fn text(&self, out: &Path) -> String {
        let place = match self.images.as_slice() {
            [
                ImageResult {
                    file: Some(file), ..
                },
            ] => file.display().to_string(),
            images => format!(
                "{} images in {}",
                thousands(images.len() as u64),
                out.display()
            ),
        };
        let Quality {
            mse, psnr, ssim, ..
        } = self.quality;
        let set = self.set.line(self.images.len());
        format!("{place}\n{set}\nmse {mse:.5}  psnr {psnr:.2} dB  ssim {ssim:.4}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_stem_are_told_apart() {
        let check = |files: &[&str], expected: &[&str]| {
            let files: Vec<_> = files.iter().map(|file| Some(Path::new(*file))).collect();
            let plain = files
                .iter()
                .flatten()
                .map(|file| inside(file).with_extension("png"));
            let names = told_apart(&files, plain.collect(), false).unwrap();
            assert_eq!(
                names,
                expected.iter().map(PathBuf::from).collect::<Vec<_>>()
            );
        };
        check(
            &["A/x.png", "B/x.png", "y.jpg"],
            &["A/x.png", "B/x.png", "y.png"],
        );
        check(
            &["x.png", "x.jpg", "x.bmp", "y.bmp"],
            &["x.png.png", "x.jpg.png", "x.bmp.png", "y.png"],
        );
        check(&["s.tif[0]", "s.tif[1]"], &["s.tif[0].png", "s.tif[1].png"]);
        // What the longer name would be is there already.
        let files = ["x.png", "x.jpg", "x.jpg.tif"].map(|file| Some(Path::new(file)));
        let plain = files
            .iter()
            .flatten()
            .map(|file| file.with_extension("png"));
        assert!(told_apart(&files, plain.collect(), false).is_err());
        let files = [Some(Path::new("x.png")); 2];
        let error = told_apart(&files, vec!["x.png".into(); 2], true).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x.png: the model takes several patches of it, not the whole"
        );
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (path, expected) in [
            ("A/x.png", "A/x.png"),
            ("../../etc/x.png", "etc/x.png"),
            ("/etc/x.png", "etc/x.png"),
            ("./a/../x.png", "a/x.png"),
        ] {
            assert_eq!(inside(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
