//! Turning a page upright.

use ::image::metadata::Orientation;

use crate::image::Size;
use crate::picture::page::{Page, Samples};

/// The page as its orientation says that it is looked at.
pub(crate) fn upright(page: Page, orientation: Orientation) -> Page {
    if orientation == Orientation::NoTransforms {
        return page;
    }
    let Size { height, width } = page.size;
    let turned = |values: Samples| match values {
        Samples::U8(values) => Samples::U8(moved(&values, page.size, page.channels, orientation)),
        Samples::U16(values) => Samples::U16(moved(&values, page.size, page.channels, orientation)),
        Samples::F32(values) => Samples::F32(moved(&values, page.size, page.channels, orientation)),
    };
    let size = match turns_sides(orientation) {
        false => page.size,
        true => Size {
            height: width,
            width: height,
        },
    };
    Page {
        samples: turned(page.samples),
        size,
        ..page
    }
}

/// Whether the width becomes the height.
pub(crate) fn turns_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn moved<T: Copy>(values: &[T], from: Size, channels: usize, orientation: Orientation) -> Vec<T> {
    let Size { height, width } = from;
    let (rows, columns) = match orientation {
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => (height, width),
        _ => (width, height),
    };
    let mut turned = Vec::with_capacity(values.len());
    for row in 0..rows {
        for column in 0..columns {
            // Where the pixel comes from.
            let (y, x) = match orientation {
                Orientation::NoTransforms => (row, column),
                Orientation::Rotate90 => (height - 1 - column, row),
                Orientation::Rotate180 => (height - 1 - row, width - 1 - column),
                Orientation::Rotate270 => (column, width - 1 - row),
                Orientation::FlipHorizontal => (row, width - 1 - column),
                Orientation::FlipVertical => (height - 1 - row, column),
                Orientation::Rotate90FlipH => (column, row),
                Orientation::Rotate270FlipH => (height - 1 - column, width - 1 - row),
            };
            let at = (y * width + x) * channels;
            turned.extend_from_slice(&values[at..at + channels]);
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use ::image::{DynamicImage, RgbImage};

    use super::*;

    #[test]
    fn pages_turn_as_the_image_crate_turns_pictures() {
        let image = RgbImage::from_fn(3, 2, |x, y| ::image::Rgb([x as u8, y as u8, 9]));
        for code in 1..=8 {
            let orientation = Orientation::from_exif(code).unwrap();
            let mut expected = DynamicImage::from(image.clone());
            expected.apply_orientation(orientation);
            let page = upright(Page::from_dynamic(image.clone().into()), orientation);
            assert_eq!(page, Page::from_dynamic(expected), "orientation {code}");
        }
    }
}
