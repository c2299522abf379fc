//! How much quality a code has for its bits, beside other ways to spend them.

use crate::charts::axis::{AxisOptions, AxisScale};
use crate::charts::chart::Chart;
use crate::charts::series::{ChartPoint, ChartSeries};
use crate::drawing::canvas::Marker;
use crate::drawing::heading::Heading;
use crate::drawing::picture::Picture;
use crate::drawing::theme::SERIES;
use crate::error::ReportError;

/// What [`rate_distortion`] draws.
#[derive(Clone, Debug, Default)]
pub struct RateDistortionRequest {
    /// The chart's title; empty for none.
    pub title: String,
    /// A quieter line below it; empty for none.
    pub subtitle: String,
    /// The ways to code an image. The first is the one that the chart is about, and is drawn larger, on top.
    pub series: Vec<RateSeries>,
}

/// One way to code an image.
#[derive(Clone, Debug, Default)]
pub struct RateSeries {
    /// Its name in the legend: `this model`, `JPEG`, `PCA`.
    pub name: String,
    /// What it reached. More than one point are joined by a line, by rising rate.
    pub points: Vec<RatePoint>,
}

/// What one setting reached.
#[derive(Clone, Debug, Default)]
pub struct RatePoint {
    /// Bits a code takes for each pixel of the image.
    pub bits_per_pixel: f64,
    /// Peak signal-to-noise ratio in decibels. A point that is not finite is not drawn, and the legend says so.
    pub psnr: f64,
    /// A word beside the point: `quality 50`, `32 numbers`; empty for none.
    pub label: String,
}

/// Draws PSNR against bits per pixel, 1200 x 760 pixels.
///
/// # Errors
/// [`ReportError::EmptyChart`] when there is no series, no point, or no point that is finite.
pub fn rate_distortion(request: &RateDistortionRequest) -> Result<Picture, ReportError> {
    let markers = [
        Marker::Diamond,
        Marker::Dot,
        Marker::Square,
        Marker::Triangle,
    ];
    // The model in the color that stands out, the rest in the order of the palette.
    let colors = [
        SERIES[1], SERIES[0], SERIES[2], SERIES[3], SERIES[4], SERIES[5], SERIES[6],
    ];
    let series = request.series.iter().enumerate();
    let series = series.map(|(index, series)| {
        let mut points: Vec<ChartPoint<'_>> = series
            .points
            .iter()
            .map(|point| ChartPoint {
                x: point.bits_per_pixel,
                y: point.psnr,
                label: &point.label,
            })
            .collect();
        points.sort_by(|one, other| one.x.total_cmp(&other.x));
        ChartSeries {
            legend: series.name.clone(),
            is_joined: points.len() > 1,
            points,
            color: colors[index % colors.len()],
            marker: markers[index % markers.len()],
            ringed: None,
            radius: if index == 0 { 8.5 } else { 6.0 },
        }
    });
    Chart {
        heading: Heading {
            title: &request.title,
            subtitle: &request.subtitle,
        },
        x_label: "rate, bits per pixel",
        y_label: "quality, PSNR in dB",
        x_options: AxisOptions {
            max_ticks: 9,
            scale: AxisScale::Auto,
            padding: 0.07,
            from_zero: true,
            ..AxisOptions::default()
        },
        y_options: AxisOptions {
            max_ticks: 8,
            padding: 0.08,
            ..AxisOptions::default()
        },
        series: series.collect(),
    }
    .draw()
}
