//! Every kind of model with the settings that matter to what it computes, and images for them: what the tests and the
//! example `doors` go by.

use ae_models::{ModelConfig, Registry};
use burn::tensor::{Device, Tensor, TensorData};

/// Images that go through each model.
pub(crate) const IMAGES: usize = 16;

/// A model.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) input_shape: [usize; 3],
    /// Its configuration, as JSON.
    config: &'static str,
}

/// The models.
pub(crate) const CASES: [Case; 25] = [
    case("conv", [1, 28, 28], r#"{"kind": "conv"}"#),
    case(
        "conv-latent",
        [1, 28, 28],
        r#"{"kind": "conv", "widths": [16, 32, 32], "latent": 24}"#,
    ),
    case(
        "conv-transposed",
        [1, 28, 28],
        r#"{"kind": "conv", "widths": [32, 32], "upsampling": "transposed"}"#,
    ),
    case(
        "conv-transposed-latent-padded",
        [3, 26, 21],
        r#"{"kind": "conv", "widths": [8, 16], "upsampling": "transposed", "latent": 10}"#,
    ),
    case(
        "conv-padded",
        [1, 30, 27],
        r#"{"kind": "conv", "widths": [8, 16, 16]}"#,
    ),
    case(
        "conv-one-layer",
        [3, 9, 7],
        r#"{"kind": "conv", "widths": [12]}"#,
    ),
    case("dense", [1, 28, 28], r#"{"kind": "dense"}"#),
    case(
        "dense-tied",
        [1, 28, 28],
        r#"{"kind": "dense", "widths": [64, 32], "latent": 8, "tied": true}"#,
    ),
    case(
        "dense-linear",
        [3, 8, 8],
        r#"{"kind": "dense", "widths": [], "latent": 12, "output": "linear"}"#,
    ),
    case("vae", [1, 28, 28], r#"{"kind": "vae"}"#),
    case(
        "vae-dense",
        [1, 28, 28],
        r#"{"kind": "vae", "likelihood": "gaussian", "network": {"kind": "dense", "widths": [100], "latent": 6}}"#,
    ),
    case(
        "vae-dense-tanh",
        [1, 28, 28],
        r#"{"kind": "vae", "network": {"kind": "dense", "widths": [40, 30], "latent": 6, "activation": "tanh"}}"#,
    ),
    case(
        "sparse-l1",
        [1, 28, 28],
        r#"{"kind": "sparse", "network": {"kind": "dense", "widths": [64], "latent": 200}}"#,
    ),
    case(
        "sparse-kl",
        [1, 28, 28],
        r#"{"kind": "sparse", "sparsity": "kl:0.05:0.1", "network": {"kind": "conv", "widths": [8, 8], "latent": 40}}"#,
    ),
    case(
        "sparse-top-k",
        [1, 28, 28],
        r#"{"kind": "sparse", "sparsity": "top-k:8", "network": {"kind": "dense", "widths": [64], "latent": 100}}"#,
    ),
    case(
        "sparse-top-k-map",
        [1, 30, 27],
        r#"{"kind": "sparse", "sparsity": "top-k:60", "network": {"kind": "conv", "widths": [8, 16, 4]}}"#,
    ),
    case("contractive", [1, 28, 28], r#"{"kind": "contractive"}"#),
    case("unet", [1, 40, 40], r#"{"kind": "unet"}"#),
    case(
        "unet-add",
        [3, 24, 32],
        r#"{"kind": "unet", "widths": [8, 12, 16], "skip": "add", "bias": true, "residual": false, "convolutions": 1}"#,
    ),
    case(
        "unet-none",
        [1, 21, 34],
        r#"{"kind": "unet", "widths": [8, 16], "skip": "none", "convolutions": 3}"#,
    ),
    case(
        "unet-one-level",
        [1, 16, 16],
        r#"{"kind": "unet", "widths": [8], "bias": true}"#,
    ),
    case(
        "unet-chrominances",
        [3, 21, 34],
        r#"{"kind": "unet", "widths": [8, 12], "chrominance_only": true}"#,
    ),
    case(
        "unet-chrominances-themselves",
        [3, 16, 24],
        r#"{"kind": "unet", "widths": [8, 12], "chrominance_only": true, "residual": false, "convolutions": 1}"#,
    ),
    // By the usual initialization what it decodes is of -8 to 5 before it is limited, and so is the rounding of that.
    case(
        "transform",
        [1, 28, 28],
        r#"{"kind": "transform", "initialization": "glorot-uniform"}"#,
    ),
    case(
        "transform-padded",
        [3, 26, 21],
        r#"{"kind": "transform", "lambda": [0.01, 0.003], "widths": [8, 12], "code_channels": 6}"#,
    ),
];

const fn case(name: &'static str, input_shape: [usize; 3], config: &'static str) -> Case {
    Case {
        name,
        input_shape,
        config,
    }
}

impl Case {
    /// Its configuration.
    pub(crate) fn config(&self) -> ModelConfig {
        Registry::builtin().from_json(self.config).unwrap()
    }

    /// The model, its weights drawn.
    pub(crate) fn model(&self, device: &Device) -> ae_models::Model {
        self.config().init(self.input_shape, 7, device).unwrap()
    }
}

/// Images of so many channels, rows and columns: bytes over 255, smooth here and rough there, each another one.
pub(crate) fn images([channels, height, width]: [usize; 3]) -> Vec<f32> {
    let mut state = 1_u32;
    let mut images = Vec::with_capacity(IMAGES * channels * height * width);
    for image in 0..IMAGES {
        for channel in 0..channels {
            for row in 0..height {
                for column in 0..width {
                    // Numerical Recipes' generator (Press et al. 1992, section 7.1).
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = (state >> 24) as usize % 64;
                    let wave = (row * (image + 1) + 3 * column * (channel + 1)) % 160;
                    let inside = row > image && column > height / 4 && row + column < height;
                    let level = if inside {
                        255 - noise
                    } else {
                        wave + noise / 2
                    };
                    images.push(level as f32 / 255.0);
                }
            }
        }
    }
    images
}

/// Numbers of `[batch, channels, height, width]` as a tensor.
pub(crate) fn tensor(values: &[f32], shape: [usize; 3], device: &Device) -> Tensor<4> {
    let [channels, height, width] = shape;
    let batch = values.len() / (channels * height * width);
    let data = TensorData::new(values.to_vec(), [batch, channels, height, width]);
    Tensor::from_data(data, device)
}

/// A tensor's numbers.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The largest difference of two lists of numbers of one length.
pub(crate) fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    // A NaN would be lost by `max`.
    differences.fold(0.0, |most, difference| {
        match difference > most || difference.is_nan() {
            true => difference,
            false => most,
        }
    })
}

/// Runs an ONNX file of one input by rten: the numbers of its outputs.
pub(crate) fn run_by_rten(onnx: &[u8], input: &[f32], shape: &[usize]) -> Vec<Vec<f32>> {
    let model = rten::Model::load(onnx.to_vec()).unwrap();
    let value = match *shape {
        [a, b, c, d] => rten::Value::from_shape([a, b, c, d].as_slice(), input.to_vec()),
        [a, b] => rten::Value::from_shape([a, b].as_slice(), input.to_vec()),
        _ => panic!("{shape:?}"),
    };
    let inputs = vec![(model.input_ids()[0], value.unwrap().into())];
    let outputs = model.run(inputs, model.output_ids(), None).unwrap();
    outputs
        .iter()
        .map(|output| {
            let view = output.as_tensor_view::<f32>().unwrap();
            view.iter().copied().collect()
        })
        .collect()
}
