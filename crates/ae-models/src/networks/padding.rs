//! Growing a picture to a size that pooling divides, and cutting it back.

use burn::tensor::ops::PadMode;
use burn::tensor::{Int, Tensor, TensorData};

/// Repeats the last row and column until `multiple` divides height and width. Pictures that it divides are returned
/// as they are.
///
/// The edge is repeated, not filled with black: a border that isn't in the picture would be drawn by the network as
/// an edge of the object.
///
/// # Shapes
/// - `images`: `[batch, channels, height, width]`
/// - output: `[batch, channels, height', width']`, both rounded up to a multiple
pub(crate) fn pad_to_multiple(images: Tensor<4>, multiple: usize) -> Tensor<4> {
    let [_, _, height, width] = images.dims();
    let below = height.next_multiple_of(multiple) - height;
    let right = width.next_multiple_of(multiple) - width;
    if below == 0 && right == 0 {
        images
    } else {
        images.pad([(0, below), (0, right)], PadMode::Edge)
    }
}

/// Reflects pictures at their last row and column until `multiple` divides height and width; one that is smaller than what it
/// lacks is reflected to and fro. Pictures that it divides are returned as they are.
///
/// # Shapes
/// - `images`: `[batch, channels, height, width]`
/// - output: `[batch, channels, height', width']`, both rounded up to a multiple
pub(crate) fn reflect_to_multiple(images: Tensor<4>, multiple: usize) -> Tensor<4> {
    let [_, _, height, width] = images.dims();
    let mut reflected = images;
    for (axis, side) in [(2, height), (3, width)] {
        let padded = side.next_multiple_of(multiple);
        if padded > side {
            let places: Vec<i32> = (0..padded)
                .map(|place| reflection(place, side) as i32)
                .collect();
            let places = TensorData::new(places, [padded]);
            let places = Tensor::<1, Int>::from_data(places, &reflected.device());
            reflected = reflected.select(axis, places);
        }
    }
    reflected
}

/// The place within `0..side` that lies where `place` does when a side is reflected to and fro about its first and last pixel, which are not
/// repeated: 0, 1, 2, 1, 0, 1, ... of three pixels.
///
/// # Panics
/// Where there is no pixel, `side` 0.
pub fn reflection(place: usize, side: usize) -> usize {
    let period = (2 * (side - 1)).max(1);
    let place = place % period;
    place.min(period - place).min(side - 1)
}

/// Keeps the upper left `height` rows and `width` columns.
pub(crate) fn crop(images: Tensor<4>, height: usize, width: usize) -> Tensor<4> {
    let [batch, channels, full_height, full_width] = images.dims();
    if [full_height, full_width] == [height, width] {
        images
    } else {
        images.slice([0..batch, 0..channels, 0..height, 0..width])
    }
}

#[cfg(test)]
mod tests {
    use ae_random::{Draw, Purpose};
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn values(images: Tensor<4>) -> Vec<f32> {
        images.into_data().iter::<f32>().collect()
    }

    #[test]
    fn reflections_are_those_of_a_mirror_at_the_last_pixel() {
        let places =
            |side: usize| -> Vec<usize> { (0..8).map(|place| reflection(place, side)).collect() };
        assert_eq!(places(1), [0; 8]);
        assert_eq!(places(2), [0, 1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(places(3), [0, 1, 2, 1, 0, 1, 2, 1]);
        assert_eq!(places(7), [0, 1, 2, 3, 4, 5, 6, 5]);
        let device = Device::flex();
        let images = Tensor::from_data(TensorData::new(vec![1.0, 2.0, 3.0], [1, 1, 1, 3]), &device);
        let reflected = reflect_to_multiple(images, 2);
        assert_eq!(reflected.dims(), [1, 1, 2, 4]);
        assert_eq!(values(reflected), [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    }

    #[test]
    fn cropping_takes_padding_off_again_and_padding_repeats_the_edge() {
        let device = Device::flex();
        for case in 0..200 {
            let draw = Draw {
                seed: 0,
                purpose: Purpose::Display,
                epoch: 0,
                index: case,
            };
            let mut stream = draw.stream();
            let mut between = |low: usize, high: usize| {
                low + stream.uniform_below((high - low + 1) as u64) as usize
            };
            let shape @ [batch, channels, height, width] =
                [between(1, 3), between(1, 3), between(1, 20), between(1, 20)];
            let multiple = between(1, 9);
            let what = format!("case {case}: {shape:?} to multiples of {multiple}");
            let pixels: Vec<f32> = (0..shape.iter().product())
                .map(|_| between(0, 255) as f32)
                .collect();
            let images = Tensor::from_data(TensorData::new(pixels.clone(), shape), &device);

            let padded = pad_to_multiple(images, multiple);
            let large = padded.dims();
            assert_eq!(large[..2], [batch, channels], "{what}");
            for (large, small) in large[2..].iter().zip([height, width]) {
                assert!(
                    large.is_multiple_of(multiple) && (small..small + multiple).contains(large),
                    "{what}"
                );
            }
            let expected: Vec<f32> = (0..batch * channels)
                .flat_map(|plane| (0..large[2]).map(move |row| (plane, row)))
                .flat_map(|(plane, row)| (0..large[3]).map(move |column| (plane, row, column)))
                .map(|(plane, row, column)| {
                    let row = plane * height + row.min(height - 1);
                    pixels[row * width + column.min(width - 1)]
                })
                .collect();
            assert_eq!(values(padded.clone()), expected, "{what}");
            assert_eq!(values(crop(padded, height, width)), pixels, "{what}");
        }
    }
}
