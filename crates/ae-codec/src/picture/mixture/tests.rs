use ae_random::{Draw, Purpose, RandomStream};

use super::*;

fn stream(index: u64) -> RandomStream {
    Draw {
        seed: 6,
        purpose: Purpose::Display,
        epoch: 0,
        index,
    }
    .stream()
}

/// Outputs of many kinds, extreme ones among them.
fn outputs(stream: &mut RandomStream, extreme: bool) -> [i32; OUTPUTS] {
    let most: u64 = if extreme { 1 << 21 } else { 1 << 11 };
    std::array::from_fn(|_| stream.uniform_below(most) as i32 - (most / 2) as i32)
}

fn expected(stream: &mut RandomStream) -> Expected {
    let widest = [50, 8000][stream.uniform_below(2) as usize];
    Expected {
        center: stream.uniform_below(255 * 16 + 1) as i32,
        scale: 12 + stream.uniform_below(widest) as i32,
    }
}

#[test]
fn every_level_has_a_frequency_and_they_sum_to_the_total() {
    let powers = PowerTable::computed();
    let table = LogisticTable::new(&powers);
    let mut stream = stream(0);
    for trial in 0..400 {
        let outputs = outputs(&mut stream, trial % 2 == 0);
        let mixture = Mixture::new(&outputs, expected(&mut stream), &powers);
        let mut before = 0;
        for level in 1..=256 {
            let below = mixture.below(level, &table);
            assert!(below >= before + LEAST, "{level}");
            before = below;
        }
        assert_eq!(before, mixture.total());
        assert!(mixture.total() <= 1 << 32);
    }
}

/// Probabilities against the mixture of logistic distributions in floats.
#[test]
fn probabilities_are_those_of_the_mixture() {
    let powers = PowerTable::computed();
    let table = LogisticTable::new(&powers);
    let mut stream = stream(1);
    for _ in 0..200 {
        let outputs = outputs(&mut stream, false);
        let expected = expected(&mut stream);
        let mixture = Mixture::new(&outputs, expected, &powers);
        let shares = [0, 1, 2, 3, 4].map(|k| (f64::from(outputs[k]) / 256.0).exp2());
        let sum: f64 = shares.iter().sum();
        let below = |boundary: f64| -> f64 {
            (0..COMPONENTS)
                .map(|k| {
                    let scale = f64::from(expected.scale) / 16.0;
                    let center = f64::from(expected.center) / 16.0
                        + scale * f64::from(outputs[COMPONENTS + k]) / OFFSET_ONE;
                    let width = f64::from(outputs[2 * COMPONENTS + k]) / 256.0;
                    let octaves = (boundary - center) / (scale * width.clamp(-8.0, 4.0).exp2());
                    shares[k] / sum / (1.0 + (-octaves).exp2())
                })
                .sum()
        };
        let total = mixture.total() as f64;
        for level in 1..256 {
            let found = mixture.below(level, &table) as f64 / total;
            let expected = below(f64::from(level) - 0.5);
            assert!(
                (found - expected).abs() < 1.5e-3,
                "{level}: {found} {expected}"
            );
        }
    }
}

#[test]
fn levels_come_back() {
    let powers = PowerTable::computed();
    let table = LogisticTable::new(&powers);
    for near in [0, 1, 2, 7, 127].map(|levels| Near::new(levels).unwrap()) {
        let mut stream = stream(2);
        let pixels: Vec<_> = (0..600)
            .map(|trial| {
                let outputs = outputs(&mut stream, trial % 3 == 0);
                let mixture = Mixture::new(&outputs, expected(&mut stream), &powers);
                (mixture, near.quantized(stream.uniform_below(256) as u8))
            })
            .collect();
        let mut encoder = RangeEncoder::new();
        for (mixture, level) in &pixels {
            mixture.encode(*level, near, &table, &mut encoder);
        }
        let bytes = encoder.finish();
        let mut decoder = RangeDecoder::new(&bytes);
        for (mixture, level) in &pixels {
            assert_eq!(mixture.decode(near, &table, &mut decoder), *level);
        }
    }
}

#[test]
fn the_table_is_the_logistic_function() {
    let table = LogisticTable::new(&PowerTable::computed());
    let mut before = 0;
    for t in -70_000..70_000 {
        let value = table.at(t);
        assert!(value >= before);
        before = value;
        let exact = f64::from(ONE) / (1.0 + (-t as f64 / 4096.0).exp2());
        assert!(
            (f64::from(value) - exact).abs() < 70.0,
            "{t}: {value} {exact}"
        );
    }
    assert_eq!(table.at(0), ONE / 2);
}
