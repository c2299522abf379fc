//! What the training of a model ends with: its tables, and what they make of images that it was not trained on.

use ae_data::{ImageSet, Split};
use ae_eval::RatePoint;
use ae_infer::{Device, Model, OpenModel};
use ae_report::thousands;
use ae_train::RunDirectory;

use super::model::TransformModel;
use super::points::curve;
use super::tables::{TABLES_FILE, keep, measure};
use crate::error::CliError;
use crate::terminal::Terminal;

/// Images that are measured, at most, evenly spread.
const MOST_IMAGES: usize = 2_000;

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
    let tables = measure(&model, &run.model_file(), &split.train)?;
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
        let (curve, _) = curve(&model, &read(set)?)?;
        let points = curve.points.iter().map(|point: &RatePoint| {
            format!(
                "{} {:.3} bits per pixel, {:.2} dB",
                point.setting, point.bits_per_pixel, point.psnr
            )
        });
        terminal.note(format!(
            "{name}, {} images: {}",
            thousands(set.len().min(MOST_IMAGES) as u64),
            points.collect::<Vec<_>>().join("; ")
        ));
    }
    Ok(())
}

/// Some of a set's images.
fn read(set: &ImageSet) -> Result<Vec<ae_data::Image>, CliError> {
    let step = set.len().div_ceil(MOST_IMAGES).max(1);
    let images = (0..set.len()).step_by(step).map(|index| set.image(index));
    Ok(images.collect::<Result<_, _>>()?)
}
