use super::super::canvas::Wavefront;
use super::*;

/// A picture with edges, slopes and grain.
fn picture(height: usize, width: usize) -> Vec<u8> {
    let mut state = 7u32;
    (0..height * width)
        .map(|place| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (row, column) = (place / width, place % width);
            let edge = if row * 2 > column + 9 { 80 } else { 0 };
            (row * 2 + column + edge + (state >> 29) as usize) as u8
        })
        .collect()
}

/// What a coder sees of a pixel is what a trainer sees of it afterwards, but in the first row.
#[test]
fn inputs_are_the_same_when_all_is_known() {
    let shape = ImageShape::new(19, 23).unwrap();
    let pixels = picture(19, 23);
    let mut known = Known::new(shape);
    let mut predictor = Predictor::new();
    let wavefront = Wavefront::new(shape);
    let mut seen = Vec::new();
    for step in 0..wavefront.steps() {
        let mut expected = Vec::new();
        for (row, column) in wavefront.pixels(step) {
            let center = predictor.predict(&known, row, column);
            let mut inputs = [0; INPUTS];
            let of_pixel = known.inputs(row, column, center, &mut inputs);
            expected.push(of_pixel);
            seen.push(((row, column), inputs, of_pixel));
        }
        for (pixel, expected) in wavefront.pixels(step).zip(expected) {
            predictor.learn(&mut known, pixel, expected, pixels[pixel.0 * 23 + pixel.1]);
        }
        if let Some((row, _)) = wavefront.pixels(step).next() {
            predictor.forget(row.saturating_sub(1));
        }
    }
    assert_eq!(seen.len(), pixels.len());
    for ((row, column), inputs, expected) in seen {
        let place = known.levels.place(row, column);
        let level = i32::from(known.levels.values()[place]);
        assert_eq!(level, i32::from(pixels[row * 23 + column]));
        let center = level * UNITS - i32::from(known.errors.values()[place]);
        assert_eq!(center, expected.center);
        if row > 0 {
            let mut again = [0; INPUTS];
            assert_eq!(known.inputs(row, column, center, &mut again), expected);
            assert_eq!(again, inputs, "{row} {column}");
        }
    }
}

/// The prediction gets better than the nearest pixel where there is something to learn.
#[test]
fn predictions_adapt_to_the_picture() {
    let shape = ImageShape::new(64, 64).unwrap();
    let pixels: Vec<u8> = (0..64 * 64)
        .map(|place| {
            let (row, column) = (place / 64, place % 64);
            (128.0 + 90.0 * (f64::from(row) * 0.7 + f64::from(column) * 0.5).sin()) as u8
        })
        .collect();
    let mut known = Known::new(shape);
    let mut predictor = Predictor::new();
    let wavefront = Wavefront::new(shape);
    let (mut of_nearest, mut of_prediction) = (0, 0);
    for step in 0..wavefront.steps() {
        for (row, column) in wavefront.pixels(step) {
            let center = predictor.predict(&known, row, column);
            let expected = known.inputs(row, column, center, &mut [0; INPUTS]);
            let level = pixels[row * 64 + column];
            if row > 32 {
                let above = i32::from(pixels[(row - 1) * 64 + column]);
                of_nearest += (i32::from(level) - above).abs() * UNITS;
                of_prediction += (i32::from(level) * UNITS - center).abs();
            }
            predictor.learn(&mut known, (row, column), expected, level);
        }
    }
    assert!(
        of_prediction * 10 < of_nearest,
        "{of_prediction} {of_nearest}"
    );
}

#[test]
fn logarithms_rise_and_are_exact_at_powers_of_two() {
    for power in 0..20 {
        assert_eq!(logarithm(1 << power), 32 * power);
    }
    for value in 1..10_000 {
        let expected = f64::from(value).log2() * 32.0;
        assert!((f64::from(logarithm(value)) - expected).abs() < 4.0);
        assert!(logarithm(value + 1) >= logarithm(value));
    }
}
