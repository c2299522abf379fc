//! The convolutional autoencoder in Burn's own operations, trained by `ae-train`: a model of one's own, and what the
//! kernels of `ae-kernels` are measured against.
//!
//! ```sh
//! cargo run --release -p ae-train --example burn_operations -- BATCH_SIZE STEPS ROUNDS [HEIGHT WIDTH CHANNELS]
//! ```
//!
//! It prints one JSON object: images a second in each round, of training and of inference.

use ae_models::{Autoencoder, ModelConfig, Objective, TrainingBatch};
use ae_train::{ThroughputPlan, inference_throughput, training_throughput};
use burn::module::{Module, Param};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::module::{conv2d, interpolate, max_pool2d};
use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor};

#[derive(Module, Debug)]
struct Convolution {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

impl Convolution {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        conv2d(
            x,
            self.weight.val(),
            Some(self.bias.val()),
            ConvOptions::new([1, 1], [1, 1], [1, 1], 1),
        )
    }
}

/// 28x28x1 to 7x7x128 and back, as `ae-models` has it.
#[derive(Module, Debug)]
struct OwnAutoencoder {
    encoder: Vec<Convolution>,
    decoder: Vec<Convolution>,
    #[module(skip)]
    input_shape: [usize; 3],
}

impl OwnAutoencoder {
    fn new(input_shape: [usize; 3], device: &Device) -> Self {
        let channels = input_shape[0];
        let convolutions = |sizes: [usize; 4]| {
            sizes
                .windows(2)
                .map(|pair| Convolution {
                    weight: Param::from_tensor(
                        Tensor::random(
                            [pair[1], pair[0], 3, 3],
                            burn::tensor::Distribution::Normal(0.0, 0.05),
                            device,
                        )
                        .require_grad(),
                    ),
                    bias: Param::from_tensor(Tensor::zeros([pair[1]], device).require_grad()),
                })
                .collect()
        };
        Self {
            encoder: convolutions([channels, 32, 64, 128]),
            decoder: convolutions([128, 128, 64, channels]),
            input_shape,
        }
    }
}

fn upsample(x: Tensor<4>) -> Tensor<4> {
    let nearest = InterpolateOptions::new(InterpolateMode::Nearest);
    interpolate(x, nearest.with_scale_factor([2.0, 2.0]))
}

impl Autoencoder for OwnAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    fn code_shape(&self) -> Vec<usize> {
        vec![128, self.input_shape[1] / 4, self.input_shape[2] / 4]
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        let mut x = images;
        for layer in &self.encoder[..2] {
            x = max_pool2d(relu(layer.forward(x)), MaxPoolOptions::new([2, 2]));
        }
        relu(self.encoder[2].forward(x)).flatten(1, 3)
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let [batch, _] = codes.dims();
        let [_, height, width] = self.input_shape;
        let mut x = codes.reshape([batch, 128, height / 4, width / 4]);
        for layer in &self.decoder[..2] {
            x = upsample(relu(layer.forward(x)));
        }
        sigmoid(self.decoder[2].forward(x))
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let output = self.reconstruct(batch.input);
        Objective::reconstruction(batch.loss.value(output, batch.target))
    }

    fn config(&self) -> Option<ModelConfig> {
        None
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers = std::env::args()
        .skip(1)
        .map(|text| text.parse())
        .collect::<Result<Vec<usize>, _>>()?;
    let number = |index: usize, default| numbers.get(index).copied().unwrap_or(default);
    let plan = ThroughputPlan {
        batch_size: number(0, 128),
        steps: number(1, 2),
        rounds: number(2, 1),
        ..ThroughputPlan::default()
    };
    let device = Device::flex();
    let input_shape = [number(5, 1), number(3, 28), number(4, 28)];
    let model = OwnAutoencoder::new(input_shape, &device);
    let infer = inference_throughput(&model, &plan, &device)?;
    let train = training_throughput(model, &plan, &device)?;
    println!(
        r#"{{"train_images_per_second":{{"rounds":{:?}}},"infer_images_per_second":{{"rounds":{:?}}}}}"#,
        train.images_per_second, infer.images_per_second
    );
    Ok(())
}
