//! A model whose kind is known only at run time.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::tensor::{Device, Tensor};

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::discrete_codes::DiscreteCodes;
use crate::api::latent_variable::LatentVariableModel;
use crate::api::objective::{Objective, TrainingBatch};
use crate::api::validation::ValidationMeasure;
use crate::config::ModelConfig;
use crate::erased::any_model::AnyModel;
use crate::erased::traversal::{ErasedMapper, ErasedVisitor};

/// A model of a kind that a configuration or a file decides, with the configuration. What it is asked, the kind's own
/// type answers.
///
/// It is a module like any other: a parameter's name does not have the kind in it, `encoder.0.weight`, whether through
/// this type or not, and an optimizer that goes by parameters' ids works on it.
#[derive(Debug)]
pub struct Model {
    config: ModelConfig,
    model: Box<dyn AnyModel>,
}

impl Model {
    pub(crate) fn new(config: ModelConfig, model: Box<dyn AnyModel>) -> Self {
        Self { config, model }
    }

    /// The configuration that builds this architecture again; it goes into the model file.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The model itself, if it is an `M`: what a kind's own type can do beyond [`Trainable`].
    #[must_use]
    pub fn get<M: Trainable>(&self) -> Option<&M> {
        self.model.as_any().downcast_ref()
    }

    fn with(self, change: impl FnOnce(Box<dyn AnyModel>) -> Box<dyn AnyModel>) -> Self {
        Self {
            config: self.config,
            model: change(self.model),
        }
    }
}

impl Clone for Model {
    fn clone(&self) -> Self {
        Self::new(self.config.clone(), self.model.cloned())
    }
}

impl Module for Model {
    fn collect_devices(&self, devices: Devices) -> Devices {
        self.model.add_devices(devices)
    }

    fn fork(self, device: &Device) -> Self {
        self.with(|model| model.forked(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.with(|model| model.moved(device))
    }

    fn train(self) -> Self {
        self.with(AnyModel::training)
    }

    fn valid(&self) -> Self {
        Self::new(self.config.clone(), self.model.validating())
    }

    fn materialize(self) -> Self {
        self.with(AnyModel::materialized)
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.model.visited(&mut ErasedVisitor(visitor));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        self.with(|model| model.mapped(&mut ErasedMapper(mapper)))
    }
}

impl ModuleDisplayDefault for Model {
    fn content(&self, content: Content) -> Option<Content> {
        Some(content.add("kind", self.config.kind()))
    }

    fn num_params(&self) -> usize {
        Module::num_params(self)
    }
}

impl ModuleDisplay for Model {}

impl Trainable for Model {
    fn input_shape(&self) -> [usize; 3] {
        self.model.image_shape()
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        self.model.objective_of(batch)
    }

    fn objective_is_mean_of_images(&self) -> bool {
        self.model.is_mean_of_images()
    }

    fn validation_measure(&self) -> ValidationMeasure {
        self.model.measure()
    }

    fn after_step(self, step: u64, observed: &[Tensor<2>]) -> Self {
        self.with(|model| model.stepped(step, observed))
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        self.model.reconstructs()
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        self.model.codes()
    }

    fn as_latent_variable_model(&self) -> Option<&dyn LatentVariableModel> {
        self.model.latent_variable()
    }

    fn as_discrete_codes(&self) -> Option<&dyn DiscreteCodes> {
        self.model.discrete_codes()
    }

    fn accepts(&self, image_shape: [usize; 3]) -> bool {
        self.model.takes(image_shape)
    }
}
