//! The training of models for pictures of any sizes.

use ae_random::RandomStream;

use super::super::course::{self, Course, Task, TrainingWatch};
use super::super::source::{TrainingImages, Visits};
use super::super::state::{TrainingState, identity};
use super::cost::Target;
use super::network::{Pass, Sizes};
use super::pool::Pool;
use super::quantization::quantized;
use super::settings::PictureTrainingSettings;
use crate::error::CodecError;
use crate::picture::PictureModel;
use crate::picture::context::INPUTS;

/// Pixels from which the sizes of inputs and hidden units are taken.
const CALIBRATED: usize = 16_384;

/// Pixels that are in memory at once, at most, each with the prediction that was made of it.
const MOST_PIXELS: u64 = 32 << 20;

impl PictureModel {
    /// Trains a model for pictures such as `images` and brings it to integers: from the first step, or from a `state` that an
    /// equal training has [kept](TrainingWatch::keep): what comes of it has the same bytes as without the interruption.
    ///
    /// What is trained is the pixels' mean cost in bits, by the predictions that are made of them. The same seed gives the
    /// same bits for any number of threads, on machines of one kind. At most 32 million pixels are in memory at once, 3 bytes
    /// each. More are divided into parts that much large, which take turns: every picture is among what is trained on four
    /// times, or as often as the steps allow with 5,000 for each part.
    ///
    /// # Errors
    /// [`CodecError::Training`] where settings make no sense or no picture has two rows, [`CodecError::State`] where the
    /// state is of another training, [`CodecError::Stopped`], [`CodecError::Read`]; [`CodecError::Model`] where the network
    /// cannot be brought to integers; what [`TrainingWatch::keep`] ends with.
    pub fn train_on(
        images: &dyn TrainingImages,
        settings: &PictureTrainingSettings,
        state: Option<&TrainingState>,
        watch: &mut dyn TrainingWatch,
    ) -> Result<Self, CodecError> {
        settings.check()?;
        let mut task = PictureTask::new(images, settings)?;
        let course = Course {
            steps: settings.steps,
            learning_rate: settings.learning_rate,
            identity: identity(&format!("picture {settings:?} {}", images.count())),
        };
        let parameters = course.run(&mut task, state, watch)?;
        task.quantized(&parameters)
    }
}

/// The training of a network for pictures.
struct PictureTask<'a> {
    images: &'a dyn TrainingImages,
    settings: &'a PictureTrainingSettings,
    sizes: Sizes,
    pool: Pool,
    /// For each input what is taken off and what the rest is multiplied by.
    standard: Vec<(f32, f32)>,
    visits: Visits,
    visit: usize,
    calibration: RandomStream,
}

impl<'a> PictureTask<'a> {
    fn new(
        images: &'a dyn TrainingImages,
        settings: &'a PictureTrainingSettings,
    ) -> Result<Self, CodecError> {
        let visits = Visits::new(images, settings.steps, MOST_PIXELS);
        let pool = Pool::new(visits.read(images, 0)?)?;
        let mut calibration = course::calibration_stream(settings.seed);
        let mut inputs = vec![0.0; CALIBRATED * INPUTS];
        let mut targets = vec![Target::default(); CALIBRATED];
        pool.draw(&mut calibration, &mut inputs, &mut targets);
        Ok(Self {
            images,
            settings,
            sizes: Sizes {
                units: settings.units,
            },
            pool,
            standard: standard(&inputs),
            visits,
            visit: 0,
            calibration,
        })
    }

    fn draw(&self, stream: &mut RandomStream, inputs: &mut [f32], targets: &mut [Target]) {
        self.pool.draw(stream, inputs, targets);
        for inputs in inputs.chunks_exact_mut(INPUTS) {
            for (input, (mean, factor)) in inputs.iter_mut().zip(&self.standard) {
                *input = (*input - mean) * factor;
            }
        }
    }

    /// The model of these parameters.
    fn quantized(mut self, parameters: &[f32]) -> Result<PictureModel, CodecError> {
        self.prepare(self.settings.steps.saturating_sub(1))?;
        let mut inputs = vec![0.0; CALIBRATED * INPUTS];
        let mut targets = vec![Target::default(); CALIBRATED];
        let mut stream = self.calibration.clone();
        self.draw(&mut stream, &mut inputs, &mut targets);
        let network = quantized(
            self.sizes,
            parameters,
            &self.standard,
            &inputs,
            targets.len(),
        );
        PictureModel::of_network(network)
    }
}

/// Added to deviations, for inputs that hardly ever change.
const LEAST_DEVIATION: f64 = 0.05;

/// For each input its mean and one over its deviation.
///
/// # References
/// Y. LeCun, L. Bottou, G. Orr and K.-R. Müller (1998), *Efficient backprop*, section 4.3.
fn standard(inputs: &[f32]) -> Vec<(f32, f32)> {
    let count = (inputs.len() / INPUTS) as f64;
    let of_input = |index: usize| {
        let values = || inputs.iter().skip(index).step_by(INPUTS);
        let mean = values().map(|&value| f64::from(value)).sum::<f64>() / count;
        let squares = values().map(|&value| (f64::from(value) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        (mean as f32, (1.0 / (deviation + LEAST_DEVIATION)) as f32)
    };
    (0..INPUTS).map(of_input).collect()
}

impl Task for PictureTask<'_> {
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
            inputs: vec![0.0; count * INPUTS],
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
            self.pool.clear();
            self.pool = Pool::new(self.visits.read(self.images, visit)?)?;
            self.visit = visit;
        }
        Ok(())
    }

    fn compute(&self, part: &mut Part, parameters: &[f32], step: usize) {
        let mut stream = course::stream_of_part(self.settings.seed, step, part.index);
        self.draw(&mut stream, &mut part.inputs, &mut part.targets);
        part.pass.forward(parameters, &part.inputs);
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
        (self.nats, self.targets.len() as f64)
    }
}

#[cfg(test)]
mod tests;
