//! Pixels of which nothing is seen, whose colors must not reach those that are.

use ae_data::ImageShape;

/// Gives each pixel that `is_invisible` the color of a visible one near it, by the fewest steps along rows and columns; where none is
/// visible all stay.
///
/// # Shapes
/// - `values`: `[channels, height, width]` of `shape`
/// - `is_invisible`: `[height, width]`
pub(crate) fn fill_invisible(shape: ImageShape, values: &mut [f32], is_invisible: &[bool]) {
    let ImageShape { width, .. } = shape;
    let pixels = shape.pixels();
    let mut filled: Vec<bool> = is_invisible.iter().map(|invisible| !invisible).collect();
    // Breadth first, from all visible pixels at once.
    let mut reached: Vec<usize> = (0..pixels).filter(|&pixel| filled[pixel]).collect();
    let mut next = 0;
    while next < reached.len() {
        let pixel = reached[next];
        next += 1;
        let column = pixel % width;
        let around = [
            (column > 0).then(|| pixel - 1),
            (column + 1 < width).then(|| pixel + 1),
            pixel.checked_sub(width),
            Some(pixel + width).filter(|&below| below < pixels),
        ];
        for other in around.into_iter().flatten() {
            if filled[other] {
                continue;
            }
            filled[other] = true;
            reached.push(other);
            for plane in values.chunks_exact_mut(pixels) {
                plane[other] = plane[pixel];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_gets_the_color_of_what_is_near() {
        let shape = ImageShape::new(2, 2, 4);
        let is_invisible = [true, false, true, true, true, true, true, false];
        let mut values = vec![9.0; 16];
        (values[1], values[7], values[9], values[15]) = (1.0, 2.0, 3.0, 4.0);
        fill_invisible(shape, &mut values, &is_invisible);
        let expected = [
            [1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 2.0, 2.0],
            [3.0, 3.0, 3.0, 4.0, 3.0, 3.0, 4.0, 4.0],
        ];
        assert_eq!(values, expected.concat());
        let mut values = vec![9.0; 16];
        fill_invisible(shape, &mut values, &[true; 8]);
        assert_eq!(values, [9.0; 16]);
    }
}
