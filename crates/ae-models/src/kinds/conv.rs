//! The convolutional kind: the network as it is.

use crate::error::ModelError;
use crate::inference::Inference;
use crate::kind::{ModelKind, Outline};
use crate::networks::conv::ConvAutoencoder;
use crate::networks::conv_config::ConvAutoencoderConfig;
use crate::networks::layer::LayerSpec;
use crate::networks::options;
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec};

impl ModelKind for ConvAutoencoderConfig {
    const NAME: &'static str = "conv";
    const SUMMARY: &'static str = "Convolutions, pooling and upsampling";
    type Model = ConvAutoencoder;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        let layers = self.layers(input_shape, 1)?;
        Ok(Outline::new()
            .with_code(self.code_shape(input_shape))
            .with_tensors(LayerSpec::tensors_of(&layers)))
    }

    fn build(&self, builder: &mut Builder<'_>) -> ConvAutoencoder {
        let layers = self
            .layers(builder.input_shape(), 1)
            .expect("the settings were checked");
        ConvAutoencoder::build(self, &layers, builder)
    }

    fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        let inference = self.inference_with(input_shape, "", |_, values, _| values);
        Some(match self.latent {
            Some(_) => inference,
            None => inference.of_any_size(),
        })
    }

    fn options() -> Vec<SettingSpec> {
        options::CONV.to_vec()
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        options::apply_to_conv(self, given)
    }

    fn description(&self) -> String {
        self.summary().to_owned()
    }
}
