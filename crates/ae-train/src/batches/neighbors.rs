//! Two pictures of half the size out of a noisy one, by drawing two neighbors of every 2x2 pixels.

use ae_data::ImageShape;
use ae_random::{Draw, Purpose};

/// The neighbors in a cell of 2x2 pixels, numbered line by line: the first one's place and the second one's.
///
/// # References
/// Huang et al. 2021, "Neighbor2Neighbor: Self-Supervised Denoising from Single Noisy Images", section 4.1: two that lie side by
/// side or one above the other, in either order, each of the eight pairs as likely as any other.
const PAIRS: [(usize, usize); 8] = [
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 3),
    (1, 0),
    (2, 0),
    (3, 1),
    (3, 2),
];

/// What the draws of a plan are named by, beside an image's index.
#[derive(Clone, Copy)]
pub(crate) struct NeighborDraw {
    pub(crate) seed: u64,
    /// [`Purpose::Neighbors`] for training, [`Purpose::MeasuredNeighbors`] for images that are only measured.
    pub(crate) purpose: Purpose,
    /// The epoch, counted from 0; 0 for what is only measured.
    pub(crate) epoch: u64,
}

impl NeighborDraw {
    /// The draw of images that are only measured: always the same for a seed.
    pub(crate) fn for_measuring(seed: u64) -> Self {
        Self {
            seed,
            purpose: Purpose::MeasuredNeighbors,
            epoch: 0,
        }
    }
}

/// The neighbors of a batch of images of even height and width.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Neighbors {
    /// The first ones, `[batch, channels, height / 2, width / 2]`.
    pub(crate) first: Vec<f32>,
    /// The second ones, of the same shape.
    pub(crate) second: Vec<f32>,
    /// Where they come from, `[batch, 1, height, width]`: 1 at a first one, -1 at a second one, 0 elsewhere.
    pub(crate) signs: Vec<f32>,
}

impl Neighbors {
    /// Draws those of images, whose indices name the draws.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    pub(crate) fn of(
        draw: NeighborDraw,
        shape: ImageShape,
        indices: &[u64],
        images: &[f32],
    ) -> Self {
        let mut neighbors = Self::default();
        for (&index, image) in indices.iter().zip(images.chunks_exact(shape.values())) {
            neighbors.add(draw, shape, index, image);
        }
        neighbors
    }

    fn add(&mut self, draw: NeighborDraw, shape: ImageShape, index: u64, image: &[f32]) {
        let NeighborDraw {
            seed,
            purpose,
            epoch,
        } = draw;
        let mut stream = Draw {
            seed,
            purpose,
            epoch,
            index,
        }
        .stream();
        let (rows, columns) = (shape.height / 2, shape.width / 2);
        let cells = rows * columns;
        // A float has 24 bits: eight pairs.
        let (mut bits, mut left) = (0_u32, 0);
        let pairs: Vec<(usize, usize)> = (0..cells)
            .map(|_| {
                if left == 0 {
                    (bits, left) = ((stream.uniform() * (1 << 24) as f32) as u32, 8);
                }
                let pair = PAIRS[(bits & 7) as usize];
                (bits, left) = (bits >> 3, left - 1);
                pair
            })
            .collect();
        let place = |cell: usize, pixel: usize| {
            let (y, x) = (cell / columns, cell % columns);
            (2 * y + pixel / 2) * shape.width + 2 * x + pixel % 2
        };
        for plane in image.chunks_exact(shape.pixels()) {
            let pairs = pairs.iter().enumerate();
            for (cell, &(first, second)) in pairs {
                self.first.push(plane[place(cell, first)]);
                self.second.push(plane[place(cell, second)]);
            }
        }
        let start = self.signs.len();
        self.signs.resize(start + shape.pixels(), 0.0);
        let signs = &mut self.signs[start..];
        for (cell, &(first, second)) in pairs.iter().enumerate() {
            signs[place(cell, first)] = 1.0;
            signs[place(cell, second)] = -1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAW: NeighborDraw = NeighborDraw {
        seed: 3,
        purpose: Purpose::Neighbors,
        epoch: 5,
    };

    #[test]
    fn neighbors_lie_side_by_side_in_one_cell_and_channels_go_together() {
        let shape = ImageShape::new(2, 6, 10);
        let image: Vec<f32> = (0..120).map(|value| value as f32).collect();
        let neighbors = Neighbors::of(DRAW, shape, &[7], &image);
        assert_eq!([neighbors.first.len(), neighbors.second.len()], [30, 30]);
        for cell in 0..15 {
            let places = [&neighbors.first, &neighbors.second].map(|values| {
                let place = values[cell] as usize;
                // The other channel's has the same place.
                assert_eq!(values[15 + cell] as usize, 60 + place);
                place
            });
            let [first, second] = places.map(|place| (place / 10, place % 10));
            assert_eq!(first.0 / 2 * 5 + first.1 / 2, cell);
            assert_eq!(second.0 / 2 * 5 + second.1 / 2, cell);
            assert_eq!(first.0.abs_diff(second.0) + first.1.abs_diff(second.1), 1);
            assert_eq!(places.map(|place| neighbors.signs[place]), [1.0, -1.0]);
        }
        let ones = neighbors.signs.iter().filter(|sign| **sign != 0.0);
        assert_eq!(ones.count(), 30);
    }

    #[test]
    fn all_pairs_are_alike_and_every_number_of_a_draw_counts() {
        let shape = ImageShape::new(1, 200, 200);
        let image: Vec<f32> = (0..40_000).map(|value| value as f32).collect();
        let of = |draw, index| Neighbors::of(draw, shape, &[index], &image);
        let neighbors = of(DRAW, 1);
        let mut counts = [0; 8];
        for (first, second) in neighbors.first.iter().zip(&neighbors.second) {
            let [first, second] = [first, second].map(|place| {
                let (y, x) = (*place as usize / 200, *place as usize % 200);
                y % 2 * 2 + x % 2
            });
            let pair = PAIRS.iter().position(|pair| *pair == (first, second));
            counts[pair.unwrap()] += 1;
        }
        // Standard deviation 33.
        assert!(
            counts.iter().all(|count| (1250_i32 - count).abs() < 150),
            "{counts:?}"
        );
        let measured = NeighborDraw::for_measuring(3);
        for other in [
            of(DRAW, 2),
            of(NeighborDraw { epoch: 6, ..DRAW }, 1),
            of(NeighborDraw { seed: 4, ..DRAW }, 1),
            of(measured, 1),
        ] {
            assert_ne!(other, neighbors);
        }
        assert_eq!(of(DRAW, 1), neighbors);
    }

    #[test]
    fn an_image_s_neighbors_do_not_depend_on_its_batch() {
        let shape = ImageShape::new(1, 4, 4);
        let images: Vec<f32> = (0..32).map(|value| value as f32).collect();
        let both = Neighbors::of(DRAW, shape, &[1, 2], &images);
        let second = Neighbors::of(DRAW, shape, &[2], &images[16..]);
        assert_eq!(both.first[4..], second.first);
        assert_eq!(both.signs[16..], second.signs);
    }
}
