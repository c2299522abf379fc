//! Sizes and colors that all pictures share.

use crate::drawing::lettering::{TextStyle, Weight};

/// No picture is wider: it fits a screen unscaled, and its letters can still be read at half the size in a README.
pub(crate) const MAX_WIDTH: usize = 1600;
/// No picture is higher.
pub(crate) const MAX_HEIGHT: usize = 1200;
/// White space around everything.
pub(crate) const MARGIN: usize = 36;

pub(crate) const WHITE: [u8; 3] = [255; 3];
/// Titles and labels.
pub(crate) const INK: [u8; 3] = [0x1c, 0x1e, 0x21];
/// Notes, captions, ticks.
pub(crate) const QUIET: [u8; 3] = [0x5b, 0x61, 0x69];
/// Axes.
pub(crate) const AXIS: [u8; 3] = [0x9a, 0xa0, 0xa6];
/// Frames around images.
pub(crate) const FRAME: [u8; 3] = [0xc9, 0xcd, 0xd2];
/// Grid lines at labeled ticks.
pub(crate) const GRID: [u8; 3] = [0xe3, 0xe5, 0xe8];
/// Grid lines between them.
pub(crate) const FAINT_GRID: [u8; 3] = [0xf1, 0xf2, 0xf4];
/// Bars that are there for comparison.
pub(crate) const BACKGROUND_BAR: [u8; 3] = [0xb4, 0xbb, 0xc4];

/// Colors that people with the usual kinds of color blindness tell apart, in the order in which series take them.
///
/// # References
/// Masataka Okabe and Kei Ito, "Color Universal Design", 2008; recommended by Bang Wong, "Points of view: Color
/// blindness", Nature Methods 8, 441 (2011). Yellow is left out: it is too pale on white.
pub(crate) const SERIES: [[u8; 3]; 7] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x9e, 0x73],
    [0xcc, 0x79, 0xa7],
    [0x56, 0xb4, 0xe9],
    [0xe6, 0x9f, 0x00],
    [0x1c, 0x1e, 0x21],
];

const fn style(size: f32, weight: Weight, color: [u8; 3]) -> TextStyle {
    TextStyle {
        size,
        weight,
        color,
    }
}

pub(crate) const TITLE: TextStyle = style(28.0, Weight::SemiBold, INK);
pub(crate) const SUBTITLE: TextStyle = style(19.0, Weight::Regular, QUIET);
pub(crate) const LABEL: TextStyle = style(20.0, Weight::SemiBold, INK);
pub(crate) const NOTE: TextStyle = style(16.0, Weight::Regular, QUIET);
pub(crate) const CAPTION: TextStyle = style(16.0, Weight::Regular, QUIET);
pub(crate) const TICK: TextStyle = style(18.0, Weight::Regular, QUIET);
pub(crate) const AXIS_LABEL: TextStyle = style(19.0, Weight::Regular, INK);
pub(crate) const LEGEND: TextStyle = style(19.0, Weight::Regular, INK);
