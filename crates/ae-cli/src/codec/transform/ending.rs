//! What the training of a model ends with: its tables, and what they make of images that it was not trained on.

use ae_codec::LossyTables;
use ae_data::{Image, ImageSet, Split};
use ae_eval::RatePoint;
use ae_infer::{Device, Model, OpenModel};
use ae_report::thousands;
use ae_train::RunDirectory;

use super::indices;
use super::model::TransformModel;
use super::points::curve;
use super::tables::{TABLES_FILE, keep, measure};
use super::{PICTURE_TRANSFORM, TRANSFORM};
use crate::codec::images::{check_gray, codec_shape, coded_count, coded_image};
use crate::error::CliError;
use crate::terminal::Terminal;

/// Images that are measured, at most, evenly spread.
const MOST_IMAGES: usize = 2_000;
/// Pictures of any sizes.
const MOST_PICTURES: usize = 100;

/// Measures the tables of a run's model on its training images, keeps them, and tells bits and losses of its validation images
/// and test images.
///
/// # Errors
/// Images cannot be read, or the file not be written.
pub(crate) fn keep_tables(
    model: Model,
    device: &Device,
    run: &RunDirectory,
    split: &Split,
    terminal: &Terminal,
) -> Result<(), CliError> {
    let model = OpenModel::new(run.path().display().to_string(), model, device);
    let tables = match model.index_grid() {
        None => measure(&model, &run.model_file(), &split.train)?,
        Some(grid) => {
            let found = indices::of_training(&model, &split.train)?;
            indices::tell_usage(&grid, &found, terminal);
            if model.image_shape().channels != 1 {
                terminal.note("no tables: files are coded of gray images alone");
                return Ok(());
            }
            let file = run.model_file();
            let tables = indices::tables(&model, &grid, &file, &split.train, &found)?;
            LossyTables::Indices(tables)
        }
    };
    keep(&tables, run.path())?;
    terminal.note(format!(
        "tables: {}, model {}",
        run.path().join(TABLES_FILE).display(),
        tables.hash()
    ));
    let model = TransformModel {
        model,
        tables,
        bytes: 0,
    };
    for (name, set) in [("validation", &split.validation), ("test", &split.test)] {
        if set.is_empty() {
            continue;
        }
        let images = read(set)?;
        let (curve, _) = curve(&model, &images)?;
        let points = curve.points.iter().map(|point: &RatePoint| {
            format!(
                "{} {:.3} bits per pixel, {:.2} dB",
                point.setting, point.bits_per_pixel, point.psnr
            )
        });
        terminal.note(format!(
            "{name}, {} images: {}",
            thousands(images.len() as u64),
            points.collect::<Vec<_>>().join("; ")
        ));
    }
    Ok(())
}

/// Refuses a set that a kind of the codec cannot be trained on; others are not looked at.
///
/// # Errors
/// It is of color, or of too large images.
pub(crate) fn check_set(kind: &str, train: &ImageSet) -> Result<(), CliError> {
    match kind {
        TRANSFORM => codec_shape(train).map(|_| ()),
        PICTURE_TRANSFORM => check_gray(train),
        _ => Ok(()),
    }
}

/// Some of a set's images, or whole pictures.
fn read(set: &ImageSet) -> Result<Vec<Image>, CliError> {
    let count = coded_count(set);
    let most = match set.is_of_patches() {
        true => MOST_PICTURES,
        false => MOST_IMAGES,
    };
    let step = count.div_ceil(most).max(1);
    let images = (0..count).step_by(step);
    images
        .map(|index| coded_image(set, index).map(|(image, _)| image))
        .collect()
}
