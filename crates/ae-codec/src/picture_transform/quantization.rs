//! From an autoencoder's codes to symbols: floats end here.

use super::codec::PictureTransformCoder;
use super::coding::walk;
use crate::rounding::cheaper;
use crate::shape::ImageShape;

impl PictureTransformCoder<'_> {
    /// The symbols of a picture whose codes are `codes` before they are rounded: of the two integers on either side of each the
    /// one that costs less in error and bits together, by the tables and after those that were chosen before it. No decoder has
    /// to know how they were chosen.
    ///
    /// # Shapes
    /// - `codes`, output: `[rows, columns, channels]`
    ///
    /// # Panics
    /// If there are not as many codes as a picture of this shape has.
    #[must_use]
    pub fn quantized(&self, codes: &[f32], shape: ImageShape) -> Vec<i8> {
        let layout = self.layout();
        assert_eq!(codes.len(), layout.symbols(shape), "a picture of {shape}");
        let mut symbols = Vec::with_capacity(codes.len());
        walk(layout, self.channels(), shape, |table, center| {
            let symbol = cheaper(codes[symbols.len()], |symbol| {
                table.bits_around(center, symbol)
            });
            symbols.push(symbol);
            symbol
        });
        symbols
    }
}
