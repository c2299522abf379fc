//! The pictures that a training run and an evaluation end with.

use ae_data::Image;

use crate::drawing::picture::Picture;
use crate::error::{ReportError, check_count};
use crate::grids::cells::common_shape;
use crate::grids::code_tiles::code_count;
use crate::grids::picture_grid::picture_grid;
use crate::grids::request::{GridRequest, GridRow};
use crate::text::number::{significant, thousands};

/// What [`reconstruction_picture`] draws: one column an image.
#[derive(Clone, Copy, Debug)]
pub struct ReconstructionRequest<'a> {
    /// The picture's title; empty for none.
    pub title: &'a str,
    /// A quieter line below it; empty for none.
    pub subtitle: &'a str,
    /// What went in.
    pub inputs: &'a [Image],
    /// Their codes, one after the other: `[images, product of code_shape]`.
    pub codes: &'a [f32],
    /// `[maps, height, width]` or `[values]`; empty for a model without codes.
    pub code_shape: &'a [usize],
    /// What came out.
    pub outputs: &'a [Image],
    /// Peak signal-to-noise ratio of each output in decibels, below it; empty for none.
    pub psnr: &'a [f64],
}

/// Draws three rows: inputs, encoded, generated; of a model without codes, the first and the last.
///
/// # Errors
/// As [`picture_grid`]; [`ReportError::CountMismatch`] when inputs, codes and outputs differ in number.
pub fn reconstruction_picture(request: &ReconstructionRequest<'_>) -> Result<Picture, ReportError> {
    let count = request.inputs.len();
    let shape = common_shape(request.inputs, || "the inputs".to_owned())?;
    check_count("generated images", count, request.outputs.len())?;
    if !request.psnr.is_empty() {
        check_count("PSNR values", count, request.psnr.len())?;
    }
    let mut encoded = None;
    if !request.code_shape.is_empty() {
        code_count(request.codes, request.code_shape, count)?;
        let mut row = GridRow::codes(
            "encoded",
            request.codes.to_vec(),
            request.code_shape.to_vec(),
        );
        row.note = code_note(request.code_shape);
        encoded = Some(row);
    }
    let mut inputs = GridRow::images("input", request.inputs.to_vec());
    inputs.note = format!(
        "{}\n{} numbers",
        axes(&if shape.channels == 1 {
            vec![shape.height, shape.width]
        } else {
            vec![shape.height, shape.width, shape.channels]
        }),
        thousands(shape.values() as u64)
    );
    let mut generated = GridRow::images("generated", request.outputs.to_vec());
    generated.captions = decibels(request.psnr);
    if !request.psnr.is_empty() {
        generated.note = "PSNR below".to_owned();
    }
    picture_grid(&GridRequest {
        title: request.title.to_owned(),
        subtitle: request.subtitle.to_owned(),
        column_labels: Vec::new(),
        rows: [Some(inputs), encoded, Some(generated)]
            .into_iter()
            .flatten()
            .collect(),
    })
}

/// What [`denoising_picture`] draws: one column an image.
#[derive(Clone, Copy, Debug)]
pub struct DenoisingRequest<'a> {
    /// The picture's title; empty for none.
    pub title: &'a str,
    /// A quieter line below it; empty for none.
    pub subtitle: &'a str,
    /// What went in.
    pub noisy: &'a [Image],
    /// What came out.
    pub denoised: &'a [Image],
    /// What should have come out.
    pub clean: &'a [Image],
    /// Peak signal-to-noise ratio of each noisy image in decibels, below it; empty for none.
    pub noisy_psnr: &'a [f64],
    /// The same of each denoised image; empty for none.
    pub denoised_psnr: &'a [f64],
}

/// Draws three rows: noisy, denoised, clean.
///
/// # Errors
/// As [`picture_grid`]; [`ReportError::CountMismatch`] when the rows differ in number.
pub fn denoising_picture(request: &DenoisingRequest<'_>) -> Result<Picture, ReportError> {
    let count = request.noisy.len();
    check_count("denoised images", count, request.denoised.len())?;
    check_count("clean images", count, request.clean.len())?;
    let row = |label: &str, images: &[Image], psnr: &[f64]| {
        let mut row = GridRow::images(label, images.to_vec());
        row.captions = decibels(psnr);
        if !psnr.is_empty() {
            row.note = "PSNR below".to_owned();
        }
        row
    };
    picture_grid(&GridRequest {
        title: request.title.to_owned(),
        subtitle: request.subtitle.to_owned(),
        column_labels: Vec::new(),
        rows: vec![
            row("noisy", request.noisy, request.noisy_psnr),
            row("denoised", request.denoised, request.denoised_psnr),
            row("clean", request.clean, &[]),
        ],
    })
}

fn decibels(psnr: &[f64]) -> Vec<String> {
    let text = |value: &f64| {
        if value.is_finite() {
            format!("{value:.1} dB").replace('-', "−")
        } else {
            significant(*value, 1)
        }
    };
    psnr.iter().map(text).collect()
}

fn axes(sides: &[usize]) -> String {
    let sides: Vec<String> = sides.iter().map(usize::to_string).collect();
    sides.join("×")
}

/// A code's shape as people write it, height, width, maps, and its count of values.
fn code_note(shape: &[usize]) -> String {
    let numbers: usize = shape.iter().product();
    let count = format!(
        "{} {}",
        thousands(numbers as u64),
        if numbers == 1 { "number" } else { "numbers" }
    );
    match *shape {
        [maps, height, width] => format!("{}\n{count}", axes(&[height, width, maps])),
        [height, width] => format!("{}\n{count}", axes(&[height, width])),
        _ => count,
    }
}
