//! The training of models for images of one shape.

use std::ops::ControlFlow;

use ae_random::RandomStream;

use super::course::{self, Course, Task, TrainingWatch};
use super::network::{Pass, Sizes};
use super::quantization::quantized;
use super::samples::{Samples, Target};
use super::settings::{TrainingProgress, TrainingSettings};
use super::source::{InMemory, TrainingImages, Visits};
use super::state::{TrainingState, identity};
use crate::error::CodecError;
use crate::pixel::PixelModel;
use crate::pixel::context::Context;
use crate::shape::ImageShape;

/// Pixels from which the sizes of hidden units are taken.
const CALIBRATED: usize = 16_384;

/// Pixels that are in memory at once, at most.
const MOST_PIXELS: u64 = 256 << 20;

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
        if !images.len().is_multiple_of(shape.pixels()) {
            let bytes = images.len();
            return Err(CodecError::NotWholeImages { bytes, shape });
        }
        let images = InMemory { shape, images };
        Self::train_on(&images, settings, None, &mut progress)
    }

    /// The same for images that are read as they are needed, all of one shape, from the first step or from `state`, which an
    /// equal training has [kept](TrainingWatch::keep): what comes of it has the same bytes as without the interruption.
    ///
    /// At most 256 MiB of images are in memory at once. More are divided into parts that much large, which take turns:
    /// every image is among what is trained on four times, or as often as the steps allow with 5,000 for each part.
    ///
    /// # Errors
    /// Those of [`train`](Self::train); [`CodecError::State`] where the state is of another training; [`CodecError::Read`]; what
    /// [`TrainingWatch::keep`] ends with.
    pub fn train_on(
        images: &dyn TrainingImages,
        settings: &TrainingSettings,
        state: Option<&TrainingState>,
        watch: &mut dyn TrainingWatch,
    ) -> Result<Self, CodecError> {
        settings.check()?;
        if images.count() == 0 {
            let reason = "there are no images";
            return Err(CodecError::Training { reason });
        }
        let mut task = PixelTask::new(images, settings)?;
        let course = Course {
            steps: settings.steps,
            learning_rate: settings.learning_rate,
            identity: identity(&format!(
                "pixel {settings:?} {} {}",
                images.count(),
                task.shape
            )),
        };
        let parameters = course.run(&mut task, state, watch)?;
        task.quantized(&parameters)
    }
}

/// The training of a network for images of one shape.
struct PixelTask<'a> {
    images: &'a dyn TrainingImages,
    shape: ImageShape,
    settings: &'a TrainingSettings,
    context: Context,
    sizes: Sizes,
    samples: Samples,
    visits: Visits,
    visit: usize,
    calibration: RandomStream,
}

impl<'a> PixelTask<'a> {
    fn new(
        images: &'a dyn TrainingImages,
        settings: &'a TrainingSettings,
    ) -> Result<Self, CodecError> {
        let shape = images.shape(0);
        let context = Context::nearest(settings.neighbors, settings.marked, settings.graded);
        let mut calibration = course::calibration_stream(settings.seed);
        let visits = Visits::new(images, settings.steps, MOST_PIXELS);
        let pixels = pixels(visits.read(images, 0)?, shape)?;
        Ok(Self {
            images,
            shape,
            settings,
            sizes: Sizes {
                inputs: context.inputs(),
                height: shape.height(),
                width: shape.width(),
                units: settings.units,
            },
            samples: Samples::new(pixels, shape, context.clone(), &mut calibration),
            context,
            visits,
            visit: 0,
            calibration,
        })
    }

    /// The model of these parameters.
    fn quantized(mut self, parameters: &[f32]) -> Result<PixelModel, CodecError> {
        self.prepare(self.settings.steps.saturating_sub(1))?;
        let mut inputs = vec![0.0; CALIBRATED * self.sizes.inputs];
        let mut targets = vec![Target::default(); CALIBRATED];
        let samples = &self.samples;
        samples.draw(&mut self.calibration, &mut inputs, &mut targets);
        let standard = samples.standard();
        let network = quantized(self.sizes, parameters, standard, &inputs, &targets);
        PixelModel::of_parts(self.shape, self.context, network)
    }
}

/// The pixels of all images, which have one shape.
fn pixels(images: Vec<(ImageShape, Vec<u8>)>, shape: ImageShape) -> Result<Vec<u8>, CodecError> {
    let mut pixels = Vec::with_capacity(images.len() * shape.pixels());
    for (found, image) in images {
        if found != shape {
            return Err(CodecError::Shape {
                expected: shape,
                found,
            });
        }
        pixels.extend(image);
    }
    Ok(pixels)
}

impl Task for PixelTask<'_> {
    type Part = Part;

    fn parameters(&self) -> usize {
        self.sizes.parameters()
    }

    fn initial(&self) -> Vec<f32> {
        self.sizes.initial(self.settings.seed)
    }

    fn part(&self, index: usize) -> Part {
        let sizes = self.sizes;
        let count = course::pixels_of_part(self.settings.batch, index);
        Part {
            index,
            inputs: vec![0.0; count * sizes.inputs],
            targets: vec![Target::default(); count],
            pass: Pass::new(sizes, count),
            gradient: vec![0.0; sizes.parameters()],
            nats: 0.0,
        }
    }

    fn prepare(&mut self, step: usize) -> Result<(), CodecError> {
        let visit = self.visits.of_step(step);
        if visit != self.visit {
            // What is no longer drawn from makes room first.
            self.samples.replace(Vec::new());
            let read = self.visits.read(self.images, visit)?;
            self.samples.replace(pixels(read, self.shape)?);
            self.visit = visit;
        }
        Ok(())
    }

    fn compute(&self, part: &mut Part, parameters: &[f32], step: usize) {
        let mut stream = course::stream_of_part(self.settings.seed, step, part.index);
        self.samples
            .draw(&mut stream, &mut part.inputs, &mut part.targets);
        part.pass.forward(parameters, &part.inputs, &part.targets);
        let scale = 1.0 / self.settings.batch as f32;
        let (inputs, targets) = (&part.inputs, &part.targets);
        part.nats = part
            .pass
            .backward(parameters, inputs, targets, scale, &mut part.gradient);
    }
}

/// A part of each batch, and its gradient.
struct Part {
    index: usize,
    inputs: Vec<f32>,
    targets: Vec<Target>,
    pass: Pass,
    gradient: Vec<f32>,
    nats: f64,
}

impl course::Part for Part {
    fn gradient(&self) -> &[f32] {
        &self.gradient
    }

    fn cost(&self) -> (f64, f64) {
        let weights = self.targets.iter().map(|target| f64::from(target.weight));
        (self.nats, weights.sum())
    }
}

#[cfg(test)]
mod tests;
