//! From font files to faces: which faces are in a file, and what they draw.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ab_glyph::{Font as _, FontRef, GlyphId, VariableFont as _};
use ae_data::Skipped;
use ae_data::glyphs::LETTERS;
use ttf_parser::Tag;

use crate::face::{FACE_VALUES, Face, GlyphFace, name_of};
use crate::names::names;
use crate::raster;

/// Larger fonts exist for Chinese alone, and they don't come near it.
const MAXIMUM_FILE_BYTES: u64 = 256 << 20;

/// Faces in one collection; real ones have a few dozen.
const MAXIMUM_FACES: u32 = 256;

/// The axis of a variable font that makes it light or bold.
const WEIGHT: Tag = Tag::from_bytes(b"wght");

/// Appends the faces of a file that have all letters; the others, or the whole file, are skipped with the reason.
pub(crate) fn read_faces(file: &Path, faces: &mut Vec<Face>, skipped: &mut Vec<Skipped>) {
    let mut skip = |index, weight, reason: String| {
        skipped.push(Skipped {
            file: name_of(file, index, weight),
            reason,
        });
    };
    let data = match read_bounded(file) {
        Ok(data) => data,
        Err(reason) => return skip(0, None, reason),
    };
    let count = ttf_parser::fonts_in_collection(&data)
        .unwrap_or(1)
        .min(MAXIMUM_FACES);
    for index in 0..count {
        let parsed = match ttf_parser::Face::parse(&data, index) {
            Ok(parsed) => parsed,
            Err(error) => {
                skip(index, None, parsing_reason(error));
                continue;
            }
        };
        if is_cut_short(&parsed, &data) {
            skip(index, None, "the file is cut short".to_owned());
            continue;
        }
        let (family, style) = names(&parsed, file);
        for weight in weights(&parsed) {
            let pixels = match draw_letters(&data, index, weight) {
                Ok(pixels) => pixels,
                Err(reason) => {
                    skip(index, weight, reason);
                    continue;
                }
            };
            let (family, style) = (family.clone(), style.clone());
            let origin = GlyphFace {
                file: file.to_owned(),
                index,
                weight,
                family,
                style,
            };
            faces.push(Face { origin, pixels });
        }
    }
}

/// The library's own words, but for the case of a file that never was a font.
fn parsing_reason(error: ttf_parser::FaceParsingError) -> String {
    match error {
        ttf_parser::FaceParsingError::UnknownMagic => "not a TrueType or OpenType font".to_owned(),
        other => other.to_string(),
    }
}

fn read_bounded(file: &Path) -> Result<Vec<u8>, String> {
    let mut data = Vec::new();
    let opened = File::open(file).map_err(|error| error.to_string())?;
    opened
        .take(MAXIMUM_FILE_BYTES + 1)
        .read_to_end(&mut data)
        .map_err(|error| error.to_string())?;
    match data.len() as u64 {
        0 => Err("the file is empty".to_owned()),
        bytes if bytes > MAXIMUM_FILE_BYTES => {
            Err(format!("larger than {MAXIMUM_FILE_BYTES} bytes"))
        }
        _ => Ok(data),
    }
}

/// Whether a table reaches over the file's end; the library would do as if it weren't there.
fn is_cut_short(face: &ttf_parser::Face<'_>, data: &[u8]) -> bool {
    let mut tables = face.raw_face().table_records.into_iter();
    tables.any(|table| u64::from(table.offset) + u64::from(table.length) > data.len() as u64)
}

/// The weights at which a face is drawn; `None` is its default.
fn weights(face: &ttf_parser::Face<'_>) -> Vec<Option<f32>> {
    let mut weights = vec![None];
    if let Some(axis) = face
        .variation_axes()
        .into_iter()
        .find(|axis| axis.tag == WEIGHT)
    {
        let ends = [axis.min_value, axis.max_value];
        weights.extend(
            ends.into_iter()
                .filter(|&weight| weight != axis.def_value)
                .map(Some),
        );
    }
    weights
}

fn draw_letters(data: &[u8], index: u32, weight: Option<f32>) -> Result<Vec<u8>, String> {
    let mut font =
        FontRef::try_from_slice_and_index(data, index).map_err(|error| error.to_string())?;
    if let Some(weight) = weight {
        font.set_variation(&WEIGHT.to_bytes(), weight);
    }
    let units_per_em = font.units_per_em().unwrap_or_default();
    let mut pixels = Vec::with_capacity(FACE_VALUES);
    for letter in LETTERS {
        let glyph = font.glyph_id(letter);
        if glyph == GlyphId(0) {
            return Err(format!("there is no letter {letter}"));
        }
        let outline = font
            .outline(glyph)
            .ok_or_else(|| format!("the drawing of {letter} is empty"))?;
        let image = raster::draw(outline, units_per_em);
        pixels.extend(image.map_err(|reason| format!("the drawing of {letter} {reason}"))?);
    }
    Ok(pixels)
}
