//! Running a model over a picture larger than the model's own size: tile by tile, blended.
//!
//! Neighbouring tiles overlap, and where they do, the result fades from one into the other, so that
//! no seam shows. Memory beyond the picture itself is that of one batch of tiles.

use std::collections::BTreeMap;

use ae_data::{ImageShape, Size};

use crate::error::InferError;

/// Tiles of a model's own size that it sees at once.
const SMALL_TILES_PER_BATCH: usize = 64;
/// Tiles of any size that a model sees at once: each takes a thread, and the memory of one.
const LARGE_TILES_PER_BATCH: usize = 4;

/// How a picture is cut into tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiling {
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
    #[must_use]
    pub fn of_any_size(side: usize, multiple: usize) -> Self {
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
            tiles_per_batch: LARGE_TILES_PER_BATCH,
        }
    }

    /// The same for a model whose pixels depend on squares of `field_of_view` pixels: what is thrown away at a tile's edges is
    /// the half of it, where the tile is large enough, so that what is left is what the picture as a whole would give and
    /// need hardly fade.
    #[must_use]
    pub fn seeing(self, field_of_view: usize) -> Self {
        let context = (field_of_view.saturating_sub(1) / 2).next_multiple_of(self.multiple);
        let overlap = 2 * context + 2 * self.multiple;
        let most = self.tile.height.min(self.tile.width) * 3 / 4;
        if self.is_fixed || overlap > most {
            return self;
        }
        Self {
            overlap,
            context,
            ..self
        }
    }

    /// For a model that takes images of one size alone: tiles of that size, half overlapping.
    #[must_use]
    pub fn of_fixed_size(tile: Size) -> Self {
        Self {
            tile,
            overlap: tile.height.min(tile.width) / 2,
            context: 0,
            multiple: 1,
            is_fixed: true,
            tiles_per_batch: SMALL_TILES_PER_BATCH,
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
    pub fn run<E>(
        &self,
        shape: ImageShape,
        values: &[f32],
        mut model: impl FnMut(ImageShape, usize, Vec<f32>) -> Result<Vec<f32>, E>,
    ) -> Result<Vec<f32>, E> {
        assert_eq!(values.len(), shape.values(), "a picture of another shape");
        let rows = self.spans(shape.height, self.tile.height);
        let columns = self.spans(shape.width, self.tile.width);
        // A batch has tiles of one size. Of tiles of any size all but the last of a row or column have the same.
        let mut places: BTreeMap<(usize, usize), Vec<(&Span, &Span)>> = BTreeMap::new();
        for row in &rows {
            for column in &columns {
                let size = match self.is_fixed {
                    true => (self.tile.height, self.tile.width),
                    false => (row.length(), column.length()),
                };
                places.entry(size).or_default().push((row, column));
            }
        }
        // A tile's weights are a row's times a column's, and so are the sums of them.
        let row_sums = weight_sums(shape.height, &rows);
        let column_sums = weight_sums(shape.width, &columns);

        let mut sums = vec![0.0; values.len()];
        let batches = places.iter().flat_map(|(size, places)| {
            let batches = places.chunks(self.tiles_per_batch);
            batches.map(move |batch| (size, batch))
        });
        for (&(height, width), batch) in batches {
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

    /// How many tiles a picture is cut into.
    #[must_use]
    pub fn tiles(&self, size: Size) -> usize {
        let rows = self.spans(size.height, self.tile.height).len();
        rows * self.spans(size.width, self.tile.width).len()
    }

    /// The tiles' extents along an axis of `length` pixels, from end to end: as few as `tile` pixels allow, and where tiles may
    /// be smaller nearly equal ones, so that none has more in common with its neighbor than it must.
    fn spans(&self, length: usize, tile: usize) -> Vec<Span> {
        let tile = match self.is_fixed {
            true => tile,
            false => self.even_tile(length, tile),
        };
        let last = length.saturating_sub(tile).next_multiple_of(self.multiple);
        let stride = (tile - self.overlap.min(tile - 1)).max(self.multiple);
        let starts = (0..last).step_by(stride).chain([last]);
        starts
            .map(|start| self.span(start, tile.min(length - start), length))
            .collect()
    }

    /// The smallest tile of which as many as of `tile` pixels cover `length`.
    fn even_tile(&self, length: usize, tile: usize) -> usize {
        let stride = tile - self.overlap.min(tile - 1);
        let others = length.saturating_sub(tile).div_ceil(stride);
        let even = (length + others * self.overlap).div_ceil(others + 1);
        even.next_multiple_of(self.multiple).min(tile)
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
/// A gray model does the channels of a color picture one after the other. A color model sees a
/// gray picture as one whose channels are equal, and what it makes of them is averaged.
///
/// # Shapes
/// - `values`, output: `[channels, height, width]` of `shape`
///
/// # Errors
/// Those of `model`, and a picture with a number of channels that this says nothing of.
pub(crate) fn run_over_picture<E: From<InferError>>(
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
    Err(InferError::Channels {
        picture: shape.channels,
        model: model_channels,
    }
    .into())
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
mod tests;
