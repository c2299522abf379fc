//! Lines and points over two axes: what loss curves and rate-distortion charts are drawn with.

use crate::charts::axis::{Axis, AxisOptions};
use crate::charts::plot::{Area, Plot};
use crate::charts::point_labels::draw_point_labels;
use crate::charts::series::ChartSeries;
use crate::drawing::canvas::{Anchor, Canvas, Marker};
use crate::drawing::heading::Heading;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{AXIS, AXIS_LABEL, FAINT_GRID, GRID, LEGEND, MARGIN, TICK};
use crate::error::ReportError;

const WIDTH: usize = 1200;
const HEIGHT: usize = 760;
/// Above this many points, markers would hide the line.
const MAX_MARKED_POINTS: usize = 32;
const LEGEND_LINE: f32 = 34.0;

pub(crate) struct Chart<'a> {
    pub(crate) heading: Heading<'a>,
    pub(crate) x_label: &'a str,
    pub(crate) y_label: &'a str,
    pub(crate) x_options: AxisOptions,
    pub(crate) y_options: AxisOptions,
    pub(crate) series: Vec<ChartSeries<'a>>,
}

impl Chart<'_> {
    pub(crate) fn draw(&self) -> Result<Picture, ReportError> {
        let empty = |reason| ReportError::EmptyChart {
            title: self.heading.title.to_owned(),
            reason,
        };
        if self.series.iter().all(|series| series.points.is_empty()) {
            return Err(empty("no points"));
        }
        let points = || self.series.iter().flat_map(|series| &series.points);
        let none_finite = || empty("no point is a finite number");
        let with_both = || points().filter(|point| point.x.is_finite() && point.y.is_finite());
        let x =
            Axis::around(points().map(|point| point.x), self.x_options).ok_or_else(none_finite)?;
        let y = Axis::around(with_both().map(|point| point.y), self.y_options)
            .ok_or_else(none_finite)?;

        let mut canvas = Canvas::new(WIDTH, HEIGHT)?;
        self.heading.draw(&mut canvas, WIDTH);
        let top = (MARGIN + self.heading.height()) as f32;
        let below_legend = self.draw_legend(&mut canvas, top, &y);
        let tick_width = y
            .ticks
            .iter()
            .map(|tick| TICK.width(&tick.label))
            .fold(0.0, f32::max);
        let factor_height = if y.factor.is_some() { 24.0 } else { 0.0 };
        let plot = Plot {
            area: Area {
                left: (MARGIN as f32 + 34.0 + tick_width + 12.0).round(),
                top: (below_legend + 12.0 + factor_height).round(),
                right: (WIDTH - MARGIN) as f32,
                bottom: (HEIGHT - MARGIN) as f32 - 64.0,
            },
            x,
            y,
        };
        self.draw_axes(&mut canvas, &plot);
        let mut taken = Vec::new();
        for series in self.series.iter().rev() {
            draw_series(&mut canvas, &plot, series, &mut taken);
        }
        draw_point_labels(&mut canvas, &plot, &self.series, taken);
        Ok(canvas.into_picture())
    }

    /// One line of entries above the plot, more where they do not fit; gives the height below them.
    fn draw_legend(&self, canvas: &mut Canvas, top: f32, y_axis: &Axis) -> f32 {
        let (start, end) = (MARGIN as f32, (WIDTH - MARGIN) as f32);
        let mut x = start;
        let mut y = top + 12.0;
        for series in &self.series {
            let missing = missing_note(series, y_axis);
            let text = LEGEND.shorten(&series.legend, end - start - 60.0 - LEGEND.width(&missing));
            let text = format!("{text}{missing}");
            let width = 44.0 + LEGEND.width(&text);
            if x > start && x + width > end {
                x = start;
                y += LEGEND_LINE;
            }
            if series.is_joined {
                canvas.line(&[(x + 2.0, y), (x + 32.0, y)], 3.5, series.color);
            }
            if !series.is_joined || series.points.len() <= MAX_MARKED_POINTS {
                canvas.marker(series.marker, x + 17.0, y, series.radius, series.color);
            }
            canvas.text_centered(&text, x + 42.0, y, Anchor::Start, LEGEND);
            x += width + 34.0;
        }
        y + 16.0
    }

    fn draw_axes(&self, canvas: &mut Canvas, plot: &Plot) {
        let Area {
            left,
            top,
            right,
            bottom,
        } = plot.area;
        // On the middle of pixels, so that lines of one pixel are sharp.
        let sharp = |place: f32| place.floor() + 0.5;
        for value in &plot.y.minor {
            let y = sharp(plot.down(*value));
            canvas.line(&[(left, y), (right, y)], 1.0, FAINT_GRID);
        }
        for value in &plot.x.minor {
            let x = sharp(plot.across(*value));
            canvas.line(&[(x, top), (x, bottom)], 1.0, FAINT_GRID);
        }
        for tick in &plot.y.ticks {
            let y = sharp(plot.down(tick.value));
            canvas.line(&[(left, y), (right, y)], 1.0, GRID);
            canvas.text_centered(&tick.label, left - 12.0, y, Anchor::End, TICK);
        }
        for tick in &plot.x.ticks {
            let x = sharp(plot.across(tick.value));
            canvas.line(&[(x, top), (x, bottom)], 1.0, GRID);
            canvas.line(&[(x, bottom), (x, bottom + 6.0)], 1.0, AXIS);
            canvas.text(&tick.label, x, bottom + 28.0, Anchor::Middle, TICK);
        }
        let (left, bottom) = (sharp(left), sharp(bottom));
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], 1.5, AXIS);
        if let Some(factor) = &plot.y.factor {
            canvas.text(factor, left, top - 10.0, Anchor::Middle, TICK);
        }
        if let Some(factor) = &plot.x.factor {
            canvas.text(factor, right, bottom + 56.0, Anchor::End, TICK);
        }
        let log = |axis: &Axis| if axis.is_log { " (log scale)" } else { "" };
        let x_label = format!("{}{}", self.x_label, log(&plot.x));
        let y_label = format!("{}{}", self.y_label, log(&plot.y));
        let x_label = AXIS_LABEL.shorten(&x_label, right - left);
        let y_label = AXIS_LABEL.shorten(&y_label, bottom - top + 60.0);
        canvas.text(
            &x_label,
            (left + right) / 2.0,
            bottom + 60.0,
            Anchor::Middle,
            AXIS_LABEL,
        );
        canvas.text_upwards(
            &y_label,
            MARGIN as f32 + 9.0,
            (top + bottom) / 2.0,
            AXIS_LABEL,
        );
    }
}

/// What the legend says of points that have no place: a gap in a line should not be a riddle.
fn missing_note(series: &ChartSeries<'_>, y_axis: &Axis) -> String {
    let values = || series.points.iter().map(|point| point.y);
    let not_finite = values().filter(|value| !value.is_finite()).count();
    let no_place = values()
        .filter(|value| value.is_finite() && !y_axis.holds(*value))
        .count();
    let mut note = String::new();
    if not_finite > 0 {
        note.push_str(&format!(" · {not_finite} not finite (×)"));
    }
    if no_place > 0 {
        note.push_str(&format!(" · {no_place} off the scale (×)"));
    }
    note
}

fn draw_series(canvas: &mut Canvas, plot: &Plot, series: &ChartSeries<'_>, taken: &mut Vec<Area>) {
    let marked = !series.is_joined || series.points.len() <= MAX_MARKED_POINTS;
    if series.is_joined {
        for run in series.points.split(|point| !plot.holds(point)) {
            let line: Vec<(f32, f32)> = run.iter().map(|point| plot.place(point)).collect();
            let line = thin_out(&line);
            if line.len() > 1 {
                canvas.line(&line, 3.0, series.color);
                taken.extend(along(&line));
            } else if let (Some(&(x, y)), false) = (line.first(), marked) {
                // A point between two gaps is no line, and would be lost.
                canvas.marker(Marker::Dot, x, y, series.radius, series.color);
            }
        }
    }
    for (index, point) in series.points.iter().enumerate() {
        if plot.holds(point) {
            let (x, y) = plot.place(point);
            if series.ringed == Some(index) {
                canvas.marker(Marker::Ring, x, y, series.radius + 3.0, series.color);
            } else if marked {
                canvas.marker(series.marker, x, y, series.radius, series.color);
                taken.push(Area::around(x, y, series.radius + 1.0));
            }
        } else if plot.x.holds(point.x) {
            // Infinity is beyond the upper edge; all else that has no place is noted at the lower one.
            let edge = if point.y == f64::INFINITY {
                plot.area.top + 9.0
            } else {
                plot.area.bottom - 9.0
            };
            canvas.marker(Marker::Cross, plot.across(point.x), edge, 5.0, series.color);
        }
    }
}

/// Small areas along a line, for labels to keep clear of.
fn along(line: &[(f32, f32)]) -> Vec<Area> {
    let mut areas = Vec::new();
    for pair in line.windows(2) {
        let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
        let steps = ((to_x - x).abs().max((to_y - y).abs()) / 6.0)
            .ceil()
            .max(1.0) as usize;
        areas.extend((0..=steps).map(|step| {
            let share = step as f32 / steps as f32;
            Area::around(x + (to_x - x) * share, y + (to_y - y) * share, 2.0)
        }));
    }
    areas
}

/// Of the many points that share a column of pixels, the first, the lowest, the highest and the last: the same drawing
/// from fewer lines. Points are left as they are where they are few or do not go from left to right.
fn thin_out(line: &[(f32, f32)]) -> Vec<(f32, f32)> {
    if line.len() < 4 * WIDTH || line.windows(2).any(|pair| pair[1].0 < pair[0].0) {
        return line.to_vec();
    }
    let mut thin = Vec::new();
    for column in line.chunk_by(|one, other| one.0.floor() == other.0.floor()) {
        let by_height = |one: &&(f32, f32), other: &&(f32, f32)| one.1.total_cmp(&other.1);
        let lowest = column.iter().min_by(by_height);
        let highest = column.iter().max_by(by_height);
        thin.extend(column.first());
        thin.extend(lowest);
        thin.extend(highest);
        thin.extend(column.last());
    }
    thin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_ends_and_extremes() {
        let mut line: Vec<(f32, f32)> = (0..100_000)
            .map(|index| (index as f32 / 100.0, 50.0))
            .collect();
        line[55_555].1 = 99.0;
        line[77_777].1 = 1.0;
        let thin = thin_out(&line);
        assert!(thin.len() <= 4 * 1001, "{}", thin.len());
        assert_eq!((thin.first(), thin.last()), (line.first(), line.last()));
        assert!(thin.contains(&line[55_555]) && thin.contains(&line[77_777]));
        assert_eq!(thin_out(&line[..1000]), &line[..1000]);
    }
}
