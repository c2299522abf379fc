//! The models once more, in `f64` and plain loops, from the file's tensors: what the library is compared with.

use std::collections::HashMap;

use ae_models::{
    ConvAutoencoderConfig, HiddenActivation, ModelConfig, NamedTensor, NetworkConfig,
    OutputActivation, Upsampling,
};

/// A model's tensors by name, in `f64`.
pub(crate) struct Weights(HashMap<String, Vec<f64>>);

impl Weights {
    pub(crate) fn new(tensors: &[NamedTensor]) -> Self {
        let in_f64 = |tensor: &NamedTensor| {
            tensor
                .values
                .iter()
                .map(|&value| f64::from(value))
                .collect()
        };
        Self(
            tensors
                .iter()
                .map(|tensor| (tensor.name.clone(), in_f64(tensor)))
                .collect(),
        )
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> &mut Vec<f64> {
        self.0.get_mut(name).unwrap()
    }

    /// The tensor of one name.
    pub(crate) fn get(&self, name: &str) -> &[f64] {
        &self.0[name]
    }

    fn layer(&self, name: &str) -> (&[f64], &[f64]) {
        (
            &self.0[&format!("{name}.weight")],
            &self.0[&format!("{name}.bias")],
        )
    }
}

/// One image or feature map.
#[derive(Clone)]
pub(crate) struct Map {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) values: Vec<f64>,
}

impl Map {
    fn from_fn(
        [channels, height, width]: [usize; 3],
        value: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        let mut values = Vec::new();
        for channel in 0..channels {
            for row in 0..height {
                for column in 0..width {
                    values.push(value(channel, row, column));
                }
            }
        }
        Self {
            channels,
            height,
            width,
            values,
        }
    }

    fn at(&self, channel: usize, row: usize, column: usize) -> f64 {
        self.values[(channel * self.height + row) * self.width + column]
    }

    pub(crate) fn convolve(&self, (weight, bias): (&[f64], &[f64])) -> Self {
        Self::from_fn(
            [bias.len(), self.height, self.width],
            |output, row, column| {
                let mut sum = bias[output];
                for input in 0..self.channels {
                    for down in 0..3 {
                        for right in 0..3 {
                            // The picture is surrounded by zeros.
                            let (Some(y), Some(x)) =
                                ((row + down).checked_sub(1), (column + right).checked_sub(1))
                            else {
                                continue;
                            };
                            if y < self.height && x < self.width {
                                let tap = ((output * self.channels + input) * 3 + down) * 3 + right;
                                sum += weight[tap] * self.at(input, y, x);
                            }
                        }
                    }
                }
                sum
            },
        )
    }

    pub(crate) fn pool(&self) -> Self {
        Self::from_fn(
            [self.channels, self.height / 2, self.width / 2],
            |channel, row, column| {
                let corner = |down, right| self.at(channel, 2 * row + down, 2 * column + right);
                corner(0, 0)
                    .max(corner(0, 1))
                    .max(corner(1, 0))
                    .max(corner(1, 1))
            },
        )
    }

    pub(crate) fn upsample(&self) -> Self {
        Self::from_fn(
            [self.channels, 2 * self.height, 2 * self.width],
            |channel, row, column| self.at(channel, row / 2, column / 2),
        )
    }

    /// A transposed convolution of stride 2: each value paints the kernel, times itself, around twice its place.
    fn convolve_transposed(&self, (weight, bias): (&[f64], &[f64])) -> Self {
        let mut painted = Self::from_fn(
            [bias.len(), 2 * self.height, 2 * self.width],
            |channel, _, _| bias[channel],
        );
        for input in 0..self.channels {
            for row in 0..self.height {
                for column in 0..self.width {
                    for output in 0..bias.len() {
                        for tap in 0..9 {
                            let (down, right) = (tap / 3, tap % 3);
                            let (Some(y), Some(x)) = (
                                (2 * row + down).checked_sub(1),
                                (2 * column + right).checked_sub(1),
                            ) else {
                                continue;
                            };
                            if y < painted.height && x < painted.width {
                                let place = (output * painted.height + y) * painted.width + x;
                                painted.values[place] += self.at(input, row, column)
                                    * weight[(input * bias.len() + output) * 9 + tap];
                            }
                        }
                    }
                }
            }
        }
        painted
    }

    pub(crate) fn relu(mut self) -> Self {
        self.values = relu(self.values);
        self
    }

    pub(crate) fn resize(&self, height: usize, width: usize) -> Self {
        Self::from_fn([self.channels, height, width], |channel, row, column| {
            self.at(
                channel,
                row.min(self.height - 1),
                column.min(self.width - 1),
            )
        })
    }
}

pub(crate) fn relu(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().map(|value| value.max(0.0)).collect()
}

/// What a hidden layer does to its sums.
fn bend(activation: HiddenActivation, values: Vec<f64>) -> Vec<f64> {
    match activation {
        HiddenActivation::Tanh => values.into_iter().map(f64::tanh).collect(),
        _ => relu(values),
    }
}

pub(crate) fn sigmoid(values: Vec<f64>) -> Vec<f64> {
    values
        .into_iter()
        .map(|value| 1.0 / (1.0 + (-value).exp()))
        .collect()
}

fn linear(values: &[f64], (weight, bias): (&[f64], &[f64])) -> Vec<f64> {
    let row = |output: usize| &weight[output * values.len()..][..values.len()];
    let dot = |output| {
        row(output)
            .iter()
            .zip(values)
            .map(|(weight, value)| weight * value)
            .sum::<f64>()
    };
    (0..bias.len())
        .map(|output| bias[output] + dot(output))
        .collect()
}

/// How often the encoder halves the picture.
fn poolings(config: &ConvAutoencoderConfig) -> usize {
    match config.upsampling {
        Upsampling::Transposed => config.widths.len(),
        _ => config.widths.len() - 1,
    }
}

/// What stands before the name of a layer, in a model around its network.
fn named(prefix: &str, part: &str, index: usize) -> String {
    format!("{prefix}{part}.{index}")
}

/// What the encoder of a network gives for one image.
pub(crate) fn encode(
    config: &NetworkConfig,
    weights: &Weights,
    prefix: &str,
    [channels, height, width]: [usize; 3],
    image: &[f64],
) -> Vec<f64> {
    let layer = |index| weights.layer(&named(prefix, "encoder", index));
    match config {
        NetworkConfig::Dense(config) => {
            let mut values = image.to_vec();
            for index in 0..config.widths.len() {
                values = bend(config.activation, linear(&values, layer(index)));
            }
            linear(&values, layer(config.widths.len()))
        }
        NetworkConfig::Conv(config) => {
            let poolings = poolings(config);
            let multiple = 1 << poolings;
            let mut map = Map {
                channels,
                height,
                width,
                values: image.to_vec(),
            }
            .resize(
                height.next_multiple_of(multiple),
                width.next_multiple_of(multiple),
            );
            for index in 0..config.widths.len() {
                map = map.convolve(layer(index)).relu();
                if index < poolings {
                    map = map.pool();
                }
            }
            match config.latent {
                Some(_) => linear(&map.values, weights.layer(&format!("{prefix}to_code"))),
                None => map.values,
            }
        }
        _ => unreachable!("no other network is tested here"),
    }
}

/// What the decoder of a network draws from one code.
pub(crate) fn decode(
    config: &NetworkConfig,
    weights: &Weights,
    prefix: &str,
    [_, height, width]: [usize; 3],
    code: &[f64],
) -> Vec<f64> {
    let name = |index| named(prefix, "decoder", index);
    match config {
        NetworkConfig::Dense(config) => {
            let depth = config.widths.len();
            let forward = |values: &[f64], index: usize| {
                if !config.tied {
                    return linear(values, weights.layer(&name(index)));
                }
                let (weight, _) = weights.layer(&named(prefix, "encoder", depth - index));
                let bias = &weights.0[&format!("{}.bias", name(index))];
                let columns = bias.len();
                let dot = |output: usize| {
                    let products = values.iter().enumerate();
                    products
                        .map(|(input, value)| weight[input * columns + output] * value)
                        .sum::<f64>()
                };
                (0..columns)
                    .map(|output| bias[output] + dot(output))
                    .collect()
            };
            let mut values = code.to_vec();
            for index in 0..depth {
                values = bend(config.activation, forward(&values, index));
            }
            let output = forward(&values, depth);
            match config.output {
                OutputActivation::Linear => output,
                _ => sigmoid(output),
            }
        }
        NetworkConfig::Conv(config) => {
            let poolings = poolings(config);
            let multiple = 1 << poolings;
            let values = match config.latent {
                Some(_) => relu(linear(code, weights.layer(&format!("{prefix}from_code")))),
                None => code.to_vec(),
            };
            let mut map = Map {
                channels: config.widths[config.widths.len() - 1],
                height: height.div_ceil(multiple),
                width: width.div_ceil(multiple),
                values,
            };
            for index in 0..poolings {
                let layer = weights.layer(&name(index));
                map = match config.upsampling {
                    Upsampling::Transposed => map.convolve_transposed(layer).relu(),
                    _ => map.convolve(layer).relu().upsample(),
                };
            }
            let map = map.convolve(weights.layer(&name(poolings)));
            sigmoid(map.resize(height, width).values)
        }
        _ => unreachable!("no other network is tested here"),
    }
}

/// One image's code and reconstruction by a plain model.
pub(crate) fn run(
    config: &ModelConfig,
    weights: &Weights,
    shape: [usize; 3],
    image: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let network = crate::network(config.clone());
    let code = encode(&network, weights, "", shape, image);
    let output = decode(&network, weights, "", shape, &code);
    (code, output)
}

/// Luminance and chrominances of planes of red, green and blue, by the angles of their basis.
pub(crate) fn opponent(planes: &[f64]) -> Vec<f64> {
    let pixels = planes.len() / 3;
    let rows = [
        [1.0, 1.0, 1.0].map(|share: f64| share / 3.0_f64.sqrt()),
        [1.0, 0.0, -1.0].map(|share: f64| share / 2.0_f64.sqrt()),
        [1.0, -2.0, 1.0].map(|share: f64| share / 6.0_f64.sqrt()),
    ];
    let of = |row: [f64; 3], pixel: usize| -> f64 {
        (0..3)
            .map(|channel| row[channel] * planes[channel * pixels + pixel])
            .sum()
    };
    rows.into_iter()
        .flat_map(|row| (0..pixels).map(move |pixel| of(row, pixel)))
        .collect()
}
