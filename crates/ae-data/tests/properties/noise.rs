//! Noise.

use ae_data::{ImageShape, NoiseChain, Size};
use ae_random::{Draw, Purpose};

use crate::random::{CASES, Random};

fn noisy(chain: &NoiseChain, shape: ImageShape, clean: &[f32], draw: Draw) -> Vec<f32> {
    let mut values = clean.to_vec();
    chain.apply(shape, &mut values, &mut draw.stream());
    values
}

fn random_draw(random: &mut Random) -> Draw {
    Draw {
        seed: random.number(),
        purpose: random.choose(&[Purpose::Noise, Purpose::Validation, Purpose::Display]),
        epoch: random.number(),
        index: random.number(),
    }
}

#[test]
fn results_are_pixels() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let (shape, chain) = (random.shape(20), random.chain(4));
        let mut clean = random.pixels(shape);
        // A model's output may be fed back, whatever it is.
        if !chain.is_empty() && random.between(0, 3) == 0 {
            let place = random.between(0, clean.len() - 1);
            clean[place] = random.choose(&[f32::NAN, f32::INFINITY, -f32::INFINITY, -1e30, 1e38]);
        }
        let values = noisy(&chain, shape, &clean, random_draw(&mut random));
        assert!(
            values.iter().all(|value| (0.0..=1.0).contains(value)),
            "case {case}: {chain} on {shape}: {values:?}"
        );
    }
}

/// No generator is carried along: what else was drawn, and in which order, plays no part.
#[test]
fn a_draw_depends_on_its_four_numbers_alone() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let chain = random.chain(3);
        let images: Vec<_> = (0..random.between(1, 5))
            .map(|_| {
                let shape = random.shape(9);
                (shape, random.pixels(shape), random_draw(&mut random))
            })
            .collect();
        let of = |(shape, clean, draw): &(ImageShape, Vec<f32>, Draw)| {
            noisy(&chain, *shape, clean, *draw)
        };
        let forwards: Vec<_> = images.iter().map(of).collect();
        let backwards: Vec<_> = images.iter().rev().map(of).collect();
        assert!(
            forwards.iter().eq(backwards.iter().rev()),
            "case {case}: {chain}"
        );
    }
}

#[test]
fn each_of_the_four_numbers_makes_another_draw() {
    let chain: NoiseChain = "gaussian:0.2".parse().unwrap();
    let shape = ImageShape::new(1, 4, 4);
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let draw = random_draw(&mut random);
        let flipped = |number: u64, bit: usize| number ^ (1 << bit);
        let bit = random.between(0, 63);
        let others = [
            Draw {
                seed: flipped(draw.seed, bit),
                ..draw
            },
            Draw {
                epoch: flipped(draw.epoch, bit),
                ..draw
            },
            Draw {
                index: flipped(draw.index, bit),
                ..draw
            },
            Draw {
                purpose: Purpose::Shuffle,
                ..draw
            },
        ];
        let of = |draw| noisy(&chain, shape, &[0.5; 16], draw);
        for other in others {
            assert_ne!(of(draw), of(other), "case {case}: {draw:?} and {other:?}");
        }
    }
}

/// These take pixels away or leave them as they are, to the bit.
#[test]
fn what_replaces_pixels_leaves_the_others() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let (shape, draw) = (random.shape(20), random_draw(&mut random));
        let clean = random.pixels(shape);
        for (kind, replacements) in [
            ("masking", &[0.0][..]),
            ("cutout", &[0.0][..]),
            ("salt-and-pepper", &[0.0, 1.0][..]),
        ] {
            let chain = NoiseChain::new(vec![random.noise(kind.parse().unwrap())]);
            let values = noisy(&chain, shape, &clean, draw);
            assert!(
                values
                    .iter()
                    .zip(&clean)
                    .all(|(value, clean)| value == clean || replacements.contains(value)),
                "case {case}: {chain} on {shape}"
            );
        }
    }
}

#[test]
fn what_is_printed_reads_as_the_same_noise() {
    for case in 0..20 * CASES {
        let chain = Random::of_case(case).chain(4);
        let printed = chain.to_string();
        assert_eq!(
            printed.parse::<NoiseChain>().ok(),
            Some(chain),
            "case {case}: {printed}"
        );
    }
}

/// Texts that are nearly right.
#[test]
fn what_is_read_is_printed_as_the_same() {
    for case in 0..20 * CASES {
        let mut random = Random::of_case(case);
        let text: String = (0..random.between(1, 14))
            .map(|_| {
                random.choose(&[
                    "x", "1", "0", "28", ".", "..", ":", ",", "blur", "masking", "e", "-",
                ])
            })
            .collect();
        if let Ok(size) = text.parse::<Size>() {
            assert_eq!(size.to_string().parse::<Size>().unwrap(), size, "{text}");
        }
        if let Ok(chain) = text.parse::<NoiseChain>() {
            let printed = chain.to_string();
            assert_eq!(printed.parse::<NoiseChain>().unwrap(), chain, "{text}");
        }
    }
}
