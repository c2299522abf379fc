//! Images that the filters are tested on, and their definitions written out pixel by pixel.

use ae_data::ImageShape;

/// Shapes with every kind of edge: one pixel wide, one pixel high, several channels.
pub(super) const SHAPES: [(usize, usize, usize); 5] =
    [(1, 28, 28), (3, 9, 13), (1, 1, 5), (1, 4, 1), (2, 3, 3)];

/// A picture without pattern.
pub(super) fn picture(shape: ImageShape) -> Vec<f32> {
    (0..shape.values())
        .map(|index| ((index * index * 7 + index * 31) % 251) as f32 / 250.0)
        .collect()
}

/// The pixel at signed coordinates, the nearest one beyond the edges.
pub(super) fn at(shape: ImageShape, values: &[f32], channel: usize, row: i64, column: i64) -> f64 {
    let row = row.clamp(0, shape.height as i64 - 1) as usize;
    let column = column.clamp(0, shape.width as i64 - 1) as usize;
    f64::from(values[(channel * shape.height + row) * shape.width + column])
}

/// Every pixel's value by a function of its channel, row and column.
pub(super) fn each(shape: ImageShape, value: impl Fn(usize, i64, i64) -> f64) -> Vec<f64> {
    let mut values = Vec::new();
    for channel in 0..shape.channels {
        for row in 0..shape.height as i64 {
            for column in 0..shape.width as i64 {
                values.push(value(channel, row, column));
            }
        }
    }
    values
}

pub(super) fn assert_near(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(*found) - expected).abs();
        assert!(
            difference < tolerance,
            "{what}: {found} instead of {expected} at {index}"
        );
    }
}

/// Independent standard normal values.
pub(super) fn normal_noise(shape: ImageShape, seed: u64) -> Vec<f32> {
    let draw = ae_random::Draw {
        seed,
        purpose: ae_random::Purpose::Noise,
        epoch: 0,
        index: 0,
    };
    let mut values = vec![0.0; shape.values()];
    draw.stream().fill_standard_normal(&mut values);
    values
}
