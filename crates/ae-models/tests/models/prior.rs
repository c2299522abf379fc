//! The causal prior of both transforms by its definition, place by place.

/// What the weights of a layer of the prior are in tests, by their place in its tensor: each its own, also where no symbol is
/// known before.
pub(crate) fn weight(place: usize) -> f32 {
    ((place * 7919) % 31) as f32 * 0.01 - 0.15
}

/// The bits of codes `[channels, rows, columns]` without noise, under a prior whose convolutions have the weights of [`weight`];
/// `biases` gives those of the middle and of the scale.
pub(crate) fn bits(
    [channels, rows, columns]: [usize; 3],
    code: impl Fn(usize) -> f64,
    biases: impl Fn(usize, usize, usize) -> [f64; 2],
) -> f64 {
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let mut bits = 0.0;
    for row in 0..rows {
        for column in 0..columns {
            for output in 0..channels {
                let [mut middle, mut scale] = biases(output, row, column);
                for (tap, (down, right)) in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0)]
                    .into_iter()
                    .enumerate()
                {
                    let inside = |place: usize, by: isize, side: usize| {
                        place
                            .checked_add_signed(by)
                            .is_some_and(|place| place < side)
                    };
                    if !inside(row, down, rows) || !inside(column, right, columns) {
                        continue;
                    }
                    for input in 0..channels {
                        if tap < 4 || input < output {
                            let weight = f64::from(weight((output * channels + input) * 9 + tap));
                            let is_first = [output, input] == [0, 0] && [1, 3].contains(&tap);
                            let first = if is_first { 0.5 } else { 0.0 };
                            middle += (weight + first) * code(input).round();
                            let is_own = output == input && tap < 4;
                            let first = if is_own { 0.2 } else { 0.0 };
                            scale += (weight + first) * code(input).round().abs();
                        }
                    }
                }
                let scale = scale.exp().ln_1p() + 0.05;
                let edge = |offset: f64| logistic((code(output) - middle + offset) / scale);
                bits -= (edge(0.5) - edge(-0.5)).log2();
            }
        }
    }
    bits
}
