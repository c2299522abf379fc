//! Texts beside points, where they hide least.

use crate::charts::plot::{Area, Plot};
use crate::charts::series::ChartSeries;
use crate::drawing::canvas::{Anchor, Canvas};
use crate::drawing::theme::CAPTION;

/// Puts each label beside its point where it hides least.
pub(crate) fn draw_point_labels(
    canvas: &mut Canvas,
    plot: &Plot,
    series: &[ChartSeries<'_>],
    mut taken: Vec<Area>,
) {
    for series in series {
        for point in series
            .points
            .iter()
            .filter(|point| !point.label.is_empty() && plot.holds(point))
        {
            let (x, y) = plot.place(point);
            let (width, height) = (CAPTION.width(point.label), CAPTION.cap_height());
            let (beside, off) = (series.radius + 8.0, series.radius + 7.0);
            let places = [
                (x + beside, y - height / 2.0),
                (x - width / 2.0, y - off - height),
                (x - beside - width, y - height / 2.0),
                (x - width / 2.0, y + off),
                (x + beside * 0.7, y + off * 0.6),
                (x + beside * 0.7, y - off * 0.6 - height),
                (x - beside * 0.7 - width, y - off * 0.6 - height),
                (x - beside * 0.7 - width, y + off * 0.6),
            ];
            let area = |(left, top): (f32, f32)| Area {
                left: left - 2.0,
                top: top - 3.0,
                right: left + width + 2.0,
                bottom: top + height + 3.0,
            };
            let cost = |place: (f32, f32)| {
                let outside = if plot.area.contains(area(place)) {
                    0
                } else {
                    1000
                };
                outside
                    + taken
                        .iter()
                        .filter(|other| area(place).overlaps(**other))
                        .count()
            };
            // The first of equals: to the right is where a reader looks.
            let best = places
                .into_iter()
                .min_by_key(|place| cost(*place))
                .unwrap_or(places[0]);
            canvas.text(point.label, best.0, best.1 + height, Anchor::Start, CAPTION);
            taken.push(area(best));
        }
    }
}
