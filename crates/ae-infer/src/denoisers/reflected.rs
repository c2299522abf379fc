//! Pictures whose sides a model has to pad, reflected at their right and at the bottom.
//!
//! A model repeats the last row and column by itself. Noise that is repeated is no noise any more but a pattern of lines, which a denoiser
//! keeps, and with it much around it; noise that is reflected looks like noise.

use ae_data::ImageShape;
use ae_models::reflection;

/// The shape whose sides `multiple` divides.
pub(crate) fn padded_shape(shape: ImageShape, multiple: usize) -> ImageShape {
    let [height, width] = [shape.height, shape.width].map(|side| side.next_multiple_of(multiple));
    ImageShape::new(shape.channels, height, width)
}

/// Images of `shape`, one after the other, in the upper left of those of `padded`, which are filled by reflection about the last row
/// and column.
pub(crate) fn reflected(shape: ImageShape, padded: ImageShape, images: &[f32]) -> Vec<f32> {
    let columns: Vec<usize> = (0..padded.width)
        .map(|column| reflection(column, shape.width))
        .collect();
    let mut values = Vec::with_capacity(images.len() / shape.pixels() * padded.pixels());
    for plane in images.chunks_exact(shape.pixels()) {
        for row in 0..padded.height {
            let line = &plane[reflection(row, shape.height) * shape.width..][..shape.width];
            values.extend(columns.iter().map(|&column| line[column]));
        }
    }
    values
}

/// The upper left part of images of `padded`, one after the other, as large as `shape`.
pub(crate) fn cropped(shape: ImageShape, padded: ImageShape, images: &[f32]) -> Vec<f32> {
    let mut values = Vec::with_capacity(images.len() / padded.pixels() * shape.pixels());
    for plane in images.chunks_exact(padded.pixels()) {
        for line in plane.chunks_exact(padded.width).take(shape.height) {
            values.extend_from_slice(&line[..shape.width]);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_and_column_are_the_mirror() {
        let shape = ImageShape::new(1, 2, 3);
        let padded = padded_shape(shape, 4);
        assert_eq!((padded.height, padded.width), (4, 4));
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let expected = [
            [1.0, 2.0, 3.0, 2.0],
            [4.0, 5.0, 6.0, 5.0],
            [1.0, 2.0, 3.0, 2.0],
            [4.0, 5.0, 6.0, 5.0],
        ];
        assert_eq!(reflected(shape, padded, &values), expected.concat());
        assert_eq!(cropped(shape, padded, &expected.concat()), values);
    }

    #[test]
    fn one_pixel_is_repeated_and_channels_stay_apart() {
        let (shape, padded) = (ImageShape::new(2, 1, 1), ImageShape::new(2, 2, 3));
        let expected = [[7.0; 6], [9.0; 6]].concat();
        assert_eq!(reflected(shape, padded, &[7.0, 9.0]), expected);
    }
}
