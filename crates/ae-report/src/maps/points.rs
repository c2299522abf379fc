//! Codes laid out in a plane: a picture with thumbnails, coloured by class.

use ae_data::Image;

use crate::drawing::canvas::{Anchor, Canvas, Heading, Marker};
use crate::drawing::picture::Picture;
use crate::drawing::theme::{FRAME, LEGEND, MARGIN, QUIET};
use crate::error::ReportError;

/// What [`map_picture`] and [`map_html`](crate::map_html) draw.
#[derive(Clone, Debug, Default)]
pub struct MapRequest {
    /// The map's title; empty for none.
    pub title: String,
    /// A quieter line below it; empty for none.
    pub subtitle: String,
    /// The classes' names, in the order of the labels; empty without labels.
    pub classes: Vec<String>,
    /// The images and where they lie.
    pub points: Vec<MapPoint>,
}

/// One image on a map.
#[derive(Clone, Debug)]
pub struct MapPoint {
    /// Where it lies; the scale is the map's to choose.
    pub place: [f64; 2],
    /// Its class, an index into [`MapRequest::classes`].
    pub label: Option<u8>,
    /// The image itself.
    pub image: Image,
}

/// Colours of classes, as distinct as ten can be on white.
///
/// # References
/// M. Stone, *Choosing colors for data visualization*; the palette "Tableau 10" of 2016.
const CLASS_COLORS: [[u8; 3]; 10] = [
    [0x4e, 0x79, 0xa7],
    [0xf2, 0x8e, 0x2b],
    [0xe1, 0x57, 0x59],
    [0x3b, 0x9c, 0x96],
    [0x59, 0xa1, 0x4f],
    [0xc9, 0xa2, 0x1c],
    [0xb0, 0x7a, 0xa1],
    [0xff, 0x7f, 0x95],
    [0x9c, 0x75, 0x5f],
    [0x6b, 0x6b, 0x6b],
];

const WIDTH: usize = 1_200;
const HEIGHT: usize = 1_000;
/// The longer side of a thumbnail, in pixels.
const THUMBNAIL: usize = 28;
/// Width of the column that names the classes.
const LEGEND_WIDTH: usize = 110;

/// The colour of a class.
pub(crate) fn class_color(label: Option<u8>) -> [u8; 3] {
    label.map_or(CLASS_COLORS[0], |label| {
        CLASS_COLORS[usize::from(label) % CLASS_COLORS.len()]
    })
}

/// Where each point lies when the points fill the unit square, at one scale for both axes, larger y upwards.
pub(crate) fn unit_places(points: &[MapPoint]) -> Vec<[f64; 2]> {
    let bounds = |axis: usize| {
        let places = points.iter().map(|point| point.place[axis]);
        places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| {
            (low.min(place), high.max(place))
        })
    };
    let (x, y) = (bounds(0), bounds(1));
    let extent = (x.1 - x.0).max(y.1 - y.0).max(f64::MIN_POSITIVE);
    let centre = |(low, high): (f64, f64)| 0.5 * (low + high);
    points
        .iter()
        .map(|point| {
            [
                0.5 + (point.place[0] - centre(x)) / extent,
                0.5 - (point.place[1] - centre(y)) / extent,
            ]
        })
        .collect()
}

pub(crate) fn check(request: &MapRequest) -> Result<(), ReportError> {
    let Some(first) = request.points.first() else {
        return Err(ReportError::NoImages {
            what: "the map".to_owned(),
        });
    };
    for (index, point) in request.points.iter().enumerate() {
        let (expected, found) = (first.image.shape(), point.image.shape());
        if expected != found {
            return Err(ReportError::ShapeMismatch {
                what: "the map".to_owned(),
                index,
                expected,
                found,
            });
        }
    }
    Ok(())
}

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
            class_color(u8::try_from(label).ok()),
        );
        let name = LEGEND.shorten(class, (LEGEND_WIDTH - 40) as f32);
        canvas.text_centred(&name, x + 16.0, y, Anchor::Start, LEGEND);
        if y > (HEIGHT - MARGIN - 40) as f32 {
            break;
        }
    }
    let note = format!(
        "{} of {} images drawn, a dot each",
        drawn.len(),
        places.len()
    );
    let style = crate::drawing::lettering::TextStyle {
        color: QUIET,
        ..crate::drawing::theme::NOTE
    };
    let baseline = (HEIGHT - MARGIN / 2) as f32;
    canvas.text(&note, MARGIN as f32, baseline, Anchor::Start, style);
    Ok(canvas.into_picture())
}

/// A small copy of the image: dark is white paper, bright is the colour of the class.
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
    use ae_data::ImageShape;

    use super::*;

    fn point(x: f64, y: f64, label: u8) -> MapPoint {
        let shape = ImageShape::new(1, 28, 28);
        MapPoint {
            place: [x, y],
            label: Some(label),
            image: Image::new(shape, vec![255; 784]).unwrap(),
        }
    }

    #[test]
    fn places_keep_their_proportions() {
        let points = [
            point(-2.0, 10.0, 0),
            point(2.0, 10.0, 0),
            point(0.0, 12.0, 0),
        ];
        let places = unit_places(&points);
        assert_eq!(places, [[0.0, 0.75], [1.0, 0.75], [0.5, 0.25]]);
        assert_eq!(unit_places(&points[..1]), [[0.5, 0.5]]);
    }

    #[test]
    fn thumbnails_have_the_colour_of_their_class_and_hide_none() {
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
            (784..1_000).contains(&count(CLASS_COLORS[0])),
            "{}",
            count(CLASS_COLORS[0])
        );
        assert!(
            (784..1_000).contains(&count(CLASS_COLORS[1])),
            "{}",
            count(CLASS_COLORS[1])
        );
    }

    #[test]
    fn a_map_of_nothing_is_refused() {
        assert!(map_picture(&MapRequest::default()).is_err());
    }
}
