//! Fonts made for these tests, and faces from the built-in set.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ae_data::glyphs::{LETTERS, SIDE, embedded};
use ae_data::{Image, Skipped};

use super::*;
use crate::face::Face;

fn fonts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fonts")
}

/// Everything that can be drawn, without a look at whether it is a letter.
fn draw(names: &[&str], options: GlyphOptions) -> Glyphs {
    let files: Vec<PathBuf> = names.iter().map(|name| fonts().join(name)).collect();
    let options = GlyphOptions {
        recognition: Recognition::Off,
        test_share: 0.0,
        ..options
    };
    render_fonts(&files, &options).unwrap()
}

fn letter(glyphs: &Glyphs, face: usize, letter: char) -> Image {
    let place = LETTERS.iter().position(|&other| other == letter).unwrap();
    glyphs
        .dataset
        .train
        .image(face * LETTERS.len() + place)
        .unwrap()
}

fn mean(image: &Image) -> f64 {
    let sum: u32 = image.pixels().iter().map(|&pixel| u32::from(pixel)).sum();
    f64::from(sum) / 255.0 / (SIDE * SIDE) as f64
}

/// The figures are told in `tests/fonts/make_fonts.py`: probes at column and row, and how much is white.
#[test]
fn figures_fill_the_box_as_they_are_drawn() {
    let glyphs = draw(&["figures.ttf"], GlyphOptions::default());
    assert_eq!(glyphs.dataset.train.len(), 10);
    let pi = std::f64::consts::PI;
    type Probes<'a> = &'a [(usize, usize, u8)];
    let rows: [(char, f64, Probes<'_>); 10] = [
        (
            'A',
            0.5,
            &[
                (14, 14, 255),
                (14, 4, 255),
                (3, 3, 0),
                (24, 3, 0),
                (3, 25, 255),
            ],
        ),
        (
            'B',
            0.75,
            &[(3, 3, 255), (24, 24, 255), (14, 14, 0), (3, 14, 255)],
        ),
        (
            'C',
            0.5,
            &[(6, 21, 255), (21, 6, 255), (6, 6, 0), (21, 21, 0)],
        ),
        (
            'D',
            pi / 4.0,
            &[
                (14, 14, 255),
                (1, 1, 0),
                (26, 1, 0),
                (26, 26, 0),
                (14, 2, 255),
            ],
        ),
        ('E', 1.0, &[(14, 14, 255), (2, 2, 255)]),
        (
            'F',
            0.375,
            &[
                (3, 3, 255),
                (3, 24, 255),
                (14, 14, 0),
                (24, 3, 0),
                (24, 24, 255),
            ],
        ),
        (
            'G',
            0.3125,
            &[
                (3, 3, 255),
                (14, 3, 0),
                (14, 24, 255),
                (3, 14, 0),
                (24, 24, 255),
            ],
        ),
        ('H', 0.5, &[(3, 14, 255), (14, 14, 0), (24, 14, 255)]),
        // So narrow that its sides, which end within a pixel, stretch to wide gray ones: 9.6 of 11 pixels.
        ('I', 0.87, &[(14, 14, 255), (9, 14, 255), (18, 14, 255)]),
        // Two squares that overlap: the overlap is white, not gray or black.
        (
            'J',
            0.875,
            &[
                (14, 14, 255),
                (3, 3, 0),
                (24, 24, 0),
                (24, 3, 255),
                (3, 24, 255),
            ],
        ),
    ];
    for (name, white, probes) in rows {
        let image = letter(&glyphs, 0, name);
        // The outermost pixels are gray where the figure ends within one.
        assert!(
            (mean(&image) - white).abs() < 0.06,
            "{name}: {} is not {white}",
            mean(&image)
        );
        for &(column, row, expected) in probes {
            let found = image.pixels()[row * SIDE + column];
            assert!(
                found.abs_diff(expected) <= 12,
                "{name} at {column}, {row}: {found}, not {expected}"
            );
        }
        for edge in [0, SIDE - 1] {
            let row = image.pixels()[edge * SIDE..][..SIDE].iter().copied().max();
            let column = image.pixels()[edge..].iter().step_by(SIDE).copied().max();
            assert!(
                row > Some(10) && column > Some(10),
                "{name} doesn't reach its box"
            );
        }
    }
}

#[test]
fn collections_and_variable_fonts_give_all_their_faces() {
    let collection = draw(&["collection.ttc"], GlyphOptions::default());
    let mut faces = collection.train_faces;
    faces.sort_by_key(|face| face.index);
    let named = |face: &GlyphFace| (face.index, face.family.clone(), face.style.clone());
    assert_eq!(
        faces.iter().map(named).collect::<Vec<_>>(),
        [
            (0, "Figures".into(), "Regular".into()),
            (1, "Figures".into(), "Black".into())
        ]
    );

    let variable = draw(&["variable.ttf"], GlyphOptions::default());
    let weights: BTreeSet<_> = variable
        .train_faces
        .iter()
        .map(|face| face.weight.map(|weight| weight as u32))
        .collect();
    // At its lightest it is what it is by default, and so left out.
    assert_eq!(weights, [None, Some(900)].into());
    assert_eq!(variable.thinned.len(), 1);
    assert!(
        variable.thinned[0].file.ends_with("variable.ttf@100"),
        "{:?}",
        variable.thinned
    );
    for (place, face) in variable.train_faces.iter().enumerate() {
        let expected = if face.weight.is_some() { 0.9 } else { 0.5 };
        let found = mean(&letter(&variable, place, 'H'));
        assert!((found - expected).abs() < 0.06, "{face:?}: {found}");
    }
}

#[test]
fn fonts_without_letters_to_give_are_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["without-j.ttf", "empty-c.ttf", "wide-e.ttf", "figures.ttf"] {
        fs::copy(fonts().join(name), folder.path().join(name)).unwrap();
    }
    let figures = fs::read(fonts().join("figures.ttf")).unwrap();
    fs::create_dir(folder.path().join("deeper")).unwrap();
    fs::write(folder.path().join("deeper/cut.OTF"), &figures[..300]).unwrap();
    fs::write(folder.path().join("deeper/nothing.ttf"), b"").unwrap();
    fs::write(folder.path().join("deeper/text.ttf"), b"no font at all").unwrap();
    fs::write(folder.path().join("deeper/readme.txt"), b"not looked at").unwrap();
    let options = GlyphOptions {
        recognition: Recognition::Off,
        ..GlyphOptions::default()
    };
    let glyphs = render_fonts(&[folder.path().to_owned()], &options).unwrap();
    assert_eq!(glyphs.dataset.files, 7);
    assert_eq!(glyphs.train_faces.len() + glyphs.test_faces.len(), 1);
    let reasons: Vec<(String, String)> = glyphs
        .dataset
        .skipped
        .into_iter()
        .map(|Skipped { file, reason }| {
            let file = Path::new(&file)
                .strip_prefix(folder.path())
                .unwrap()
                .display()
                .to_string();
            (file, reason)
        })
        .collect();
    let expected = [
        ("deeper/cut.OTF", "the file is cut short"),
        ("deeper/nothing.ttf", "the file is empty"),
        ("deeper/text.ttf", "not a TrueType or OpenType font"),
        ("empty-c.ttf", "the drawing of C is empty"),
        ("wide-e.ttf", "the drawing of E overflows"),
        ("without-j.ttf", "there is no letter J"),
    ];
    assert_eq!(
        reasons,
        expected.map(|(file, reason)| (file.to_owned(), reason.to_owned()))
    );
}

#[test]
fn sources_without_a_font_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = render_fonts(std::slice::from_ref(&missing), &GlyphOptions::default()).unwrap_err();
    assert!(matches!(error, GlyphError::NotFound { path } if path == missing));
    let empty = [folder.path().to_owned()];
    let error = render_fonts(&empty, &GlyphOptions::default()).unwrap_err();
    assert!(matches!(error, GlyphError::NoLetters { .. }), "{error}");
    // Figures are no letters.
    let error = render_fonts(&[fonts().join("figures.ttf")], &GlyphOptions::default()).unwrap_err();
    assert!(matches!(error, GlyphError::NoLetters { .. }), "{error}");
}

#[test]
fn neither_the_folder_nor_the_order_of_the_sources_matters() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["figures.ttf", "figures-black.ttf", "variable.ttf"];
    let options = GlyphOptions {
        recognition: Recognition::Off,
        test_share: 0.0,
        ..GlyphOptions::default()
    };
    for (place, name) in names.iter().enumerate() {
        let deeper = folder.path().join(format!("{}", 9 - place));
        fs::create_dir(&deeper).unwrap();
        fs::copy(fonts().join(name), deeper.join(name)).unwrap();
    }
    let moved = render_fonts(&[folder.path().to_owned()], &options).unwrap();
    let here = draw(&names, GlyphOptions::default());
    let fingerprint = |glyphs: &Glyphs| glyphs.dataset.train.fingerprint().unwrap();
    assert_eq!(fingerprint(&moved), fingerprint(&here));
    let turned = draw(
        &["variable.ttf", "figures-black.ttf", "figures.ttf"],
        GlyphOptions::default(),
    );
    assert_eq!(fingerprint(&turned), fingerprint(&here));
}

#[test]
fn letters_are_told_from_symbols() {
    let test = embedded().unwrap().test.unwrap();
    let face = |name: &str, order: &dyn Fn(usize) -> usize| {
        let pixels = (0..10)
            .flat_map(|letter| test.image(order(letter)).unwrap().into_pixels())
            .collect();
        let family = name.to_owned();
        let origin = GlyphFace {
            file: name.into(),
            index: 0,
            weight: None,
            family,
            style: String::new(),
        };
        Face { origin, pixels }
    };
    // What is drawn for each letter is the next one.
    let shifted = face("shifted", &|letter| (letter + 1) % 10);
    let right = face("right", &|letter| letter);
    let mut skipped = Vec::new();
    let kept =
        recognize::letters(vec![shifted, right], Recognition::Embedded, &mut skipped).unwrap();
    let names: Vec<String> = kept.iter().map(Face::name).collect();
    assert_eq!(names, ["right"]);
    assert_eq!(skipped.len(), 1);
    assert!(
        skipped[0].reason.starts_with("no letters: only "),
        "{skipped:?}"
    );
}

#[test]
fn a_family_cannot_vouch_for_itself() {
    let train = embedded().unwrap().train;
    let face = |family: String, start: usize, shift: usize| {
        let image = |letter: usize| train.image(start * 10 + (letter + shift) % 10).unwrap();
        let pixels = (0..10)
            .flat_map(|letter| image(letter).into_pixels())
            .collect();
        let origin = GlyphFace {
            file: (&family).into(),
            index: 0,
            weight: None,
            family,
            style: String::new(),
        };
        Face { origin, pixels }
    };
    let letters = (0..60).map(|start| face(format!("Letters{start}"), start, 0));
    let symbols = (0..20).map(|copy| face(format!("Symbols {copy}"), 60, 1));
    let mut skipped = Vec::new();
    let kept = recognize::letters(
        letters.chain(symbols).collect(),
        Recognition::EachOther,
        &mut skipped,
    )
    .unwrap();
    assert!(
        kept.iter()
            .all(|face| face.origin.family.starts_with("Letters"))
    );
    assert!(kept.len() > 40, "{}", kept.len());
}
