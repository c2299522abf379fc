//! The causal neighborhood: which decoded pixels tell of the next one.

use crate::shape::ImageShape;

/// The farthest that a neighbor may be, in rows or columns.
pub(crate) const FARTHEST: usize = 64;

/// Where a neighbor lies: rows and columns from the pixel that it tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Neighbor {
    pub(crate) row: i8,
    pub(crate) column: i8,
}

impl Neighbor {
    /// Whether it is decoded before the pixel, and not farther than [`FARTHEST`].
    pub(crate) fn is_causal(self) -> bool {
        let near = |distance: i8| usize::from(distance.unsigned_abs()) <= FARTHEST;
        (self.row < 0 || (self.row == 0 && self.column < 0)) && near(self.row) && near(self.column)
    }
}

/// The neighbors whose values are the network's inputs, and how many of them, from the first on, also say whether they
/// are black and whether they are white, and how many of what grade of gray they are.
///
/// Inputs are the neighbors' levels, 0 to 255; then for each of the `marked` ones 255 if it is 0; then for each of those
/// 255 if it is 255; then for each of the `graded` ones its grades. Outside of the image levels are 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) neighbors: Vec<Neighbor>,
    pub(crate) marked: usize,
    pub(crate) graded: usize,
}

/// Grades of gray: peaks at the multiples of 17.
pub(crate) const GRADES: usize = 16;

/// The inputs that tell the grade of a level: at most two next to each other are not 0, and they say where between their
/// peaks it lies.
#[inline]
fn grades(level: u8) -> [u8; GRADES] {
    std::array::from_fn(|grade| {
        let distance = level.abs_diff(grade as u8 * 17); // at most 255
        u8::MAX.saturating_sub(distance.saturating_mul(15))
    })
}

impl Context {
    /// The `count` causal neighbors that are nearest, nearest first, the first of them marked and graded.
    pub(crate) fn nearest(count: usize, marked: usize, graded: usize) -> Self {
        let mut neighbors: Vec<Neighbor> = (-16..=0)
            .flat_map(|row| (-16..=16).map(move |column| Neighbor { row, column }))
            .filter(|neighbor| neighbor.is_causal())
            .collect();
        neighbors.sort_by_key(|&Neighbor { row, column }| {
            let distance = i32::from(row).pow(2) + i32::from(column).pow(2);
            (distance, row, column)
        });
        neighbors.truncate(count);
        let (marked, graded) = (marked.min(neighbors.len()), graded.min(neighbors.len()));
        Self {
            neighbors,
            marked,
            graded,
        }
    }

    /// Writes the inputs for a pixel of `image`, `[height, width]`: those that [`Canvas::inputs`] gives.
    pub(crate) fn of_image(
        &self,
        image: &[u8],
        shape: ImageShape,
        row: usize,
        column: usize,
        inputs: &mut [u8],
    ) {
        let (levels, marks) = inputs.split_at_mut(self.neighbors.len());
        for (level, neighbor) in levels.iter_mut().zip(&self.neighbors) {
            let row = row.checked_add_signed(neighbor.row.into());
            let column = column.checked_add_signed(neighbor.column.into());
            *level = match (row, column) {
                (Some(row), Some(column)) if column < shape.width() => {
                    image[row * shape.width() + column]
                }
                _ => 0,
            };
        }
        set_marks(levels, marks, self.marked);
    }

    /// How many inputs it gives.
    pub(crate) fn inputs(&self) -> usize {
        self.neighbors.len() + 2 * self.marked + GRADES * self.graded
    }
}

/// Images with a border of zeros as wide as a context reaches, and where in them its neighbors lie.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pixels: Vec<u8>,
    /// Pixels of an image with its border.
    size: usize,
    stride: usize,
    /// The first pixel of an image.
    origin: usize,
    /// How far back each neighbor lies.
    back: Vec<usize>,
    marked: usize,
}

impl Canvas {
    /// `count` black images.
    pub(crate) fn new(context: &Context, shape: ImageShape, count: usize) -> Self {
        let most = |distance: fn(&Neighbor) -> i8, sign: i32| -> usize {
            let distances = context.neighbors.iter().map(distance);
            let most = distances.map(|distance| sign * i32::from(distance)).max();
            most.unwrap_or(0).max(0) as usize
        };
        let above = most(|neighbor| neighbor.row, -1);
        let left = most(|neighbor| neighbor.column, -1);
        let right = most(|neighbor| neighbor.column, 1);
        let stride = left + shape.width() + right;
        let size = (above + shape.height()) * stride;
        let back = context.neighbors.iter().map(|neighbor| {
            let back = -(i64::from(neighbor.row) * stride as i64 + i64::from(neighbor.column));
            usize::try_from(back).expect("a causal neighbor lies before the pixel")
        });
        Self {
            pixels: vec![0; count * size],
            size,
            stride,
            origin: above * stride + left,
            back: back.collect(),
            marked: context.marked,
        }
    }

    /// Bytes of an image with its border.
    pub(crate) fn bytes_of_image(&self) -> usize {
        self.size
    }

    /// Where a pixel lies.
    #[inline]
    fn place(&self, image: usize, row: usize, column: usize) -> usize {
        image * self.size + self.origin + row * self.stride + column
    }

    /// Sets a pixel.
    #[inline]
    pub(crate) fn set(&mut self, image: usize, row: usize, column: usize, level: u8) {
        let place = self.place(image, row, column);
        self.pixels[place] = level;
    }

    /// Writes the inputs for a pixel: [`Context::inputs`] of them.
    #[inline]
    pub(crate) fn inputs(&self, image: usize, row: usize, column: usize, inputs: &mut [u8]) {
        let place = self.place(image, row, column);
        let (levels, marks) = inputs.split_at_mut(self.back.len());
        for (level, back) in levels.iter_mut().zip(&self.back) {
            *level = self.pixels[place - back];
        }
        set_marks(levels, marks, self.marked);
    }
}

/// Says of the first `marked` levels which are black and then which are white, and of as many of the first as there is
/// room for of what grade they are.
#[inline]
fn set_marks(levels: &[u8], marks: &mut [u8], marked: usize) {
    let mark = |is: bool| if is { u8::MAX } else { 0 };
    let (blacks, rest) = marks.split_at_mut(marked);
    let (whites, graded) = rest.split_at_mut(marked);
    for ((black, white), &level) in blacks.iter_mut().zip(whites).zip(levels) {
        *black = mark(level == 0);
        *white = mark(level == u8::MAX);
    }
    for (graded, &level) in graded.as_chunks_mut().0.iter_mut().zip(levels) {
        *graded = grades(level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways to a context, at every pixel of two images, against the definition.
    #[test]
    fn contexts_are_the_pixels_before() {
        let context = Context::nearest(40, 5, 3);
        assert_eq!(context.neighbors[0], Neighbor { row: -1, column: 0 });
        assert_eq!(context.neighbors[1], Neighbor { row: 0, column: -1 });
        let shape = ImageShape::new(7, 5).unwrap();
        let mut canvas = Canvas::new(&context, shape, 2);
        let images: Vec<u8> = (0..70u8).map(|i| i.wrapping_mul(51)).collect();
        for (image, pixels) in images.chunks_exact(35).enumerate() {
            for (place, &level) in pixels.iter().enumerate() {
                let (row, column) = (place / 5, place % 5);
                let expected = |index: usize| {
                    let Neighbor { row: r, column: c } = context.neighbors[index];
                    let (r, c) = (row as i32 + i32::from(r), column as i32 + i32::from(c));
                    let inside = r >= 0 && (0..5).contains(&c);
                    if inside {
                        pixels[(r * 5 + c) as usize]
                    } else {
                        0
                    }
                };
                let mut inputs = vec![9; context.inputs()];
                let mut others = inputs.clone();
                canvas.inputs(image, row, column, &mut inputs);
                context.of_image(pixels, shape, row, column, &mut others);
                assert_eq!(inputs, others);
                for (index, &input) in inputs.iter().enumerate() {
                    let is = |is: bool| if is { 255 } else { 0 };
                    assert_eq!(
                        input,
                        match index {
                            0..40 => expected(index),
                            40..45 => is(expected(index - 40) == 0),
                            45..50 => is(expected(index - 45) == 255),
                            _ => {
                                let (neighbor, grade) = ((index - 50) / 16, (index - 50) % 16);
                                let distance = f64::from(expected(neighbor)) - 17.0 * grade as f64;
                                (255.0 * (1.0 - distance.abs() / 17.0).max(0.0)).round() as u8
                            }
                        }
                    );
                }
                canvas.set(image, row, column, level);
            }
        }
    }
}
