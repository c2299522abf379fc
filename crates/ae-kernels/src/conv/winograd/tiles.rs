//! How images are cut into the tiles of a transform, and where the tiles lie in its products.
//!
//! Along each axis an image is cut into *long* tiles and, so that they end where it does, some that are one
//! shorter. A *short* tile needs only the first few of the transform's products, so seven pixels are cut into four
//! and three and take 11 products along the axis, where two tiles of four take 12. In two dimensions a product
//! whose number is high along one axis is one of those tiles alone that are long there. The tiles of a run are
//! therefore ordered by their shape, so that the tiles of every product are neighbors: long and short, long and
//! long, short and long, short and short, height first.

use std::ops::Range;

use crate::layout::buffer::Frame;

/// An axis of an image, cut into tiles: the long ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    long: usize,
    longs: usize,
    shorts: usize,
}

impl Axis {
    /// Cuts `length` into as few tiles of `long` and `long - 1` as cover it.
    fn cut(length: usize, long: usize) -> Self {
        let tiles = length.div_ceil(long);
        let shorts = (tiles * long - length).min(tiles);
        Self {
            long,
            longs: tiles - shorts,
            shorts,
        }
    }

    fn tiles(self) -> usize {
        self.longs + self.shorts
    }

    /// Where a tile begins.
    #[inline(always)]
    fn start(self, tile: usize) -> usize {
        tile * self.long - tile.saturating_sub(self.longs)
    }

    /// The part of `tiles` that is long, or short.
    #[inline(always)]
    fn part(self, tiles: &Range<usize>, length: Length) -> Range<usize> {
        match length {
            Length::Long => tiles.start.min(self.longs)..tiles.end.min(self.longs),
            Length::Short => tiles.start.max(self.longs)..tiles.end.max(self.longs),
        }
    }
}

/// Which of the two lengths a tile has along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Long,
    Short,
}

/// An image cut into tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    vertical: Axis,
    horizontal: Axis,
}

impl Grid {
    /// Cuts the image in `frame` into tiles of `long` pixels, and of one less, along each axis.
    pub(crate) fn of(frame: Frame, long: usize) -> Self {
        Self {
            vertical: Axis::cut(frame.height, long),
            horizontal: Axis::cut(frame.width, long),
        }
    }

    pub(crate) fn tiles(self) -> usize {
        self.vertical.tiles() * self.horizontal.tiles()
    }

    /// Matrix products' rows that one image takes in all, where a long tile takes `long` products along an axis and
    /// a short one `short`.
    pub(crate) fn products(self, long: usize, short: usize) -> usize {
        let along = |axis: Axis| axis.longs * long + axis.shorts * short;
        along(self.vertical) * along(self.horizontal)
    }

    /// Cuts `images` images into nearly equal runs of about `most` tiles, several images or lines of tiles of one; of more
    /// where `fewest` lines have more.
    pub(crate) fn runs(
        self,
        images: usize,
        most: usize,
        fewest: usize,
    ) -> impl Iterator<Item = Run> {
        let (lines, columns) = (self.vertical.tiles(), self.horizontal.tiles());
        let together = (most / self.tiles()).clamp(1, images.max(1));
        let is_whole = together > 1 || self.tiles() <= most + most / 2;
        let lines_at_once = if is_whole {
            lines
        } else {
            (most / columns).max(fewest)
        };
        evenly(images, together).flat_map(move |images| {
            evenly(lines, lines_at_once).map(move |lines| Run {
                grid: self,
                images: images.clone(),
                lines,
                columns: 0..columns,
            })
        })
    }
}

/// Cuts `0..count` into nearly equal ranges of at most `most`.
fn evenly(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let length = count.div_ceil(count.div_ceil(most).max(1)).max(1);
    (0..count)
        .step_by(length)
        .map(move |start| start..(start + length).min(count))
}

/// Tiles that are transformed together: a rectangle of them in each of some images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    grid: Grid,
    pub(crate) images: Range<usize>,
    lines: Range<usize>,
    columns: Range<usize>,
}

/// The tiles of one shape in a run.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    grid: Grid,
    /// The row of its first tile in every product.
    row: usize,
    images: Range<usize>,
    lines: Range<usize>,
    columns: Range<usize>,
}

impl Run {
    /// Cuts a run that has more than about `most` tiles into parts of its lines.
    pub(crate) fn parts(&self, most: usize) -> impl Iterator<Item = Self> {
        let columns = if self.tiles() <= most + most / 2 {
            self.columns.len()
        } else {
            most / (self.images.len() * self.lines.len())
        };
        evenly(self.columns.len(), columns.max(1)).map(|columns| Self {
            columns,
            ..self.clone()
        })
    }

    /// The lines of pixels that its tiles cover, of an image of `height` lines whose tiles are as high as the input's,
    /// times `scale`.
    pub(crate) fn pixel_lines(&self, scale: usize, height: usize) -> Range<usize> {
        let line = |tile: usize| (scale * self.grid.vertical.start(tile)).min(height);
        line(self.lines.start)..line(self.lines.end)
    }

    fn tiles_of(&self, height: Length, width: Length) -> usize {
        self.images.len()
            * self.grid.vertical.part(&self.lines, height).len()
            * self.grid.horizontal.part(&self.columns, width).len()
    }

    /// Tiles in all, which is the rows of a product that all of them take part in.
    pub(crate) fn tiles(&self) -> usize {
        self.images.len() * self.lines.len() * self.columns.len()
    }

    /// The tiles of one shape.
    #[inline(always)]
    pub(crate) fn section(&self, height: Length, width: Length) -> Section {
        use Length::{Long, Short};
        let row = [(Long, Short), (Long, Long), (Short, Long)]
            .into_iter()
            .take_while(|shape| *shape != (height, width))
            .map(|(height, width)| self.tiles_of(height, width))
            .sum();
        Section {
            grid: self.grid,
            row,
            images: self.images.clone(),
            lines: self.grid.vertical.part(&self.lines, height),
            columns: self.grid.horizontal.part(&self.columns, width),
        }
    }

    /// The rows of a product: of all tiles, or of those alone that are long along an axis.
    #[inline(always)]
    pub(crate) fn rows(&self, tall_only: bool, broad_only: bool) -> Range<usize> {
        use Length::{Long, Short};
        let start = if broad_only {
            self.tiles_of(Long, Short)
        } else {
            0
        };
        let end = match (tall_only, broad_only) {
            (false, false) => self.tiles(),
            (false, true) => self.tiles() - self.tiles_of(Short, Short),
            (true, _) => self.tiles_of(Long, Short) + self.tiles_of(Long, Long),
        };
        start..end
    }

    /// The lines of tiles of the run, each with the line of pixels where it begins.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.clone().map(|line| self.line(line)).collect()
    }

    fn line(&self, line: usize) -> Line {
        let height = if line < self.grid.vertical.longs {
            Length::Long
        } else {
            Length::Short
        };
        let tiles = [Length::Long, Length::Short].map(|width| {
            let section = self.section(height, width);
            let count = section.columns.len();
            LineTiles {
                row: section.row + (line - section.lines.start) * count,
                rows_of_image: section.lines.len() * count,
                x: section.grid.horizontal.start(section.columns.start),
                count,
            }
        });
        Line {
            y: self.grid.vertical.start(line),
            height,
            first_image: self.images.start,
            tiles,
        }
    }
}

/// A line of tiles in every image of a run.
pub(crate) struct Line {
    /// The line of pixels where its tiles begin.
    pub(crate) y: usize,
    pub(crate) height: Length,
    first_image: usize,
    /// The long ones and the short ones.
    tiles: [LineTiles; 2],
}

/// The tiles of one width of a line.
struct LineTiles {
    /// The row of the first one of the first image in every product, and how many rows further that of the next image is.
    row: usize,
    rows_of_image: usize,
    /// The column of pixels where they begin.
    x: usize,
    count: usize,
}

impl Line {
    /// The line's tiles of one width in `image`: the row of the first in every product, the column of pixels where it
    /// begins, and how many there are.
    #[inline(always)]
    pub(crate) fn tiles(&self, image: usize, width: Length) -> (usize, usize, usize) {
        let [long, short] = &self.tiles;
        let tiles = match width {
            Length::Long => long,
            Length::Short => short,
        };
        let before = (image - self.first_image) * tiles.rows_of_image;
        (tiles.row + before, tiles.x, tiles.count)
    }
}

impl Section {
    /// Calls `visit` with every tile's row in the products, its image, and its first line and column of pixels.
    #[inline(always)]
    pub(crate) fn for_each(&self, mut visit: impl FnMut(usize, usize, usize, usize)) {
        let mut row = self.row;
        for image in self.images.start..self.images.end {
            for line in self.lines.start..self.lines.end {
                let y = self.grid.vertical.start(line);
                for column in self.columns.start..self.columns.end {
                    visit(row, image, y, self.grid.horizontal.start(column));
                    row += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [Length; 2] = [Length::Long, Length::Short];

    #[test]
    fn axes_are_covered_by_as_few_products_as_can_be() {
        for (length, long, longs, shorts) in [
            (1, 4, 0, 1),
            (4, 4, 1, 0),
            (5, 4, 0, 2),
            (7, 4, 1, 1),
            (9, 4, 0, 3),
            (14, 4, 2, 2),
            (28, 4, 7, 0),
            (1, 2, 0, 1),
            (7, 2, 3, 1),
        ] {
            let axis = Axis::cut(length, long);
            assert_eq!((axis.longs, axis.shorts), (longs, shorts), "{length}");
        }
    }

    /// Every pixel lies in one tile of one run, and the rows of a run's tiles are those that its products name.
    #[test]
    fn runs_cover_every_pixel_once() {
        for (height, width) in [(1, 1), (7, 7), (14, 9), (5, 33), (64, 3)] {
            for (images, most, long) in [(1, 8, 4), (5, 16, 4), (3, 4, 2), (2, 1000, 2)] {
                for (parts_of, fewest) in [(usize::MAX / 2, 1), (most, 1), (most, 4)] {
                    let frame = Frame::new(height, width).expect("it is small");
                    let mut covered = vec![0; images * height * width];
                    for run in Grid::of(frame, long).runs(images, most, fewest) {
                        let lines = run.pixel_lines(1, height);
                        for run in run.parts(parts_of) {
                            check_run(&run, long, |image, y, x| {
                                if y < height && x < width {
                                    assert!(lines.contains(&y));
                                    covered[(image * height + y) * width + x] += 1;
                                }
                            });
                        }
                    }
                    assert!(covered.iter().all(|times| *times == 1), "{height}x{width}");
                }
            }
        }
    }

    fn check_run(run: &Run, long: usize, mut cover: impl FnMut(usize, usize, usize)) {
        let mut seen = vec![false; run.tiles()];
        for (height, width) in LENGTHS.map(|h| LENGTHS.map(|w| (h, w))).as_flattened() {
            let pixels = |length: Length| long - usize::from(length == Length::Short);
            run.section(*height, *width).for_each(|row, image, y, x| {
                assert!(!std::mem::replace(&mut seen[row], true));
                for tall_only in [false, true] {
                    for broad_only in [false, true] {
                        let takes_part = (!tall_only || *height == Length::Long)
                            && (!broad_only || *width == Length::Long);
                        assert_eq!(run.rows(tall_only, broad_only).contains(&row), takes_part);
                    }
                }
                let line = run
                    .lines()
                    .into_iter()
                    .find(|line| line.y == y)
                    .expect("the line is the run's");
                let (first, start, count) = line.tiles(image, *width);
                assert!((first..first + count).contains(&row));
                assert_eq!(x, start + (row - first) * pixels(*width));
                for y in y..y + pixels(*height) {
                    for x in x..x + pixels(*width) {
                        cover(image, y, x);
                    }
                }
            });
        }
        assert!(seen.iter().all(|seen| *seen));
    }
}
