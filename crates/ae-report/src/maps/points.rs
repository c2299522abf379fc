//! What a map shows: images as points in a plane, and the colors of their classes.

use ae_data::Image;

use crate::drawing::canvas::Marker;
use crate::error::ReportError;

/// What [`map_picture`](crate::map_picture()) and [`map_html`](crate::map_html()) draw.
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
    pub label: Option<u32>,
    /// The image itself.
    pub image: Image,
}

/// Colors of classes, as distinct as ten can be on white.
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

/// The color of a class.
pub(crate) fn class_color(label: Option<u32>) -> [u8; 3] {
    label.map_or(CLASS_COLORS[0], |label| {
        CLASS_COLORS[label as usize % CLASS_COLORS.len()]
    })
}

/// The shapes of points: the first ten classes have dots, the next ten squares, and so on, so that fifty classes can be
/// told apart.
const CLASS_MARKERS: [Marker; 5] = [
    Marker::Dot,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
    Marker::Cross,
];

/// Which of [`CLASS_MARKERS`] a class has.
pub(crate) fn class_shape(label: Option<u32>) -> usize {
    label.map_or(0, |label| {
        label as usize / CLASS_COLORS.len() % CLASS_MARKERS.len()
    })
}

/// The shape of a class's points.
pub(crate) fn class_marker(label: Option<u32>) -> Marker {
    CLASS_MARKERS[class_shape(label)]
}

/// Whether so many classes need more than colors to be told apart.
pub(crate) fn are_many(classes: &[String]) -> bool {
    classes.len() > CLASS_COLORS.len()
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
    let center = |(low, high): (f64, f64)| 0.5 * (low + high);
    points
        .iter()
        .map(|point| {
            [
                0.5 + (point.place[0] - center(x)) / extent,
                0.5 - (point.place[1] - center(y)) / extent,
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

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;

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
}
