//! Text: one embedded family in two weights, measured and drawn.

use std::borrow::Cow;
use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, Glyph, GlyphId, PxScale, ScaleFont, point};

static REGULAR: LazyLock<FontRef<'static>> =
    LazyLock::new(|| embedded(include_bytes!("../../fonts/Inter-Regular-subset.otf")));
static SEMI_BOLD: LazyLock<FontRef<'static>> =
    LazyLock::new(|| embedded(include_bytes!("../../fonts/Inter-SemiBold-subset.otf")));

fn embedded(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the embedded font is a valid font, see the tests")
}

/// How heavy the letters are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Weight {
    Regular,
    SemiBold,
}

/// A size, a weight and a color.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TextStyle {
    /// Pixels per em.
    pub(crate) size: f32,
    pub(crate) weight: Weight,
    pub(crate) color: [u8; 3],
}

impl TextStyle {
    fn font(self) -> &'static FontRef<'static> {
        match self.weight {
            Weight::Regular => &REGULAR,
            Weight::SemiBold => &SEMI_BOLD,
        }
    }

    /// The library's scale is ascent to descent; ours is the em, as everybody else's.
    fn scale(self) -> PxScale {
        let font = self.font();
        let units_per_em = font.units_per_em().unwrap_or(1.0);
        PxScale::from(self.size * font.height_unscaled() / units_per_em)
    }

    /// Glyphs and the distance of each from the text's start.
    fn layout(self, text: &str) -> (Vec<(GlyphId, f32)>, f32) {
        let font = self.font().as_scaled(self.scale());
        let mut glyphs = Vec::with_capacity(text.len());
        let mut distance = 0.0;
        for letter in text.chars() {
            let id = font.glyph_id(letter);
            glyphs.push((id, distance));
            distance += font.h_advance(id);
        }
        (glyphs, distance)
    }

    /// Pixels from the start of `text` to its end.
    pub(crate) fn width(self, text: &str) -> f32 {
        self.layout(text).1
    }

    /// Height of a capital letter in pixels: text is centered on a line by this, not by its tails.
    pub(crate) fn cap_height(self) -> f32 {
        // Inter: 2048 of 2816 units.
        self.size * 0.727
    }

    /// `text` as far as `max_width` pixels take it, with an ellipsis where it was cut.
    pub(crate) fn shorten(self, text: &str, max_width: f32) -> Cow<'_, str> {
        if self.width(text) <= max_width {
            return Cow::Owned(text.to_owned());
        }
        let letters: Vec<char> = text.chars().collect();
        let fits = |count: usize| {
            let shorter: String = letters[..count].iter().collect();
            let shorter = format!("{}…", shorter.trim_end());
            (self.width(&shorter) <= max_width).then_some(shorter)
        };
        let count = (0..letters.len())
            .collect::<Vec<_>>()
            .partition_point(|&count| fits(count + 1).is_some());
        Cow::Owned(fits(count).unwrap_or_else(|| "…".to_owned()))
    }

    /// Calls `paint(x, y, coverage)` for each pixel under the letters of `text`, which starts at `x` and stands on
    /// the line `baseline`.
    pub(crate) fn rasterize(
        self,
        text: &str,
        x: f32,
        baseline: f32,
        mut paint: impl FnMut(i32, i32, f32),
    ) {
        let font = self.font();
        for (id, distance) in self.layout(text).0 {
            let glyph = Glyph {
                id,
                scale: self.scale(),
                position: point(x + distance, baseline),
            };
            if let Some(outline) = font.outline_glyph(glyph) {
                let origin = outline.px_bounds().min;
                outline.draw(|column, row, coverage| {
                    paint(
                        origin.x as i32 + column as i32,
                        origin.y as i32 + row as i32,
                        coverage.min(1.0),
                    );
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: TextStyle = TextStyle {
        size: 20.0,
        weight: Weight::Regular,
        color: [0; 3],
    };

    /// Advances from the font's own table (fonttools, units of 1/2816 em), not from our layout.
    #[test]
    fn widths_are_the_sums_of_the_fonts_advances() {
        for (text, units) in [("", 0), ("A", 1904), ("encoded", 11676), ("10⁻³", 5516)] {
            let expected = units as f32 * 20.0 / 2816.0;
            assert!(
                (STYLE.width(text) - expected).abs() < 0.01,
                "{text:?}: {} and {expected}",
                STYLE.width(text)
            );
        }
    }

    #[test]
    fn every_letter_that_the_pictures_use_is_in_both_weights() {
        for letter in "ABCXYZabcxyz0123456789.,:;()[]/%+-=<>×→−⁰¹²³⁴⁵⁶⁷⁸⁹⁻…µσβλ≥≤≈∞·–éüß".chars()
        {
            for font in [&*REGULAR, &*SEMI_BOLD] {
                let id = font.glyph_id(letter);
                assert!(
                    id.0 != 0 && font.outline(id).is_some(),
                    "{letter:?} is missing"
                );
            }
        }
    }

    #[test]
    fn capitals_stand_on_the_baseline_and_are_as_high_as_stated() {
        let (mut top, mut bottom) = (i32::MAX, i32::MIN);
        let style = TextStyle {
            size: 100.0,
            ..STYLE
        };
        style.rasterize("HIE", 0.0, 200.0, |_, y, coverage| {
            if coverage > 0.5 {
                top = top.min(y);
                bottom = bottom.max(y);
            }
        });
        assert_eq!(bottom, 199);
        assert!(
            (200 - top - style.cap_height().round() as i32).abs() <= 1,
            "top {top}"
        );
    }

    #[test]
    fn shortening_keeps_what_fits_and_says_that_it_cut() {
        let full = "a rather long class name";
        assert_eq!(STYLE.shorten(full, 1000.0), full);
        let short = STYLE.shorten(full, 100.0);
        assert!(short.ends_with('…') && full.starts_with(short.trim_end_matches('…')));
        assert!(
            STYLE.width(&short) <= 100.0 && STYLE.width(&short) > 80.0,
            "{short}"
        );
        assert_eq!(STYLE.shorten(full, 0.0), "…");
        assert_eq!(STYLE.shorten("", 0.0), "");
    }
}
