//! The U-Net: an encoder and a decoder with skip connections between their levels.

pub(crate) mod inference;
pub(crate) mod layers;
pub(crate) mod skip_connections;

use std::ops::Not;

use ae_kernels::Stack;
use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::api::capabilities::{Reconstruct, Trainable};
use crate::api::loss::ReconstructionLoss;
use crate::api::objective::{Objective, TrainingBatch};
use crate::error::ModelError;
use crate::inference::Inference;
use crate::kind::{ModelKind, Outline};
use crate::kinds::unet::inference::Prediction;
use crate::kinds::unet::layers::{Layers, Plan, field_of_view};
use crate::kinds::unet::skip_connections::SkipConnections;
use crate::limits;
use crate::networks::compute;
use crate::networks::conv_stacks::weights;
use crate::networks::layer::{Convolution, LayerSpec};
use crate::networks::opponent::{chrominances, to_opponent, with_chrominances};
use crate::networks::options::WIDTHS;
use crate::networks::padding::{crop, pad_to_multiple};
use crate::parameters::builder::Builder;
use crate::parameters::initialization::Initialization;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};

/// Settings of [`Unet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnetConfig {
    /// Channels of each level, the picture's own size first. Between two levels the picture is halved.
    pub widths: Vec<usize>,
    /// 3x3 convolutions of each level, on the way down and on the way up.
    pub convolutions: usize,
    /// Whether convolutions have biases. Without them the whole network scales with its input, and what it learned at one
    /// strength of noise it does at others (Mohan, Kadkhodaie, Simoncelli and Fernandez-Granda 2020, *Robust and
    /// interpretable blind image denoising via bias-free convolutional neural networks*).
    pub bias: bool,
    /// What the decoder takes of the encoder's maps.
    pub skip: SkipConnections,
    /// Whether the network predicts the noise, which is taken off its input, and not the picture (K. Zhang et al. 2017,
    /// *Beyond a Gaussian denoiser: residual learning of deep CNN for image denoising*, section III.A).
    pub residual: bool,
    /// Whether of a color picture the network predicts the chrominances alone. It sees luminance and both chrominances; the
    /// luminance of its output is that of its input, for a gray model to denoise.
    #[serde(skip_serializing_if = "Not::not")]
    pub chrominance_only: bool,
    /// The distribution of the initial weights. Those of the last convolution are a tenth where the network predicts the
    /// noise, so that training begins near the identity.
    pub initialization: Initialization,
}

impl Default for UnetConfig {
    fn default() -> Self {
        Self {
            widths: vec![32, 64, 128],
            convolutions: 2,
            bias: false,
            skip: SkipConnections::default(),
            residual: true,
            chrominance_only: false,
            initialization: Initialization::HeUniform,
        }
    }
}

/// What the bound of the last convolution's weights is multiplied by in a network that predicts the noise.
const NEAR_IDENTITY: f64 = 0.1;
/// Convolutions of a level, at most.
const MOST_CONVOLUTIONS: usize = 8;
/// Convolutions in all, at most: what a stack with skip connections takes.
const MOST_LAYERS: usize = 128;

const CONVOLUTIONS: SettingSpec = SettingSpec {
    name: "convolutions",
    value: SettingValue::Text("N"),
    help: "3x3 convolutions of each level [default: 2]",
};

const BIAS: SettingSpec = SettingSpec {
    name: "bias",
    value: SettingValue::Switch,
    help: "Give convolutions biases; without them one network denoises at many strengths",
};

const SKIP: SettingSpec = SettingSpec {
    name: "skip",
    value: SettingValue::OneOf {
        value_name: "HOW",
        names: &["concatenate", "add", "none"],
    },
    help: "What the decoder takes of the encoder's maps [default: concatenate]",
};

const RESIDUAL: SettingSpec = SettingSpec {
    name: "residual",
    value: SettingValue::OneOf {
        value_name: "WHETHER",
        names: &["on", "off"],
    },
    help: "Predict the noise and take it off the input, or predict the picture [default: on]",
};

const CHROMINANCE_ONLY: SettingSpec = SettingSpec {
    name: "chrominance-only",
    value: SettingValue::Switch,
    help: "Predict the chrominances of color pictures, and leave their luminance as it is",
};

impl UnetConfig {
    /// What height and width are padded to a multiple of.
    fn multiple(&self) -> usize {
        1 << (self.widths.len() - 1)
    }

    fn plan(&self, channels: usize) -> Plan<'_> {
        Plan {
            widths: &self.widths,
            convolutions: self.convolutions,
            bias: self.bias,
            skip: self.skip,
            channels,
            predicted: match self.chrominance_only {
                true => 2,
                false => channels,
            },
            last_scale: if self.residual { NEAR_IDENTITY } else { 1.0 },
        }
    }

    fn layers(&self, channels: usize) -> Layers {
        Layers::new(&self.plan(channels))
    }

    fn check_settings(&self, [channels, height, width]: [usize; 3]) -> Result<(), ModelError> {
        let reject = |field: &'static str, reason: String| Err(ModelError::config(field, reason));
        if self.chrominance_only && channels != 3 {
            return reject(
                "chrominance_only",
                "gray pictures have no chrominances: it takes red, green and blue".to_owned(),
            );
        }
        let levels = self.widths.len();
        if levels == 0 {
            return reject(
                "widths",
                "none given: a U-Net has at least one level".to_owned(),
            );
        }
        if levels > limits::CONV_DEPTH {
            let most = limits::CONV_DEPTH;
            return reject("widths", format!("{levels} levels: at most {most}"));
        }
        let is_width = |channels: &usize| (1..=limits::CONV_WIDTH).contains(channels);
        if let Some(channels) = self.widths.iter().find(|channels| !is_width(channels)) {
            let most = limits::CONV_WIDTH;
            let reason = format!("a level of {channels} channels: must be 1 to {most}");
            return reject("widths", reason);
        }
        if !(1..=MOST_CONVOLUTIONS).contains(&self.convolutions) {
            let reason = format!("{}: must be 1 to {MOST_CONVOLUTIONS}", self.convolutions);
            return reject("convolutions", reason);
        }
        let layers = (2 * levels - 1) * self.convolutions + 1;
        if layers > MOST_LAYERS {
            let reason = format!(
                "{} on each of {levels} levels are {layers} layers: at most {MOST_LAYERS}",
                self.convolutions
            );
            return reject("convolutions", reason);
        }
        let multiple = self.multiple();
        if height.min(width) < multiple {
            let reason = format!(
                "{levels} levels halve the picture {} times, which takes at least {multiple}x{multiple} pixels, not \
                 {width}x{height}",
                levels - 1
            );
            return reject("widths", reason);
        }
        Ok(())
    }
}

impl ModelKind for UnetConfig {
    const NAME: &'static str = "unet";
    const SUMMARY: &'static str =
        "Convolutions with skip connections past the middle, for denoising";
    type Model = Unet;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        self.check_settings(input_shape)?;
        let Layers {
            encoder, decoder, ..
        } = self.layers(input_shape[0]);
        let layers = [encoder, decoder].concat();
        Ok(Outline::new().with_tensors(LayerSpec::tensors_of(&layers)))
    }

    fn build(&self, builder: &mut Builder<'_>) -> Unet {
        let [channels, ..] = builder.input_shape();
        let layers = self.layers(channels);
        let field_of_view = field_of_view(&layers.stages, self.multiple());
        let stack = compute::stack(layers.stages, builder.path())
            .expect("the settings were checked: their layers fit together");
        let mut convolutions =
            |layers: &[LayerSpec]| Convolution::build_all(layers, self.initialization, builder);
        Unet {
            encoder: convolutions(&layers.encoder),
            decoder: convolutions(&layers.decoder),
            config: self.clone(),
            input_shape: builder.input_shape(),
            field_of_view,
            stack,
        }
    }

    fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        let plan = self.plan(input_shape[0]);
        let prediction = Prediction {
            residual: self.residual,
            chrominance_only: self.chrominance_only,
        };
        let graph = inference::graph(&plan, self.multiple(), prediction);
        Some(Inference::whole(graph).of_any_size())
    }

    fn options() -> Vec<SettingSpec> {
        vec![WIDTHS, CONVOLUTIONS, BIAS, SKIP, RESIDUAL, CHROMINANCE_ONLY]
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        set(&mut self.widths, given.list_of_at_least_one(WIDTHS.name)?);
        set(
            &mut self.convolutions,
            given.at_least_one(CONVOLUTIONS.name)?,
        );
        self.bias |= given.has(BIAS.name);
        self.chrominance_only |= given.has(CHROMINANCE_ONLY.name);
        set(&mut self.skip, given.parsed(SKIP.name)?);
        match given.text(RESIDUAL.name) {
            None => {}
            Some("on") => self.residual = true,
            Some("off") => self.residual = false,
            Some(text) => {
                let reason = format!("{text}: expected on or off");
                return Err(ModelError::setting(RESIDUAL.name, reason));
            }
        }
        Ok(())
    }

    fn refuses_loss(&self, loss: ReconstructionLoss) -> Option<&'static str> {
        match loss {
            ReconstructionLoss::Bce => Some(
                "a cross-entropy is of outputs from 0 to 1, and a U-Net has no activation at its end that keeps them there",
            ),
            ReconstructionLoss::Mse | ReconstructionLoss::L1 | ReconstructionLoss::Charbonnier => {
                None
            }
        }
    }

    fn leaves_luminance(&self) -> bool {
        self.chrominance_only
    }

    fn description(&self) -> String {
        let skips = match self.skip {
            SkipConnections::Concatenate => "skip connections concatenated",
            SkipConnections::Add => "skip connections added",
            SkipConnections::None => "no skip connections",
        };
        let bias = if self.bias { "" } else { ", no biases" };
        let predicts = match (self.residual, self.chrominance_only) {
            (true, false) => ", predicts the noise",
            (true, true) => ", predicts the noise of the chrominances",
            (false, true) => ", predicts the chrominances",
            (false, false) => "",
        };
        let bottleneck = match (self.skip, self.residual) {
            (SkipConnections::None, false) => "its code cannot be used alone",
            _ => "no bottleneck: the picture passes beside the middle, so nothing is compressed",
        };
        let levels = match self.widths.len() {
            1 => "1 level".to_owned(),
            levels => format!("{levels} levels"),
        };
        format!("U-Net of {levels}, {skips}{bias}{predicts}; {bottleneck}")
    }
}

/// A U-Net: 3x3 convolutions with ReLU and 2x2 max-pooling down to the lowest level, and 3x3 convolutions with nearest
/// upsampling back, where each level takes the encoder's map of the same size, too. It has no activation at its end; where
/// `residual` is set its output is taken off its input.
///
/// It reconstructs and has no codes: what passes by the skip connections is as large as the picture and larger, so the
/// lowest map alone decodes to nothing. It is fully convolutional: [`reconstruct`](Reconstruct::reconstruct) runs on any
/// height and width, padded at the bottom and on the right by repeating the edge to what the levels divide.
///
/// One for the [chrominances alone](UnetConfig::chrominance_only) sees a color picture in an orthonormal basis of luminance and
/// chrominances, so that noise that is alike in red, green and blue is so there; its loss is that of the chrominances.
///
/// The default has 470,592 weights for gray pictures, and takes 84,000 multiplications a pixel.
///
/// The equivalent PyTorch module, whose `state_dict` has the names and shapes of the model file (sizes that need padding are
/// left out):
///
/// ```python
/// class Unet(nn.Module):
///     def __init__(self, channels=1, widths=(32, 64, 128), convolutions=2, bias=False, skip="concatenate", residual=True):
///         super().__init__()
///         self.convolutions, self.skip, self.residual = convolutions, skip, residual
///         def chain(sizes):
///             return [nn.Conv2d(i, o, 3, padding=1, bias=bias) for i, o in zip(sizes, sizes[1:])]
///         above = [channels, *widths]
///         self.encoder = nn.ModuleList()
///         for i, width in enumerate(widths):
///             self.encoder.extend(chain([above[i]] + [width] * convolutions))
///         self.decoder = nn.ModuleList(chain([widths[-1], above[len(widths) - 1]]))
///         for i in reversed(range(len(widths) - 1)):
///             joined = widths[i] * (2 if skip == "concatenate" else 1)
///             self.decoder.extend(chain([joined] + [widths[i]] * (convolutions - 1) + [above[i]]))
///
///     def forward(self, x):
///         y, maps, n = x, [], self.convolutions
///         for i, layer in enumerate(self.encoder):
///             if i and i % n == 0:
///                 maps.append(y)
///                 y = F.max_pool2d(y, 2)
///             y = layer(y).relu()
///         for i, layer in enumerate(self.decoder):
///             if i and (i - 1) % n == 0:
///                 y, e = F.interpolate(y, scale_factor=2, mode="nearest"), maps.pop()
///                 y = {"concatenate": lambda: torch.cat([y, e], 1), "add": lambda: y + e, "none": lambda: y}[self.skip]()
///             y = layer(y)
///             if i + 1 < len(self.decoder):
///                 y = y.relu()
///         return x - y if self.residual else y
/// ```
#[derive(Module, Debug)]
pub struct Unet {
    encoder: Vec<Convolution>,
    decoder: Vec<Convolution>,
    #[module(skip)]
    config: UnetConfig,
    #[module(skip)]
    input_shape: [usize; 3],
    #[module(skip)]
    field_of_view: usize,
    #[module(skip)]
    stack: Stack,
}

impl Unet {
    fn convolutions(&self) -> impl Iterator<Item = &Convolution> {
        self.encoder.iter().chain(&self.decoder)
    }

    /// What the network sees of images.
    fn seen(&self, images: Tensor<4>) -> Tensor<4> {
        match self.config.chrominance_only {
            true => to_opponent(&images),
            false => images,
        }
    }

    /// Those channels of what it sees that it predicts.
    fn predicted_of(&self, seen: Tensor<4>) -> Tensor<4> {
        match self.config.chrominance_only {
            true => chrominances(seen),
            false => seen,
        }
    }

    /// The channels that it predicts, without noise.
    fn predict(&self, images: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = images.dims();
        let seen = self.seen(pad_to_multiple(images, self.config.multiple()));
        let weights = weights(self.convolutions());
        let output = self.stack.forward(seen.clone(), &weights);
        let predicted = match self.config.residual {
            true => self.predicted_of(seen) - output,
            false => output,
        };
        crop(predicted, height, width)
    }
}

impl Trainable for Unet {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    /// The loss and its gradients come from one pass where nothing is cropped off between output and loss, and where the
    /// loss of `input - output` against the target is that of the output against `input - target`.
    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let [_, _, height, width] = batch.input.dims();
        let multiple = self.config.multiple();
        let is_whole = height.is_multiple_of(multiple) && width.is_multiple_of(multiple);
        let goes_by_difference = match batch.loss {
            ReconstructionLoss::Mse | ReconstructionLoss::L1 | ReconstructionLoss::Charbonnier => {
                true
            }
            ReconstructionLoss::Bce => false,
        };
        let TrainingBatch {
            input,
            target,
            loss,
            ..
        } = batch;
        let target = self.predicted_of(self.seen(target));
        if !is_whole || (self.config.residual && !goes_by_difference) {
            return Objective::reconstruction(loss.value(self.predict(input), target));
        }
        let seen = self.seen(input);
        let target = match self.config.residual {
            true => self.predicted_of(seen.clone()) - target,
            false => target,
        };
        let weights = weights(self.convolutions());
        let value = self.stack.loss(seen, target, &weights, loss.of_kernels());
        Objective::reconstruction(value)
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }
}

impl Reconstruct for Unet {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        let predicted = self.predict(images.clone());
        match self.config.chrominance_only {
            true => with_chrominances(&images, predicted),
            false => predicted,
        }
    }

    fn size_multiple(&self) -> Option<usize> {
        Some(self.config.multiple())
    }

    fn field_of_view(&self) -> Option<usize> {
        Some(self.field_of_view)
    }
}
