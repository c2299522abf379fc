//! A kind of model that no crate of `ae` knows: one linear layer to the code and one back, as principal components have
//! it, but trained.

use ae_models::{
    Builder, Codes, GivenSettings, Initialization, ModelError, ModelKind, Objective, Outline,
    Reconstruct, SettingSpec, SettingValue, Trainable, TrainingBatch,
};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProjectionConfig {
    /// Values of the code.
    pub(crate) latent: usize,
    /// The size that no weight exceeds.
    pub(crate) bound: f64,
}

impl Default for ProjectionConfig {
    fn default() -> Self {
        Self {
            latent: 8,
            bound: 1.0,
        }
    }
}

/// The model.
#[derive(Module, Debug)]
pub(crate) struct Projection {
    encoder: Linear,
    decoder: Linear,
    #[module(skip)]
    input_shape: [usize; 3],
    #[module(skip)]
    bound: f64,
}

impl ModelKind for ProjectionConfig {
    const NAME: &'static str = "projection";
    const SUMMARY: &'static str = "A linear projection and its way back";
    type Model = Projection;

    fn check(&self, _input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        if self.latent == 0 {
            return Err(ModelError::setting("latent", "0: must be at least 1"));
        }
        Ok(Outline::new().with_code([self.latent]))
    }

    fn build(&self, builder: &mut Builder<'_>) -> Projection {
        let shape = builder.input_shape();
        let values = shape.iter().product();
        let layer = |from, to| LinearConfig::new(from, to).init(builder.device());
        let (encoder, decoder) = (layer(values, self.latent), layer(self.latent, values));
        Projection {
            encoder: builder.draw(encoder, Initialization::default()),
            decoder: builder.draw(decoder, Initialization::default()),
            input_shape: shape,
            bound: self.bound,
        }
    }

    fn options() -> Vec<SettingSpec> {
        let spec = |name, value, help| SettingSpec { name, value, help };
        vec![
            spec("latent", SettingValue::Text("N"), "Values of the code"),
            spec(
                "bound",
                SettingValue::Text("SIZE"),
                "The size that no weight exceeds (projection)",
            ),
        ]
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        self.latent = given.at_least_one("latent")?.unwrap_or(self.latent);
        self.bound = given.at_least_zero("bound")?.unwrap_or(self.bound);
        Ok(())
    }
}

impl Trainable for Projection {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        self.reconstruction_objective(batch)
    }

    /// What the optimizer cannot know: the weights keep to their bound.
    fn after_step(mut self, _step: u64, _observed: &[Tensor<2>]) -> Self {
        let bound = self.bound;
        for layer in [&mut self.encoder, &mut self.decoder] {
            let weight = layer.weight.clone();
            layer.weight = weight.map(|weight| weight.clamp(-bound, bound).detach().require_grad());
        }
        self
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }
}

impl Reconstruct for Projection {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        self.decode(self.encode(images))
    }
}

impl Codes for Projection {
    fn code_shape(&self) -> Vec<usize> {
        vec![self.encoder.weight.dims()[1]]
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        self.encoder.forward(images.flatten::<2>(1, 3))
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let [batch, _] = codes.dims();
        let [channels, height, width] = self.input_shape();
        self.decoder
            .forward(codes)
            .reshape([batch, channels, height, width])
    }
}
