//! Images so large that all threads work on one, in bands of lines, and pass on the maps that are no longer read.

use ae_kernels::{Activation, Images, Loss, Stack, Stage};

use crate::conv::{ALL, autoencoder, borrowed};
use crate::reference::{Random, weights_of};
use crate::skips::{Symmetric, unet};

/// Height and width that are no multiples of a band's lines, nor of four.
const SHAPE: [usize; 4] = [2, 1, 260, 228];

/// Noise with a black corner and a flat one, whose windows have ways of their own.
fn images(random: &mut Random) -> Vec<f32> {
    let [batch, channels, height, width] = SHAPE;
    let mut values = random.values(batch * channels * height * width, 1.0);
    for plane in values.chunks_mut(height * width) {
        for y in 0..90 {
            plane[y * width..][..75].fill(0.0);
            plane[(height - 1 - y) * width..][..75].fill(0.5);
        }
    }
    values
}

fn stacks() -> Vec<Vec<Stage>> {
    let unet = |how| unet(1, &[32, 48], 2, how, Activation::Relu);
    vec![
        unet(Symmetric::Concatenated),
        unet(Symmetric::Added),
        autoencoder(),
    ]
}

/// Whichever thread computes a band, and whether there are bands at all. A training pass, which has none and keeps every map,
/// has the same outputs: against them its loss is zero.
#[test]
fn bands_have_the_bits_of_the_whole_image() {
    let mut random = Random::new(31);
    let values = images(&mut random);
    let images = Images {
        shape: SHAPE,
        values: &values,
    };
    for stages in stacks() {
        let weights: Vec<_> = stages
            .iter()
            .map(|stage| weights_of(&mut random, stage))
            .collect();
        for precision in ALL {
            let passes = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                pool.expect("threads start").install(|| {
                    let stack = Stack::new(stages.clone(), precision).expect("the stages fit");
                    let infer = || stack.infer(images, &borrowed(&weights)).expect("it runs");
                    let (first, again) = (infer(), infer());
                    assert!(first == again, "{threads} threads, again");
                    let trained =
                        stack.train(images, &borrowed(&weights), &first, Loss::Mse, false);
                    assert_eq!(trained.expect("it runs").0, 0.0, "{precision:?}");
                    first
                })
            };
            let alone = passes(1);
            for threads in [2, 3] {
                assert!(passes(threads) == alone, "{threads} threads");
            }
        }
    }
}
