//! Running a model over a picture larger than the model's own size: tile by tile, blended.
//!
//! Neighbouring tiles overlap, and where they do, the result fades from one into the other, so that
//! no seam shows. Memory beyond the picture itself is that of one batch of tiles.

use ae_data::{ImageShape, Size};

/// How a picture is cut into tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tiling {
    tile: Size,
    overlap: usize,
    fixed: bool,
    tiles_per_batch: usize,
}

impl Tiling {
    /// For a model that takes images of any size: pictures up to `side` pixels are done whole, larger
    /// ones in tiles of that side. `multiple` is what the model's sizes are rounded to.
    pub(crate) fn of_any_size(side: usize, multiple: usize) -> Self {
        let multiple = multiple.max(1);
        let side = side.max(1).next_multiple_of(multiple);
        Self {
            tile: Size {
                height: side,
                width: side,
            },
            // A quarter of the tile, up to 32 pixels: more than what a pixel of the usual
            // architecture sees to each side.
            overlap: (side / 4).min(32),
            fixed: false,
            tiles_per_batch: 1,
        }
    }

    /// For a model that takes images of one size alone: tiles of that size, half overlapping.
    pub(crate) fn of_fixed_size(tile: Size) -> Self {
        Self {
            tile,
            overlap: tile.height.min(tile.width) / 2,
            fixed: true,
            tiles_per_batch: 64,
        }
    }

    /// Runs `model` over a picture.
    ///
    /// `model` takes a number of images of one shape, one after the other, and gives back as many
    /// numbers. It sees at most [`of_fixed_size`](Self::of_fixed_size)'s batch of 64 tiles at once.
    ///
    /// # Shapes
    /// - `values`, output: `[channels, height, width]`
    ///
    /// # Errors
    /// Those of `model`.
    ///
    /// # Panics
    /// If `values` doesn't have the shape, or `model` returns another number of values than it got.
    pub(crate) fn run<E>(
        &self,
        shape: ImageShape,
        values: &[f32],
        mut model: impl FnMut(ImageShape, usize, Vec<f32>) -> Result<Vec<f32>, E>,
    ) -> Result<Vec<f32>, E> {
        assert_eq!(values.len(), shape.values(), "a picture of another shape");
        if !self.fixed && shape.height <= self.tile.height && shape.width <= self.tile.width {
            let output = model(shape, 1, values.to_vec())?;
            assert_eq!(output.len(), values.len(), "the model changed the shape");
            return Ok(output);
        }
        let tile = match self.fixed {
            true => self.tile,
            // A narrow picture's tiles are as narrow as it is.
            false => Size {
                height: self.tile.height.min(shape.height),
                width: self.tile.width.min(shape.width),
            },
        };
        let tile_shape = ImageShape::new(shape.channels, tile.height, tile.width);
        let rows = starts(shape.height, tile.height, self.overlap);
        let columns = starts(shape.width, tile.width, self.overlap);
        let row_weights = fade(tile.height, self.overlap);
        let column_weights = fade(tile.width, self.overlap);
        let places: Vec<(usize, usize)> = rows
            .iter()
            .flat_map(|&top| columns.iter().map(move |&left| (top, left)))
            .collect();

        let mut sums = vec![0.0; values.len()];
        // A tile's weights are a row's times a column's, and so are the sums of them.
        let row_sums = weight_sums(shape.height, &rows, &row_weights);
        let column_sums = weight_sums(shape.width, &columns, &column_weights);
        for batch in places.chunks(self.tiles_per_batch) {
            let mut input = Vec::with_capacity(batch.len() * tile_shape.values());
            for &place in batch {
                cut(shape, values, tile_shape, place, &mut input);
            }
            let output = model(tile_shape, batch.len(), input)?;
            assert_eq!(
                output.len(),
                batch.len() * tile_shape.values(),
                "the model changed the shape"
            );
            for (&(top, left), tile_values) in batch.iter().zip(output.chunks(tile_shape.values()))
            {
                for row in 0..tile.height.min(shape.height - top) {
                    for column in 0..tile.width.min(shape.width - left) {
                        let weight = row_weights[row] * column_weights[column];
                        let pixel = (top + row) * shape.width + left + column;
                        for channel in 0..shape.channels {
                            sums[channel * shape.pixels() + pixel] += weight
                                * tile_values
                                    [channel * tile_shape.pixels() + row * tile.width + column];
                        }
                    }
                }
            }
        }
        for (line, row_sum) in sums.chunks_mut(shape.width).zip(row_sums.iter().cycle()) {
            for (sum, column_sum) in line.iter_mut().zip(&column_sums) {
                *sum /= row_sum * column_sum;
            }
        }
        Ok(sums)
    }
}

/// Runs a model of `model_channels` channels over a picture of any number of them.
///
/// A gray model does the channels of a colour picture one after the other. A colour model sees a
/// gray picture as one whose channels are equal, and what it makes of them is averaged.
///
/// # Shapes
/// - `values`, output: `[channels, height, width]` of `shape`
///
/// # Errors
/// Those of `model`, and a picture with a number of channels that this says nothing of.
pub(crate) fn run_over_picture<E: From<ChannelsDiffer>>(
    tiling: &Tiling,
    model_channels: usize,
    shape: ImageShape,
    values: &[f32],
    mut model: impl FnMut(ImageShape, usize, Vec<f32>) -> Result<Vec<f32>, E>,
) -> Result<Vec<f32>, E> {
    let of_channels = |channels| ImageShape::new(channels, shape.height, shape.width);
    if shape.channels == model_channels {
        return tiling.run(shape, values, model);
    }
    if model_channels == 1 {
        let mut output = Vec::with_capacity(values.len());
        for channel in values.chunks(shape.pixels()) {
            output.extend(tiling.run(of_channels(1), channel, &mut model)?);
        }
        return Ok(output);
    }
    if shape.channels == 1 {
        let repeated = values.repeat(model_channels);
        let output = tiling.run(of_channels(model_channels), &repeated, model)?;
        let mean = |pixel: usize| {
            let sum: f32 = output[pixel..].iter().step_by(shape.pixels()).sum();
            sum / model_channels as f32
        };
        return Ok((0..shape.pixels()).map(mean).collect());
    }
    Err(ChannelsDiffer {
        picture: shape.channels,
        model: model_channels,
    }
    .into())
}

/// A picture and a model whose channels don't go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a picture of {picture} channels for a model of {model}")]
pub(crate) struct ChannelsDiffer {
    /// The picture's.
    pub picture: usize,
    /// The model's.
    pub model: usize,
}

/// Where tiles begin along an axis: evenly, the first at the start and the last at the end.
fn starts(length: usize, tile: usize, overlap: usize) -> Vec<usize> {
    if length <= tile {
        return vec![0];
    }
    let last = length - tile;
    let steps = last.div_ceil((tile - overlap).max(1));
    (0..=steps).map(|step| step * last / steps).collect()
}

/// How much each row (or column) of a tile counts: rising over the overlap, full inside, falling.
///
/// Nowhere zero, so that each pixel has a weight to divide by.
fn fade(tile: usize, overlap: usize) -> Vec<f32> {
    (0..tile)
        .map(|position| {
            let to_edge = position.min(tile - 1 - position);
            ((to_edge + 1) as f32 / (overlap + 1) as f32).min(1.0)
        })
        .collect()
}

/// How much the tiles that begin at `starts` count together, at each place of an axis.
fn weight_sums(length: usize, starts: &[usize], weights: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0; length];
    for &start in starts {
        for (sum, weight) in sums[start..].iter_mut().zip(weights) {
            *sum += weight;
        }
    }
    sums
}

/// Appends a tile to `output`; beyond the picture's edge its last row and column are repeated.
fn cut(
    shape: ImageShape,
    values: &[f32],
    tile: ImageShape,
    (top, left): (usize, usize),
    output: &mut Vec<f32>,
) {
    for channel in values.chunks(shape.pixels()) {
        for row in 0..tile.height {
            let begin = (top + row).min(shape.height - 1) * shape.width;
            let line = &channel[begin..begin + shape.width];
            let inside = tile.width.min(shape.width - left);
            output.extend_from_slice(&line[left..left + inside]);
            output.extend(std::iter::repeat_n(
                line[shape.width - 1],
                tile.width - inside,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn picture(shape: ImageShape) -> Vec<f32> {
        (0..shape.values())
            .map(|index| (index * 7919 % 1009) as f32 / 1009.0)
            .collect()
    }

    fn tilings() -> Vec<Tiling> {
        vec![
            Tiling::of_any_size(16, 4),
            Tiling::of_any_size(37, 4),
            Tiling::of_any_size(1, 1),
            Tiling::of_fixed_size(Size {
                height: 28,
                width: 28,
            }),
            Tiling::of_fixed_size(Size {
                height: 5,
                width: 9,
            }),
            Tiling::of_fixed_size(Size {
                height: 1,
                width: 1,
            }),
        ]
    }

    const SHAPES: [(usize, usize, usize); 7] = [
        (1, 1, 1),
        (1, 28, 28),
        (3, 17, 90),
        (1, 100, 3),
        (3, 29, 31),
        (1, 64, 64),
        (2, 5, 120),
    ];

    #[test]
    fn a_model_that_changes_nothing_changes_nothing() {
        for tiling in tilings() {
            for (channels, height, width) in SHAPES {
                let shape = ImageShape::new(channels, height, width);
                let values = picture(shape);
                let output = tiling
                    .run(shape, &values, |_, _, input| Ok::<_, Infallible>(input))
                    .unwrap();
                let furthest = values
                    .iter()
                    .zip(&output)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                assert!(furthest < 1e-6, "{tiling:?} {shape}: {furthest}");
            }
        }
    }

    #[test]
    fn the_model_sees_tiles_of_its_size_and_few_at_once() {
        for tiling in tilings() {
            for (channels, height, width) in SHAPES {
                let shape = ImageShape::new(channels, height, width);
                tiling
                    .run(shape, &picture(shape), |tile, count, input| {
                        assert_eq!(input.len(), count * tile.values());
                        assert!((1..=64).contains(&count));
                        if tiling.fixed {
                            assert_eq!(tile.size(), tiling.tile);
                        } else {
                            assert!(tile.height <= tiling.tile.height);
                            assert!(tile.width <= tiling.tile.width);
                        }
                        Ok::<_, Infallible>(input)
                    })
                    .unwrap();
            }
        }
    }

    /// Every tile gets a brightness of its own; where tiles meet, no step may be larger than what
    /// fading over the overlap allows.
    #[test]
    fn seams_fade() {
        let shape = ImageShape::new(1, 40, 200);
        let tiling = Tiling::of_any_size(64, 4);
        let mut tile_number = 0;
        let output = tiling
            .run(shape, &vec![0.0; shape.values()], |_, _, input| {
                tile_number += 1;
                Ok::<_, Infallible>(vec![(tile_number % 2) as f32; input.len()])
            })
            .unwrap();
        assert!(tile_number >= 4);
        let steepest = output
            .chunks(shape.width)
            .flat_map(|line| line.windows(2).map(|pair| (pair[0] - pair[1]).abs()))
            .fold(0.0, f32::max);
        assert!(steepest > 0.0 && steepest < 0.15, "{steepest}");
    }

    #[test]
    fn tiles_cover_an_axis_from_end_to_end() {
        assert_eq!(starts(10, 28, 14), [0]);
        assert_eq!(starts(28, 28, 14), [0]);
        assert_eq!(starts(29, 28, 14), [0, 1]);
        assert_eq!(starts(56, 28, 14), [0, 14, 28]);
        assert_eq!(starts(100, 64, 16), [0, 36]);
    }

    /// The model halves what it sees; the channels are 0.2, 0.4 and 0.6.
    #[test]
    fn channels_are_brought_together() {
        let pixels = 40 * 50;
        let colour: Vec<f32> = [0.2, 0.4, 0.6]
            .iter()
            .flat_map(|&v| vec![v; pixels])
            .collect();
        let tiling = Tiling::of_any_size(32, 4);
        for (picture_channels, model_channels) in [(3, 1), (1, 3), (3, 3), (1, 1)] {
            let shape = ImageShape::new(picture_channels, 40, 50);
            let values = &colour[..shape.values()];
            let output =
                run_over_picture(&tiling, model_channels, shape, values, |tile, _, input| {
                    assert_eq!(tile.channels, model_channels);
                    Ok::<_, ChannelsDiffer>(input.iter().map(|value| value / 2.0).collect())
                })
                .unwrap();
            assert_eq!(output.len(), values.len());
            for (output, value) in output.iter().zip(values) {
                assert!((output - value / 2.0).abs() < 1e-6);
            }
        }
        let shape = ImageShape::new(2, 4, 4);
        let refused = run_over_picture(&tiling, 3, shape, &[0.0; 32], |_, _, input| Ok(input));
        assert_eq!(
            refused,
            Err(ChannelsDiffer {
                picture: 2,
                model: 3
            })
        );
    }

    #[test]
    fn an_error_of_the_model_is_passed_on() {
        let shape = ImageShape::new(1, 8, 8);
        let result = Tiling::of_any_size(4, 4).run(shape, &picture(shape), |_, _, _| Err("broken"));
        assert_eq!(result, Err("broken"));
    }
}
