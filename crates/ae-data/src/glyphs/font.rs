//! From font files to faces: which files there are, which faces are in them, what they are called.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ab_glyph::{Font as _, FontRef, GlyphId, VariableFont as _};
use ttf_parser::{PlatformId, Tag, name_id};

use super::{FACE_VALUES, GlyphFace, LETTERS, raster};
use crate::{DataError, Skipped};

/// Larger fonts exist for Chinese alone, and they don't come near it.
const MAXIMUM_FILE_BYTES: u64 = 256 << 20;

/// Folders deeper than this are a loop of links.
const MAXIMUM_DEPTH: usize = 32;

/// Faces in one collection; real ones have a few dozen.
const MAXIMUM_FACES: u32 = 256;

/// The axis of a variable font that makes it light or bold.
const WEIGHT: Tag = Tag::from_bytes(b"wght");

/// A face and its letters' images.
#[derive(Clone, Debug)]
pub(super) struct Face {
    pub(super) origin: GlyphFace,
    pub(super) pixels: Vec<u8>,
}

impl Face {
    /// What the faces are ordered by: nothing that depends on where the files lie.
    pub(super) fn sort_key(&self) -> impl Ord + '_ {
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
    pub(super) fn name(&self) -> String {
        name_of(&self.origin.file, self.origin.index, self.origin.weight)
    }
}

fn name_of(file: &Path, index: u32, weight: Option<f32>) -> String {
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

/// Lists the font files among `sources` and in the folders among them, sorted and each once.
pub(super) fn find(sources: &[PathBuf]) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    for source in sources {
        let metadata = fs::metadata(source).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => DataError::NotFound {
                path: source.clone(),
            },
            _ => DataError::read(source, error),
        })?;
        if metadata.is_dir() {
            find_in_folder(source, 0, &mut files)?;
        } else {
            files.push(source.clone());
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn find_in_folder(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    let entries = fs::read_dir(folder).map_err(|error| DataError::read(folder, error))?;
    for entry in entries {
        let path = entry
            .map_err(|error| DataError::read(folder, error))?
            .path();
        // Follows links; a link to nowhere is no font.
        if path.is_dir() {
            if depth < MAXIMUM_DEPTH {
                find_in_folder(&path, depth + 1, files)?;
            }
        } else if path.is_file() && has_font_extension(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn has_font_extension(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    ["ttf", "otf", "ttc", "otc"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(extension))
}

/// Appends the faces of a file that have all letters; the others, or the whole file, are skipped with the reason.
pub(super) fn read_faces(file: &Path, faces: &mut Vec<Face>, skipped: &mut Vec<Skipped>) {
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

/// The face's family and style, from its name table or else from the file's name.
fn names(face: &ttf_parser::Face<'_>, file: &Path) -> (String, String) {
    let name = |preferred: u16, other: u16| {
        let names = || face.names().into_iter();
        let best = |id: u16| {
            names()
                .filter(|name| name.name_id == id)
                .filter_map(|name| text(&name))
                .max_by(
                    // Of several languages English; of several English ones the first.
                    |(rank, _), (other, _)| rank.cmp(other).then(Ordering::Greater),
                )
        };
        best(preferred)
            .or_else(|| best(other))
            .map(|(_, text)| text)
    };
    let stem = || {
        file.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let family = name(name_id::TYPOGRAPHIC_FAMILY, name_id::FAMILY).unwrap_or_else(stem);
    let style = name(name_id::TYPOGRAPHIC_SUBFAMILY, name_id::SUBFAMILY)
        .unwrap_or_else(|| "Regular".to_owned());
    split_family(&family, &style)
}

/// A name's text and how much it is preferred to others.
fn text(name: &ttf_parser::name::Name<'_>) -> Option<(u32, String)> {
    const ENGLISH_UNITED_STATES: u16 = 0x0409;
    let (rank, text) = match name.platform_id {
        PlatformId::Windows => (
            if name.language_id == ENGLISH_UNITED_STATES {
                3
            } else {
                1
            },
            name.to_string()?,
        ),
        PlatformId::Unicode => (2, name.to_string()?),
        // Mac Roman agrees with ASCII, which is all that an English name needs.
        PlatformId::Macintosh
            if name.encoding_id == 0 && name.language_id == 0 && name.name.is_ascii() =>
        {
            (2, String::from_utf8_lossy(name.name).into_owned())
        }
        _ => return None,
    };
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        None
    } else {
        Some((rank, words.join(" ")))
    }
}

/// Moves words for weight, width, slant and optical size from the end of the family's name to the style's front.
///
/// Old fonts name four faces a family at most and put the rest into the family's name: `Lato Black`, `Lato Light`.
fn split_family(family: &str, style: &str) -> (String, String) {
    const STYLE_WORDS: [&str; 43] = [
        "black",
        "blk",
        "bold",
        "book",
        "cond",
        "condensed",
        "demi",
        "demibold",
        "ex",
        "expanded",
        "ext",
        "extended",
        "extra",
        "extrabold",
        "extracondensed",
        "extralight",
        "hairline",
        "heavy",
        "italic",
        "light",
        "med",
        "medium",
        "narrow",
        "normal",
        "oblique",
        "obl",
        "outline",
        "regular",
        "rg",
        "semi",
        "semibold",
        "semicondensed",
        "semilight",
        "slanted",
        "thin",
        "ultra",
        "ultrabold",
        "ultralight",
        "wide",
        "caps",
        "sc",
        "smallcaps",
        "vf",
    ];
    let is_style = |word: &str| {
        let word = word.to_lowercase();
        STYLE_WORDS.contains(&word.as_str()) || word.trim_end_matches("pt").parse::<f32>().is_ok()
    };
    let words: Vec<&str> = family.split(' ').collect();
    let mut kept = words.len();
    while kept > 1 && is_style(words[kept - 1]) {
        kept -= 1;
    }
    let family = words[..kept].join(" ");
    let moved = words[kept..].join(" ");
    let style = match (moved.as_str(), style) {
        ("", style) => style.to_owned(),
        (moved, "Regular") => moved.to_owned(),
        (moved, style) => format!("{moved} {style}"),
    };
    (family, style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_words_go_to_the_style() {
        let rows = [
            ("Lato", "Bold", "Lato", "Bold"),
            ("Lato Black", "Regular", "Lato", "Black"),
            ("Lato Black", "Italic", "Lato", "Black Italic"),
            (
                "DejaVu Sans Condensed",
                "Bold",
                "DejaVu Sans",
                "Condensed Bold",
            ),
            ("LM Roman 10", "Regular", "LM Roman", "10"),
            ("Times 12pt SemiBold", "Regular", "Times", "12pt SemiBold"),
            ("Bold", "Regular", "Bold", "Regular"),
            ("3270", "Medium", "3270", "Medium"),
            ("Comic Neue", "Regular", "Comic Neue", "Regular"),
        ];
        for (family, style, expected_family, expected_style) in rows {
            let found = split_family(family, style);
            assert_eq!(
                found,
                (expected_family.to_owned(), expected_style.to_owned()),
                "{family}, {style}"
            );
        }
    }
}
