//! The title of a picture.

use crate::drawing::canvas::{Anchor, Canvas};
use crate::drawing::theme::{MARGIN, SUBTITLE, TITLE};

/// A picture's title and the quieter line below it, at the top left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heading<'a> {
    pub(crate) title: &'a str,
    pub(crate) subtitle: &'a str,
}

impl Heading<'_> {
    /// Pixels from the upper margin to where the picture's content begins.
    pub(crate) fn height(self) -> usize {
        let title = if self.title.is_empty() { 0 } else { 34 };
        let subtitle = if self.subtitle.is_empty() { 0 } else { 28 };
        title + subtitle + if title + subtitle > 0 { 16 } else { 0 }
    }

    /// Pixels that the wider of the two lines takes.
    pub(crate) fn width(self) -> usize {
        let width = TITLE.width(self.title).max(SUBTITLE.width(self.subtitle));
        width.ceil() as usize
    }

    pub(crate) fn draw(self, canvas: &mut Canvas, width: usize) {
        let available = width.saturating_sub(2 * MARGIN) as f32;
        let mut top = MARGIN as f32;
        let left = MARGIN as f32;
        if !self.title.is_empty() {
            let title = TITLE.shorten(self.title, available);
            canvas.text(&title, left, top + 22.0, Anchor::Start, TITLE);
            top += 34.0;
        }
        if !self.subtitle.is_empty() {
            let subtitle = SUBTITLE.shorten(self.subtitle, available);
            canvas.text(&subtitle, left, top + 18.0, Anchor::Start, SUBTITLE);
        }
    }
}
