//! The definitions, in double precision and the plainest loops: what the kernels are held to.

use ae_kernels::{Activation, Loss, Resize, Skip, Stage};

/// A small generator with a named algorithm, xorshift64* of Vigna 2016.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// In `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// In `range`.
    pub(crate) fn pick(&mut self, range: std::ops::RangeInclusive<usize>) -> usize {
        range.start() + (self.next() >> 33) as usize % (range.end() - range.start() + 1)
    }

    /// In `[-bound, bound)`.
    pub(crate) fn values(&mut self, count: usize, bound: f32) -> Vec<f32> {
        (0..count)
            .map(|_| (self.unit() * 2.0 - 1.0) * bound)
            .collect()
    }
}

/// Weight and bias of a stage, as PyTorch initializes convolutions; no values for a bias that it does not have.
pub(crate) fn weights_of(random: &mut Random, stage: &Stage) -> (Vec<f32>, Vec<f32>) {
    let taps = taps(stage);
    let bound = 1.0 / ((taps * stage.input_channels) as f32).sqrt();
    let count = stage.input_channels * stage.output_channels * taps;
    let biases = if stage.bias { stage.output_channels } else { 0 };
    (random.values(count, bound), random.values(biases, bound))
}

/// Taps of a stage's window.
pub(crate) fn taps(stage: &Stage) -> usize {
    if stage.pointwise { 1 } else { 9 }
}

/// Images `[batch, channels, height, width]` in double precision.
#[derive(Clone)]
struct Images {
    batch: usize,
    channels: usize,
    height: usize,
    width: usize,
    values: Vec<f64>,
}

impl Images {
    fn zeros(batch: usize, channels: usize, height: usize, width: usize) -> Self {
        Self {
            batch,
            channels,
            height,
            width,
            values: vec![0.0; batch * channels * height * width],
        }
    }

    fn at(&self, image: usize, channel: usize, y: usize, x: usize) -> usize {
        ((image * self.channels + channel) * self.height + y) * self.width + x
    }
}

/// What the reference keeps of a stage.
struct Passed {
    input: Images,
    activated: Images,
    chosen: Vec<usize>,
}

/// Gradients and output of the reference.
pub(crate) struct Expected {
    pub(crate) output: Vec<f64>,
    pub(crate) loss: f64,
    pub(crate) input: Vec<f64>,
    pub(crate) weights: Vec<(Vec<f64>, Vec<f64>)>,
}

fn upsampled(x: &Images) -> Images {
    let mut y = Images::zeros(x.batch, x.channels, x.height * 2, x.width * 2);
    for image in 0..x.batch {
        for channel in 0..x.channels {
            for row in 0..y.height {
                for column in 0..y.width {
                    let to = y.at(image, channel, row, column);
                    y.values[to] = x.values[x.at(image, channel, row / 2, column / 2)];
                }
            }
        }
    }
    y
}

/// What a skip connection makes of an input and what comes from an earlier stage.
fn joined(skip: Skip, x: &Images, earlier: &Images) -> Images {
    assert_eq!((x.height, x.width), (earlier.height, earlier.width));
    match skip {
        Skip::Add(_) => {
            let mut sum = x.clone();
            for (sum, value) in sum.values.iter_mut().zip(&earlier.values) {
                *sum += value;
            }
            sum
        }
        Skip::Concatenate(_) => {
            let plane = x.height * x.width;
            let one = x.values.chunks(x.channels * plane);
            let both = one.zip(earlier.values.chunks(earlier.channels * plane));
            Images {
                channels: x.channels + earlier.channels,
                values: both
                    .flat_map(|(one, other)| [one, other].concat())
                    .collect(),
                ..*x
            }
        }
    }
}

/// A joined input's gradient, to its first `channels` channels and to the earlier stage.
fn parted(skip: Skip, gradient: Images, channels: usize) -> (Images, Images) {
    if let Skip::Add(_) = skip {
        return (gradient.clone(), gradient);
    }
    let plane = gradient.height * gradient.width;
    let part = |first: usize, channels: usize| {
        let images = gradient.values.chunks(gradient.channels * plane);
        let values = images.flat_map(|image| &image[first * plane..][..channels * plane]);
        Images {
            channels,
            values: values.copied().collect(),
            ..gradient
        }
    };
    (
        part(0, channels),
        part(channels, gradient.channels - channels),
    )
}

/// Calls `visit` with the places of output, input and weight of every product of a stage's 'same' convolution.
fn products(x: &Images, stage: &Stage, mut visit: impl FnMut(usize, usize, usize)) {
    let outputs = stage.output_channels;
    let taps = taps(stage);
    // What a window begins before its pixel, and lines of it.
    let (margin, side) = if taps == 1 { (0, 1) } else { (1, 3) };
    let y = Images {
        channels: outputs,
        values: Vec::new(),
        ..*x
    };
    for image in 0..x.batch {
        for output in 0..outputs {
            for input in 0..x.channels {
                for tap in 0..taps {
                    for row in 0..x.height {
                        let from_row = row + tap / side;
                        if !(margin..x.height + margin).contains(&from_row) {
                            continue;
                        }
                        for column in 0..x.width {
                            let from_column = column + tap % side;
                            if !(margin..x.width + margin).contains(&from_column) {
                                continue;
                            }
                            visit(
                                y.at(image, output, row, column),
                                x.at(image, input, from_row - margin, from_column - margin),
                                (output * x.channels + input) * taps + tap,
                            );
                        }
                    }
                }
            }
        }
    }
}

fn forward(
    stage: &Stage,
    x: &Images,
    earlier: &[Passed],
    weight: &[f32],
    bias: &[f32],
) -> (Images, Passed) {
    let mut input = if stage.resize == Resize::Upsample {
        upsampled(x)
    } else {
        x.clone()
    };
    if let Some(skip) = stage.skip {
        input = joined(skip, &input, &earlier[skip.source()].activated);
    }
    let mut y = Images::zeros(
        input.batch,
        stage.output_channels,
        input.height,
        input.width,
    );
    let plane = y.height * y.width;
    for (index, plane) in y.values.chunks_mut(plane).enumerate() {
        let bias = bias.get(index % stage.output_channels).copied();
        plane.fill(bias.map_or(0.0, f64::from));
    }
    let values = &mut y.values;
    products(&input, stage, |to, from, tap| {
        values[to] += input.values[from] * f64::from(weight[tap]);
    });
    for value in &mut y.values {
        *value = match stage.activation {
            Activation::None => *value,
            Activation::Relu => value.max(0.0),
            Activation::LeakyRelu(slope) => value.max(*value * f64::from(slope)),
            Activation::Sigmoid => 1.0 / (1.0 + (-*value).exp()),
            Activation::Tanh => value.tanh(),
        };
    }
    let mut chosen = Vec::new();
    let mut output = y.clone();
    if stage.resize == Resize::MaxPool {
        output = Images::zeros(y.batch, y.channels, y.height / 2, y.width / 2);
        for image in 0..y.batch {
            for channel in 0..y.channels {
                for row in 0..output.height {
                    for column in 0..output.width {
                        let places = [0, 1, 2, 3]
                            .map(|i| y.at(image, channel, 2 * row + i / 2, 2 * column + i % 2));
                        let mut best = places[0];
                        for place in places {
                            if y.values[place] > y.values[best] {
                                best = place;
                            }
                        }
                        let to = output.at(image, channel, row, column);
                        output.values[to] = y.values[best];
                        chosen.push(best);
                    }
                }
            }
        }
    }
    (
        output,
        Passed {
            input,
            activated: y,
            chosen,
        },
    )
}

fn backward(
    stage: &Stage,
    passed: &Passed,
    weight: &[f32],
    gradient: &[f64],
    from_skips: Option<&Images>,
    channels_before: usize,
) -> (Images, Option<Images>, Vec<f64>, Vec<f64>) {
    let y = &passed.activated;
    let mut sums = vec![0.0; y.values.len()];
    if passed.chosen.is_empty() {
        sums.copy_from_slice(gradient);
    } else {
        for (place, gradient) in passed.chosen.iter().zip(gradient) {
            sums[*place] += gradient;
        }
    }
    if let Some(from_skips) = from_skips {
        for (sum, gradient) in sums.iter_mut().zip(&from_skips.values) {
            *sum += gradient;
        }
    }
    for (sum, value) in sums.iter_mut().zip(&y.values) {
        *sum *= match stage.activation {
            Activation::None => 1.0,
            Activation::Relu => f64::from(u8::from(*value > 0.0)),
            Activation::LeakyRelu(slope) => {
                if *value > 0.0 {
                    1.0
                } else {
                    f64::from(slope)
                }
            }
            Activation::Sigmoid => value * (1.0 - value),
            Activation::Tanh => 1.0 - *value * *value,
        };
    }
    let mut bias = vec![0.0; if stage.bias { stage.output_channels } else { 0 }];
    for (index, plane) in sums.chunks(y.height * y.width).enumerate() {
        if let Some(bias) = bias.get_mut(index % stage.output_channels) {
            *bias += plane.iter().sum::<f64>();
        }
    }
    let mut weights = vec![0.0; weight.len()];
    let mut input = Images::zeros(y.batch, stage.input_channels, y.height, y.width);
    products(&passed.input, stage, |to, from, tap| {
        weights[tap] += sums[to] * passed.input.values[from];
        input.values[from] += sums[to] * f64::from(weight[tap]);
    });
    let mut to_earlier = None;
    if let Some(skip) = stage.skip {
        let (before, earlier) = parted(skip, input, channels_before);
        (input, to_earlier) = (before, Some(earlier));
    }
    if stage.resize == Resize::Upsample {
        let mut small = Images::zeros(y.batch, input.channels, y.height / 2, y.width / 2);
        for image in 0..y.batch {
            for channel in 0..input.channels {
                for row in 0..y.height {
                    for column in 0..y.width {
                        let to = small.at(image, channel, row / 2, column / 2);
                        small.values[to] += input.values[input.at(image, channel, row, column)];
                    }
                }
            }
        }
        input = small;
    }
    (input, to_earlier, weights, bias)
}

/// What the loop starts from on its way back.
pub(crate) enum Start<'a> {
    Gradient(&'a [f32]),
    Loss(Loss, &'a [f32]),
}

/// Runs the definitions over a stack.
pub(crate) fn run(
    stages: &[Stage],
    shape: [usize; 4],
    values: &[f32],
    weights: &[(Vec<f32>, Vec<f32>)],
    start: &Start<'_>,
) -> Expected {
    let [batch, channels, height, width] = shape;
    let values = values.iter().map(|&value| f64::from(value)).collect();
    let mut x = Images {
        batch,
        channels,
        height,
        width,
        values,
    };
    let mut passed: Vec<Passed> = Vec::new();
    for (stage, (weight, bias)) in stages.iter().zip(weights) {
        let (output, kept) = forward(stage, &x, &passed, weight, bias);
        passed.push(kept);
        x = output;
    }
    let count = x.values.len() as f64;
    let mut loss = 0.0;
    let mut gradient: Vec<f64> = match start {
        Start::Gradient(gradient) => gradient.iter().map(|&value| f64::from(value)).collect(),
        Start::Loss(kind, target) => x
            .values
            .iter()
            .zip(*target)
            .map(|(output, target)| {
                let target = f64::from(*target);
                let (value, slope) = match kind {
                    Loss::Mse => ((output - target).powi(2), 2.0 * (output - target)),
                    Loss::L1 => ((output - target).abs(), (output - target).signum()),
                    Loss::Charbonnier => {
                        let value = (output - target).hypot(1e-3);
                        (value, (output - target) / value)
                    }
                    _ => (
                        -(target * output.ln() + (1.0 - target) * (1.0 - output).ln()),
                        (1.0 - target) / (1.0 - output) - target / output,
                    ),
                };
                loss += value / count;
                slope / count
            })
            .collect(),
    };
    let mut gradients = Vec::new();
    let mut from_skips: Vec<Option<Images>> = stages.iter().map(|_| None).collect();
    for (index, (weight, _)) in weights.iter().enumerate().rev() {
        let (stage, kept, skips) = (&stages[index], &passed[index], from_skips[index].take());
        let before = index.checked_sub(1).map_or(stage.input_channels, |before| {
            stages[before].output_channels
        });
        let (input, earlier, weight, bias) =
            backward(stage, kept, weight, &gradient, skips.as_ref(), before);
        if let (Some(skip), Some(mut earlier)) = (stage.skip, earlier) {
            let sum = &mut from_skips[skip.source()];
            if let Some(sum) = sum {
                earlier = joined(Skip::Add(0), sum, &earlier);
            }
            *sum = Some(earlier);
        }
        gradient = input.values;
        gradients.push((weight, bias));
    }
    gradients.reverse();
    Expected {
        output: x.values,
        loss,
        input: gradient,
        weights: gradients,
    }
}

/// The largest difference of two lists, as a share of the largest expected magnitude.
pub(crate) fn error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len(), "lengths differ");
    let largest = expected
        .iter()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    let worst = found
        .iter()
        .zip(expected)
        .fold(0.0_f64, |most, (found, expected)| {
            let difference = (f64::from(*found) - expected).abs();
            if difference.is_nan() {
                f64::INFINITY
            } else {
                most.max(difference)
            }
        });
    if largest == 0.0 {
        worst
    } else {
        worst / largest
    }
}
