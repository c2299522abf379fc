//! Loss curves: how training went.

use crate::charts::axis::{AxisOptions, AxisScale};
use crate::charts::chart::Chart;
use crate::charts::series::{ChartPoint, ChartSeries};
use crate::drawing::canvas::Marker;
use crate::drawing::heading::Heading;
use crate::drawing::picture::Picture;
use crate::drawing::theme::SERIES;
use crate::error::ReportError;
use crate::text::number::significant;

/// What [`loss_curves`] draws.
#[derive(Clone, Debug, Default)]
pub struct CurveRequest {
    /// The chart's title; empty for none.
    pub title: String,
    /// A quieter line below it; empty for none.
    pub subtitle: String,
    /// The horizontal axis with its unit: `epoch`.
    pub x_label: String,
    /// The vertical axis with its unit: `mean squared error`.
    pub y_label: String,
    /// The vertical axis's scale.
    pub y_scale: AxisScale,
    /// The curves, each in a color of its own.
    pub series: Vec<Curve>,
}

/// One curve.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    /// Its name in the legend.
    pub name: String,
    /// Its points `(x, y)` from left to right. A point that is not finite leaves a gap, a cross on the horizontal axis
    /// and a word in the legend.
    pub points: Vec<(f64, f64)>,
    /// Whether to ring the lowest point and to name it in the legend, as for the epoch whose model was kept.
    pub mark_lowest: bool,
}

/// Draws curves over a common pair of axes, 1200 x 760 pixels.
///
/// # Errors
/// [`ReportError::EmptyChart`] when there is no curve, no point, or no point that is finite.
pub fn loss_curves(request: &CurveRequest) -> Result<Picture, ReportError> {
    let whole = |value: f64| value.fract() == 0.0;
    let integers = request
        .series
        .iter()
        .flat_map(|curve| &curve.points)
        .all(|(x, _)| whole(*x));
    let series = request.series.iter().zip(SERIES.iter().cycle());
    Chart {
        heading: Heading {
            title: &request.title,
            subtitle: &request.subtitle,
        },
        x_label: &request.x_label,
        y_label: &request.y_label,
        x_options: AxisOptions {
            max_ticks: 11,
            integers,
            padding: 0.02,
            ..AxisOptions::default()
        },
        y_options: AxisOptions {
            max_ticks: 8,
            scale: request.y_scale,
            padding: 0.06,
            from_zero: true,
            ..AxisOptions::default()
        },
        series: series
            .map(|(curve, &color)| chart_series(curve, color, &request.x_label))
            .collect(),
    }
    .draw()
}

fn chart_series<'a>(curve: &'a Curve, color: [u8; 3], x_label: &str) -> ChartSeries<'a> {
    let finite = curve.points.iter().enumerate();
    let finite = finite.filter(|(_, (x, y))| x.is_finite() && y.is_finite());
    let lowest = finite.min_by(|(_, (_, one)), (_, (_, other))| one.total_cmp(other));
    let lowest = lowest.filter(|_| curve.mark_lowest);
    let mut legend = curve.name.clone();
    if let Some((_, (x, y))) = lowest {
        legend.push_str(&format!(
            " (lowest: {} at {x_label} {x})",
            significant(*y, 3)
        ));
    }
    ChartSeries {
        legend,
        points: curve
            .points
            .iter()
            .map(|&(x, y)| ChartPoint { x, y, label: "" })
            .collect(),
        color,
        marker: Marker::Dot,
        is_joined: true,
        ringed: lowest.map(|(index, _)| index),
        radius: 5.0,
    }
}
