//! Running a model over a picture larger than the model's own size: tile by tile, blended.
//!
//! Neighbouring tiles overlap, and where they do, the result fades from one into the other, so that
//! no seam shows. Memory beyond the picture itself is that of one batch of tiles.

use ae_data::{ImageShape, Size};

/// How a picture is cut into tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tiling {
    tile: Size,
    /// Pixels that neighbouring tiles have in common, at least.
    overlap: usize,
    /// Of those, the pixels next to a tile's edge that are thrown away: the model saw too little around them.
    context: usize,
    /// What tiles begin at multiples of, so that pooling falls on the same pixels in all of them.
    multiple: usize,
    is_fixed: bool,
    tiles_per_batch: usize,
}

impl Tiling {
    /// For a model that takes images of any size: pictures up to `side` pixels are done whole, larger
    /// ones in tiles of that side. `multiple` is what divides the sizes that the model need not pad.
    ///
    /// A model that pools down to a `multiple`-th sees less than `4 * multiple` pixels to each side of a
    /// pixel, with the usual one convolution of 3x3 a stage. Tiles of 32 times the multiple or more therefore give
    /// what the picture as a whole would.
    pub(crate) fn of_any_size(side: usize, multiple: usize) -> Self {
        let multiple = multiple.max(1);
        let side = side.max(1).next_multiple_of(multiple);
        let overlap = (16 * multiple).min(side / 2) / multiple * multiple;
        Self {
            tile: Size {
                height: side,
                width: side,
            },
            overlap,
            context: overlap / 4,
            multiple,
            is_fixed: false,
            tiles_per_batch: 1,
        }
    }

    /// For a model that takes images of one size alone: tiles of that size, half overlapping.
    pub(crate) fn of_fixed_size(tile: Size) -> Self {
        Self {
            tile,
            overlap: tile.height.min(tile.width) / 2,
            context: 0,
            multiple: 1,
            is_fixed: true,
            tiles_per_batch: 64,
        }
    }

    /// Runs `model` over a picture.
    ///
    /// `model` takes a number of images of one shape, one after the other, and gives back as many
    /// numbers. It sees at most 64 tiles at once.
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
        let rows = self.spans(shape.height, self.tile.height);
        let columns = self.spans(shape.width, self.tile.width);
        let places: Vec<(&Span, &Span)> = rows
            .iter()
            .flat_map(|row| columns.iter().map(move |column| (row, column)))
            .collect();
        // A tile's weights are a row's times a column's, and so are the sums of them.
        let row_sums = weight_sums(shape.height, &rows);
        let column_sums = weight_sums(shape.width, &columns);

        let mut sums = vec![0.0; values.len()];
        for batch in places.chunks(self.tiles_per_batch) {
            // Where tiles differ in size, a batch is a single one.
            let (row, column) = batch[0];
            let (height, width) = match self.is_fixed {
                true => (self.tile.height, self.tile.width),
                false => (row.length(), column.length()),
            };
            let tile = ImageShape::new(shape.channels, height, width);
            let mut input = Vec::with_capacity(batch.len() * tile.values());
            for (row, column) in batch {
                cut(shape, values, tile, (row.start, column.start), &mut input);
            }
            let output = model(tile, batch.len(), input)?;
            assert_eq!(
                output.len(),
                batch.len() * tile.values(),
                "the model changed the shape"
            );
            for ((row, column), tile_values) in batch.iter().zip(output.chunks(tile.values())) {
                paste(shape, &mut sums, tile, (row, column), tile_values);
            }
        }
        for (line, row_sum) in sums.chunks_mut(shape.width).zip(row_sums.iter().cycle()) {
            for (sum, column_sum) in line.iter_mut().zip(&column_sums) {
                *sum /= row_sum * column_sum;
            }
        }
        Ok(sums)
    }

    /// The tiles' extents along an axis of `length` pixels, from end to end.
    fn spans(&self, length: usize, tile: usize) -> Vec<Span> {
        let last = length.saturating_sub(tile).next_multiple_of(self.multiple);
        let stride = (tile - self.overlap.min(tile - 1)).max(self.multiple);
        let starts = (0..last).step_by(stride).chain([last]);
        starts
            .map(|start| self.span(start, tile.min(length - start), length))
            .collect()
    }

    /// A tile's extent, its weights rising and falling towards its neighbours, but not towards the picture's edges.
    fn span(&self, start: usize, tile: usize, length: usize) -> Span {
        let ramp = (self.overlap - 2 * self.context + 1) as f32;
        let share = |distance: usize| {
            let inside = (distance + 1).saturating_sub(self.context);
            (inside as f32 / ramp).min(1.0)
        };
        let weight = |position: usize| {
            let rising = if start == 0 { 1.0 } else { share(position) };
            let falling = match start + tile == length {
                true => 1.0,
                false => share(tile - 1 - position),
            };
            rising.min(falling)
        };
        Span {
            start,
            weights: (0..tile).map(weight).collect(),
        }
    }
}

/// A tile's extent along an axis, and how much each of its pixels counts.
#[derive(Debug, Clone, PartialEq)]
struct Span {
    start: usize,
    weights: Vec<f32>,
}

impl Span {
    fn length(&self) -> usize {
        self.weights.len()
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

/// How much all tiles count together, at each place of an axis.
fn weight_sums(length: usize, spans: &[Span]) -> Vec<f32> {
    let mut sums = vec![0.0; length];
    for span in spans {
        for (sum, weight) in sums[span.start..].iter_mut().zip(&span.weights) {
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
    let inside = tile.width.min(shape.width - left);
    for channel in values.chunks(shape.pixels()) {
        for row in 0..tile.height {
            let begin = (top + row).min(shape.height - 1) * shape.width;
            let line = &channel[begin..begin + shape.width];
            output.extend_from_slice(&line[left..left + inside]);
            output.extend(std::iter::repeat_n(
                line[shape.width - 1],
                tile.width - inside,
            ));
        }
    }
}

/// Adds a tile's values to the sums, each times its weight.
fn paste(
    shape: ImageShape,
    sums: &mut [f32],
    tile: ImageShape,
    (rows, columns): (&Span, &Span),
    values: &[f32],
) {
    let channels = sums
        .chunks_mut(shape.pixels())
        .zip(values.chunks(tile.pixels()));
    for (sums, values) in channels {
        for (row, row_weight) in rows.weights.iter().enumerate() {
            let begin = (rows.start + row) * shape.width + columns.start;
            let values = &values[row * tile.width..];
            for ((sum, value), weight) in sums[begin..].iter_mut().zip(values).zip(&columns.weights)
            {
                *sum += row_weight * weight * value;
            }
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
                        if tiling.is_fixed {
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
        let fixed = Tiling::of_fixed_size(Size {
            height: 28,
            width: 28,
        });
        let any = Tiling::of_any_size(64, 4);
        for (tiling, tile, length, expected) in [
            (fixed, 28, 10, vec![(0, 10)]),
            (fixed, 28, 28, vec![(0, 28)]),
            (fixed, 28, 29, vec![(0, 28), (1, 28)]),
            (fixed, 28, 56, vec![(0, 28), (14, 28), (28, 28)]),
            (any, 64, 64, vec![(0, 64)]),
            (any, 64, 65, vec![(0, 64), (4, 61)]),
            (any, 64, 130, vec![(0, 64), (32, 64), (64, 64), (68, 62)]),
        ] {
            let spans = tiling.spans(length, tile);
            let found: Vec<_> = spans
                .iter()
                .map(|span| (span.start, span.length()))
                .collect();
            assert_eq!(found, expected, "{length}");
            let least = weight_sums(length, &spans)
                .into_iter()
                .fold(f32::INFINITY, f32::min);
            assert!(least > 0.3, "{length}: {least}");
        }
    }

    /// A model that sees 15 pixels to each side, and pools: its result depends on where the 4x4 blocks lie.
    #[test]
    fn tiles_give_what_the_picture_as_a_whole_gives() {
        let model = |shape: ImageShape, _count: usize, input: Vec<f32>| {
            let (height, width) = (shape.height, shape.width);
            let block = |row: usize, column: usize| {
                let (top, left) = (row / 4 * 4, column / 4 * 4);
                let rows = top.saturating_sub(12)..(top + 16).min(height);
                let sum: f32 = rows
                    .flat_map(|row| {
                        (left.saturating_sub(12)..(left + 16).min(width))
                            .map(move |column| (row, column))
                    })
                    .map(|(row, column)| input[row * width + column])
                    .sum();
                sum / 784.0
            };
            let output = (0..height * width).map(|pixel| block(pixel / width, pixel % width));
            Ok::<_, Infallible>(output.collect())
        };
        let shape = ImageShape::new(1, 150, 203);
        let values = picture(shape);
        let whole = Tiling::of_any_size(400, 4)
            .run(shape, &values, model)
            .unwrap();
        let tiles = Tiling::of_any_size(128, 4)
            .run(shape, &values, model)
            .unwrap();
        let furthest = whole
            .iter()
            .zip(&tiles)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(furthest < 1e-5, "{furthest}");
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
