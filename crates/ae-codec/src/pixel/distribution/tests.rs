use super::*;

/// The shares are those of the softmax, computed in floating point, as far as 256ths of a doubling can say.
#[test]
fn frequencies_are_the_softmax_of_the_outputs() {
    let powers = PowerTable::computed();
    for spread in [0, 1, 100, 5_000, 1 << 20] {
        let outputs: [i32; LEVELS] =
            std::array::from_fn(|level| (level as i32 * 7919 % 256 - 128) * spread / 128);
        let distribution = powers.distribution(&outputs);
        let total = sum(&distribution.frequencies) as f64;
        let largest = *outputs.iter().max().unwrap();
        let below = outputs.map(|output| f64::from(output - largest));
        let exponentials = below.map(|below| (below / 256.0).exp2());
        let of_all: f64 = exponentials.iter().sum();
        for (frequency, exponential) in distribution.frequencies.iter().zip(exponentials) {
            let (found, expected) = (f64::from(*frequency) / total, exponential / of_all);
            assert!(
                (found - expected).abs() < 2e-7 + 4e-5 * expected,
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn the_extremes_of_outputs_have_frequencies() {
    let powers = PowerTable::computed();
    let mut outputs = [-LARGEST_OUTPUT as i32; LEVELS];
    let flat = powers.distribution(&outputs);
    assert_eq!(flat.frequencies, [ONE + 1; LEVELS]);
    outputs[9] = LARGEST_OUTPUT as i32;
    let mut expected = [1; LEVELS];
    expected[9] = ONE + 1;
    assert_eq!(powers.distribution(&outputs).frequencies, expected);
}

#[test]
fn tables_of_powers_are_checked() {
    let powers = *PowerTable::computed().powers();
    assert!(PowerTable::new(powers).is_some());
    // The square root of a half, to 2⁻²³.
    assert_eq!(powers[128], 5_931_642);
    for (step, power) in [(0, ONE - 1), (0, ONE + 1), (7, powers[6]), (255, ONE / 2)] {
        let mut others = powers;
        others[step] = power;
        assert_eq!(PowerTable::new(others), None);
    }
}

/// Classes divide the levels, each level is in its own, and its middle is near and of the same class.
#[test]
fn classes_divide_the_levels() {
    for levels in 0..=Near::LARGEST {
        let near = Near::new(levels).unwrap();
        assert_eq!((near.quantized(0), near.quantized(255)), (0, 255));
        let mut next = 0;
        while next < LEVELS {
            let (first, last) = near.class(next as u8);
            assert_eq!(first, next);
            assert!(last - first <= 2 * usize::from(levels));
            for level in first..=last {
                assert_eq!(near.class(level as u8), (first, last));
                let middle = near.quantized(level as u8);
                assert!(middle.abs_diff(level as u8) <= levels);
                assert_eq!(near.quantized(middle), middle);
                assert!((first..=last).contains(&middle.into()));
            }
            next = last + 1;
        }
    }
    assert_eq!(Near::new(128), None);
}

#[test]
fn levels_come_back_by_their_classes() {
    let mut frequencies = [1; LEVELS];
    for (level, frequency) in frequencies.iter_mut().enumerate() {
        *frequency += (level as u32 * 40_503) % 8_000_000;
    }
    let distribution = Distribution { frequencies };
    for near in [0, 1, 2, 7, 127].map(|levels| Near::new(levels).unwrap()) {
        let mut encoder = RangeEncoder::new();
        for level in 0..=255 {
            distribution.encode(level, near, &mut encoder);
        }
        let bytes = encoder.finish();
        let mut decoder = RangeDecoder::new(&bytes);
        for level in 0..=255 {
            assert_eq!(
                distribution.decode(near, &mut decoder),
                near.quantized(level)
            );
        }
    }
}
