//! What all requests share.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ae_data::{ImageLimits, ImageShape};
use ae_infer::{OpenModel, Preparation};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::exchange::body::Room;
use crate::limits::{Batching, Limits};
use crate::metrics::{Requests, about, escaped, line};
use crate::models::calibration::Calibrated;
use crate::models::catalog::Models;
use crate::models::description::{LoadedFile, ModelDescription};
use crate::models::load::Load;
use crate::models::worker::Worker;
use crate::refusal::Refusal;
use crate::runs::Run;
use crate::token::Token;

/// Pictures that are decoded at once, beside those that models decode.
const DECODED_AT_ONCE: usize = 2;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    models: BTreeMap<String, Model>,
    runs: BTreeMap<String, Run>,
    pub(crate) limits: Limits,
    pub(crate) room: Room,
    /// For decoding what is too large to be decoded by the way.
    pub(crate) decoding: Arc<Semaphore>,
    pub(crate) token: Option<Token>,
    /// Whether only this machine reaches the service, and a request for another host is a page's trick.
    pub(crate) is_local: bool,
    pub(crate) requests: Requests,
    is_draining: AtomicBool,
}

/// A model and its thread.
#[derive(Debug)]
pub(crate) struct Model {
    description: ModelDescription,
    file: Option<LoadedFile>,
    /// The images that it was made for; nothing where it takes pictures as they are.
    pub(crate) shape: Option<ImageShape>,
    pub(crate) preparation: Option<Preparation>,
    pub(crate) calibrated: Calibrated,
    pub(crate) worker: Worker,
}

impl Service {
    /// Starts the models' threads, and one that scores held-out images one model after the other.
    ///
    /// # Errors
    /// The system has no thread.
    pub(crate) fn start(
        models: Models,
        limits: Limits,
        batching: Batching,
        token: Option<Token>,
        is_local: bool,
    ) -> io::Result<Self> {
        let mut started = BTreeMap::new();
        let mut to_calibrate: Vec<(OpenModel, Calibrated)> = Vec::new();
        for named in models.models {
            let calibrated = Calibrated::default();
            let has_scores = named.description.can_score();
            match named.served.open_model() {
                // What lies in memory alone knows no set.
                Some(model) if has_scores && named.file.is_some() => {
                    to_calibrate.push((model.clone(), calibrated.clone()));
                }
                _ => calibrated.leave_out("the model has no set of its own"),
            }
            let load = Load::new(limits.max_queue);
            let model = Model {
                worker: Worker::start(named.served, load, batching)?,
                description: named.description,
                file: named.file,
                shape: named.shape,
                preparation: named.preparation,
                calibrated,
            };
            started.insert(model.description.name.clone(), model);
        }
        thread::Builder::new()
            .name("ae-calibration".to_owned())
            .spawn(move || {
                for (model, calibrated) in to_calibrate {
                    let fill = std::panic::AssertUnwindSafe(|| calibrated.fill(&model));
                    if std::panic::catch_unwind(fill).is_err() {
                        calibrated.leave_out("scoring its held-out images failed");
                    }
                }
            })?;
        Ok(Self {
            models: started,
            runs: models.runs,
            room: Room::new(limits.max_held_bytes),
            decoding: Arc::new(Semaphore::new(DECODED_AT_ONCE)),
            limits,
            token,
            is_local,
            requests: Requests::default(),
            is_draining: AtomicBool::new(false),
        })
    }

    /// The model of this name.
    ///
    /// # Errors
    /// 404: there is none.
    pub(crate) fn model(&self, name: &str) -> Result<&Model, Refusal> {
        self.models.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.models.keys().map(String::as_str).collect();
            Refusal::not_found(format!(
                "there is no model {}; there are: {}",
                name.escape_debug(),
                known.join(", ")
            ))
        })
    }

    pub(crate) fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.values()
    }

    /// The run of this name.
    ///
    /// # Errors
    /// 404: there is none.
    pub(crate) fn run(&self, name: &str) -> Result<&Run, Refusal> {
        let refusal = || Refusal::not_found(format!("there is no run {}", name.escape_debug()));
        self.runs.get(name).ok_or_else(refusal)
    }

    pub(crate) fn run_names(&self) -> Vec<String> {
        self.runs.keys().cloned().collect()
    }

    /// When a request whose body has come now has to be answered.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.limits.answer_time
    }

    /// How large a picture may be.
    pub(crate) fn image_limits(&self) -> ImageLimits {
        let pixels = self.limits.max_pixels;
        ImageLimits {
            max_pixels: pixels,
            max_file_bytes: self.limits.max_body_bytes,
            // Four channels of two bytes, and what a decoder needs beside.
            max_decoded_bytes: pixels.saturating_mul(16).max(1 << 20),
            ..ImageLimits::default()
        }
    }

    /// From now on the service is not ready.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_ready(&self) -> bool {
        !self.is_draining.load(Ordering::SeqCst)
    }

    /// The text for Prometheus.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        self.requests.write(&mut text);
        let label = |model: &Model| format!("model=\"{}\"", escaped(&model.description.name));
        let mut each = |name: &str, kind: &str, help: &str, value: &dyn Fn(&Load) -> u64| {
            about(&mut text, name, kind, help);
            for model in self.models.values() {
                let load = model.worker.load();
                line(
                    &mut text,
                    &format!("{name}{{{}}}", label(model)),
                    value(load),
                );
            }
        };
        each(
            "ae_queue_length",
            "gauge",
            "Requests that wait for the model.",
            &|load| load.waiting() as u64,
        );
        each(
            "ae_images_total",
            "counter",
            "Images and codes that passed through the model.",
            &Load::images,
        );
        each(
            "ae_panics_total",
            "counter",
            "Panics of the model that were caught.",
            &Load::panics,
        );
        about(
            &mut text,
            "ae_batch_images",
            "histogram",
            "Images that passed through the model at once.",
        );
        for model in self.models.values() {
            let batches = model.worker.load().batches();
            batches.write(&mut text, "ae_batch_images", &label(model));
        }
        text
    }
}

impl Model {
    /// What is said of it, as it is now.
    pub(crate) fn describe(&self) -> ModelDescription {
        let description = &self.description;
        ModelDescription {
            is_changed_on_disk: self.file.as_ref().is_some_and(LoadedFile::is_changed),
            anomaly: description.can_score().then(|| self.calibrated.state()),
            ..description.clone()
        }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.description.name
    }

    /// The description as it was when the model was loaded.
    pub(crate) fn description(&self) -> &ModelDescription {
        &self.description
    }
}
