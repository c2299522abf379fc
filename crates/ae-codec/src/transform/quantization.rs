//! From an autoencoder's codes to symbols: floats end here.

use rayon::prelude::*;

use super::codec::TransformCoder;
use super::coding::walk;
use crate::rounding::cheaper;

impl TransformCoder<'_> {
    /// The symbols of images whose codes are `codes` before they are rounded: of the two integers on either side of each the
    /// one that costs less in error and bits together, by the tables and after those of its image that were chosen before it.
    /// No decoder has to know how they were chosen.
    ///
    /// # Shapes
    /// - `codes`, output: `[images, channels, rows, columns]`
    ///
    /// # Panics
    /// If these are the codes of no whole number of images.
    #[must_use]
    pub fn quantized(&self, codes: &[f32]) -> Vec<i8> {
        let (code, tables) = self.code_and_tables();
        assert!(codes.len().is_multiple_of(code.symbols()), "whole images");
        let mut symbols = vec![0; codes.len()];
        let images = symbols.par_chunks_exact_mut(code.symbols());
        let images = images.zip(codes.par_chunks_exact(code.symbols()));
        images.for_each(|(symbols, codes)| {
            walk(code, tables, 1, |index, table| {
                symbols[index] = cheaper(codes[index], |symbol| table.bits_around(0, symbol));
                symbols[index]
            });
        });
        symbols
    }
}
