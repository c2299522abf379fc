//! The pictures that a training run and an evaluation end with.

use ae_data::{Image, ImageShape};

use crate::drawing::canvas::Heading;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{MARGIN, MAX_HEIGHT, MAX_WIDTH};
use crate::error::ReportError;
use crate::grids::cells::{MAX_CELL_PIXELS, common_shape};
use crate::grids::labeled_rows::{
    CAPTION_HEIGHT, GAP, GridRequest, GridRow, ROW_GAP, picture_grid,
};
use crate::text::number::thousands;

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
    /// `[maps, height, width]` or `[values]`.
    pub code_shape: &'a [usize],
    /// What came out.
    pub outputs: &'a [Image],
    /// Peak signal-to-noise ratio of each output in decibels, below it; empty for none.
    pub psnr: &'a [f64],
}

/// Draws three rows: inputs, encoded, generated.
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
    crate::grids::code_tiles::code_count(request.codes, request.code_shape, count)?;
    let mut encoded = GridRow::codes(
        "encoded",
        request.codes.to_vec(),
        request.code_shape.to_vec(),
    );
    encoded.note = code_note(request.code_shape);
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
        rows: vec![inputs, encoded, generated],
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

/// What [`image_grid`] draws.
#[derive(Clone, Copy, Debug)]
pub struct ImageGridRequest<'a> {
    /// The picture's title; empty for none.
    pub title: &'a str,
    /// A quieter line below it; empty for none.
    pub subtitle: &'a str,
    /// The images, row by row.
    pub images: &'a [Image],
    /// A label below each image, its class; empty for none.
    pub labels: &'a [String],
    /// Images a row; as fits the page when none is said.
    pub columns: Option<usize>,
}

/// Draws images row by row.
///
/// # Errors
/// As [`picture_grid`]; [`ReportError::CountMismatch`] when labels and images differ in number or `columns` is 0.
pub fn image_grid(request: &ImageGridRequest<'_>) -> Result<Picture, ReportError> {
    let shape = common_shape(request.images, || "the grid".to_owned())?;
    if !request.labels.is_empty() {
        check_count("labels", request.images.len(), request.labels.len())?;
    }
    let columns = match request.columns {
        Some(0) => check_count("columns, at least", 1, 0).map(|()| 0)?,
        Some(columns) => columns,
        None => {
            let heading = Heading {
                title: request.title,
                subtitle: request.subtitle,
            };
            let below_image = if request.labels.is_empty() {
                GAP
            } else {
                ROW_GAP + CAPTION_HEIGHT
            };
            columns_for_page(request.images.len(), shape, below_image, heading.height())
        }
    };
    let mut labels = request.labels.chunks(columns);
    let rows = request.images.chunks(columns).map(|images| GridRow {
        captions: labels.next().unwrap_or_default().to_vec(),
        ..GridRow::images("", images.to_vec())
    });
    picture_grid(&GridRequest {
        title: request.title.to_owned(),
        subtitle: request.subtitle.to_owned(),
        column_labels: Vec::new(),
        rows: rows.collect(),
    })
}

/// The columns at which the images are largest; of several such counts one that fills every row, and then the one
/// whose grid is nearest to the page's proportions.
fn columns_for_page(images: usize, shape: ImageShape, below_image: usize, heading: usize) -> usize {
    let (page_width, page_height) = (MAX_WIDTH - 2 * MARGIN, MAX_HEIGHT - 2 * MARGIN - heading);
    let largest = (MAX_CELL_PIXELS / shape.width.max(shape.height)).max(1);
    let merit = |columns: &usize| {
        let rows = images.div_ceil(*columns);
        let across = (page_width + GAP) as f64 / *columns as f64 - GAP as f64;
        let down = page_height as f64 / rows as f64 - below_image as f64;
        let zoom = (across / shape.width as f64).min(down / shape.height as f64);
        let zoom = if zoom >= 1.0 {
            zoom.floor().min(largest as f64)
        } else {
            zoom
        };
        let width = *columns as f64 * (shape.width as f64 * zoom + GAP as f64);
        let height = rows as f64 * (shape.height as f64 * zoom + below_image as f64);
        let proportions = (width / height * page_height as f64 / page_width as f64)
            .ln()
            .abs();
        (zoom, images.is_multiple_of(*columns), -proportions)
    };
    let better = |one: &(f64, bool, f64), other: &(f64, bool, f64)| {
        one.0
            .total_cmp(&other.0)
            .then(one.1.cmp(&other.1))
            .then(one.2.total_cmp(&other.2))
    };
    // More columns than that would be narrower than a pixel.
    let counts = 1..=images.min(page_width);
    counts
        .max_by(|one, other| better(&merit(one), &merit(other)))
        .unwrap_or(1)
}

fn check_count(what: &str, expected: usize, found: usize) -> Result<(), ReportError> {
    if expected == found {
        return Ok(());
    }
    Err(ReportError::CountMismatch {
        what: what.to_owned(),
        expected,
        found,
    })
}

fn decibels(psnr: &[f64]) -> Vec<String> {
    let text = |value: &f64| {
        if value.is_finite() {
            format!("{value:.1} dB").replace('-', "−")
        } else {
            crate::text::number::significant(*value, 1)
        }
    };
    psnr.iter().map(text).collect()
}

fn axes(sides: &[usize]) -> String {
    let sides: Vec<String> = sides.iter().map(usize::to_string).collect();
    sides.join("×")
}

/// A code's shape as people write it, height, width, maps, and its count of numbers.
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
