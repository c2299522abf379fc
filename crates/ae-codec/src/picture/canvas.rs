//! A picture while it is coded: the order of its pixels, and what stands in for those outside of it.

use crate::shape::ImageShape;

/// Pixels around a picture that contexts may reach.
pub(crate) const BORDER: usize = 8;

/// Columns by which a row is behind the one above it: the pixels that are coded at once are so far apart.
///
/// A context may reach to the right in the row above up to one column less, and in each row above that so many more.
pub(crate) const LAG: usize = 7;

/// The pixels of a picture in steps: in each, one of every row that has begun and not ended, all of which depend on those
/// of the steps before alone.
///
/// # References
/// L. Lamport (1974), *The parallel execution of DO loops*: the hyperplane method, known as a wavefront.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wavefront {
    height: usize,
    width: usize,
}

impl Wavefront {
    pub(crate) fn new(shape: ImageShape) -> Self {
        Self {
            height: shape.height(),
            width: shape.width(),
        }
    }

    /// How many steps there are.
    pub(crate) fn steps(self) -> usize {
        self.width + LAG * (self.height - 1)
    }

    /// The pixels of a step, `(row, column)`, from above.
    pub(crate) fn pixels(
        self,
        step: usize,
    ) -> impl ExactSizeIterator<Item = (usize, usize)> + Clone {
        let first = match step.checked_sub(self.width) {
            None => 0,
            Some(over) => over / LAG + 1,
        };
        let end = (step / LAG + 1).min(self.height);
        (first..end.max(first)).map(move |row| (row, step - LAG * row))
    }

    /// The most pixels that a step has.
    pub(crate) fn most(self) -> usize {
        self.height.min(self.width.div_ceil(LAG))
    }
}

/// Values of a picture's pixels with a border, which repeats the nearest pixels that are known when it is read.
///
/// Above the first row the border is what it was filled with until that row's pixels are set; to the left of a row stands
/// what the row above begins with, to the right what the row itself ends with.
#[derive(Debug, Clone)]
pub(crate) struct Canvas<T> {
    height: usize,
    width: usize,
    stride: usize,
    values: Vec<T>,
}

impl<T: Copy> Canvas<T> {
    /// A canvas that holds `fill` everywhere.
    pub(crate) fn new(shape: ImageShape, fill: T) -> Self {
        let stride = shape.width() + 2 * BORDER;
        Self {
            height: shape.height(),
            width: shape.width(),
            stride,
            values: vec![fill; (shape.height() + BORDER) * stride],
        }
    }

    /// Values of a row with its border.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Where a pixel lies in [`values`](Self::values).
    #[inline(always)]
    pub(crate) fn place(&self, row: usize, column: usize) -> usize {
        (row + BORDER) * self.stride + column + BORDER
    }

    /// All values, those of the border included.
    #[inline(always)]
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    /// Sets a pixel and the border that repeats it.
    pub(crate) fn set(&mut self, row: usize, column: usize, value: T) {
        let place = self.place(row, column);
        self.values[place] = value;
        if row == 0 {
            self.set_above(place, column, value);
        }
        if column == 0 {
            if row == 0 {
                self.values[place - BORDER..place].fill(value);
            }
            if row + 1 < self.height {
                let below = place + self.stride;
                self.values[below - BORDER..below].fill(value);
            }
        }
        if column + 1 == self.width {
            self.values[place + 1..=place + BORDER].fill(value);
        }
    }

    fn set_above(&mut self, place: usize, column: usize, value: T) {
        let before = if column == 0 { BORDER } else { 0 };
        let after = if column + 1 == self.width { BORDER } else { 0 };
        for rows in 1..=BORDER {
            let above = place - rows * self.stride;
            self.values[above - before..=above + after].fill(value);
        }
    }
}

/// Where neighbors lie, rows and columns from a pixel, all of which are known before it: the nearest ones first.
pub(crate) fn neighbors(count: usize) -> Vec<(isize, isize)> {
    let reach = BORDER as isize - 1;
    let mut neighbors: Vec<(isize, isize)> = (-reach..=0)
        .flat_map(|row| (-reach..=reach).map(move |column| (row, column)))
        .filter(|&(row, column)| (row, column) < (0, 0) && column < -row * LAG as isize)
        .collect();
    neighbors.sort_by_key(|&(row, column)| (row * row + column * column, row, column));
    neighbors.truncate(count);
    neighbors
}

/// How far before a pixel its neighbors lie in a canvas of this stride.
pub(crate) fn distances(neighbors: &[(isize, isize)], stride: usize) -> Vec<usize> {
    let back = |&(row, column): &(isize, isize)| -(row * stride as isize + column);
    neighbors.iter().map(|n| back(n) as usize).collect()
}

#[cfg(test)]
mod tests;
