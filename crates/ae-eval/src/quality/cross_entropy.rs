//! Binary cross-entropy of an image.

/// The mean over an image's values of the binary cross-entropy, `-(r ln c + (1 - r) ln(1 - c))` in nats.
///
/// Logarithms are taken to be at least -100. Of a gray reference it is not 0 at its least but the gray's entropy.
///
/// # Shapes
/// - `reference`, `candidate`: `[channels, height, width]`, in `[0, 1]`
///
/// # Panics
/// If there is no value, or not as many of the one as of the other.
#[must_use]
pub fn cross_entropy(reference: &[f32], candidate: &[f32]) -> f64 {
    assert!(
        !reference.is_empty() && reference.len() == candidate.len(),
        "images of one shape are compared"
    );
    let pairs = reference.iter().zip(candidate);
    let sum: f64 = pairs
        .map(|(&reference, &candidate)| {
            let (reference, candidate) = (f64::from(reference), f64::from(candidate));
            -reference * candidate.ln().max(-100.0)
                - (1.0 - reference) * (1.0 - candidate).ln().max(-100.0)
        })
        .sum();
    sum / reference.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_is_that_of_the_definition() {
        // By hand: -ln 0.8; the entropy of a quarter; nothing where black and white are right; 100 where wrong.
        for (reference, candidate, expected) in [
            (1.0, 0.8, 0.223_143_551),
            (0.25, 0.25, 0.562_335_145),
            (1.0, 1.0, 0.0),
            (0.0, 0.0, 0.0),
            (0.0, 1.0, 100.0),
        ] {
            let found = cross_entropy(&[reference; 3], &[candidate; 3]);
            assert!((found - expected).abs() < 1e-6, "{reference}: {found}");
        }
        let mean = cross_entropy(&[1.0, 1.0], &[0.8, 1.0]);
        assert!((mean - 0.111_571_776).abs() < 1e-6, "{mean}");
    }
}
