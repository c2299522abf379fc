//! The shapes of a chunk's images where each has its own: height and width, one after the other.

use super::header::shape_of;
use super::varint;
use crate::shape::ImageShape;

/// Bytes of the longest: two numbers of 16 bits.
pub(super) const LONGEST: usize = 6;
/// Bytes of the shortest.
pub(super) const LEAST: usize = 2;

/// The bytes that stand for `shapes`.
pub(super) fn packed(shapes: &[ImageShape]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for shape in shapes {
        varint::write(shape.height() as u64, &mut bytes);
        varint::write(shape.width() as u64, &mut bytes);
    }
    bytes
}

/// The `count` shapes for which `bytes` stand, or nothing where they are no such shapes.
pub(super) fn unpacked(mut bytes: &[u8], count: usize) -> Option<Vec<ImageShape>> {
    let mut shapes = Vec::new();
    for _ in 0..count {
        shapes.push(shape_of(
            varint::take(&mut bytes)?,
            varint::take(&mut bytes)?,
        )?);
    }
    bytes.is_empty().then_some(shapes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_come_back_and_impossible_ones_are_none() {
        let shape = |height, width| ImageShape::new(height, width).unwrap();
        let shapes = [shape(1, 1), shape(512, 768), shape(u16::MAX, u16::MAX)];
        let bytes = packed(&shapes);
        assert!((3 * LEAST..=3 * LONGEST).contains(&bytes.len()));
        assert_eq!(unpacked(&bytes, 3).unwrap(), shapes);
        assert_eq!(unpacked(&bytes, 2), None);
        assert_eq!(unpacked(&bytes, 4), None);
        for end in 0..bytes.len() {
            assert_eq!(unpacked(&bytes[..end], 3), None);
        }
        assert_eq!(unpacked(&[0, 1], 1), None);
        // 65,536 is no side.
        assert_eq!(unpacked(&[0x80, 0x80, 0x04, 1], 1), None);
    }
}
