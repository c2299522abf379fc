//! One channel at a time, with the nearest edge pixel beyond an edge.

use ae_data::ImageShape;

/// `position + offset - radius`, moved onto the nearest of `0..length`.
pub(super) fn shifted(position: usize, offset: usize, radius: usize, length: usize) -> usize {
    (position + offset).saturating_sub(radius).min(length - 1)
}

/// Filters every channel of an image by itself.
///
/// # Panics
/// If `values` has another length than `shape`.
pub(super) fn by_channel(
    shape: ImageShape,
    values: &[f32],
    mut filter: impl FnMut(&[f32], &mut [f32]),
) -> Vec<f32> {
    assert_eq!(values.len(), shape.values(), "length of the image");
    let mut filtered = vec![0.0; values.len()];
    if shape.pixels() > 0 {
        let planes = values.chunks_exact(shape.pixels());
        for (plane, filtered) in planes.zip(filtered.chunks_exact_mut(shape.pixels())) {
            filter(plane, filtered);
        }
    }
    filtered
}
