//! `score`: how anomalous images are, and where.

use ae_data::{Image, ImageSet, ImageShape};
use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::images::bring;
use crate::api::request::{Asked, Name, Shared, asked, model_for, name, whole};
use crate::exchange::array::{Array, Numbers};
use crate::exchange::form::{self, Form};
use crate::exchange::submitted::{Submitted, answer_array};
use crate::models::calibration::{CalibrationState, not_yet, scores};
use crate::models::description::Operation;
use crate::refusal::Refusal;

/// How many normal images may be called anomalous.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreQuery {
    #[serde(default = "usual_rate")]
    false_alarm_rate: f64,
}

/// That of `ae anomaly`.
const fn usual_rate() -> f64 {
    0.05
}

/// How anomalous images are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScoreBody {
    /// The share of normal images that may be called anomalous by mistake.
    pub(crate) false_alarm_rate: f64,
    /// Above it an image is called anomalous; null where there is nothing to judge by, or too little.
    pub(crate) threshold: Option<f64>,
    /// What is judged by.
    pub(crate) calibration: CalibrationState,
    /// Each image, in the order in which they came.
    pub(crate) images: Vec<ImageScore>,
}

/// How anomalous an image is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageScore {
    /// Its file's name, or its number.
    pub(crate) name: String,
    /// The mean squared error of what the model makes of it, or the negative bound in nats of a model with a prior.
    pub(crate) score: f64,
    /// The share of held-out normal images that score as high, null without them.
    pub(crate) p_value: Option<f64>,
    /// Whether it is called anomalous; null without a threshold.
    pub(crate) is_anomalous: Option<bool>,
}

pub(crate) async fn score(
    service: Shared,
    named: Name,
    query: Asked<ScoreQuery>,
    request: Request,
) -> Result<Response, Refusal> {
    let model = model_for(&service, &name(named)?, Operation::Score)?;
    let rate = asked(query)?.false_alarm_rate;
    if !(rate > 0.0 && rate < 1.0) {
        return Err(Refusal::bad(format!(
            "false_alarm_rate is {rate}, and may be between 0 and 1"
        )));
    }
    if model.calibrated.is_coming() {
        return Err(not_yet());
    }
    let (headers, body) = whole(&service, request).await?;
    let deadline = service.deadline();
    let submitted = Submitted::read(&headers, &body, &service.limits).await?;
    let form = form::of_answer(&headers, &[Form::Json, Form::Npy], Form::Json)?;
    let (count, names) = (submitted.count(), submitted.names());
    let images = bring(&service, model, submitted).await?.into_images()?;
    let Some(shape) = model.shape else {
        return Err(Refusal::internal("a model without a shape"));
    };
    let set = image_set(shape, images)?;
    if form == Form::Npy {
        let maps = model.worker.alone(deadline, move |served| {
            let maps = served.model()?.error_maps(&set)?;
            Ok(maps
                .into_iter()
                .flat_map(|map| map.errors)
                .collect::<Vec<f32>>())
        });
        return Ok(answer_array(Array {
            shape: vec![count, shape.height, shape.width],
            numbers: Numbers::Floats(maps.await?),
        }));
    }
    let scored = model
        .worker
        .alone(deadline, move |served| Ok(scores(served.model()?, &set)?));
    let scored = scored.await?;
    let calibration = model.calibrated.get();
    let alarm = calibration.and_then(|calibration| calibration.threshold(rate));
    let calibration = calibration.filter(|calibration| !calibration.is_empty());
    let images = names
        .into_iter()
        .zip(scored)
        .map(|(name, score)| ImageScore {
            name,
            score,
            p_value: calibration.map(|calibration| calibration.p_value(score)),
            is_anomalous: alarm.map(|alarm| alarm.is_anomalous(score)),
        });
    Ok(Json(ScoreBody {
        false_alarm_rate: rate,
        threshold: alarm.map(|alarm| alarm.score),
        calibration: model.calibrated.state(),
        images: images.collect(),
    })
    .into_response())
}

fn image_set(shape: ImageShape, images: Vec<Image>) -> Result<ImageSet, Refusal> {
    let pixels = images.into_iter().flat_map(Image::into_pixels).collect();
    Ok(ImageSet::from_images(
        "the request",
        shape,
        pixels,
        None,
        Vec::new(),
    )?)
}
