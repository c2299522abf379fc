//! A face: where it comes from, and its letters' images.

use std::path::{Path, PathBuf};

use ae_data::glyphs::{LETTERS, SHAPE};
use serde::Serialize;

/// The values of a face: its letters' images one after the other.
pub(crate) const FACE_VALUES: usize = LETTERS.len() * SHAPE.values();

/// Where the images of a face come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GlyphFace {
    /// The font file.
    pub file: PathBuf,
    /// The face's place in the file: above 0 in collections only.
    pub index: u32,
    /// The weight to which a variable font was set, if not its default.
    pub weight: Option<f32>,
    /// The family, without words for weight, width and slant.
    pub family: String,
    /// What the face is within its family.
    pub style: String,
}

/// A face and its letters' images.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    pub(crate) origin: GlyphFace,
    pub(crate) pixels: Vec<u8>,
}

impl Face {
    /// What the faces are ordered by: nothing that depends on where the files lie.
    pub(crate) fn sort_key(&self) -> impl Ord + '_ {
        let GlyphFace {
            file,
            index,
            weight,
            family,
            style,
        } = &self.origin;
        let weight = weight.map_or(0, f32::to_bits);
        (family, style, weight, file.file_name(), index, &self.pixels)
    }

    /// The name under which it is reported.
    pub(crate) fn name(&self) -> String {
        name_of(&self.origin.file, self.origin.index, self.origin.weight)
    }
}

pub(crate) fn name_of(file: &Path, index: u32, weight: Option<f32>) -> String {
    let index = if index > 0 {
        format!("#{index}")
    } else {
        String::new()
    };
    let weight = weight
        .map(|weight| format!("@{weight}"))
        .unwrap_or_default();
    format!("{}{index}{weight}", file.display())
}
