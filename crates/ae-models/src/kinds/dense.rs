//! The fully connected kind: the network as it is.

use crate::error::ModelError;
use crate::inference::Inference;
use crate::kind::{ModelKind, Outline};
use crate::networks::dense::DenseAutoencoder;
use crate::networks::dense_config::DenseAutoencoderConfig;
use crate::networks::layer::LayerSpec;
use crate::networks::options;
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec};

impl ModelKind for DenseAutoencoderConfig {
    const NAME: &'static str = "dense";
    const SUMMARY: &'static str = "Fully connected layers";
    type Model = DenseAutoencoder;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        let layers = self.layers(input_shape, 1)?;
        Ok(Outline::new()
            .with_code([self.latent])
            .with_tensors(LayerSpec::tensors_of(&layers)))
    }

    fn build(&self, builder: &mut Builder<'_>) -> DenseAutoencoder {
        let layers = self
            .layers(builder.input_shape(), 1)
            .expect("the settings were checked");
        DenseAutoencoder::build(self, &layers, builder)
    }

    fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        Some(self.inference_with(input_shape, "", |_, values, _| values))
    }

    fn options() -> Vec<SettingSpec> {
        options::DENSE.to_vec()
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        options::apply_to_dense(self, given)
    }

    fn without_image_width(&mut self, image_values: usize) {
        self.drop_image_width(image_values);
    }

    fn description(&self) -> String {
        self.summary().to_owned()
    }
}
