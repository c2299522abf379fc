//! What is drawn along a chart's axes.

use crate::drawing::canvas::Marker;

/// One line, or a few points.
pub(crate) struct ChartSeries<'a> {
    pub(crate) legend: String,
    pub(crate) points: Vec<ChartPoint<'a>>,
    pub(crate) color: [u8; 3],
    pub(crate) marker: Marker,
    pub(crate) is_joined: bool,
    /// Ring around this point.
    pub(crate) ringed: Option<usize>,
    /// Marker radius; larger for what the chart is about.
    pub(crate) radius: f32,
}

/// A place, with a text beside it where there is something to say.
#[derive(Clone, Copy)]
pub(crate) struct ChartPoint<'a> {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) label: &'a str,
}
