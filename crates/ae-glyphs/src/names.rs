//! What a face is called.

use std::cmp::Ordering;
use std::path::Path;

use ttf_parser::{PlatformId, name_id};

/// The face's family and style, from its name table or else from the file's name.
pub(crate) fn names(face: &ttf_parser::Face<'_>, file: &Path) -> (String, String) {
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
