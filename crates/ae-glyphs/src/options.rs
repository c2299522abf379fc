//! What is made of the fonts.

/// What is made of the fonts.
#[derive(Clone, Debug, PartialEq)]
pub struct GlyphOptions {
    /// A face whose pixels differ from a kept face's by no more than this, as root mean square in pixel units, is
    /// left out.
    pub near_identical: f64,
    /// The most faces kept of one family.
    pub faces_per_family: usize,
    /// The most faces kept in all.
    pub faces: usize,
    /// The share of the families that becomes test images, about: families with the same first word stay together.
    pub test_share: f64,
    /// What a face is compared with, to see whether its letters are letters.
    pub recognition: Recognition,
}

impl Default for GlyphOptions {
    fn default() -> GlyphOptions {
        GlyphOptions {
            near_identical: 0.08,
            faces_per_family: 12,
            faces: usize::MAX,
            test_share: 0.12,
            recognition: Recognition::Embedded,
        }
    }
}

/// What a face is compared with, to tell letters from symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// The embedded set.
    Embedded,
    /// The faces of all other families: for hundreds of fonts, most of which have letters.
    EachOther,
    /// Nothing: whatever a font draws for A to J is taken.
    Off,
}
