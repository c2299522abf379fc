//! The models once more, in `f64` and plain loops, from the file's tensors: what the library is compared with.

use std::collections::HashMap;

use ae_models::{ModelConfig, NamedTensor};

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

    fn layer(&self, name: &str) -> (&[f64], &[f64]) {
        (
            &self.0[&format!("{name}.weight")],
            &self.0[&format!("{name}.bias")],
        )
    }
}

/// One image or feature map.
#[derive(Clone)]
struct Map {
    channels: usize,
    height: usize,
    width: usize,
    values: Vec<f64>,
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

    fn convolve(&self, (weight, bias): (&[f64], &[f64])) -> Self {
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

    fn pool(&self) -> Self {
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

    fn upsample(&self) -> Self {
        Self::from_fn(
            [self.channels, 2 * self.height, 2 * self.width],
            |channel, row, column| self.at(channel, row / 2, column / 2),
        )
    }

    fn relu(mut self) -> Self {
        self.values = relu(self.values);
        self
    }

    fn resize(&self, height: usize, width: usize) -> Self {
        Self::from_fn([self.channels, height, width], |channel, row, column| {
            self.at(
                channel,
                row.min(self.height - 1),
                column.min(self.width - 1),
            )
        })
    }
}

fn relu(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().map(|value| value.max(0.0)).collect()
}

fn sigmoid(values: Vec<f64>) -> Vec<f64> {
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

/// One image's code and reconstruction.
pub(crate) fn run(
    config: &ModelConfig,
    weights: &Weights,
    [channels, height, width]: [usize; 3],
    image: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    match config {
        ModelConfig::Dense(config) => {
            let mut values = image.to_vec();
            for index in 0..config.widths.len() {
                values = relu(linear(&values, weights.layer(&format!("encoder.{index}"))));
            }
            let code = linear(
                &values,
                weights.layer(&format!("encoder.{}", config.widths.len())),
            );
            values = code.clone();
            for index in 0..config.widths.len() {
                values = relu(linear(&values, weights.layer(&format!("decoder.{index}"))));
            }
            (
                code,
                sigmoid(linear(
                    &values,
                    weights.layer(&format!("decoder.{}", config.widths.len())),
                )),
            )
        }
        ModelConfig::Conv(config) => {
            let poolings = config.widths.len() - 1;
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
            for index in 0..poolings {
                map = map
                    .convolve(weights.layer(&format!("encoder.{index}")))
                    .relu()
                    .pool();
            }
            map = map
                .convolve(weights.layer(&format!("encoder.{poolings}")))
                .relu();
            let mut code = map.values.clone();
            if config.latent.is_some() {
                code = linear(&code, weights.layer("to_code"));
                map.values = relu(linear(&code, weights.layer("from_code")));
            }
            for index in 0..poolings {
                map = map
                    .convolve(weights.layer(&format!("decoder.{index}")))
                    .relu()
                    .upsample();
            }
            map = map
                .convolve(weights.layer(&format!("decoder.{poolings}")))
                .resize(height, width);
            (code, sigmoid(map.values))
        }
        _ => unreachable!("no other kind is tested here"),
    }
}
