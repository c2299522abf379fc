//! The scale beside a row of codes.

use crate::charts::axis::{Axis, AxisOptions};
use crate::drawing::canvas::{Anchor, Canvas};
use crate::drawing::theme::{FRAME, NOTE};
use crate::drawing::viridis::viridis;
use crate::grids::color_range::ColorRange;

/// Pixels to the right of a row that a color bar and its numbers take.
pub(crate) const COLOR_BAR_WIDTH: usize = 74;

/// A lower row has no room for the bar's numbers.
pub(crate) const MIN_ROW_HEIGHT: usize = 64;

const BAR_WIDTH: usize = 14;
const MAX_BAR_HEIGHT: usize = 220;

/// Draws the bar from `range.low` at the bottom to `range.high` at the top, in the middle of a row of at least
/// [`MIN_ROW_HEIGHT`].
pub(crate) fn draw_color_bar(
    canvas: &mut Canvas,
    left: usize,
    row_top: usize,
    row_height: usize,
    range: ColorRange,
) {
    let height = row_height.min(MAX_BAR_HEIGHT);
    let top = row_top + (row_height - height) / 2;
    for y in 0..height {
        let share = 1.0 - (y as f32 + 0.5) / height as f32;
        canvas.fill(left, top + y, BAR_WIDTH, 1, viridis(share));
    }
    canvas.frame(left, top, BAR_WIDTH, height, FRAME);
    let axis = Axis::exact(
        f64::from(range.low),
        f64::from(range.high),
        AxisOptions {
            max_ticks: (height / 22).clamp(2, 6),
            ..AxisOptions::default()
        },
    );
    for tick in &axis.ticks {
        let y = top as f32 + height as f32 * (1.0 - axis.share(tick.value) as f32);
        let (from, to) = ((left + BAR_WIDTH) as f32, (left + BAR_WIDTH + 5) as f32);
        canvas.line(&[(from, y), (to, y)], 1.0, NOTE.color);
        canvas.text_centered(&tick.label, to + 4.0, y, Anchor::Start, NOTE);
    }
    if let Some(factor) = &axis.factor {
        canvas.text(factor, left as f32, top as f32 - 6.0, Anchor::Start, NOTE);
    }
}
