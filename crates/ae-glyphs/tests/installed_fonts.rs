//! Letters from fonts that the system has.

use std::path::PathBuf;

use ae_data::Image;
use ae_data::glyphs::{LETTERS, SIDE};
use ae_glyphs::{GlyphOptions, render_fonts};

#[path = "../../../tests/skipping.rs"]
#[expect(dead_code, reason = "no real images are read here")]
mod skipping;

fn mean(image: &Image) -> f64 {
    let sum: u32 = image.pixels().iter().map(|&pixel| u32::from(pixel)).sum();
    f64::from(sum) / 255.0 / (SIDE * SIDE) as f64
}

/// The fonts of the packages in `datasets/glyphs/packages.toml`, where they are installed.
#[test]
fn an_installed_font_is_drawn_as_in_the_embedded_set() {
    let font = PathBuf::from("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf");
    let test = "ae-glyphs::an_installed_font_is_drawn_as_in_the_embedded_set";
    if !skipping::is_there(test, "DejaVuSerif.ttf of fonts-dejavu-core", font.exists()) {
        return;
    }
    let options = GlyphOptions {
        test_share: 0.0,
        ..GlyphOptions::default()
    };
    let glyphs = render_fonts(&[font], &options).unwrap();
    assert_eq!(glyphs.train_faces[0].family, "DejaVu Serif");
    for (index, letter) in LETTERS.into_iter().enumerate() {
        let white = mean(&glyphs.dataset.train.image(index).unwrap());
        assert!((0.2..0.6).contains(&white), "{letter}: {white}");
    }
}
