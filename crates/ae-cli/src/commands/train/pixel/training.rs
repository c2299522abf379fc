//! A training of the codec while it runs: what is told of it, and what is kept of it.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ae_codec::{
    CodecError, ImageShape, LosslessModel, PictureModel, PixelModel, TrainingProgress,
    TrainingState, TrainingWatch,
};
use ae_data::ImageSet;

use crate::arguments::value::CheckpointInterval;
use crate::codec::images::TrainedOn;
use crate::codec::progress::CodecProgress;
use crate::codec::run::{PixelRun, PixelRunConfig, Settings};
use crate::error::CliError;
use crate::signals::Signals;
use crate::terminal::Terminal;

/// The cost that is told is a running mean over about so many reports of the trainer.
const SMOOTHED: f64 = 50.0;

/// Follows a training and keeps what it can be resumed from.
pub(super) struct Training<'a> {
    run: &'a mut PixelRun,
    config: &'a PixelRunConfig,
    signals: &'a Signals,
    keeps_every: CheckpointInterval,
    progress: CodecProgress,
    mean: Option<f64>,
    step: usize,
    kept: (usize, Instant),
    failure: Option<CliError>,
}

impl<'a> Training<'a> {
    pub(super) fn new(
        run: &'a mut PixelRun,
        config: &'a PixelRunConfig,
        signals: &'a Signals,
        keeps_every: CheckpointInterval,
        terminal: Terminal,
    ) -> Self {
        Self {
            run,
            config,
            signals,
            keeps_every,
            progress: CodecProgress::new(terminal, config.train.steps as u64, "steps"),
            mean: None,
            step: 0,
            kept: (0, Instant::now()),
            failure: None,
        }
    }

    /// Trains on the images of a set.
    ///
    /// # Errors
    /// Those of the codec's trainers; see also [`into_failure`](Self::into_failure).
    pub(super) fn train(
        &mut self,
        settings: &Settings,
        set: &ImageSet,
        state: Option<&TrainingState>,
    ) -> Result<LosslessModel, CodecError> {
        self.kept.0 = state.map_or(0, TrainingState::step);
        match settings {
            Settings::Fixed(settings, shape) => {
                let images = TrainedOn::new(set, *shape);
                PixelModel::train_on(&images, settings, state, self).map(LosslessModel::Pixel)
            }
            Settings::Pictures(settings) => {
                let side = |side: usize| u16::try_from(side).ok();
                let shape = set.shape();
                let shape = side(shape.height)
                    .zip(side(shape.width))
                    .and_then(|(height, width)| ImageShape::new(height, width));
                let shape = shape.ok_or(CodecError::Training {
                    reason: "patches have at most 65,535 pixels a side",
                })?;
                let images = TrainedOn::new(set, shape);
                PictureModel::train_on(&images, settings, state, self).map(LosslessModel::Picture)
            }
        }
    }

    /// Why what the training can be resumed from could not be kept, if that is what has ended it.
    pub(super) fn into_failure(self) -> Option<CliError> {
        self.failure
    }
}

impl TrainingWatch for Training<'_> {
    fn progress(&mut self, report: TrainingProgress) -> ControlFlow<()> {
        let before = self.mean.unwrap_or(report.bits_per_pixel);
        let now = before + (report.bits_per_pixel - before) / SMOOTHED;
        self.mean = Some(now);
        self.step = report.step;
        let told = || format!("{now:.3} bits per pixel");
        self.progress.tell(report.step as u64, told);
        match self.signals.stop_requested() {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    fn wants_state(&mut self) -> bool {
        let (step, at) = self.kept;
        let is_time = match self.keeps_every {
            CheckpointInterval::Steps(steps) => self.step >= step.saturating_add(steps),
            CheckpointInterval::Seconds(seconds) => {
                at.elapsed() >= Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
        };
        self.signals.take_checkpoint_request() || is_time
    }

    fn keep(&mut self, state: &TrainingState) -> Result<(), CodecError> {
        self.kept = (state.step(), Instant::now());
        self.run.keep(state, self.config).map_err(|error| {
            let reason = CodecError::State {
                reason: "what it can be resumed from cannot be kept",
            };
            self.failure = Some(error);
            reason
        })
    }
}
