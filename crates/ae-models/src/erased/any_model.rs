//! A model of any kind as a trait object.

use std::any::Any;
use std::fmt::Debug;

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::discrete_codes::DiscreteCodes;
use crate::api::latent_variable::LatentVariableModel;
use crate::api::objective::{Objective, TrainingBatch};
use crate::api::validation::ValidationMeasure;
use crate::erased::traversal::{AnyMapper, AnyVisitor, RestoredMapper, RestoredVisitor};

/// What [`Trainable`] and [`Module`] ask, in a form that a trait object can answer. Whatever is trainable does.
pub(crate) trait AnyModel: Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn cloned(&self) -> Box<dyn AnyModel>;

    fn add_devices(&self, devices: Vec<Device>) -> Vec<Device>;
    fn forked(self: Box<Self>, device: &Device) -> Box<dyn AnyModel>;
    fn moved(self: Box<Self>, device: &Device) -> Box<dyn AnyModel>;
    fn training(self: Box<Self>) -> Box<dyn AnyModel>;
    fn validating(&self) -> Box<dyn AnyModel>;
    fn materialized(self: Box<Self>) -> Box<dyn AnyModel>;
    fn visited(&self, visitor: &mut dyn AnyVisitor);
    fn mapped(self: Box<Self>, mapper: &mut dyn AnyMapper) -> Box<dyn AnyModel>;

    fn image_shape(&self) -> [usize; 3];
    fn objective_of(&self, batch: TrainingBatch<'_>) -> Objective;
    fn is_mean_of_images(&self) -> bool;
    fn measure(&self) -> ValidationMeasure;
    fn stepped(self: Box<Self>, step: u64, observed: &[Tensor<2>]) -> Box<dyn AnyModel>;
    fn reconstructs(&self) -> Option<&dyn Reconstruct>;
    fn codes(&self) -> Option<&dyn Codes>;
    fn latent_variable(&self) -> Option<&dyn LatentVariableModel>;
    fn discrete_codes(&self) -> Option<&dyn DiscreteCodes>;
    fn takes(&self, image_shape: [usize; 3]) -> bool;
}

impl<M: Trainable + Sync> AnyModel for M {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn AnyModel> {
        Box::new(self.clone())
    }

    fn add_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        self.collect_devices(devices)
    }

    fn forked(self: Box<Self>, device: &Device) -> Box<dyn AnyModel> {
        Box::new(Module::fork(*self, device))
    }

    fn moved(self: Box<Self>, device: &Device) -> Box<dyn AnyModel> {
        Box::new(Module::to_device(*self, device))
    }

    fn training(self: Box<Self>) -> Box<dyn AnyModel> {
        Box::new(Module::train(*self))
    }

    fn validating(&self) -> Box<dyn AnyModel> {
        Box::new(Module::valid(self))
    }

    fn materialized(self: Box<Self>) -> Box<dyn AnyModel> {
        Box::new(Module::materialize(*self))
    }

    fn visited(&self, visitor: &mut dyn AnyVisitor) {
        self.visit(&mut RestoredVisitor(visitor));
    }

    fn mapped(self: Box<Self>, mapper: &mut dyn AnyMapper) -> Box<dyn AnyModel> {
        Box::new(Module::map(*self, &mut RestoredMapper(mapper)))
    }

    fn image_shape(&self) -> [usize; 3] {
        self.input_shape()
    }

    fn objective_of(&self, batch: TrainingBatch<'_>) -> Objective {
        self.objective(batch)
    }

    fn is_mean_of_images(&self) -> bool {
        self.objective_is_mean_of_images()
    }

    fn measure(&self) -> ValidationMeasure {
        self.validation_measure()
    }

    fn stepped(self: Box<Self>, step: u64, observed: &[Tensor<2>]) -> Box<dyn AnyModel> {
        Box::new(self.after_step(step, observed))
    }

    fn reconstructs(&self) -> Option<&dyn Reconstruct> {
        self.as_reconstruct()
    }

    fn codes(&self) -> Option<&dyn Codes> {
        self.as_codes()
    }

    fn latent_variable(&self) -> Option<&dyn LatentVariableModel> {
        self.as_latent_variable_model()
    }

    fn discrete_codes(&self) -> Option<&dyn DiscreteCodes> {
        self.as_discrete_codes()
    }

    fn takes(&self, image_shape: [usize; 3]) -> bool {
        self.accepts(image_shape)
    }
}
