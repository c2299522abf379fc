//! Photographs side by side: before, after, and what should have come out.

use ae_data::Image;

use crate::drawing::canvas::{Anchor, Canvas};
use crate::drawing::heading::Heading;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{CAPTION, FRAME, LABEL, MARGIN, MAX_HEIGHT, MAX_WIDTH};
use crate::error::ReportError;
use crate::grids::cells::common_shape;

/// What [`panels`] draws.
#[derive(Clone, Debug, Default)]
pub struct PanelsRequest {
    /// The picture's title; empty for none.
    pub title: String,
    /// A quieter line below it; empty for none.
    pub subtitle: String,
    /// The panels, from left to right, all of one shape.
    pub panels: Vec<Panel>,
    /// A part of the images that is shown enlarged in a second row, where the whole is too small to judge by. It is
    /// enlarged by a whole factor, and its width adapted so that it fills the panel's.
    pub detail: Option<Detail>,
}

/// One photograph.
#[derive(Clone, Debug)]
pub struct Panel {
    /// What it is, above it: `noisy`.
    pub label: String,
    /// How good it is, beside the label: `PSNR 20.17 dB`; empty for none.
    pub caption: String,
    /// The photograph.
    pub image: Image,
}

/// A part of an image, in its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Columns to the left of it.
    pub left: usize,
    /// Rows above it.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

const GAP: usize = 20;
const LABEL_HEIGHT: usize = 34;
/// Pixels that a pixel of a small image may become.
const MAX_ENLARGEMENT: usize = 16;

/// Draws images side by side, at most 1600 x 1200 pixels in all: shrunk to fit, or small ones enlarged by a whole
/// factor.
///
/// # Errors
/// [`ReportError::NoImages`], [`ReportError::ShapeMismatch`], [`ReportError::UnsupportedChannels`],
/// [`ReportError::TooManyImages`] when they would be narrower than 32 pixels, and [`ReportError::CountMismatch`] when
/// the detail reaches beyond the image.
pub fn panels(request: &PanelsRequest) -> Result<Picture, ReportError> {
    let images: Vec<Image> = request
        .panels
        .iter()
        .map(|panel| panel.image.clone())
        .collect();
    let shape = common_shape(&images, || "the panels".to_owned())?;
    let heading = Heading {
        title: &request.title,
        subtitle: &request.subtitle,
    };
    if let Some(detail) = request.detail {
        check_detail(detail, shape.width, shape.height)?;
    }
    let count = images.len();
    let across = MAX_WIDTH.saturating_sub(2 * MARGIN + GAP * (count - 1)) / count;
    if across < 32 {
        return Err(ReportError::TooManyImages {
            found: count,
            most: (MAX_WIDTH - 2 * MARGIN + GAP) / (32 + GAP),
        });
    }
    let down = MAX_HEIGHT - 2 * MARGIN - heading.height() - LABEL_HEIGHT;
    // A detail is as wide as its panel, so both heights follow from one width.
    let detail_height = |width: usize| {
        request.detail.map_or(0, |detail| {
            GAP + (width as f64 * detail.height as f64 / detail.width as f64).ceil() as usize
        })
    };
    let fits = |width: usize| {
        let height = (width as f64 * shape.height as f64 / shape.width as f64).ceil() as usize;
        height + detail_height(width) <= down
    };
    let enlargement = (1..=MAX_ENLARGEMENT).rev().find(|factor| {
        let width = shape.width * factor;
        width <= across && fits(width)
    });
    let (width, height) = match enlargement {
        Some(factor) => (shape.width * factor, shape.height * factor),
        None => {
            let width = (1..=across.min(shape.width))
                .rev()
                .find(|width| fits(*width))
                .unwrap_or(1);
            let height = (width as f64 * shape.height as f64 / shape.width as f64).floor();
            (width, (height as usize).max(1))
        }
    };
    let details = request
        .detail
        .map(|detail| fill_width(detail, width, shape.width));
    let content = count * width + (count - 1) * GAP;
    let text_width = content.max(heading.width()).max(240);
    let total_width = (text_width + 2 * MARGIN).min(MAX_WIDTH);
    let lower = details.map_or(0, |(detail, factor)| GAP + detail.height * factor);
    let total_height = 2 * MARGIN + heading.height() + LABEL_HEIGHT + height + lower;
    let mut canvas = Canvas::new(total_width, total_height)?;
    heading.draw(&mut canvas, total_width);
    let label_top = MARGIN + heading.height();
    let top = label_top + LABEL_HEIGHT;
    for (index, panel) in request.panels.iter().enumerate() {
        let left = MARGIN + index * (width + GAP);
        draw_caption(&mut canvas, panel, left, label_top, width);
        let picture = Picture::from_image(&panel.image)?;
        let scaled = match enlargement {
            Some(factor) => picture.enlarge(factor),
            None => picture.shrink(width, height),
        };
        canvas.frame(left, top, width, height, FRAME);
        canvas.place(&scaled, left, top);
        if let Some((detail, factor)) = details {
            let part = picture.crop(detail.left, detail.top, detail.width, detail.height);
            let part = part.enlarge(factor);
            let below = top + height + GAP;
            canvas.frame(left, below, part.width(), part.height(), FRAME);
            canvas.place(&part, left, below);
            mark(
                &mut canvas,
                detail,
                (left, top),
                width as f64 / shape.width as f64,
            );
        }
    }
    Ok(canvas.into_picture())
}

/// The enlargement at which a detail comes nearest to `panel_width` pixels, and the detail made a little wider or
/// narrower, about its middle, so that it is as wide as the panel above it.
fn fill_width(detail: Detail, panel_width: usize, image_width: usize) -> (Detail, usize) {
    let factor = ((panel_width + detail.width / 2) / detail.width).max(1);
    let width = (panel_width / factor).clamp(1, image_width);
    let middle = 2 * detail.left + detail.width;
    let left = (middle.saturating_sub(width) / 2).min(image_width - width);
    (
        Detail {
            left,
            width,
            ..detail
        },
        factor,
    )
}

fn check_detail(detail: Detail, width: usize, height: usize) -> Result<(), ReportError> {
    for (what, start, length, available) in [
        (
            "columns of the detail's right edge, at most",
            detail.left,
            detail.width,
            width,
        ),
        (
            "rows of the detail's lower edge, at most",
            detail.top,
            detail.height,
            height,
        ),
    ] {
        let end = start.saturating_add(length);
        if length == 0 || end > available {
            return Err(ReportError::CountMismatch {
                what: what.to_owned(),
                expected: available,
                found: end,
            });
        }
    }
    Ok(())
}

/// The label at the left, the caption at the right end of the same line where there is room, else right after it.
fn draw_caption(canvas: &mut Canvas, panel: &Panel, left: usize, top: usize, width: usize) {
    let (start, baseline) = (left as f32, top as f32 + 20.0);
    let label = LABEL.shorten(&panel.label, width as f32);
    canvas.text(&label, start, baseline, Anchor::Start, LABEL);
    let used = LABEL.width(&label) + 12.0;
    if !panel.caption.is_empty() && (width as f32) > used {
        let caption = CAPTION.shorten(&panel.caption, width as f32 - used);
        canvas.text(
            &caption,
            start + width as f32,
            baseline,
            Anchor::End,
            CAPTION,
        );
    }
}

/// A double line around the part that is shown enlarged, visible on dark and on light.
fn mark(canvas: &mut Canvas, detail: Detail, (left, top): (usize, usize), scale: f64) {
    let place = |pixels: usize| (pixels as f64 * scale).round() as usize;
    let (x, y) = (left + place(detail.left), top + place(detail.top));
    let (width, height) = (place(detail.width).max(1), place(detail.height).max(1));
    canvas.frame(x, y, width, height, [0; 3]);
    canvas.frame(
        x + 1,
        y + 1,
        width.saturating_sub(2),
        height.saturating_sub(2),
        [255; 3],
    );
}
