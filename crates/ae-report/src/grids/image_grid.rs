//! Many images with their labels.

use ae_data::{Image, ImageShape};

use crate::drawing::heading::Heading;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{MARGIN, MAX_HEIGHT, MAX_WIDTH};
use crate::error::{ReportError, check_count};
use crate::grids::cells::{GAP, MAX_CELL_PIXELS, common_shape};
use crate::grids::picture_grid::{CAPTION_HEIGHT, ROW_GAP, picture_grid};
use crate::grids::request::{GridRequest, GridRow};

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
