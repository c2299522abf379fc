//! Pictures cut into overlapping tiles of one size, as a batch for the kernels.
//!
//! A network of few layers sees a few pixels around each. So what it makes of a tile is, but for that many pixels along the
//! sides that were cut, what it makes of the whole picture, and so are the gradients. A batch of tiles keeps all threads
//! busy and its maps in the processors' caches, which those of a whole picture are too large for. A side of a tile that is
//! one of the picture keeps the zeros that convolutions are padded with.

use std::ops::Range;

use crate::zero_shot::pair::half;

/// How pictures of one size are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tiles {
    channels: usize,
    rows: Axis,
    columns: Axis,
}

/// How one axis is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Axis {
    length: usize,
    /// Pixels of a tile.
    tile: usize,
    /// The first pixel of each tile.
    starts: Vec<usize>,
    /// The pixels of the picture that each tile is there for: from an even one on, so that squares of 2x2 pixels are not divided.
    owned: Vec<Range<usize>>,
}

impl Axis {
    /// Tiles of about `side` pixels, that see all that lies within `margin` pixels, an even number, of what they are there for.
    fn new(length: usize, side: usize, margin: usize) -> Self {
        // As if an odd length had one more, so that the last tile, which then begins one earlier, overlaps by one more.
        let even = length.next_multiple_of(2);
        // Each tile but the first goes on for a side less both margins.
        let count = even
            .saturating_sub(2 * margin)
            .div_ceil(side - 2 * margin)
            .max(1);
        let tile = match count {
            1 => length,
            _ => {
                let least = (even - 2 * margin).div_ceil(count) + 2 * margin;
                least.next_multiple_of(4).min(length)
            }
        };
        let starts: Vec<usize> = (0..count)
            .map(|index| match index + 1 == count {
                true => length - tile,
                false => index * (even - tile) / (count - 1) / 2 * 2,
            })
            .collect();
        let mut owned = Vec::with_capacity(count);
        let mut from = 0;
        for (index, start) in starts.iter().enumerate() {
            let until = match starts.get(index + 1) {
                // The middle of what both tiles have, or an even place beside it that is still within the margins.
                Some(next) => {
                    let middle = (next + start + tile) / 2;
                    (middle / 2 * 2).max((next + margin).next_multiple_of(2))
                }
                None => length,
            };
            owned.push(from..until);
            from = until;
        }
        Self {
            length,
            tile,
            starts,
            owned,
        }
    }
}

impl Tiles {
    /// Of pictures of `[channels, height, width]`, in tiles of about `side` pixels, for a network that sees `margin` pixels
    /// to each side of one.
    pub(super) fn new([channels, height, width]: [usize; 3], side: usize, margin: usize) -> Self {
        Self {
            channels,
            rows: Axis::new(height, side, margin),
            columns: Axis::new(width, side, margin),
        }
    }

    /// Tiles of one picture.
    pub(super) fn count(&self) -> usize {
        self.rows.starts.len() * self.columns.starts.len()
    }

    /// `[channels, height, width]` of a tile.
    pub(super) fn tile_shape(&self) -> [usize; 3] {
        [self.channels, self.rows.tile, self.columns.tile]
    }

    pub(super) fn tile_values(&self) -> usize {
        self.tile_shape().iter().product()
    }

    /// Values of one picture.
    pub(super) fn picture_values(&self) -> usize {
        self.channels * self.rows.length * self.columns.length
    }

    /// The tiles of a range of those of all pictures, counted picture by picture.
    ///
    /// # Shapes
    /// - `pictures`: `[pictures, channels, height, width]`
    /// - output: `[tiles, channels, tile height, tile width]`
    pub(super) fn cut(&self, pictures: &[f32], tiles: Range<usize>) -> Vec<f32> {
        let mut values = vec![0.0; tiles.len() * self.tile_values()];
        for (tile, values) in tiles.zip(values.chunks_exact_mut(self.tile_values())) {
            let whole = (0..self.rows.tile, 0..self.columns.tile);
            self.for_each_line(tile, whole, |place, of_tile| {
                let count = of_tile.len();
                values[of_tile].copy_from_slice(&pictures[place..][..count]);
            });
        }
        values
    }

    /// The gradients of some tiles, of which `first` is the first, from those of the pictures: 0 outside of what a tile is there for.
    ///
    /// # Shapes
    /// - `gradients`: `[pictures, channels, height, width]`
    /// - `of_tiles`: `[tiles, channels, tile height, tile width]`
    pub(super) fn cut_owned(&self, gradients: &[f32], first: usize, of_tiles: &mut [f32]) {
        for (tile, values) in of_tiles.chunks_exact_mut(self.tile_values()).enumerate() {
            let tile = first + tile;
            values.fill(0.0);
            self.for_each_line(tile, self.owned_of_tile(tile), |place, of_tile| {
                let count = of_tile.len();
                values[of_tile].copy_from_slice(&gradients[place..][..count]);
            });
        }
    }

    /// Calls `visit` with every square of 2x2 pixels that a tile of the first picture is there for: its place in the
    /// picture's [halves](crate::zero_shot::pair::pair_of) and those of its upper and lower left pixel in the tile. A line or column that is
    /// left over is in none.
    pub(super) fn for_each_square(&self, tile: usize, mut visit: impl FnMut(usize, [usize; 2])) {
        let (_, row, column) = self.place_of(tile);
        let (rows, columns) = (&self.rows.owned[row], &self.columns.owned[column]);
        let (top, left) = (self.rows.starts[row], self.columns.starts[column]);
        let [height, width] = [self.rows.length, self.columns.length].map(half);
        for channel in 0..self.channels {
            for y in rows.start / 2..rows.end / 2 {
                for x in columns.start / 2..columns.end / 2 {
                    let line = channel * self.rows.tile + 2 * y - top;
                    let upper = line * self.columns.tile + 2 * x - left;
                    let of_half = (channel * height + y) * width + x;
                    visit(of_half, [upper, upper + self.columns.tile]);
                }
            }
        }
    }

    /// Puts what came of a range of tiles into the pictures that they were cut from.
    ///
    /// # Shapes
    /// - `values`: `[tiles, channels, tile height, tile width]`
    /// - `pictures`: `[pictures, channels, height, width]`
    pub(super) fn join(&self, values: &[f32], tiles: Range<usize>, pictures: &mut [f32]) {
        for (tile, values) in tiles.zip(values.chunks_exact(self.tile_values())) {
            self.for_each_line(tile, self.owned_of_tile(tile), |place, of_tile| {
                let count = of_tile.len();
                pictures[place..][..count].copy_from_slice(&values[of_tile]);
            });
        }
    }

    /// Rows and columns of a tile that it is there for, counted in the tile.
    fn owned_of_tile(&self, tile: usize) -> (Range<usize>, Range<usize>) {
        let (_, row, column) = self.place_of(tile);
        let within = |axis: &Axis, index: usize| {
            let (owned, start) = (&axis.owned[index], axis.starts[index]);
            owned.start - start..owned.end - start
        };
        (within(&self.rows, row), within(&self.columns, column))
    }

    /// Picture, row and column of a tile.
    fn place_of(&self, tile: usize) -> (usize, usize, usize) {
        let columns = self.columns.starts.len();
        let (picture, tile) = (tile / self.count(), tile % self.count());
        (picture, tile / columns, tile % columns)
    }

    /// Calls `visit` with the place in the pictures and the places in the tile of every line of `rows` and `columns` of it.
    fn for_each_line(
        &self,
        tile: usize,
        (rows, columns): (Range<usize>, Range<usize>),
        mut visit: impl FnMut(usize, Range<usize>),
    ) {
        let (picture, row, column) = self.place_of(tile);
        let (top, left) = (self.rows.starts[row], self.columns.starts[column]);
        for channel in 0..self.channels {
            for y in rows.clone() {
                let line = (picture * self.channels + channel) * self.rows.length + top + y;
                let place = line * self.columns.length + left + columns.start;
                let of_tile = (channel * self.rows.tile + y) * self.columns.tile;
                visit(place, of_tile + columns.start..of_tile + columns.end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_see_a_margin_around_what_they_are_there_for() {
        for margin in [2, 4] {
            for side in [12, 16, 33, 64] {
                for length in 1..300 {
                    let axis = Axis::new(length, side, margin);
                    let what = format!("{length} by {side}, {margin}: {axis:?}");
                    assert!(axis.tile <= side.next_multiple_of(4), "{what}");
                    let mut from = 0;
                    for (start, owned) in axis.starts.iter().zip(&axis.owned) {
                        assert_eq!(owned.start, from, "{what}");
                        assert_eq!(from % 2, 0, "{what}");
                        assert!(owned.end > owned.start, "{what}");
                        from = owned.end;
                        let end = start + axis.tile;
                        assert!(end <= length, "{what}");
                        assert!(*start == 0 || start + margin <= owned.start, "{what}");
                        assert!(end == length || owned.end + margin <= end, "{what}");
                    }
                    assert_eq!(from, length, "{what}");
                }
            }
        }
    }

    #[test]
    fn pictures_come_back_from_their_tiles() {
        let shape = [2, 37, 50];
        let tiles = Tiles::new(shape, 16, 2);
        let values: Vec<f32> = (0..2 * 2 * 37 * 50).map(|value| value as f32).collect();
        let count = 2 * tiles.count();
        assert!(count > 2);
        let mut joined = vec![-1.0; values.len()];
        for from in 0..count {
            let cut = tiles.cut(&values, from..from + 1);
            tiles.join(&cut, from..from + 1, &mut joined);
        }
        assert_eq!(joined, values);
        // Every value's gradient is in one tile.
        let mut gradients = vec![-1.0; count * tiles.tile_values()];
        tiles.cut_owned(&values, 0, &mut gradients);
        let sum: f64 = gradients.iter().map(|&value| f64::from(value)).sum();
        assert_eq!(
            sum,
            values.iter().map(|&value| f64::from(value)).sum::<f64>()
        );
    }
}
