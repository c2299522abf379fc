//! Going through values with a normal number for each.

use ae_random::RandomStream;

/// Replaces each value by what `combine` makes of it and a standard normal number.
pub(crate) fn with_normal_numbers(
    values: &mut [f32],
    stream: &mut RandomStream,
    combine: impl Fn(f32, f32) -> f32,
) {
    let mut normals = [0.0; 256];
    for values in values.chunks_mut(normals.len()) {
        let normals = &mut normals[..values.len()];
        stream.fill_standard_normal(normals);
        for (value, &mut normal) in values.iter_mut().zip(normals) {
            *value = combine(*value, normal);
        }
    }
}
