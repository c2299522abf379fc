//! The course of a training.

use std::ops::ControlFlow;

use ae_random::{Draw, Purpose};
use rayon::prelude::*;

use super::adam::Adam;
use super::network::{Pass, Sizes};
use super::quantization::quantized;
use super::samples::{Samples, Target};
use super::settings::{TrainingProgress, TrainingSettings};
use crate::error::CodecError;
use crate::pixel::PixelModel;
use crate::pixel::context::Context;
use crate::shape::ImageShape;

/// Parts of a batch: each is computed by one thread.
const PARTS: usize = 8;

/// Pixels from which the sizes of hidden units are taken.
const CALIBRATED: usize = 16_384;

/// Steps that the learning rate takes to rise.
const WARM_UP: usize = 200;

impl PixelModel {
    /// Trains a model for images such as `images`, `[count, height, width]`, and brings it to integers.
    ///
    /// What is trained is the pixels' mean cost in bits. `progress` is told of every tenth step and the last, and can
    /// stop the training. The same seed gives the same bits for any number of threads, on machines of one kind.
    ///
    /// # Errors
    /// [`CodecError::Training`], [`CodecError::NotWholeImages`], [`CodecError::Stopped`]; [`CodecError::Model`] where the
    /// network cannot be brought to integers.
    pub fn train(
        shape: ImageShape,
        images: &[u8],
        settings: &TrainingSettings,
        mut progress: impl FnMut(TrainingProgress) -> ControlFlow<()>,
    ) -> Result<Self, CodecError> {
        settings.check()?;
        if images.is_empty() {
            let reason = "there are no images";
            return Err(CodecError::Training { reason });
        }
        if !images.len().is_multiple_of(shape.pixels()) {
            let bytes = images.len();
            return Err(CodecError::NotWholeImages { bytes, shape });
        }
        let context = Context::nearest(settings.neighbors, settings.marked, settings.graded);
        let sizes = Sizes {
            inputs: context.inputs(),
            height: shape.height(),
            width: shape.width(),
            units: settings.units,
        };
        let mut calibration = Draw {
            seed: settings.seed,
            purpose: Purpose::Validation,
            epoch: 0,
            index: 0,
        }
        .stream();
        let samples = Samples::new(images, shape, &context, &mut calibration);
        let mut parameters = sizes.initial(settings.seed);
        let mut adam = Adam::new(parameters.len());
        let mut parts: Vec<Part> = (0..PARTS)
            .map(|part| Part::new(sizes, settings, part))
            .collect();
        for step in 0..settings.steps {
            parts.par_iter_mut().for_each(|part| {
                part.compute(&samples, &parameters, settings, step);
            });
            let gradients: Vec<&[f32]> = parts.iter().map(|part| &*part.gradient).collect();
            adam.step(&mut parameters, &gradients, rate(settings, step));
            let last = step + 1 == settings.steps;
            if step % 10 == 9 || last {
                let cost: f64 = parts.iter().map(|part| part.cost).sum();
                let targets = parts.iter().flat_map(|part| &part.targets);
                let pixels: f64 = targets.map(|target| f64::from(target.weight)).sum();
                let told = progress(TrainingProgress {
                    step: step + 1,
                    steps: settings.steps,
                    bits_per_pixel: cost / pixels * std::f64::consts::LOG2_E,
                });
                if told.is_break() {
                    return Err(CodecError::Stopped);
                }
            }
        }
        let mut inputs = vec![0.0; CALIBRATED * sizes.inputs];
        let mut targets = vec![Target::default(); CALIBRATED];
        samples.draw(&mut calibration, &mut inputs, &mut targets);
        let standard = samples.standard();
        let network = quantized(sizes, &parameters, standard, &inputs, &targets);
        Self::of_parts(shape, context, network)
    }
}

/// The learning rate: a short rise, then half a cosine down.
///
/// # References
/// I. Loshchilov and F. Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*, equation 5, once.
fn rate(settings: &TrainingSettings, step: usize) -> f32 {
    let rise = ((step + 1) as f32 / WARM_UP as f32).min(1.0);
    let done = step as f32 / settings.steps as f32;
    settings.learning_rate * rise * 0.5 * (1.0 + (std::f32::consts::PI * done).cos())
}

/// A part of each batch, and its gradient.
struct Part {
    index: usize,
    inputs: Vec<f32>,
    targets: Vec<Target>,
    pass: Pass,
    gradient: Vec<f32>,
    cost: f64,
}

impl Part {
    fn new(sizes: Sizes, settings: &TrainingSettings, index: usize) -> Self {
        // The first parts take what the division leaves over.
        let count = settings.batch / PARTS + usize::from(index < settings.batch % PARTS);
        Self {
            index,
            inputs: vec![0.0; count * sizes.inputs],
            targets: vec![Target::default(); count],
            pass: Pass::new(sizes, count),
            gradient: vec![0.0; sizes.parameters()],
            cost: 0.0,
        }
    }

    fn compute(
        &mut self,
        samples: &Samples<'_>,
        parameters: &[f32],
        settings: &TrainingSettings,
        step: usize,
    ) {
        let mut stream = Draw {
            seed: settings.seed,
            purpose: Purpose::Shuffle,
            epoch: step as u64,
            index: self.index as u64,
        }
        .stream();
        samples.draw(&mut stream, &mut self.inputs, &mut self.targets);
        self.pass.forward(parameters, &self.inputs, &self.targets);
        let scale = 1.0 / settings.batch as f32;
        let (inputs, targets) = (&self.inputs, &self.targets);
        self.cost = self
            .pass
            .backward(parameters, inputs, targets, scale, &mut self.gradient);
    }
}

#[cfg(test)]
mod tests;
