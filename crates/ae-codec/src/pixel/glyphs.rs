//! The model that is built in.

use super::model::PixelModel;
use crate::error::CodecError;

/// Made by `ae train --model pixel --data glyphs --steps 5000`.
static GLYPHS: &[u8] = include_bytes!("../../models/glyphs.aepixel");

impl PixelModel {
    /// The model that is built in: for letters of 28x28, trained on those that `ae-data` has built in.
    ///
    /// # Errors
    /// [`CodecError::Model`] where this machine computes something else than the one that it was trained on.
    pub fn glyphs() -> Result<Self, CodecError> {
        Self::read(&mut &GLYPHS[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files were written by it: another model in its place would leave them unreadable.
    #[test]
    fn the_model_that_is_built_in_stays_the_same() {
        let model = PixelModel::glyphs().unwrap();
        assert_eq!(model.shape().to_string(), "28x28");
        assert_eq!(model.hash().to_string(), "9572744a01f691fc");
    }
}
