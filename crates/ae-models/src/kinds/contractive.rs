//! The contractive kind.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;
use serde::{Deserialize, Serialize};

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::objective::{Objective, TrainingBatch};
use crate::error::ModelError;
use crate::inference::{Inference, Operation};
use crate::kind::{ModelKind, Outline};
use crate::kinds::made_of_network::{MadeOfNetwork, check_latent, options_with, outline};
use crate::networks::network::{Network, NetworkConfig};
use crate::networks::options::apply_to_network;
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};
use crate::written::check_coefficient;

/// Settings of [`ContractiveAutoencoder`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContractiveAutoencoderConfig {
    /// What the squared Frobenius norm of the encoder's Jacobian is multiplied by.
    pub contraction: f64,
    /// The encoder and the decoder. With tied weights the encoder cannot shrink while the decoder grows.
    pub network: NetworkConfig,
}

impl Default for ContractiveAutoencoderConfig {
    fn default() -> Self {
        Self {
            contraction: 1e-4,
            network: NetworkConfig::default(),
        }
    }
}

const CONTRACTION: SettingSpec = SettingSpec {
    name: "contraction",
    value: SettingValue::Text("WEIGHT"),
    help: "The weight of the encoder's squared Jacobian",
};

impl ModelKind for ContractiveAutoencoderConfig {
    const NAME: &'static str = "contractive";
    const SUMMARY: &'static str = "The code changes little when the image does";
    type Model = ContractiveAutoencoder;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        check_coefficient("contraction", self.contraction)?;
        check_latent(&self.network, Self::NAME)?;
        let layers = self.network.layers(input_shape, 1)?;
        Ok(outline(&self.network, input_shape, &layers))
    }

    fn build(&self, builder: &mut Builder<'_>) -> ContractiveAutoencoder {
        ContractiveAutoencoder {
            network: self.network.checked_build(1, builder),
            config: self.clone(),
        }
    }

    fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        let network = &self.network;
        Some(network.inference(input_shape, |graph, values, _| {
            graph.step(Operation::Sigmoid, values)
        }))
    }

    fn options() -> Vec<SettingSpec> {
        options_with(&[CONTRACTION])
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        apply_to_network(&mut self.network, given)?;
        set(
            &mut self.contraction,
            given.at_least_zero(CONTRACTION.name)?,
        );
        Ok(())
    }

    fn without_image_width(&mut self, image_values: usize) {
        self.network.drop_image_width(image_values);
    }

    fn description(&self) -> String {
        format!(
            "contractive, weight {}; {}",
            self.contraction,
            self.network.summary()
        )
    }
}

/// How far a random step goes, in pixel units for each value of the image.
const STEP: f64 = 1e-2;

/// A contractive autoencoder: its sigmoid code changes little when the image does.
///
/// Its loss is the reconstruction loss of the training configuration, a mean over every value, and the term
/// `contraction`: `contraction * |J|^2`, where J holds the derivative of each number of the code by each value of the
/// image. The squared Frobenius norm is **per image**, a sum over all of J, averaged over the images of the batch alone.
///
/// - For one dense layer it is exact: `sum over j of (h_j (1 - h_j))^2 * sum over i of W_ji^2`.
/// - For any other encoder it is an **estimate** by one random direction an image and step: the expectation of
///   `|(h(x + e u) - h(x)) / e|^2` over standard normal `u` is `|J|^2` for small `e`, here 0.01.
///
/// In PyTorch: the module of [`ConvAutoencoder`](crate::ConvAutoencoder) or
/// [`DenseAutoencoder`](crate::DenseAutoencoder) as `network`, with a sigmoid on the code.
///
/// # References
/// S. Rifai et al. (2011), *Contractive auto-encoders: explicit invariance during feature extraction*, equations 6 and
/// 8. G. Alain and Y. Bengio (2014), *What regularized auto-encoders learn from the data-generating distribution*.
#[derive(Module, Debug)]
pub struct ContractiveAutoencoder {
    network: Network,
    #[module(skip)]
    config: ContractiveAutoencoderConfig,
}

impl ContractiveAutoencoder {
    /// The codes of a batch, and the squared norm of each image's Jacobian or an estimate of it.
    ///
    /// # Shapes
    /// - output: `[batch, latent]` and `[batch, 1]`
    fn codes_and_norms(&self, batch: &TrainingBatch<'_>) -> (Tensor<2>, Tensor<2>) {
        if let Network::Dense(network) = &self.network
            && let Some(weight_norms) = network.single_layer_weight_norms()
        {
            let codes = self.encode(batch.input.clone());
            let slopes = codes.clone() * codes.clone().neg().add_scalar(1.0);
            return (codes, (slopes.square() * weight_norms).sum_dim(1));
        }
        let shape = batch.input.dims();
        let [images, ..] = shape;
        let values = shape[1..].iter().product();
        let directions = batch.standard_normal(values).reshape(shape);
        let moved = batch.input.clone() + directions.mul_scalar(STEP);
        // One pass for both: the encoder's kernels like large batches.
        let both = self.encode(Tensor::cat(vec![batch.input.clone(), moved], 0));
        let codes = both.clone().narrow(0, 0, images);
        let change = (both.narrow(0, images, images) - codes.clone()).mul_scalar(STEP.recip());
        (codes, change.square().sum_dim(1))
    }
}

impl MadeOfNetwork for ContractiveAutoencoder {
    fn network(&self) -> &Network {
        &self.network
    }

    fn code_of(&self, outputs: Tensor<2>) -> Tensor<2> {
        sigmoid(outputs)
    }
}

impl Trainable for ContractiveAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.network.input_shape()
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let (codes, norms) = self.codes_and_norms(&batch);
        let loss = self.network.decoding_loss(codes, batch.target, batch.loss);
        let penalty = norms.mean().mul_scalar(self.config.contraction);
        Objective::sum(vec![("reconstruction", loss), ("contraction", penalty)])
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }
}
