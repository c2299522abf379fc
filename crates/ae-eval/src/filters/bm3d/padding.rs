//! Images smaller than a block, mirrored to its size and cut back.

use ae_data::ImageShape;

use crate::filters::bm3d::stage::Extent;

/// The image, mirrored beyond its right and lower edge (edge pixels repeated) up to `extent`.
pub(super) fn padded_to(shape: ImageShape, values: &[f32], extent: Extent) -> Vec<f32> {
    if (shape.height, shape.width) == (extent.height, extent.width) {
        return values.to_vec();
    }
    let mut padded = Vec::with_capacity(extent.values());
    for plane in values.chunks_exact(shape.pixels()) {
        for row in 0..extent.height {
            let row = mirrored(row, shape.height);
            let line = &plane[row * shape.width..(row + 1) * shape.width];
            padded.extend((0..extent.width).map(|column| line[mirrored(column, shape.width)]));
        }
    }
    padded
}

/// The upper left part of shape `shape`.
pub(super) fn cropped(extent: Extent, values: Vec<f32>, shape: ImageShape) -> Vec<f32> {
    if (shape.height, shape.width) == (extent.height, extent.width) {
        return values;
    }
    let mut cropped = Vec::with_capacity(shape.values());
    for plane in values.chunks_exact(extent.pixels()) {
        for line in plane.chunks_exact(extent.width).take(shape.height) {
            cropped.extend_from_slice(&line[..shape.width]);
        }
    }
    cropped
}

fn mirrored(position: usize, length: usize) -> usize {
    let position = position % (2 * length);
    position.min(2 * length - 1 - position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_and_cuts_back() {
        let shape = ImageShape::new(2, 1, 3);
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let extent = Extent {
            channels: 2,
            height: 2,
            width: 8,
        };
        let padded = padded_to(shape, &values, extent);
        let first = [1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 1.0, 2.0];
        assert_eq!(padded[..8], first);
        assert_eq!(padded[8..16], first);
        assert_eq!(padded[16..21], [4.0, 5.0, 6.0, 6.0, 5.0]);
        assert_eq!(cropped(extent, padded, shape), values);
    }
}
