//! The network of two 3x3 convolutions and one of 1x1, on the kernels, with its optimizer.

use ae_kernels::{
    Activation, Images, KernelError, Parameter, Precision, Stack, Stage, UpdateRule, Weights,
    update,
};
use ae_random::{Draw, Purpose};

use crate::zero_shot::tiles::Tiles;

/// Channels between the convolutions, and the slope of the leaky ReLU, of the authors' network.
const HIDDEN_CHANNELS: usize = 48;
const SLOPE: f32 = 0.2;
/// Pixels to each side of one that the network sees.
pub(super) const MARGIN: usize = 2;
/// Tiles that go through the network at once where nothing is to be differentiated.
const TILES_AT_ONCE: usize = 64;

/// Adam with the settings of the authors' program, which are PyTorch's.
const RULE: UpdateRule = UpdateRule::Adam {
    beta_1: 0.9,
    beta_2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0.0,
};

/// The network with its weights and what the optimizer remembers.
#[derive(Debug)]
pub(super) struct Network {
    stack: Stack,
    /// Weight and bias of every stage.
    weights: Vec<[Vec<f32>; 2]>,
    /// Adam's running means of each.
    memories: Vec<[[Vec<f32>; 2]; 2]>,
    steps: u64,
}

impl Network {
    /// For pictures of `channels` channels. Weights and biases are uniform within the inverse root of their inputs, as
    /// PyTorch's convolutions begin, and drawn from `seed`.
    pub(super) fn new(channels: usize, seed: u64) -> Result<Self, KernelError> {
        let activation = Activation::LeakyRelu(SLOPE);
        let stages = vec![
            Stage::new(channels, HIDDEN_CHANNELS, activation),
            Stage::new(HIDDEN_CHANNELS, HIDDEN_CHANNELS, activation),
            Stage::new(HIDDEN_CHANNELS, channels, Activation::None).pointwise(),
        ];
        let weights: Vec<_> = (0..)
            .zip(&stages)
            .map(|(index, stage)| initial_weights(stage, seed, index))
            .collect();
        let zeros = |values: &Vec<f32>| [vec![0.0; values.len()], vec![0.0; values.len()]];
        let memories = weights.iter().map(|tensors| tensors.each_ref().map(zeros));
        Ok(Self {
            stack: Stack::new(stages, Precision::Fast)?,
            memories: memories.collect(),
            weights,
            steps: 0,
        })
    }

    /// What the network says of pictures cut into `tiles`, which is the noise that it sees in them.
    ///
    /// # Shapes
    /// - `pictures`, output: `[pictures, channels, height, width]`
    pub(super) fn predict(&self, tiles: &Tiles, pictures: &[f32]) -> Result<Vec<f32>, KernelError> {
        let [channels, height, width] = tiles.tile_shape();
        let count = pictures.len() / tiles.picture_values() * tiles.count();
        let mut output = vec![0.0; pictures.len()];
        for from in (0..count).step_by(TILES_AT_ONCE) {
            let range = from..count.min(from + TILES_AT_ONCE);
            let values = tiles.cut(pictures, range.clone());
            let images = Images {
                shape: [range.len(), channels, height, width],
                values: &values,
            };
            let predicted = self.stack.infer(images, &self.weights())?;
            tiles.join(&predicted, range, &mut output);
        }
        Ok(output)
    }

    /// The gradients of the weights from those of what the network says of pictures.
    ///
    /// # Shapes
    /// - `pictures`, `output_gradient`: `[pictures, channels, height, width]`
    pub(super) fn gradients(
        &self,
        tiles: &Tiles,
        pictures: &[f32],
        output_gradient: &[f32],
    ) -> Result<Vec<[Vec<f32>; 2]>, KernelError> {
        self.gradients_of_tiles(tiles, pictures, |first, _, of_tiles| {
            tiles.cut_owned(output_gradient, first, of_tiles);
        })
    }

    /// The gradients of the weights from those that `output_gradient` makes of what the network says of tiles. It is told the first
    /// tile of some and what the network says of those, and fills the place of their gradient: 0 outside of what a tile is there for.
    ///
    /// # Shapes
    /// - `pictures`: `[pictures, channels, height, width]`
    pub(super) fn gradients_of_tiles(
        &self,
        tiles: &Tiles,
        pictures: &[f32],
        output_gradient: impl Fn(usize, &[f32], &mut [f32]) + Sync,
    ) -> Result<Vec<[Vec<f32>; 2]>, KernelError> {
        let [channels, height, width] = tiles.tile_shape();
        let count = pictures.len() / tiles.picture_values() * tiles.count();
        let values = tiles.cut(pictures, 0..count);
        let images = Images {
            shape: [count, channels, height, width],
            values: &values,
        };
        let gradients =
            self.stack
                .differentiate_outputs(images, &self.weights(), output_gradient, false)?;
        let gradients = gradients.weights.into_iter();
        Ok(gradients.map(|(weight, bias)| [weight, bias]).collect())
    }

    /// Takes a step by gradients.
    pub(super) fn step(
        &mut self,
        mut gradients: Vec<[Vec<f32>; 2]>,
        learning_rate: f64,
    ) -> Result<(), KernelError> {
        self.steps += 1;
        let mut parameters = Vec::with_capacity(2 * self.weights.len());
        let layers = self.weights.iter().zip(&mut gradients);
        for ((weights, gradients), memories) in layers.zip(&mut self.memories) {
            let tensors = weights.iter().zip(gradients);
            for ((values, gradient), memories) in tensors.zip(memories) {
                parameters.push(Parameter {
                    values,
                    gradient,
                    memories: memories.iter_mut().map(Vec::as_mut_slice).collect(),
                    step: self.steps,
                });
            }
        }
        update(RULE, learning_rate, 1.0, parameters)?;
        // The updated values are in the gradients' places.
        self.weights = gradients;
        Ok(())
    }

    fn weights(&self) -> Vec<Weights<'_>> {
        let weights = self.weights.iter();
        weights
            .map(|[weight, bias]| Weights { weight, bias })
            .collect()
    }

    /// Replaces weight and bias of every layer by `value` of layer, whether it is the bias, and place.
    #[cfg(test)]
    pub(super) fn set_weights(&mut self, value: impl Fn(usize, bool, usize) -> f32) {
        for (layer, tensors) in self.weights.iter_mut().enumerate() {
            for (values, is_bias) in tensors.iter_mut().zip([false, true]) {
                for (place, entry) in values.iter_mut().enumerate() {
                    *entry = value(layer, is_bias, place);
                }
            }
        }
    }

    /// How many values training changes.
    #[cfg(test)]
    fn parameters(&self) -> usize {
        self.weights.iter().flatten().map(Vec::len).sum()
    }
}

/// Weight and bias of a stage.
fn initial_weights(stage: &Stage, seed: u64, index: u64) -> [Vec<f32>; 2] {
    let draw = Draw {
        seed,
        purpose: Purpose::Initialization,
        epoch: 0,
        index,
    };
    let mut stream = draw.stream();
    let inputs = stage.input_channels * stage.taps();
    let bound = (inputs as f64).sqrt().recip();
    [inputs * stage.output_channels, stage.output_channels].map(|count| {
        (0..count)
            .map(|_| stream.uniform_within(bound))
            .collect::<Vec<f32>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_the_published_one() {
        // 3x3 of 3 to 48, of 48 to 48, 1x1 of 48 to 3, with biases: "22k" in the paper.
        for (channels, expected) in [(3, 1296 + 48 + 20736 + 48 + 144 + 3), (1, 21313)] {
            let network = Network::new(channels, 1).unwrap();
            assert_eq!(network.parameters(), expected);
        }
        let network = Network::new(1, 1).unwrap();
        let [weight, bias] = &network.weights[1];
        let bound = (48.0_f32 * 9.0).sqrt().recip();
        for values in [weight, bias] {
            assert!(values.iter().all(|value| value.abs() <= bound));
        }
        assert!(weight.iter().any(|value| value.abs() > 0.99 * bound));
        assert_ne!(weight, &Network::new(1, 2).unwrap().weights[1][0]);
    }

    #[test]
    fn tiles_give_what_the_whole_picture_gives() {
        let shape = [3, 45, 38];
        let values: Vec<f32> = (0..2 * 3 * 45 * 38)
            .map(|value| (value * 7919 % 1000) as f32 / 1000.0)
            .collect();
        let network = Network::new(3, 5).unwrap();
        let whole = Tiles::new(shape, 1000, MARGIN);
        let cut = Tiles::new(shape, 16, MARGIN);
        assert_eq!(whole.count(), 1);
        assert!(cut.count() > 8);
        let far = |a: &[f32], b: &[f32]| {
            let largest = a.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            let pairs = a.iter().zip(b);
            pairs.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / largest
        };
        let expected = network.predict(&whole, &values).unwrap();
        let found = network.predict(&cut, &values).unwrap();
        assert!(far(&expected, &found) < 1e-5);
        let expected = network.gradients(&whole, &values, &expected).unwrap();
        let found = network.gradients(&cut, &values, &found).unwrap();
        for (expected, found) in expected.iter().flatten().zip(found.iter().flatten()) {
            assert!(far(expected, found) < 1e-4, "{}", far(expected, found));
        }
    }
}
