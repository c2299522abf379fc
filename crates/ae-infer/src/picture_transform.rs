//! A transform codec's model for pictures of any sizes: pictures as symbols, and back, large ones in parts.

use std::ops::Range;

use ae_data::Size;
use ae_models::PictureTransform;
use burn::tensor::{Tensor, TensorData};

use crate::error::{Capability, InferError};
use crate::open_model::OpenModel;

/// Pixels of a side up to which a picture goes through the model whole.
const WHOLE: usize = 768;
/// Pixels of a side of the parts of larger ones, without what lies around them.
const PART: usize = 384;

/// What a model for pictures of any sizes has symbols of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolBlock {
    /// Pixels of a block's side.
    pub side: usize,
    /// Symbols of a block.
    pub channels: usize,
}

impl SymbolBlock {
    /// Rows and columns of a picture's blocks.
    #[must_use]
    pub fn places(self, size: Size) -> [usize; 2] {
        [size.height, size.width].map(|side| side.div_ceil(self.side))
    }

    /// A picture's symbols.
    #[must_use]
    pub fn symbols(self, size: Size) -> usize {
        self.places(size).iter().product::<usize>() * self.channels
    }
}

/// A part of a row or column of blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    /// The blocks that are taken over.
    kept: Range<usize>,
    /// Those that the model sees.
    seen: Range<usize>,
}

/// The parts of a side of so many blocks, each seen with `margin` blocks around it.
fn spans(places: usize, side: usize, margin: usize) -> Vec<Span> {
    let parts = match places * side > WHOLE {
        true => (places * side).div_ceil(PART),
        false => 1,
    };
    let starts = (0..=parts).map(|part| part * places / parts);
    let pairs = starts.clone().zip(starts.skip(1));
    pairs
        .map(|(start, end)| Span {
            kept: start..end,
            seen: start.saturating_sub(margin)..(end + margin).min(places),
        })
        .collect()
}

impl OpenModel {
    /// Whether the model has symbols for pictures of any sizes.
    #[must_use]
    pub fn is_picture_transform(&self) -> bool {
        self.model().get::<PictureTransform>().is_some()
    }

    /// What the model has symbols of.
    ///
    /// # Errors
    /// It is no model of kind `picture-transform`.
    pub fn symbol_block(&self) -> Result<SymbolBlock, InferError> {
        let model = self.picture_transform()?;
        Ok(SymbolBlock {
            side: model.reduction(),
            channels: model.config().code_channels,
        })
    }

    /// The codes of a picture at a quality, counted from 0, before they are rounded to symbols.
    ///
    /// # Shapes
    /// - `pixels`: `[height, width]`
    /// - output: `[rows, columns, channels]` of [`symbol_block`](Self::symbol_block)
    ///
    /// # Errors
    /// It is no model of kind `picture-transform`, or the device fails.
    ///
    /// # Panics
    /// If `pixels` are not of the size, or there is no such quality.
    pub fn picture_codes(
        &self,
        pixels: &[u8],
        size: Size,
        quality: usize,
    ) -> Result<Vec<f32>, InferError> {
        let model = self.picture_transform()?;
        let block = self.symbol_block()?;
        assert_eq!(
            pixels.len(),
            size.height * size.width,
            "a picture of {size}"
        );
        let [rows, columns] = block.places(size);
        let mut codes = vec![0.0; block.symbols(size)];
        for row in spans(rows, block.side, model.margin()) {
            for column in spans(columns, block.side, model.margin()) {
                let seen_rows = scaled(&row.seen, block.side, size.height);
                let seen_columns = scaled(&column.seen, block.side, size.width);
                let axes = [1, 1, seen_rows.len(), seen_columns.len()];
                let mut values = Vec::with_capacity(axes.iter().product());
                for row in seen_rows {
                    let line = &pixels[row * size.width..(row + 1) * size.width];
                    let levels = line[seen_columns.clone()].iter();
                    values.extend(levels.map(|&level| f32::from(level) / 255.0));
                }
                let images = Tensor::<4>::from_data(TensorData::new(values, axes), self.device());
                let found = model
                    .codes(images, quality)
                    .try_into_vec_as::<f32>()
                    .map_err(|error| InferError::device("encoding", error))?;
                let plane = row.seen.len() * column.seen.len();
                for place_row in row.kept.clone() {
                    for place_column in column.kept.clone() {
                        let seen = (place_row - row.seen.start) * column.seen.len() + place_column
                            - column.seen.start;
                        let start = (place_row * columns + place_column) * block.channels;
                        let of_place = &mut codes[start..start + block.channels];
                        for (channel, code) in of_place.iter_mut().enumerate() {
                            *code = found[channel * plane + seen];
                        }
                    }
                }
            }
        }
        Ok(codes)
    }

    /// The picture that symbols at a quality, counted from 0, stand for: within one level of what any other machine makes of them.
    ///
    /// # Shapes
    /// - `symbols`: `[rows, columns, channels]` of [`symbol_block`](Self::symbol_block)
    /// - output: `[height, width]`
    ///
    /// # Errors
    /// It is no model of kind `picture-transform`, or the device fails.
    ///
    /// # Panics
    /// If `symbols` are not those of a picture of the size, or there is no such quality.
    pub fn picture_of(
        &self,
        symbols: &[i8],
        size: Size,
        quality: usize,
    ) -> Result<Vec<u8>, InferError> {
        let model = self.picture_transform()?;
        let block = self.symbol_block()?;
        assert_eq!(symbols.len(), block.symbols(size), "a picture of {size}");
        let [rows, columns] = block.places(size);
        let mut pixels = vec![0; size.height * size.width];
        for row in spans(rows, block.side, model.margin()) {
            for column in spans(columns, block.side, model.margin()) {
                let axes = [1, block.channels, row.seen.len(), column.seen.len()];
                let mut values = Vec::with_capacity(axes.iter().product());
                for channel in 0..block.channels {
                    for row in row.seen.clone() {
                        let places =
                            row * columns + column.seen.start..row * columns + column.seen.end;
                        let of_channel =
                            places.map(|place| symbols[place * block.channels + channel]);
                        values.extend(of_channel.map(f32::from));
                    }
                }
                let codes = Tensor::<4>::from_data(TensorData::new(values, axes), self.device());
                let found = model
                    .decode_symbols(codes, quality)
                    .try_into_vec_as::<f32>()
                    .map_err(|error| InferError::device("decoding", error))?;
                let found_width = column.seen.len() * block.side;
                let kept_columns = scaled(&column.kept, block.side, size.width);
                for pixel_row in scaled(&row.kept, block.side, size.height) {
                    let from = (pixel_row - row.seen.start * block.side) * found_width
                        + kept_columns.start
                        - column.seen.start * block.side;
                    let from = &found[from..from + kept_columns.len()];
                    let line = &mut pixels[pixel_row * size.width..(pixel_row + 1) * size.width];
                    for (pixel, level) in line[kept_columns.clone()].iter_mut().zip(from) {
                        *pixel = (255.0 * level).round() as u8;
                    }
                }
            }
        }
        Ok(pixels)
    }

    fn picture_transform(&self) -> Result<&PictureTransform, InferError> {
        let model = self.model().get::<PictureTransform>();
        model.ok_or_else(|| self.lacks(Capability::Symbols))
    }
}

/// The pixels of blocks of this side, as far as the picture goes.
fn scaled(places: &Range<usize>, side: usize, most: usize) -> Range<usize> {
    (places.start * side).min(most)..(places.end * side).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_side_once_and_see_what_is_around_them() {
        assert_eq!(
            spans(96, 8, 9),
            [Span {
                kept: 0..96,
                seen: 0..96
            }]
        );
        for places in [128, 129, 200, 500, 2000] {
            let parts = spans(places, 8, 9);
            assert_eq!(parts.len() > 1, places > WHOLE / 8, "{places}");
            let mut next = 0;
            for part in &parts {
                assert_eq!(part.kept.start, next);
                next = part.kept.end;
                let most = if parts.len() > 1 { PART } else { WHOLE };
                assert!(part.kept.len() <= most / 8, "{part:?}");
                assert!(part.seen.start <= part.kept.start && part.kept.end <= part.seen.end);
                assert!(part.seen.start == 0 || part.kept.start - part.seen.start == 9);
                assert!(part.seen.end == places || part.seen.end - part.kept.end == 9);
            }
            assert_eq!(next, places);
        }
        assert_eq!(scaled(&(3..5), 8, 37), 24..37);
    }
}
