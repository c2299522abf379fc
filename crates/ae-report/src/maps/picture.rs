//! A map as a picture with thumbnails, colored by class.

use crate::drawing::canvas::{Anchor, Canvas, Marker};
use crate::drawing::heading::Heading;
use crate::drawing::lettering::TextStyle;
use crate::drawing::picture::Picture;
use crate::drawing::theme::{FRAME, LEGEND, MARGIN, NOTE, QUIET};
use crate::error::ReportError;
use crate::maps::points::{MapPoint, MapRequest, check, class_color, unit_places};

const WIDTH: usize = 1_200;
const HEIGHT: usize = 1_000;
/// The longer side of a thumbnail, in pixels.
const THUMBNAIL: usize = 28;
/// Width of the column that names the classes.
const LEGEND_WIDTH: usize = 110;

/// Draws a map, 1200 x 1000 pixels: a dot for every image, and thumbnails, tinted by class, wherever there is room for
/// one that hides no other.
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
    let legend = if request.classes.is_empty() {
        0
    } else {
        LEGEND_WIDTH
    };
    // Half a thumbnail of room on each side.
    let (left, room) = (
        MARGIN + THUMBNAIL,
        WIDTH - 2 * MARGIN - 2 * THUMBNAIL - legend,
    );
    let side = room.min(HEIGHT - MARGIN - top - 2 * THUMBNAIL) as f64;
    let left = left as f64 + 0.5 * (room as f64 - side);
    let top = (top + THUMBNAIL) as f64;
    let places: Vec<(f64, f64)> = unit_places(&request.points)
        .into_iter()
        .map(|[x, y]| (left + side * x, top + side * y))
        .collect();
    for (point, &(x, y)) in request.points.iter().zip(&places) {
        canvas.marker(
            Marker::Dot,
            x as f32,
            y as f32,
            3.0,
            class_color(point.label),
        );
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
    }
    for (label, class) in request.classes.iter().enumerate() {
        let y = top as f32 + 30.0 * label as f32;
        let x = (WIDTH - MARGIN - LEGEND_WIDTH + 20) as f32;
        canvas.marker(
            Marker::Dot,
            x,
            y,
            7.0,
            class_color(u32::try_from(label).ok()),
        );
        let name = LEGEND.shorten(class, (LEGEND_WIDTH - 40) as f32);
        canvas.text_centered(&name, x + 16.0, y, Anchor::Start, LEGEND);
        if y > (HEIGHT - MARGIN - 40) as f32 {
            break;
        }
    }
    let note = format!(
        "{} of {} images drawn, a dot each",
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
    fn a_map_of_nothing_is_refused() {
        assert!(map_picture(&MapRequest::default()).is_err());
    }
}
