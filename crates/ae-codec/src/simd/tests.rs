use ae_random::{Draw, Purpose};

use super::*;

/// Sums of all sets against the definition in 64 bits, at ordinary and at extreme values.
#[test]
fn all_instructions_give_the_sums_of_the_definition() {
    let mut stream = Draw {
        seed: 5,
        purpose: Purpose::Display,
        epoch: 0,
        index: 0,
    }
    .stream();
    for (rows, pairs, blocks) in [(1, 1, 1), (6, 3, 2), (9, 40, 3), (64, 108, 8), (13, 1, 16)] {
        for extreme in [false, true] {
            let mut number = |least: i64, largest: i64| {
                let numbers = (largest - least + 1) as u64;
                let number = least + stream.uniform_below(numbers) as i64;
                match extreme {
                    true if number % 2 == 0 => least as i16,
                    true => largest as i16,
                    false => number as i16,
                }
            };
            let inputs: Vec<[i16; 2]> = (0..rows * pairs)
                .map(|_| [(); 2].map(|()| number(0, 4095)))
                .collect();
            let weights: Vec<BlockWeights> = (0..blocks * pairs)
                .map(|_| [[(); BLOCK]; 2].map(|half| half.map(|()| number(-128, 127))))
                .collect();
            for instructions in InstructionSet::available() {
                let mut sums = vec![[77; BLOCK]; rows * blocks];
                products(instructions, &inputs, &weights, pairs, &mut sums);
                for row in 0..rows {
                    for output in 0..blocks * BLOCK {
                        let terms = (0..pairs).map(|pair| {
                            let weights = weights[output / BLOCK * pairs + pair];
                            let [one, other] = inputs[row * pairs + pair].map(i64::from);
                            let place = output % BLOCK * 2;
                            let weight = |at: usize| i64::from(weights.as_flattened()[at]);
                            one * weight(place) + other * weight(place + 1)
                        });
                        let found = sums[row * blocks + output / BLOCK][output % BLOCK];
                        let expected: i64 = terms.sum();
                        assert_eq!(i64::from(found), expected, "{instructions:?}");
                    }
                }
            }
        }
    }
}

/// What AVX2's `maddubs` would get wrong: two products of 255 * 127 are more than 16 bits.
#[test]
fn pairs_of_products_do_not_saturate() {
    for instructions in InstructionSet::available() {
        let mut sums = [[0; BLOCK]];
        products(
            instructions,
            &[[255, 255]],
            &[[[127; BLOCK]; 2]],
            1,
            &mut sums,
        );
        assert_eq!(sums, [[2 * 255 * 127; BLOCK]]);
    }
}
