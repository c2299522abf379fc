//! A map as a picture with thumbnails, colored by class.

use crate::drawing::canvas::{Anchor, Canvas};
use crate::drawing::heading::Heading;
use crate::drawing::lettering::TextStyle;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{FRAME, INK, LEGEND, MARGIN, NOTE, QUIET, WHITE};
use crate::error::ReportError;
use crate::maps::points::{
    MapPoint, MapRequest, are_many, check, class_color, class_marker, unit_places,
};

const WIDTH: usize = 1_200;
const HEIGHT: usize = 1_000;
/// The longer side of a thumbnail, in pixels.
const THUMBNAIL: usize = 28;
/// Width of the column that names the classes.
const LEGEND_WIDTH: usize = 110;

/// Height of a line of that column, and of one of many.
const LEGEND_LINE: f32 = 30.0;
const NARROW_LEGEND_LINE: f32 = 24.0;
/// Columns of classes, at most.
const MOST_LEGEND_COLUMNS: usize = 3;

/// Draws a map, 1200 x 1000 pixels: a mark for every image, and thumbnails, tinted by class, wherever there is room for
/// one that hides no other.
///
/// More classes than there are colors have marks of other shapes, which are on their thumbnails, too, and their names are
/// written where most of their images are.
///
/// # Errors
/// [`ReportError::NoImages`] without points, [`ReportError::ShapeMismatch`] when the images differ in shape,
/// [`ReportError::UnsupportedChannels`].
pub fn map_picture(request: &MapRequest) -> Result<Picture, ReportError> {
    check(request)?;
    let mut canvas = Canvas::new(WIDTH, HEIGHT)?;
    let heading = Heading {
        title: &request.title,
        subtitle: &request.subtitle,
    };
    heading.draw(&mut canvas, WIDTH);
    let top = MARGIN + heading.height();
    let legend = Legend::of(&request.classes, HEIGHT - 2 * MARGIN - top);
    let legend_width = legend.columns * LEGEND_WIDTH;
    // Half a thumbnail of room on each side.
    let (left, room) = (
        MARGIN + THUMBNAIL,
        WIDTH - 2 * MARGIN - 2 * THUMBNAIL - legend_width,
    );
    let side = room.min(HEIGHT - MARGIN - top - 2 * THUMBNAIL) as f64;
    let left = left as f64 + 0.5 * (room as f64 - side);
    let top = (top + THUMBNAIL) as f64;
    let places: Vec<(f64, f64)> = unit_places(&request.points)
        .into_iter()
        .map(|[x, y]| (left + side * x, top + side * y))
        .collect();
    for (point, &(x, y)) in request.points.iter().zip(&places) {
        let marker = class_marker(point.label);
        canvas.marker(marker, x as f32, y as f32, 3.0, class_color(point.label));
    }
    let mut drawn: Vec<(f64, f64)> = Vec::new();
    for (point, &(x, y)) in request.points.iter().zip(&places) {
        let apart = THUMBNAIL as f64 + 2.0;
        if drawn
            .iter()
            .any(|other| (other.0 - x).abs() < apart && (other.1 - y).abs() < apart)
        {
            continue;
        }
        drawn.push((x, y));
        let thumbnail = thumbnail(point)?;
        let (width, height) = (thumbnail.width(), thumbnail.height());
        let (x, y) = (x as usize - width / 2, y as usize - height / 2);
        canvas.place(&thumbnail, x, y);
        canvas.frame(x, y, width, height, FRAME);
        if are_many(&request.classes) {
            let marker = class_marker(point.label);
            let (x, y) = ((x + width) as f32 - 4.0, y as f32 + 4.0);
            canvas.marker(marker, x, y, 3.5, class_color(point.label));
        }
    }
    if are_many(&request.classes) {
        name_classes(&mut canvas, request, &places);
    }
    let corner = ((WIDTH - MARGIN - legend_width + 20) as f32, top as f32);
    legend.draw(&mut canvas, corner, &request.classes);
    let note = format!(
        "{} of {} images drawn, a mark each",
        drawn.len(),
        places.len()
    );
    let style = TextStyle {
        color: QUIET,
        ..NOTE
    };
    let baseline = (HEIGHT - MARGIN / 2) as f32;
    canvas.text(&note, MARGIN as f32, baseline, Anchor::Start, style);
    Ok(canvas.into_picture())
}

/// How the column of classes is laid out.
struct Legend {
    columns: usize,
    rows: usize,
    line: f32,
}

impl Legend {
    /// In `height` pixels.
    fn of(classes: &[String], height: usize) -> Self {
        let rows = |line: f32| (height as f32 / line) as usize;
        let line = match classes.len() <= rows(LEGEND_LINE) {
            true => LEGEND_LINE,
            false => NARROW_LEGEND_LINE,
        };
        let rows = rows(line).max(1);
        Self {
            columns: classes.len().div_ceil(rows).min(MOST_LEGEND_COLUMNS),
            rows,
            line,
        }
    }

    fn draw(&self, canvas: &mut Canvas, corner: (f32, f32), classes: &[String]) {
        let room = self.columns * self.rows;
        let named = match classes.len() <= room {
            true => classes.len(),
            // The last line says how many are not named.
            false => room - 1,
        };
        let place = |index: usize| {
            let x = corner.0 + (index / self.rows * LEGEND_WIDTH) as f32;
            (x, corner.1 + self.line * (index % self.rows) as f32)
        };
        for (label, class) in classes.iter().take(named).enumerate() {
            let (x, y) = place(label);
            let label = u32::try_from(label).ok();
            canvas.marker(class_marker(label), x, y, 7.0, class_color(label));
            let name = LEGEND.shorten(class, (LEGEND_WIDTH - 40) as f32);
            canvas.text_centered(&name, x + 16.0, y, Anchor::Start, LEGEND);
        }
        if named < classes.len() {
            let (x, y) = place(named);
            let more = format!("{} more", classes.len() - named);
            canvas.text_centered(&more, x + 16.0, y, Anchor::Start, LEGEND);
        }
    }
}

/// Writes the names of classes where most of their images are, those that hide no other name.
fn name_classes(canvas: &mut Canvas, request: &MapRequest, places: &[(f64, f64)]) {
    let style = TextStyle { color: INK, ..NOTE };
    let mut named: Vec<[f32; 4]> = Vec::new();
    for (label, class) in request.classes.iter().enumerate() {
        let of_class = request.points.iter().zip(places);
        let of_class = of_class.filter(|(point, _)| point.label == u32::try_from(label).ok());
        let own: Vec<(f64, f64)> = of_class.map(|(_, &place)| place).collect();
        // By the medians, which a few that lie far away don't move.
        let median = |axis: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = own.iter().map(axis).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied()
        };
        let (Some(x), Some(y)) = (median(|place| place.0), median(|place| place.1)) else {
            continue;
        };
        let name = style.shorten(class, LEGEND_WIDTH as f32);
        let (width, height) = (style.width(&name) + 8.0, style.cap_height() + 8.0);
        let (left, top) = (x as f32 - width / 2.0, y as f32 - height / 2.0);
        // A name that would hide another is in the legend alone.
        let hides = |[x, y, w, h]: &[f32; 4]| {
            left < x + w && *x < left + width && top < y + h && *y < top + height
        };
        if named.iter().any(hides) {
            continue;
        }
        named.push([left, top, width, height]);
        canvas.fill(
            left.max(0.0) as usize,
            top.max(0.0) as usize,
            width as usize,
            height as usize,
            WHITE,
        );
        canvas.text_centered(&name, x as f32, y as f32, Anchor::Middle, style);
    }
}

/// A small copy of the image: dark is white paper, bright is the color of the class.
fn thumbnail(point: &MapPoint) -> Result<Picture, ReportError> {
    let picture = Picture::from_image(&point.image)?;
    let longer = picture.width().max(picture.height());
    let picture = if longer < THUMBNAIL {
        picture.enlarge(THUMBNAIL / longer)
    } else {
        let size = |side: usize| (side * THUMBNAIL / longer).max(1);
        picture.shrink(size(picture.width()), size(picture.height()))
    };
    if point.image.shape().channels != 1 {
        return Ok(picture);
    }
    let color = class_color(point.label);
    let pixels = picture.pixels().chunks_exact(3).flat_map(|pixel| {
        let brightness = f32::from(pixel[0]) / 255.0;
        color.map(|color| (255.0 + (f32::from(color) - 255.0) * brightness).round() as u8)
    });
    let pixels = pixels.collect();
    Ok(Picture::from_pixels(
        picture.width(),
        picture.height(),
        pixels,
    ))
}

#[cfg(test)]
mod tests {
    use ae_data::{Image, ImageShape};

    use super::*;

    fn point(x: f64, y: f64, label: u32) -> MapPoint {
        let shape = ImageShape::new(1, 28, 28);
        MapPoint {
            place: [x, y],
            label: Some(label),
            image: Image::new(shape, vec![255; 784]).unwrap(),
        }
    }

    #[test]
    fn thumbnails_have_the_color_of_their_class_and_hide_none() {
        let request = MapRequest {
            title: "map".to_owned(),
            subtitle: String::new(),
            classes: vec!["A".to_owned(), "B".to_owned()],
            points: vec![point(0.0, 0.0, 0), point(1.0, 1.0, 1), point(0.001, 0.0, 1)],
        };
        let picture = map_picture(&request).unwrap();
        let count = |color: [u8; 3]| {
            let pixels = picture.pixels().chunks_exact(3);
            pixels.filter(|pixel| *pixel == color).count()
        };
        // One thumbnail of 28 x 28 each, and the dots of the legend; the third point has a dot alone.
        assert!(
            (784..1_000).contains(&count(class_color(Some(0)))),
            "{}",
            count(class_color(Some(0)))
        );
        assert!(
            (784..1_000).contains(&count(class_color(Some(1)))),
            "{}",
            count(class_color(Some(1)))
        );
    }

    #[test]
    fn twenty_six_classes_can_be_told_apart() {
        let names: Vec<String> = ('A'..='Z').map(String::from).collect();
        assert!(are_many(&names) && !are_many(&names[..10]));
        let mut styles: Vec<_> = (0..50)
            .map(|label| {
                (
                    class_color(Some(label)),
                    format!("{:?}", class_marker(Some(label))),
                )
            })
            .collect();
        styles.sort();
        styles.dedup();
        assert_eq!(styles.len(), 50);
        let of = |classes: usize| {
            let points = (0..classes)
                .map(|class| point((class % 6) as f64, (class / 6) as f64, class as u32));
            let request = MapRequest {
                title: "map".to_owned(),
                subtitle: String::new(),
                classes: (0..classes).map(|class| format!("class {class}")).collect(),
                points: points.collect(),
            };
            map_picture(&request).unwrap()
        };
        // However many there are, there is a picture.
        for classes in [11, 26, 40, 130, 1_000] {
            of(classes);
        }
    }

    #[test]
    fn a_map_of_nothing_is_refused() {
        assert!(map_picture(&MapRequest::default()).is_err());
    }
}
