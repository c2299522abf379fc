//! Horizontal bars: one number for each of a few things that are compared.

use crate::charts::axis::{Axis, AxisOptions};
use crate::drawing::canvas::{Anchor, Canvas};
use crate::drawing::heading::Heading;
use crate::drawing::lettering::TextStyle;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{
    AXIS, AXIS_LABEL, BACKGROUND_BAR, GRID, INK, LABEL, LEGEND, MARGIN, SERIES, TICK,
};
use crate::error::ReportError;
use crate::text::number::significant;

/// What [`bar_chart`] draws.
#[derive(Clone, Debug, Default)]
pub struct BarRequest {
    /// The chart's title; empty for none.
    pub title: String,
    /// A quieter line below it; empty for none.
    pub subtitle: String,
    /// What the bars' length is, with its unit, and which way is better: `test MSE (lower is better)`.
    pub value_label: String,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// What it stands for.
    pub name: String,
    /// Its length, from zero. What is not finite has no bar, only its name and value.
    pub value: f64,
    /// Whether this is what the chart is about: a colored bar among gray ones.
    pub is_highlighted: bool,
}

const WIDTH: usize = 1200;
const BAR_HEIGHT: usize = 30;
const BAR_STEP: usize = 44;
const MAX_NAME_WIDTH: usize = 360;
/// As many as fit on a picture.
const MAX_BARS: usize = 22;

/// Draws horizontal bars from zero with their values at their ends, 1200 pixels wide.
///
/// # Errors
/// [`ReportError::EmptyChart`] when there is no bar or no finite value, [`ReportError::CountMismatch`] when there are
/// more than 22 bars.
pub fn bar_chart(request: &BarRequest) -> Result<Picture, ReportError> {
    let empty = |reason| ReportError::EmptyChart {
        title: request.title.clone(),
        reason,
    };
    if request.bars.is_empty() {
        return Err(empty("no bars"));
    }
    if request.bars.len() > MAX_BARS {
        return Err(ReportError::CountMismatch {
            what: "bars of a chart, at most".to_owned(),
            expected: MAX_BARS,
            found: request.bars.len(),
        });
    }
    let finite = request
        .bars
        .iter()
        .map(|bar| bar.value)
        .filter(|value| value.is_finite());
    let with_zero = finite.clone().chain([0.0]);
    if finite.count() == 0 {
        return Err(empty("no value is a finite number"));
    }
    let low = with_zero.clone().fold(0.0, f64::min);
    let high = with_zero.fold(0.0, f64::max);
    let axis = Axis::exact(
        low,
        high,
        AxisOptions {
            max_ticks: 8,
            ..AxisOptions::default()
        },
    );

    let heading = Heading {
        title: &request.title,
        subtitle: &request.subtitle,
    };
    let name_width = request
        .bars
        .iter()
        .map(|bar| name_style(bar).width(&bar.name))
        .fold(0.0, f32::max);
    let name_width = (name_width.ceil() as usize).min(MAX_NAME_WIDTH);
    let values: Vec<String> = request
        .bars
        .iter()
        .map(|bar| significant(bar.value, 3))
        .collect();
    let value_width = values
        .iter()
        .map(|value| LEGEND.width(value))
        .fold(0.0, f32::max)
        + 14.0;
    let top = MARGIN + heading.height();
    let bottom = top + request.bars.len() * BAR_STEP + 4;
    let left = (MARGIN + name_width + 18) as f32;
    let right = (WIDTH - MARGIN) as f32 - value_width;
    let across = |value: f64| left + (right - left) * axis.share(value) as f32;

    let mut canvas = Canvas::new(WIDTH, bottom + 64 + MARGIN)?;
    heading.draw(&mut canvas, WIDTH);
    for tick in &axis.ticks {
        let x = across(tick.value).floor() + 0.5;
        canvas.line(&[(x, top as f32), (x, bottom as f32)], 1.0, GRID);
        canvas.text(&tick.label, x, bottom as f32 + 26.0, Anchor::Middle, TICK);
    }
    let factor = axis
        .factor
        .as_ref()
        .map_or(String::new(), |factor| format!(" ({factor})"));
    let label = format!("{}{factor}", request.value_label);
    let label = AXIS_LABEL.shorten(&label, (WIDTH - 2 * MARGIN) as f32);
    canvas.text(
        &label,
        (left + right) / 2.0,
        bottom as f32 + 60.0,
        Anchor::Middle,
        AXIS_LABEL,
    );
    for (index, (bar, value)) in request.bars.iter().zip(&values).enumerate() {
        let y = top + index * BAR_STEP + (BAR_STEP - BAR_HEIGHT) / 2 + 2;
        let middle = (y + BAR_HEIGHT / 2) as f32;
        let name = name_style(bar).shorten(&bar.name, name_width as f32);
        canvas.text_centered(&name, left - 18.0, middle, Anchor::End, name_style(bar));
        let mut end = across(0.0);
        if bar.value.is_finite() {
            let (from, to) = (across(bar.value.min(0.0)), across(bar.value.max(0.0)));
            let color = if bar.is_highlighted {
                SERIES[1]
            } else {
                BACKGROUND_BAR
            };
            let width = (to - from).round().max(1.0) as usize;
            canvas.fill(from.round() as usize, y, width, BAR_HEIGHT, color);
            end = to;
        }
        let style = TextStyle {
            weight: name_style(bar).weight,
            ..LEGEND
        };
        canvas.text_centered(value, end + 9.0, middle, Anchor::Start, style);
    }
    let zero = across(0.0).floor() + 0.5;
    canvas.line(&[(zero, top as f32), (zero, bottom as f32)], 1.5, AXIS);
    Ok(canvas.into_picture())
}

fn name_style(bar: &Bar) -> TextStyle {
    if bar.is_highlighted {
        LABEL
    } else {
        TextStyle {
            color: INK,
            ..LEGEND
        }
    }
}
