//! A code, drawn so that a person can read it.
//!
//! A code of `[maps, height, width]` becomes a grid of small maps, one number a square of whole pixels; a flat code of
//! N values becomes a near-square grid of cells. Values are colored by [`viridis`] over one range for all codes of
//! a picture.

use ae_data::Image;

use crate::drawing::picture::Picture;
use crate::drawing::theme::WHITE;
use crate::drawing::viridis::viridis;
use crate::error::ReportError;
use crate::grids::color_range::ColorRange;

/// How a code is laid out in tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TileLayout {
    maps: usize,
    map_height: usize,
    map_width: usize,
    /// Values that one square stands for, on each side: over 1 only where a single map is larger than its place.
    shrink: usize,
    /// Pixels of a number's square.
    scale: usize,
    /// Pixels between two maps.
    separator: usize,
    columns: usize,
    rows: usize,
}

/// The largest square that a number is drawn as.
const MAX_SCALE: usize = 40;

impl TileLayout {
    /// The largest legible layout of codes of `shape` within `max_width` x `max_height` pixels.
    ///
    /// # Errors
    /// [`ReportError::CodeShape`] when the shape is empty, has a zero or more than three axes.
    pub(crate) fn new(
        shape: &[usize],
        max_width: usize,
        max_height: usize,
    ) -> Result<Self, ReportError> {
        let refused = |reason| ReportError::CodeShape {
            shape: shape.to_vec(),
            values: 0,
            reason,
        };
        let [maps, map_height, map_width] = match *shape {
            [values] => [values, 1, 1],
            [height, width] => [1, height, width],
            [maps, height, width] => [maps, height, width],
            _ => return Err(refused("one to three axes can be drawn")),
        };
        if maps == 0 || map_height == 0 || map_width == 0 {
            return Err(refused("an axis is 0"));
        }
        let (max_width, max_height) = (max_width.max(16), max_height.max(16));
        let shrink = map_width
            .div_ceil(max_width)
            .max(map_height.div_ceil(max_height));
        let (width, height) = (map_width.div_ceil(shrink), map_height.div_ceil(shrink));
        let is_flat = map_height == 1 && map_width == 1;
        let mut layout = None;
        for scale in (1..=MAX_SCALE).rev() {
            let separator = (scale / 3).clamp(1, 3);
            let most = (max_width + separator) / (width * scale + separator);
            let columns = if is_flat {
                neat_columns(maps, maps, 1, 1)
            } else {
                neat_columns(maps, most.clamp(1, maps), width, height)
            };
            if columns > most && scale > 1 {
                continue;
            }
            let rows = maps.div_ceil(columns);
            let found = Self {
                maps,
                map_height,
                map_width,
                shrink,
                scale,
                separator,
                columns,
                rows,
            };
            // Much higher than wide is hard to compare with the image above it.
            let is_slim = scale > 1 && found.height() > max_width * 11 / 5;
            if found.width() <= max_width && found.height() <= max_height && !is_slim {
                return Ok(found);
            }
            layout = Some(found);
        }
        // Not even one pixel a number is small enough: as many maps as there is room for.
        let mut layout = layout.ok_or_else(|| refused("a map is larger than its place"))?;
        layout.columns = ((max_width + 1) / (width + 1)).min(maps);
        layout.rows = ((max_height + 1) / (height + 1)).max(1);
        Ok(layout)
    }

    pub(crate) fn width(&self) -> usize {
        let map = self.map_width.div_ceil(self.shrink) * self.scale;
        self.columns * (map + self.separator) - self.separator
    }

    pub(crate) fn height(&self) -> usize {
        let map = self.map_height.div_ceil(self.shrink) * self.scale;
        self.rows * (map + self.separator) - self.separator
    }

    /// Maps drawn; fewer than there are when there is no room for all.
    pub(crate) fn shown(&self) -> usize {
        self.maps.min(self.columns * self.rows)
    }

    /// Maps, or values of a flat code, that there are.
    pub(crate) fn maps(&self) -> usize {
        self.maps
    }

    /// Whether all maps are drawn, each number as a square of its own.
    pub(crate) fn is_complete(&self) -> bool {
        self.shown() == self.maps && self.shrink == 1
    }

    /// Draws one code, whose length the caller has checked.
    pub(crate) fn draw(&self, code: &[f32], range: ColorRange) -> Result<Picture, ReportError> {
        let (width, height) = (self.width(), self.height());
        let mut pixels = WHITE.repeat(width * height);
        let per_map = self.map_height * self.map_width;
        let square = |row: usize, column: usize, map: &[f32]| {
            let rows = row * self.shrink..((row + 1) * self.shrink).min(self.map_height);
            let columns = column * self.shrink..((column + 1) * self.shrink).min(self.map_width);
            let count = (rows.len() * columns.len()) as f32;
            let values =
                rows.flat_map(|y| columns.clone().map(move |x| map[y * self.map_width + x]));
            values.sum::<f32>() / count
        };
        for (index, map) in code.chunks_exact(per_map).take(self.shown()).enumerate() {
            let map_rows = self.map_height.div_ceil(self.shrink);
            let map_columns = self.map_width.div_ceil(self.shrink);
            let top = index / self.columns * (map_rows * self.scale + self.separator);
            let left = index % self.columns * (map_columns * self.scale + self.separator);
            for row in 0..map_rows {
                for column in 0..map_columns {
                    let color = color_of(square(row, column, map), range);
                    for y in 0..self.scale {
                        let start = (top + row * self.scale + y) * width;
                        let start = (start + left + column * self.scale) * 3;
                        for pixel in pixels[start..start + self.scale * 3].chunks_exact_mut(3) {
                            pixel.copy_from_slice(&color);
                        }
                    }
                }
            }
        }
        Ok(Picture::from_pixels(width, height, pixels))
    }
}

/// NaN stands out: it is not on the map's way from violet to yellow.
fn color_of(value: f32, range: ColorRange) -> [u8; 3] {
    if value.is_nan() {
        [0xe0, 0x20, 0x20]
    } else {
        viridis(range.share(value))
    }
}

/// How many maps stand in a row: as many as there is room for, or a little fewer where that fills every row, and for
/// flat codes near a square.
fn neat_columns(maps: usize, most: usize, map_width: usize, map_height: usize) -> usize {
    let square = (maps * map_height) as f64 / map_width as f64;
    let wanted = if maps <= 8 && maps <= most {
        maps
    } else {
        (square.sqrt().ceil() as usize).clamp(1, most)
    };
    let even = |columns: &usize| maps.is_multiple_of(*columns);
    (wanted..=(wanted * 2).min(most))
        .find(even)
        .or_else(|| ((wanted * 7).div_ceil(10)..wanted).rev().find(even))
        .unwrap_or(wanted)
}

/// Draws one code as tiles, within `max_width` x `max_height` pixels.
///
/// # Shapes
/// - `code`: as many values as `shape` says
/// - `shape`: `[maps, height, width]`, `[height, width]` or `[values]`
///
/// # Errors
/// [`ReportError::CodeShape`] when the shape is not one of these or does not go with the count of values.
pub fn code_tiles(
    code: &[f32],
    shape: &[usize],
    range: ColorRange,
    max_width: usize,
    max_height: usize,
) -> Result<Image, ReportError> {
    code_count(code, shape, 1)?;
    TileLayout::new(shape, max_width, max_height)?
        .draw(code, range)?
        .to_image()
}

/// Checks that `values` hold `count` codes of `shape`; gives the values of one code.
pub(crate) fn code_count(
    values: &[f32],
    shape: &[usize],
    count: usize,
) -> Result<usize, ReportError> {
    let one = shape
        .iter()
        .try_fold(1usize, |product, &axis| product.checked_mul(axis))
        .filter(|&one| one > 0 && one.checked_mul(count) == Some(values.len()));
    one.ok_or_else(|| ReportError::CodeShape {
        shape: shape.to_vec(),
        values: values.len(),
        reason: "the shape and the count of values do not go together",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(shape: &[usize], width: usize, height: usize) -> TileLayout {
        TileLayout::new(shape, width, height).unwrap()
    }

    #[test]
    fn layouts_are_neat_and_stay_inside() {
        // shape, place -> columns, rows, pixels of a number
        for (shape, (width, height), expected) in [
            (&[128usize, 7, 7][..], (121, 400), (8, 16, 2)),
            (&[128, 7, 7], (240, 480), (8, 16, 4)),
            (&[16, 7, 7], (240, 240), (4, 4, 8)),
            (&[4, 4, 4], (120, 240), (2, 2, 14)),
            (&[32], (121, 300), (8, 4, 12)),
            (&[10], (120, 120), (5, 2, 21)),
            (&[3], (120, 120), (3, 1, 38)),
            (&[1], (120, 120), (1, 1, 40)),
            (&[37], (120, 120), (7, 6, 14)),
            (&[28, 28], (120, 120), (1, 1, 4)),
        ] {
            let found = layout(shape, width, height);
            assert!(
                found.width() <= width && found.height() <= height,
                "{shape:?}: {found:?}"
            );
            assert!(found.is_complete(), "{shape:?}: {found:?}");
            assert_eq!(
                (found.columns, found.rows, found.scale),
                expected,
                "{shape:?}"
            );
        }
    }

    #[test]
    fn what_has_no_room_is_cut_or_averaged_and_known_to_be() {
        let many = layout(&[2048, 16, 16], 120, 200);
        assert!(!many.is_complete() && many.shown() == 7 * 11 && many.height() <= 200);
        let large = layout(&[1, 300, 300], 100, 100);
        assert!(!large.is_complete() && large.width() == 100);
        let image = code_tiles(
            &vec![1.0; 90_000],
            &[300, 300],
            ColorRange {
                low: 0.0,
                high: 1.0,
            },
            100,
            100,
        )
        .unwrap();
        assert_eq!(image.pixels()[0], 253, "the mean of ones is one");
    }

    #[test]
    fn every_number_is_where_it_belongs() {
        let code: Vec<f32> = (0..2 * 2 * 3).map(|value| value as f32).collect();
        let range = ColorRange {
            low: 0.0,
            high: 11.0,
        };
        let image = code_tiles(&code, &[2, 2, 3], range, 16, 16).unwrap();
        let shape = image.shape();
        let found = layout(&[2, 2, 3], 16, 16);
        for (index, value) in code.iter().enumerate() {
            let (map, row, column) = (index / 6, index / 3 % 2, index % 3);
            let (map_row, map_column) = (map / found.columns, map % found.columns);
            let x = map_column * (3 * found.scale + found.separator) + column * found.scale;
            let y = map_row * (2 * found.scale + found.separator) + row * found.scale;
            let pixel: Vec<u8> = (0..3)
                .map(|channel| image.pixels()[channel * shape.pixels() + y * shape.width + x])
                .collect();
            assert_eq!(pixel, viridis(value / 11.0), "number {index}");
        }
    }

    #[test]
    fn shapes_that_cannot_be_drawn_are_errors() {
        let range = ColorRange {
            low: 0.0,
            high: 1.0,
        };
        for (values, shape) in [
            (0, &[][..]),
            (0, &[0]),
            (6, &[7]),
            (16, &[2, 2, 2, 2]),
            (4, &[usize::MAX, 4]),
        ] {
            let error = code_tiles(&vec![0.0; values], shape, range, 100, 100).unwrap_err();
            assert!(
                matches!(error, ReportError::CodeShape { .. }),
                "{shape:?}: {error}"
            );
        }
    }
}
