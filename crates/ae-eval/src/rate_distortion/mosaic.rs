//! Many images side by side in one picture.

use ae_data::{Image, ImageShape};

/// The images in rows of as many as make the picture about square, in their order, black where there are too few; nothing
/// of no images, of images of several shapes, or where a side would be longer than `most_side`.
pub(crate) fn mosaic(images: &[Image], most_side: usize) -> Option<Image> {
    let shape = images.first()?.shape();
    if images.iter().any(|image| image.shape() != shape) {
        return None;
    }
    let columns = columns(images.len());
    let rows = images.len().div_ceil(columns);
    let height = shape
        .height
        .checked_mul(rows)
        .filter(|&side| side <= most_side)?;
    let width = shape
        .width
        .checked_mul(columns)
        .filter(|&side| side <= most_side)?;
    let whole = ImageShape::new(shape.channels, height, width);
    let mut pixels = vec![0; whole.values()];
    for (index, image) in images.iter().enumerate() {
        for (place, line) in lines(shape, whole, columns, index) {
            pixels[place..place + shape.width]
                .copy_from_slice(&image.pixels()[line..line + shape.width]);
        }
    }
    Image::new(whole, pixels).ok()
}

/// The `count` images of `shape` that a mosaic has.
pub(crate) fn tiles(mosaic: &Image, shape: ImageShape, count: usize) -> Vec<Image> {
    let columns = columns(count);
    (0..count)
        .map(|index| {
            let mut pixels = vec![0; shape.values()];
            for (place, line) in lines(shape, mosaic.shape(), columns, index) {
                pixels[line..line + shape.width]
                    .copy_from_slice(&mosaic.pixels()[place..place + shape.width]);
            }
            Image::new(shape, pixels).expect("as many pixels as the shape has")
        })
        .collect()
}

fn columns(count: usize) -> usize {
    let root = count.isqrt();
    if root * root < count { root + 1 } else { root }
}

/// For each line of an image, where it begins in the mosaic and in the image.
fn lines(
    shape: ImageShape,
    whole: ImageShape,
    columns: usize,
    index: usize,
) -> impl Iterator<Item = (usize, usize)> {
    let top = index / columns * shape.height;
    let left = index % columns * shape.width;
    (0..shape.channels).flat_map(move |channel| {
        (0..shape.height).map(move |row| {
            let place = (channel * whole.height + top + row) * whole.width + left;
            (place, (channel * shape.height + row) * shape.width)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_go_in_and_come_out() {
        for (channels, count) in [(1, 1), (1, 2), (3, 5), (1, 9), (2, 12)] {
            let shape = ImageShape::new(channels, 2, 3);
            let images: Vec<Image> = (0..count)
                .map(|index| {
                    let values = (0..shape.values()).map(|value| (index * 16 + value) as u8);
                    Image::new(shape, values.collect()).unwrap()
                })
                .collect();
            let whole = mosaic(&images, 100).unwrap();
            let back = tiles(&whole, shape, count);
            for (one, other) in images.iter().zip(&back) {
                assert_eq!(one.pixels(), other.pixels());
            }
        }
        let image = |level: u8| Image::new(ImageShape::new(1, 1, 2), vec![level; 2]).unwrap();
        let whole = mosaic(&[image(1), image(2), image(3)], 4).unwrap();
        assert_eq!(whole.pixels(), [1, 1, 2, 2, 3, 3, 0, 0]);
        assert!(mosaic(&[image(1), image(2), image(3)], 3).is_none());
        assert!(mosaic(&[], 3).is_none());
    }
}
