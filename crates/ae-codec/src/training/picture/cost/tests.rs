use ae_random::{Draw, Purpose};

use super::*;
use crate::picture::mixture::{LogisticTable, Mixture};
use crate::pixel::distribution::PowerTable;

fn targets() -> Vec<(Target, [f32; OUTPUTS])> {
    let mut stream = Draw {
        seed: 3,
        purpose: Purpose::Display,
        epoch: 0,
        index: 0,
    }
    .stream();
    (0..60)
        .map(|trial| {
            let level = match trial % 4 {
                0 => 0,
                1 => 255,
                _ => stream.uniform_below(256) as u8,
            };
            let scale = 12 + stream.uniform_below(400) as i32;
            let off = stream.uniform_below(3 * scale as u64) as i32;
            let center = (i32::from(level) * 16 - off + scale).clamp(0, 255 * 16);
            let expected = Expected { center, scale };
            let outputs = std::array::from_fn(|_| stream.uniform_within(1.0));
            (Target { expected, level }, outputs)
        })
        .collect()
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    for (target, outputs) in targets() {
        let mut gradient = outputs;
        cost(&mut gradient, &target, 1.0);
        for index in 0..OUTPUTS {
            let moved = |by: f32| {
                let mut outputs = outputs;
                outputs[index] += by;
                f64::from(cost(&mut outputs, &target, 1.0))
            };
            let expected = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            let found = f64::from(gradient[index]);
            assert!(
                (expected - found).abs() < 2e-3 + 1e-2 * expected.abs(),
                "{index}: {found} {expected}, {target:?}"
            );
        }
    }
}

/// What is trained costs what the coder's integers do.
#[test]
fn the_cost_is_that_of_the_coder() {
    let powers = PowerTable::computed();
    let table = LogisticTable::new(&powers);
    for (target, outputs) in targets() {
        let doublings = |value: f32| value / std::f32::consts::LN_2 * 256.0;
        let integers = std::array::from_fn(|index| match index / COMPONENTS {
            0 => doublings(outputs[index]).round() as i32,
            1 => (outputs[index] * 256.0).round() as i32,
            _ => doublings(outputs[index] + std::f32::consts::LN_2.ln()).round() as i32,
        });
        let mixture = Mixture::new(&integers, target.expected, &powers);
        let expected = -mixture.probability(target.level, &table).ln();
        let found = f64::from(cost(&mut outputs.clone(), &target, 1.0));
        assert!(
            (found - expected).abs() < 0.02,
            "{found} {expected}, {target:?}"
        );
    }
}
