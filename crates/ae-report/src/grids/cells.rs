//! What the rows of a grid hold, checked, and the size at which it is drawn.

use ae_data::{Image, ImageShape};

use crate::error::ReportError;
use crate::grids::code_tiles::{TileLayout, code_count};
use crate::grids::color_bar::MIN_ROW_HEIGHT;
use crate::grids::color_range::ColorRange;
use crate::grids::request::{Cells, GridRow};

/// Pixels between columns.
pub(crate) const GAP: usize = 10;
/// No image is enlarged beyond this side.
pub(crate) const MAX_CELL_PIXELS: usize = 256;
/// No image is shrunk below this side.
const MIN_CELL_PIXELS: usize = 14;

/// The size at which a row's cells are drawn.
pub(crate) enum RowCells {
    Images {
        count: usize,
        width: usize,
        height: usize,
    },
    Codes {
        count: usize,
        layout: TileLayout,
        range: ColorRange,
    },
}

impl RowCells {
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Images { count, .. } | Self::Codes { count, .. } => *count,
        }
    }

    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Images { width, .. } => *width,
            Self::Codes { layout, .. } => layout.width(),
        }
    }

    pub(crate) fn height(&self) -> usize {
        match self {
            Self::Images { height, .. } => *height,
            Self::Codes { layout, .. } => layout.height(),
        }
    }
}

/// How images are brought to their size on the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Zoom {
    /// By a whole factor.
    Enlarge(usize),
    /// To this share of the side, below 1.
    Shrink(f64),
}

impl Zoom {
    /// The largest zoom that is at most `share`.
    fn at_most(share: f64) -> Self {
        if share >= 1.0 {
            Self::Enlarge(share.floor() as usize)
        } else {
            Self::Shrink(share)
        }
    }

    fn apply(self, side: usize) -> usize {
        match self {
            Self::Enlarge(factor) => side * factor,
            Self::Shrink(share) => ((side as f64 * share).floor() as usize).max(1),
        }
    }

    fn next_smaller(self) -> Option<Self> {
        match self {
            Self::Enlarge(factor) if factor > 1 => Some(Self::Enlarge(factor - 1)),
            _ => None,
        }
    }
}

/// What a row holds, checked.
pub(crate) enum Content<'a> {
    Images {
        count: usize,
        shape: ImageShape,
    },
    Codes {
        count: usize,
        shape: &'a [usize],
        range: ColorRange,
    },
}

impl Content<'_> {
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Images { count, .. } | Self::Codes { count, .. } => *count,
        }
    }
}

pub(crate) fn check_row<'a>(row: &'a GridRow, index: usize) -> Result<Content<'a>, ReportError> {
    let what = || {
        if row.label.is_empty() {
            format!("row {}", index + 1)
        } else {
            format!("row {:?}", row.label)
        }
    };
    let (content, count) = match &row.cells {
        Cells::Images(images) => {
            let shape = common_shape(images, what)?;
            let count = images.len();
            (Content::Images { count, shape }, count)
        }
        Cells::Codes { values, shape } => {
            let one: usize = shape
                .iter()
                .fold(1, |product, &axis| product.saturating_mul(axis));
            let count = values.len() / one.max(1);
            if count == 0 {
                return Err(ReportError::NoImages { what: what() });
            }
            code_count(values, shape, count)?;
            let range = ColorRange::of(values);
            (
                Content::Codes {
                    count,
                    shape,
                    range,
                },
                count,
            )
        }
    };
    if !row.captions.is_empty() && row.captions.len() != count {
        return Err(ReportError::CountMismatch {
            what: format!("captions of {}", what()),
            expected: count,
            found: row.captions.len(),
        });
    }
    Ok(content)
}

/// The shape of all `images`, which must be drawable.
pub(crate) fn common_shape(
    images: &[Image],
    what: impl Fn() -> String,
) -> Result<ImageShape, ReportError> {
    let first = images
        .first()
        .ok_or_else(|| ReportError::NoImages { what: what() })?
        .shape();
    if let Some(index) = images.iter().position(|image| image.shape() != first) {
        return Err(ReportError::ShapeMismatch {
            what: what(),
            index,
            expected: first,
            found: images[index].shape(),
        });
    }
    if !matches!(first.channels, 1 | 3) {
        return Err(ReportError::UnsupportedChannels {
            channels: first.channels,
        });
    }
    if first.pixels() == 0 {
        return Err(ReportError::PictureSize {
            width: first.width,
            height: first.height,
        });
    }
    Ok(first)
}

/// Finds the largest size of all images, the same zoom for all rows, that leaves codes legible.
///
/// `page_width` and `down` are the pixels that all columns together, and all rows together, have.
pub(crate) fn fit(
    contents: &[Content<'_>],
    page_width: usize,
    down: usize,
) -> Result<Vec<RowCells>, ReportError> {
    let columns = contents.iter().map(Content::count).max().unwrap_or(1);
    let across = page_width.saturating_sub(GAP * (columns - 1)) / columns;
    let shapes = contents.iter().filter_map(|content| match content {
        Content::Images { shape, .. } => Some(*shape),
        Content::Codes { .. } => None,
    });
    let shapes: Vec<ImageShape> = shapes.collect();
    let widest = shapes.iter().map(|shape| shape.width).max().unwrap_or(1);
    let highest = shapes.iter().map(|shape| shape.height).max().unwrap_or(1);
    let total_height = shapes
        .iter()
        .map(|shape| shape.height)
        .sum::<usize>()
        .max(1);
    let codes = contents.len() - shapes.len();
    // Codes want about half as much again as an image, and never less than a tenth of the picture.
    let for_images = if codes == 0 {
        down
    } else {
        down.saturating_sub(codes * (down / 10))
    };
    let largest = (MAX_CELL_PIXELS / widest.max(highest)).max(1) as f64;
    let share = (across as f64 / widest as f64)
        .min(for_images as f64 / total_height as f64)
        .min(largest);
    let mut zoom = Zoom::at_most(share);
    let is_too_small = match zoom {
        Zoom::Shrink(_) => !shapes.is_empty() && zoom.apply(widest.max(highest)) < MIN_CELL_PIXELS,
        Zoom::Enlarge(_) => false,
    };
    if across < MIN_CELL_PIXELS || is_too_small || down < codes * MIN_ROW_HEIGHT {
        return Err(too_many(contents, columns, page_width, down));
    }
    loop {
        let images: usize = shapes.iter().map(|shape| zoom.apply(shape.height)).sum();
        let room = down.saturating_sub(images) / codes.max(1);
        let image_width = shapes.iter().map(|shape| zoom.apply(shape.width)).max();
        // About as wide as the images, so that the columns keep their rhythm.
        let place = image_width.map_or(across.min(MAX_CELL_PIXELS), |width| {
            across.min((width * 5 / 4).max(96))
        });
        let rows: Vec<RowCells> = contents
            .iter()
            .map(|content| {
                Ok(match *content {
                    Content::Images { count, shape } => RowCells::Images {
                        count,
                        width: zoom.apply(shape.width),
                        height: zoom.apply(shape.height),
                    },
                    Content::Codes {
                        count,
                        shape,
                        range,
                    } => RowCells::Codes {
                        count,
                        layout: TileLayout::new(shape, place, room)?,
                        range,
                    },
                })
            })
            .collect::<Result<_, ReportError>>()?;
        let complete = rows.iter().all(|row| match row {
            RowCells::Images { .. } => true,
            RowCells::Codes { layout, .. } => layout.is_complete(),
        });
        match zoom.next_smaller() {
            Some(smaller) if !complete => zoom = smaller,
            _ => return Ok(rows),
        }
    }
}

/// How many of the smallest cells there is room for.
fn too_many(
    contents: &[Content<'_>],
    columns: usize,
    page_width: usize,
    down: usize,
) -> ReportError {
    let most_columns = (page_width + GAP) / (MIN_CELL_PIXELS + GAP);
    let most_rows = down / MIN_CELL_PIXELS;
    ReportError::TooManyImages {
        found: contents.iter().map(Content::count).sum(),
        most: most_columns.min(columns) * most_rows.min(contents.len()),
    }
}
