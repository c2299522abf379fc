//! The end of a run: the one look at the test images, the pictures, and what is printed.

use std::path::PathBuf;

use ae_data::{NoiseChain, Part, Split};
use ae_infer::OpenModel;
use ae_models::Model;
use ae_report::{counted, thousands};
use ae_train::{
    CheckedTrainConfig, CodeActivity, EpochReport, Measurement, Outcome, RunConfig, RunDirectory,
    Selection, TestReport, Trained, read_metrics,
};
use serde::Serialize;

use super::warnings::{self, Learned};
use super::weights::Weights;
use crate::backend::OpenDevice;
use crate::error::CliError;
use crate::evaluation::{Conditions, Evaluation, evaluate};
use crate::measured_set::MeasuredSet;
use crate::pictures::{self, sample};
use crate::terminal::Terminal;

/// Test images that the closing table is measured on, at most.
const MOST_SUMMARY_IMAGES: usize = 2_000;
/// Images in the closing picture.
const PICTURE_IMAGES: usize = 10;

/// A run that is over.
pub(super) struct Run<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) train: &'a CheckedTrainConfig,
    pub(super) directory: &'a RunDirectory,
    pub(super) device: &'a OpenDevice,
    pub(super) split: &'a Split,
    pub(super) terminal: &'a Terminal,
}

/// What `ae train` ends with.
#[derive(Serialize)]
pub(super) struct Summary {
    run: PathBuf,
    model_file: PathBuf,
    epochs: usize,
    steps: usize,
    /// The epoch that was best on the images that epochs are compared by; absent without any.
    best_epoch: Option<usize>,
    /// The epoch whose model was kept.
    kept_epoch: Option<usize>,
    /// Which that was to be: `best` or `last`.
    select: Selection,
    /// What epochs were compared by: `validation`; `test` in a run from before there were validation images.
    compared_on: Option<Part>,
    /// How many images that were.
    compared_images: usize,
    outcome: &'static str,
    train_seconds: f64,
    device: String,
    pictures: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<Weights>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_activity: Option<CodeActivity>,
    /// Absent where there is nothing clean to compare with.
    #[serde(flatten)]
    evaluation: Option<Evaluation>,
    /// How near one of two noisy neighbors comes to the other on the test images, where there is nothing clean.
    #[serde(skip_serializing_if = "Option::is_none")]
    neighbors: Option<NeighborFigures>,
}

/// What is known of a model that was trained on noisy images alone.
#[derive(Serialize)]
struct NeighborFigures {
    /// The test images.
    images: usize,
    /// [`Measurement::neighbor_loss`] of them.
    neighbor_loss: f64,
}

/// Draws the pictures and measures the model that was kept on the test images.
///
/// # Errors
/// Images cannot be read, or files not be written.
pub(super) fn finish(run: Run<'_>, trained: Trained<Model>) -> Result<Summary, CliError> {
    let Run {
        train,
        directory,
        device,
        split,
        terminal,
        ..
    } = run;
    let noise = (!train.noise.is_empty()).then_some(&train.noise);
    let name = directory.path().display().to_string();
    let kept_epoch = trained.kept_epoch();
    let neighbors = match train.self_supervised {
        Some(_) => Some(NeighborFigures {
            images: split.test.len(),
            neighbor_loss: Measurement::new(&trained.model, &device.device)
                .batch_size(train.batch_size)
                .seed(train.seed)
                .neighbor_loss(&split.test)?,
        }),
        None => None,
    };
    let model = OpenModel::new(&name, trained.model, &device.device);
    let pictures = draw(&run, &model, noise)?;

    let summary = |evaluation, code_activity, weights| Summary {
        run: directory.path().to_owned(),
        model_file: directory.model_file(),
        epochs: trained.epochs.len(),
        steps: trained.steps,
        best_epoch: trained.best_epoch,
        kept_epoch,
        select: trained.selection,
        compared_on: trained.epochs.last().and_then(EpochReport::measured_part),
        compared_images: split.validation.len(),
        outcome: match trained.outcome {
            Outcome::StoppedEarly => "stopped early",
            _ => "finished",
        },
        train_seconds: trained.epochs.iter().map(|epoch| epoch.train_seconds).sum(),
        device: device.name.clone(),
        pictures,
        weights,
        code_activity,
        evaluation,
        neighbors,
    };
    if train.self_supervised.is_some() {
        return Ok(summary(None, None, None));
    }
    let mut measured = split.test.clone();
    if split.test.len() > MOST_SUMMARY_IMAGES {
        measured = split.test.subset(sample(&split.test, MOST_SUMMARY_IMAGES));
        terminal.note(format!(
            "measuring on {} of {} test images; ae eval takes all",
            thousands(MOST_SUMMARY_IMAGES as u64),
            thousands(split.test.len() as u64)
        ));
    }
    let evaluation = evaluate(
        &model,
        Conditions {
            train: Some(&split.train),
            images: &measured,
            set: MeasuredSet::own(&measured, Part::Test),
            noise,
            seed: train.seed,
        },
    )?;
    directory.record_test(&TestReport {
        part: Part::Test,
        images: measured.len(),
        epoch: kept_epoch,
        quality: evaluation.model.quality.into(),
        codes: evaluation.codes.clone(),
    })?;
    let code_activity = match &evaluation.codes {
        Some(_) => None,
        None => model.code_activity(&measured)?,
    };
    for warning in warnings::of_model(&Learned {
        train,
        steps: trained.steps,
        evaluation: &evaluation,
        activity: code_activity,
    }) {
        terminal.warning(warning);
    }
    let weights = Weights::of(&model, &split.test)?;
    Ok(summary(Some(evaluation), code_activity, weights))
}

/// Draws the model at work on test images, and how the losses fell.
fn draw(
    run: &Run<'_>,
    model: &OpenModel,
    noise: Option<&NoiseChain>,
) -> Result<Vec<PathBuf>, CliError> {
    let folder = run.directory.path().join("pictures");
    crate::destination::make_folder(&folder)?;
    let at_work = pictures::model_at_work(
        model,
        &run.split.test,
        PICTURE_IMAGES,
        noise.map(|noise| (noise, run.train.seed)),
    )?;
    let at_work_path = folder.join(match noise {
        Some(_) => "denoised.png",
        None => "reconstructed.png",
    });
    at_work.write_png(&at_work_path)?;
    let losses_path = folder.join("losses.png");
    let lines = read_metrics(&run.directory.metrics_file())?;
    let loss = pictures::loss_name(run.config);
    pictures::losses(model.name(), loss, &lines)?.write_png(&losses_path)?;
    Ok(vec![at_work_path, losses_path])
}

impl Summary {
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{}\n{}: {}, {} in {:.0} s; {}\n\n",
            self.figures(),
            self.outcome,
            counted(self.epochs, "epoch"),
            counted(self.steps, "step"),
            self.train_seconds,
            self.kept_text(),
        );
        if let Some(weights) = &self.weights {
            text.push_str(&weights.text());
            text.push('\n');
        }
        text.push_str(&format!("model     {}\n", self.model_file.display()));
        for picture in &self.pictures {
            text.push_str(&format!("picture   {}\n", picture.display()));
        }
        text
    }

    /// What was measured on the test images.
    fn figures(&self) -> String {
        let evaluation = self.evaluation.as_ref().map(Evaluation::text);
        let neighbors = self.neighbors.as_ref().map(|figures| {
            format!(
                "neighbors: mean squared difference {:.5} over {} test images, the noise's variance included\n\
                 How near the results come to clean pictures is not known, as there are none. ae denoise shows them; ae eval \
                 --data DIR --noise CHAIN measures them on clean ones.\n",
                figures.neighbor_loss,
                thousands(figures.images as u64),
            )
        });
        evaluation.or(neighbors).unwrap_or_default()
    }

    /// Which epoch's model was kept, and what the figures above are worth.
    fn kept_text(&self) -> String {
        let images = thousands(self.compared_images as u64);
        match (self.select, self.kept_epoch, self.compared_on) {
            (_, None, _) => "no epoch was finished".to_owned(),
            (Selection::Best, Some(epoch), Some(Part::Test)) => format!(
                "kept is epoch {epoch}, the best on the {images} test images: the figures above, of the same images, \
                 are better than on others"
            ),
            (Selection::Best, Some(epoch), _) => format!(
                "kept is epoch {epoch}, the best on {images} validation images; the test images of the figures above \
                 decided nothing"
            ),
            (Selection::Last, Some(epoch), _) => {
                let best = match self.best_epoch {
                    Some(best) => {
                        format!(" (the best on {images} validation images is epoch {best})")
                    }
                    None => String::new(),
                };
                format!(
                    "kept is epoch {epoch}, the last{best}; the test images of the figures above decided nothing"
                )
            }
        }
    }
}
