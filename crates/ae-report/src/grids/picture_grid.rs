//! Rows of images and codes, labeled: the layout that most pictures share.

use crate::drawing::canvas::{Anchor, Canvas};
use crate::drawing::heading::Heading;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{CAPTION, FRAME, LABEL, MARGIN, MAX_HEIGHT, MAX_WIDTH, NOTE};
use crate::error::ReportError;
use crate::grids::cells::{Content, GAP, RowCells, check_row, fit};
use crate::grids::color_bar::{COLOR_BAR_WIDTH, MIN_ROW_HEIGHT, draw_color_bar};
use crate::grids::request::{Cells, GridRequest, GridRow};
use crate::text::number::thousands;

/// Draws labeled rows of images and codes, small images enlarged by a whole factor, large ones shrunk.
///
/// # Errors
/// [`ReportError::NoImages`], [`ReportError::ShapeMismatch`] within a row, [`ReportError::CountMismatch`] of captions
/// or column labels, [`ReportError::CodeShape`], [`ReportError::UnsupportedChannels`], and
/// [`ReportError::TooManyImages`] when they would be too small to see on one picture.
pub fn picture_grid(request: &GridRequest) -> Result<Picture, ReportError> {
    let layout = Layout::new(request)?;
    let mut canvas = Canvas::new(layout.width, layout.height)?;
    layout.heading.draw(&mut canvas, layout.width);
    let mut top = MARGIN + layout.heading.height();
    if !request.column_labels.is_empty() {
        for (column, label) in request.column_labels.iter().enumerate() {
            let label = LABEL.shorten(label, layout.column_width as f32 + GAP as f32 - 4.0);
            let center = layout.column_center(column);
            canvas.text(&label, center, top as f32 + 16.0, Anchor::Middle, LABEL);
        }
        top += COLUMN_LABEL_HEIGHT;
    }
    for (row, cells) in request.rows.iter().zip(&layout.cells) {
        layout.draw_row(&mut canvas, row, cells, top)?;
        top += row_height(row, cells) + caption_height(row) + layout.row_gap;
    }
    Ok(canvas.into_picture())
}

/// Pixels between rows that have labels, notes or captions; the others form one field, evenly spaced.
pub(crate) const ROW_GAP: usize = 18;
/// Pixels below a row of codes that say how many maps are left out.
const LEFT_OUT_HEIGHT: usize = 20;
const COLUMN_LABEL_HEIGHT: usize = 30;
pub(crate) const CAPTION_HEIGHT: usize = 24;
/// No label takes more of the picture.
const MAX_LABEL_WIDTH: usize = 300;

fn caption_height(row: &GridRow) -> usize {
    if row.captions.is_empty() {
        0
    } else {
        CAPTION_HEIGHT
    }
}

/// Pixels between rows.
fn row_gap(rows: &[GridRow]) -> usize {
    let is_bare = |row: &GridRow| row.label.is_empty() && row.captions.is_empty();
    if rows.iter().all(is_bare) {
        GAP
    } else {
        ROW_GAP
    }
}

/// Pixels that the label and the note's lines below it take.
fn label_height(row: &GridRow) -> usize {
    let label = if row.label.is_empty() { 0 } else { 22 };
    label + 22 * row.note.lines().count()
}

/// Pixels that a row takes without its captions: as much as the highest of cells, label and color bar.
fn row_height(row: &GridRow, cells: &RowCells) -> usize {
    let (least, below) = match cells {
        RowCells::Images { .. } => (0, 0),
        RowCells::Codes { layout, .. } if layout.shown() < layout.maps() => {
            (MIN_ROW_HEIGHT, LEFT_OUT_HEIGHT)
        }
        RowCells::Codes { .. } => (MIN_ROW_HEIGHT, 0),
    };
    cells.height().max(label_height(row)).max(least) + below
}

struct Layout<'a> {
    heading: Heading<'a>,
    width: usize,
    height: usize,
    /// Where the first column begins.
    left: usize,
    column_width: usize,
    row_gap: usize,
    cells: Vec<RowCells>,
}

impl<'a> Layout<'a> {
    fn new(request: &'a GridRequest) -> Result<Self, ReportError> {
        let heading = Heading {
            title: &request.title,
            subtitle: &request.subtitle,
        };
        let contents: Vec<Content<'_>> = request
            .rows
            .iter()
            .enumerate()
            .map(|(index, row)| check_row(row, index))
            .collect::<Result<_, _>>()?;
        let columns = contents.iter().map(Content::count).max();
        let columns = columns.ok_or_else(|| ReportError::NoImages {
            what: "the picture".to_owned(),
        })?;
        if !request.column_labels.is_empty() && request.column_labels.len() != columns {
            return Err(ReportError::CountMismatch {
                what: "column labels".to_owned(),
                expected: columns,
                found: request.column_labels.len(),
            });
        }
        let label_width = request.rows.iter().map(label_width).max().unwrap_or(0);
        let bar_width = if contents
            .iter()
            .any(|content| matches!(content, Content::Codes { .. }))
        {
            COLOR_BAR_WIDTH
        } else {
            0
        };
        let page_width = MAX_WIDTH.saturating_sub(2 * MARGIN + label_width + bar_width);
        let captions: usize = request.rows.iter().map(caption_height).sum();
        let labels = if request.column_labels.is_empty() {
            0
        } else {
            COLUMN_LABEL_HEIGHT
        };
        let row_gap = row_gap(&request.rows);
        let fixed_height =
            2 * MARGIN + heading.height() + labels + captions + row_gap * (request.rows.len() - 1);
        let down = MAX_HEIGHT.saturating_sub(fixed_height);
        let cells = fit(&contents, page_width, down)?;
        let column_width = cells.iter().map(RowCells::width).max().unwrap_or(1);
        let content_width = label_width + columns * column_width + (columns - 1) * GAP + bar_width;
        let width = (content_width.max(heading.width()) + 2 * MARGIN).min(MAX_WIDTH);
        let rows = request
            .rows
            .iter()
            .zip(&cells)
            .map(|(row, cells)| row_height(row, cells));
        let height = fixed_height + rows.sum::<usize>();
        Ok(Self {
            heading,
            width,
            height,
            left: MARGIN + label_width,
            column_width,
            row_gap,
            cells,
        })
    }

    fn column_center(&self, column: usize) -> f32 {
        (self.left + column * (self.column_width + GAP)) as f32 + self.column_width as f32 / 2.0
    }

    fn draw_row(
        &self,
        canvas: &mut Canvas,
        row: &GridRow,
        cells: &RowCells,
        top: usize,
    ) -> Result<(), ReportError> {
        let (row_top, height) = (top, row_height(row, cells));
        draw_label(canvas, row, row_top, height);
        // The middle of the row, so that a low strip of cells stands beside the middle of its label.
        let top = row_top + height.saturating_sub(cells.height()) / 2;
        for column in 0..cells.count() {
            let inset = (self.column_width - cells.width()) / 2;
            let left = self.left + column * (self.column_width + GAP) + inset;
            match (&row.cells, cells) {
                (Cells::Images(images), RowCells::Images { width, height, .. }) => {
                    let picture = Picture::from_image(&images[column])?;
                    let picture = if *width >= picture.width() && *height >= picture.height() {
                        picture.enlarge(width / picture.width())
                    } else {
                        picture.shrink(*width, *height)
                    };
                    canvas.frame(left, top, *width, *height, FRAME);
                    canvas.place(&picture, left, top);
                }
                (
                    Cells::Codes { values, .. },
                    RowCells::Codes {
                        layout,
                        range,
                        count,
                    },
                ) => {
                    let one = values.len() / count;
                    let code = &values[column * one..(column + 1) * one];
                    canvas.place(&layout.draw(code, *range)?, left, top);
                }
                _ => unreachable!("cells are laid out as what they hold"),
            }
            if let Some(caption) = row.captions.get(column) {
                let caption = CAPTION.shorten(caption, (self.column_width + GAP - 2) as f32);
                let baseline = (row_top + height + 18) as f32;
                canvas.text(
                    &caption,
                    self.column_center(column),
                    baseline,
                    Anchor::Middle,
                    CAPTION,
                );
            }
        }
        if let RowCells::Codes {
            layout,
            range,
            count,
        } = cells
        {
            let right = self.left + count * (self.column_width + GAP) + 8;
            draw_color_bar(canvas, right, row_top, height, *range);
            if layout.shown() < layout.maps() {
                let note = format!(
                    "the first {} of {} maps",
                    thousands(layout.shown() as u64),
                    thousands(layout.maps() as u64)
                );
                let baseline = (row_top + height - 3) as f32;
                canvas.text(&note, self.left as f32, baseline, Anchor::Start, NOTE);
            }
        }
        Ok(())
    }
}

fn label_width(row: &GridRow) -> usize {
    let note = row
        .note
        .lines()
        .map(|line| NOTE.width(line))
        .fold(0.0, f32::max);
    let width = LABEL.width(&row.label).max(note).ceil() as usize;
    if width == 0 {
        0
    } else {
        width.min(MAX_LABEL_WIDTH) + 22
    }
}

/// The label and the note's lines below it, as one block in the middle of the row's height.
fn draw_label(canvas: &mut Canvas, row: &GridRow, top: usize, height: usize) {
    let mut y = top as f32 + (height as f32 - label_height(row) as f32) / 2.0;
    let room = MAX_LABEL_WIDTH as f32;
    if !row.label.is_empty() {
        let label = LABEL.shorten(&row.label, room);
        canvas.text(&label, MARGIN as f32, y + 16.0, Anchor::Start, LABEL);
        y += 22.0;
    }
    for line in row.note.lines() {
        let line = NOTE.shorten(line, room);
        canvas.text(&line, MARGIN as f32, y + 16.0, Anchor::Start, NOTE);
        y += 22.0;
    }
}
