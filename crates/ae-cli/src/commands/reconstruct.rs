//! `ae reconstruct`.

use std::path::{Component, Path, PathBuf};

use ae_data::{Image, ImageSet};
use ae_eval::{Quality, QualityMeter};
use ae_report::thousands;
use serde::Serialize;

use crate::arguments::ReconstructArguments;
use crate::error::CliError;
use crate::files::{Destination, check_writable, make_folder};
use crate::inference::OpenModel;
use crate::measure::BATCH_SIZE;
use crate::models::Wanted;
use crate::output::Terminal;
use crate::sources::{Source, check_shape};

#[derive(Serialize)]
struct Reconstructed {
    model: String,
    data: String,
    noise: Option<String>,
    #[serde(flatten)]
    quality: Quality,
    images: Vec<ImageResult>,
}

#[derive(Serialize)]
struct ImageResult {
    file: PathBuf,
    #[serde(flatten)]
    quality: Quality,
}

pub(super) fn run(arguments: ReconstructArguments) -> Result<(), CliError> {
    let terminal = Terminal::from(arguments.output);
    let path = arguments.model.path();
    let opened = OpenModel::open(path.as_deref(), Wanted::Any, arguments.device, &terminal)?;
    let source = Source::for_model(&arguments.data, &opened.path, &opened.card)?;
    let sets = source.part(arguments.part.unwrap_or(source.usual_part()), &terminal)?;
    for set in &sets {
        check_shape(&opened.path, &opened.card, set)?;
    }
    let files = names(&sets);
    let destination = Destination::of(&arguments.out, files.len())?;
    let files: Vec<PathBuf> = files.iter().map(|name| destination.path(name)).collect();
    destination.prepare()?;
    for file in &files {
        if let (Destination::Folder(_), Some(folder)) = (&destination, file.parent()) {
            make_folder(folder)?;
        }
        check_writable(file, arguments.force)?;
    }

    let noise = arguments.noise.noise.filter(|noise| !noise.is_empty());
    let seed = arguments.seed.unwrap_or(source.seed);
    let shape = opened.image_shape();
    let mut whole = QualityMeter::new(shape);
    let mut images = Vec::with_capacity(files.len());
    let mut files = files.into_iter();
    for set in &sets {
        ae_train::reconstruct_set(
            &opened.model,
            set,
            noise.as_ref().map(|noise| (noise, seed)),
            &opened.device.device,
            BATCH_SIZE,
            |image| {
                let Some(file) = files.next() else {
                    return Ok(());
                };
                Image::from_unit(shape, image.output).write(&file)?;
                let mut meter = QualityMeter::new(shape);
                meter.add(image.clean, image.output);
                whole.add(image.clean, image.output);
                images.push(ImageResult {
                    file,
                    quality: meter.finish(),
                });
                Ok(())
            },
        )?;
    }
    let result = Reconstructed {
        model: opened.path.name(),
        data: sets[0].name().to_owned(),
        noise: noise.map(|noise| noise.to_string()),
        quality: whole.finish(),
        images,
    };
    terminal.result(&result, || result.text(&arguments.out))
}

/// A relative path for each image: its own where it is a file, else its number.
fn names(sets: &[ImageSet]) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for (part, set) in sets.iter().enumerate() {
        for index in 0..set.len() {
            names.push(match set.file(index) {
                Some(file) => inside(file).with_extension("png"),
                None if sets.len() == 1 => PathBuf::from(format!("{index:06}.png")),
                None => PathBuf::from(format!("{}-{index:06}.png", ["train", "test"][part.min(1)])),
            });
        }
    }
    names
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
            [image] => image.file.display().to_string(),
            images => format!(
                "{} images in {}",
                thousands(images.len() as u64),
                out.display()
            ),
        };
        let Quality {
            mse, psnr, ssim, ..
        } = self.quality;
        format!("{place}\nmse {mse:.5}  psnr {psnr:.2} dB  ssim {ssim:.4}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
