//! Growing a picture to a size that pooling divides, and cutting it back.

use burn::tensor::Tensor;
use burn::tensor::ops::PadMode;

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

/// Keeps the upper left `height` rows and `width` columns.
pub(crate) fn crop(images: Tensor<4>, height: usize, width: usize) -> Tensor<4> {
    let [batch, channels, full_height, full_width] = images.dims();
    if [full_height, full_width] == [height, width] {
        images
    } else {
        images.slice([0..batch, 0..channels, 0..height, 0..width])
    }
}
