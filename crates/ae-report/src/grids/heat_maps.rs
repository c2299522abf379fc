//! Images beside where something is in them: heat maps on one scale, each pair with its name.

use ae_data::{Image, ImageShape};

use crate::drawing::canvas::{Anchor, Canvas};
use crate::drawing::heading::Heading;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{CAPTION, FRAME, INK, MARGIN, MAX_HEIGHT, MAX_WIDTH, NOTE, SERIES};
use crate::drawing::viridis::viridis;
use crate::error::{ReportError, check_count};
use crate::grids::cells::{MAX_CELL_PIXELS, common_shape};
use crate::grids::color_bar::{COLOR_BAR_WIDTH, MIN_ROW_HEIGHT, draw_color_bar};
use crate::grids::color_range::ColorRange;

/// What [`heat_maps`] draws.
#[derive(Clone, Copy, Debug)]
pub struct HeatMapsRequest<'a> {
    /// The picture's title; empty for none.
    pub title: &'a str,
    /// A quieter line below it; empty for none.
    pub subtitle: &'a str,
    /// The images, row by row.
    pub maps: &'a [HeatMap],
    /// What the colors stand for, below the images.
    pub scale: &'a str,
    /// What a frame says of an image, beside the scale; empty for none.
    pub mark: &'a str,
}

/// An image and a value for each of its pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// The image.
    pub image: Image,
    /// `[height, width]`, drawn by [`viridis`](crate::viridis()) over one range for the whole picture.
    pub heat: Vec<f32>,
    /// What stands below, its name.
    pub name: String,
    /// A quieter line below that; empty for none.
    pub caption: String,
    /// Whether it has the frame that [`HeatMapsRequest::mark`] explains.
    pub is_marked: bool,
}

/// Pixels between an image and its map.
const SEAM: usize = 3;
/// Pixels between pairs, on which frames are drawn.
const GAP: usize = 18;
/// Pixels below a pair for its name and caption.
const TEXT_HEIGHT: usize = 48;
/// Pixels below all for what the colors and the frame stand for.
const LEGEND_HEIGHT: usize = 34;
/// A narrower pair has no room for a name.
const MIN_PAIR_WIDTH: usize = 128;
/// Pixels of the frame around a marked pair.
const MARK_WIDTH: usize = 4;
/// The frame of a marked pair.
const MARK: [u8; 3] = SERIES[1];

/// Draws images, each with its heat map at its right and its name below.
///
/// # Errors
/// [`ReportError::NoImages`], [`ReportError::ShapeMismatch`], [`ReportError::UnsupportedChannels`],
/// [`ReportError::CountMismatch`] where a map has another number of values than its image has pixels, and
/// [`ReportError::TooManyImages`] where they would be too small to see on one picture.
pub fn heat_maps(request: &HeatMapsRequest<'_>) -> Result<Picture, ReportError> {
    let images: Vec<Image> = request.maps.iter().map(|map| map.image.clone()).collect();
    let shape = common_shape(&images, || "the heat maps".to_owned())?;
    for map in request.maps {
        let what = format!("values of the heat map of {}", map.name);
        check_count(&what, shape.pixels(), map.heat.len())?;
    }
    let heading = Heading {
        title: request.title,
        subtitle: request.subtitle,
    };
    let layout = Layout::of(request.maps.len(), shape, heading.height())?;
    let values: Vec<f32> = request
        .maps
        .iter()
        .flat_map(|map| &map.heat)
        .copied()
        .collect();
    let range = ColorRange::of(&values);
    let width = layout
        .width()
        .max(heading.width().min(MAX_WIDTH - 2 * MARGIN))
        + 2 * MARGIN;
    let top = MARGIN + heading.height();
    let height = top + layout.height().max(MIN_ROW_HEIGHT) + LEGEND_HEIGHT + MARGIN;
    let mut canvas = Canvas::new(width, height)?;
    heading.draw(&mut canvas, width);
    for (index, map) in request.maps.iter().enumerate() {
        let left = MARGIN + (index % layout.columns) * (layout.pair_width() + GAP);
        let top = top + (index / layout.columns) * layout.row_height();
        layout.draw(&mut canvas, map, range, left, top)?;
    }
    let bar_height = layout
        .height()
        .saturating_sub(TEXT_HEIGHT)
        .max(MIN_ROW_HEIGHT);
    draw_color_bar(
        &mut canvas,
        MARGIN + layout.grid_width() + 12,
        top,
        bar_height,
        range,
    );
    draw_legend(
        &mut canvas,
        request,
        top + layout.height().max(MIN_ROW_HEIGHT),
    );
    Ok(canvas.into_picture())
}

/// What the colors stand for, and the frame.
fn draw_legend(canvas: &mut Canvas, request: &HeatMapsRequest<'_>, top: usize) {
    let baseline = (top + 24) as f32;
    let mut left = MARGIN;
    if !request.mark.is_empty() && request.maps.iter().any(|map| map.is_marked) {
        draw_mark(canvas, left + MARK_WIDTH, top + 10 + MARK_WIDTH, 14, 10);
        left += 14 + 2 * MARK_WIDTH + 8;
        canvas.text(request.mark, left as f32, baseline, Anchor::Start, NOTE);
        left += NOTE.width(request.mark).ceil() as usize + 32;
    }
    canvas.text(request.scale, left as f32, baseline, Anchor::Start, NOTE);
}

/// A frame just outside a rectangle.
fn draw_mark(canvas: &mut Canvas, left: usize, top: usize, width: usize, height: usize) {
    for inset in 0..MARK_WIDTH {
        canvas.frame(
            left - inset,
            top - inset,
            width + 2 * inset,
            height + 2 * inset,
            MARK,
        );
    }
}

/// The size at which images are drawn, and how many a row.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Layout {
    columns: usize,
    rows: usize,
    /// Of an image, and of its map.
    width: usize,
    height: usize,
}

impl Layout {
    /// The columns at which the images are largest; of several such counts the smallest.
    fn of(maps: usize, shape: ImageShape, heading: usize) -> Result<Self, ReportError> {
        let page_width = MAX_WIDTH - 2 * MARGIN - COLOR_BAR_WIDTH - 12;
        let page_height = MAX_HEIGHT - 2 * MARGIN - heading - LEGEND_HEIGHT;
        let most_columns = (page_width + GAP) / (MIN_PAIR_WIDTH + GAP);
        let layouts = (1..=most_columns.min(maps)).filter_map(|columns| {
            let rows = maps.div_ceil(columns);
            let across = (page_width + GAP) / columns - GAP;
            let across = across.saturating_sub(SEAM) as f64 / 2.0;
            let down = (page_height / rows).checked_sub(TEXT_HEIGHT + GAP)? as f64;
            let zoom = (across / shape.width as f64).min(down / shape.height as f64);
            let largest = (MAX_CELL_PIXELS / shape.width.max(shape.height)).max(1);
            let zoom = match zoom >= 1.0 {
                true => zoom.floor().min(largest as f64),
                false => zoom,
            };
            let side = |side: usize| (side as f64 * zoom).floor() as usize;
            let layout = Self {
                columns,
                rows,
                width: side(shape.width),
                height: side(shape.height),
            };
            (layout.width.min(layout.height) >= 8).then_some((zoom, layout))
        });
        let best = layouts.fold(None, |best: Option<(f64, Self)>, found| match best {
            Some(best) if best.0 >= found.0 => Some(best),
            _ => Some(found),
        });
        let most_rows = page_height / (TEXT_HEIGHT + GAP + 14);
        best.map(|(_, layout)| layout)
            .ok_or(ReportError::TooManyImages {
                found: maps,
                most: most_columns * most_rows,
            })
    }

    fn pair_width(&self) -> usize {
        (2 * self.width + SEAM).max(MIN_PAIR_WIDTH)
    }

    fn row_height(&self) -> usize {
        self.height + TEXT_HEIGHT + GAP
    }

    /// Without the scale.
    fn grid_width(&self) -> usize {
        self.columns * (self.pair_width() + GAP) - GAP
    }

    fn width(&self) -> usize {
        self.grid_width() + 12 + COLOR_BAR_WIDTH
    }

    fn height(&self) -> usize {
        self.rows * self.row_height() - GAP
    }

    fn draw(
        &self,
        canvas: &mut Canvas,
        map: &HeatMap,
        range: ColorRange,
        left: usize,
        top: usize,
    ) -> Result<(), ReportError> {
        let shape = map.image.shape();
        let colors = map
            .heat
            .iter()
            .flat_map(|&value| viridis(range.share(value)));
        let heat = Picture::from_pixels(shape.width, shape.height, colors.collect());
        let inset = (self.pair_width() - 2 * self.width - SEAM) / 2;
        let pair = [Picture::from_image(&map.image)?, heat];
        for (index, picture) in pair.into_iter().enumerate() {
            let picture = match self.width >= picture.width() {
                true => picture.enlarge(self.width / picture.width()),
                false => picture.shrink(self.width, self.height),
            };
            let left = left + inset + index * (self.width + SEAM);
            canvas.frame(left, top, self.width, self.height, FRAME);
            canvas.place(&picture, left, top);
        }
        if map.is_marked {
            draw_mark(
                canvas,
                left + inset,
                top,
                2 * self.width + SEAM,
                self.height,
            );
        }
        let center = left as f32 + self.pair_width() as f32 / 2.0;
        let room = (self.pair_width() + GAP - 6) as f32;
        let mut name = CAPTION;
        name.color = INK;
        for (line, (text, style)) in [(&map.name, name), (&map.caption, CAPTION)]
            .into_iter()
            .enumerate()
        {
            let text = style.shorten(text, room);
            let baseline = (top + self.height + 20 + 20 * line) as f32;
            canvas.text(&text, center, baseline, Anchor::Middle, style);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_fits_on_a_page_and_is_as_large_as_it_can_be() {
        for (maps, side) in [(1, 28), (20, 32), (24, 28), (24, 256), (7, 500), (60, 32)] {
            let layout = Layout::of(maps, ImageShape::new(1, side, side), 62).unwrap();
            assert!(layout.columns * layout.rows >= maps);
            assert!(layout.width() <= MAX_WIDTH - 2 * MARGIN, "{layout:?}");
            assert!(
                layout.height() + 62 + LEGEND_HEIGHT <= MAX_HEIGHT - 2 * MARGIN,
                "{layout:?}"
            );
        }
        let few = Layout::of(4, ImageShape::new(1, 32, 32), 62).unwrap();
        assert_eq!((few.width, few.height), (256, 256));
        let wide = Layout::of(12, ImageShape::new(3, 20, 400), 62).unwrap();
        assert!(wide.width > 4 * wide.height, "{wide:?}");
        let many = Layout::of(5_000, ImageShape::new(1, 28, 28), 62);
        assert!(matches!(many, Err(ReportError::TooManyImages { .. })));
    }

    #[test]
    fn a_map_of_another_size_is_refused() {
        let image = Image::new(ImageShape::new(1, 2, 2), vec![0; 4]).unwrap();
        let map = HeatMap {
            image,
            heat: vec![0.0; 3],
            name: "a".to_owned(),
            caption: String::new(),
            is_marked: false,
        };
        let drawn = |maps: &[HeatMap]| {
            heat_maps(&HeatMapsRequest {
                title: "",
                subtitle: "",
                maps,
                scale: "",
                mark: "",
            })
        };
        let refused = drawn(&[map]);
        assert!(matches!(refused, Err(ReportError::CountMismatch { .. })));
        let none = drawn(&[]);
        assert!(matches!(none, Err(ReportError::NoImages { .. })));
    }
}
