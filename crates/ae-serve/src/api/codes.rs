//! `encode` and `decode`: images to codes, and back.

use ae_data::Image;
use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::images::bring;
use crate::api::request::{Name, Shared, model_for, name, whole};
use crate::exchange::array::{Array, ImageArray, Numbers};
use crate::exchange::form::{self, Form, IMAGES};
use crate::exchange::submitted::{Submitted, answer_array, answer_images, check_count};
use crate::models::description::Operation;
use crate::models::served::Pass;
use crate::refusal::Refusal;

/// Codes of images.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodesBody {
    /// The values of one code after the other's.
    #[schema(min_items = 1)]
    pub(crate) codes: Vec<Vec<f32>>,
}

pub(crate) async fn encode(
    service: Shared,
    named: Name,
    request: Request,
) -> Result<Response, Refusal> {
    let model = model_for(&service, &name(named)?, Operation::Encode)?;
    let (headers, body) = whole(&service, request).await?;
    let deadline = service.deadline();
    let coming = model.worker.load().announce();
    let submitted = Submitted::read(&headers, &body, &service.limits).await?;
    let usual = match submitted.usual_answer() {
        Form::Npy => Form::Npy,
        _ => Form::Json,
    };
    let form = form::of_answer(&headers, &[Form::Json, Form::Npy], usual)?;
    let count = submitted.count();
    let values = bring(&service, model, submitted).await?.to_unit();
    let codes = model
        .worker
        .pass(Pass::Encode, count, values, coming, deadline);
    let codes = codes.await?;
    let length = codes.len() / count;
    Ok(match form {
        Form::Npy => answer_array(Array {
            shape: vec![count, length],
            numbers: Numbers::Floats(codes),
        }),
        _ => Json(CodesBody {
            codes: codes.chunks_exact(length).map(<[f32]>::to_vec).collect(),
        })
        .into_response(),
    })
}

pub(crate) async fn decode(
    service: Shared,
    named: Name,
    request: Request,
) -> Result<Response, Refusal> {
    let model = model_for(&service, &name(named)?, Operation::Decode)?;
    let (headers, body) = whole(&service, request).await?;
    let deadline = service.deadline();
    let coming = model.worker.load().announce();
    let called = form::of_body(&headers, &[Form::Json, Form::Npy])?;
    let (count, codes) = match called.or_else(|| Form::of_bytes(body.bytes())) {
        Some(Form::Json) => read_json(body.bytes())?,
        Some(Form::Npy) => Array::read(body.bytes())?.into_codes()?,
        _ => {
            return Err(Refusal::unsupported(
                "codes are application/json or application/x-npy",
            ));
        }
    };
    check_count(count, service.limits.max_images)?;
    let expected = model.description().code_values.unwrap_or(0);
    if codes.len() != count * expected {
        return Err(Refusal::unusable(format!(
            "codes of {} values, but {} takes {expected}",
            codes.len() / count,
            model.name()
        )));
    }
    let usual = match (called, count) {
        (Some(Form::Json), 1) => Form::Png,
        _ => Form::Npy,
    };
    let form = form::of_answer(&headers, &IMAGES, usual)?;
    let Some(shape) = model.shape else {
        return Err(Refusal::internal("a model without a shape"));
    };
    let output = model
        .worker
        .pass(Pass::Decode, count, codes, coming, deadline);
    let output = output.await?;
    if form == Form::Npy {
        let array = ImageArray::of_values(shape, output, &Numbers::Floats(Vec::new()));
        return Ok(answer_array(array.into_array()));
    }
    let names: Vec<String> = (0..count).map(|index| index.to_string()).collect();
    let each = output.chunks_exact(shape.values());
    let images = each.map(|values| Image::from_unit(shape, values));
    answer_images(form, &names, images.collect())
}

/// Codes as JSON.
fn read_json(bytes: &[u8]) -> Result<(usize, Vec<f32>), Refusal> {
    let body: CodesBody = serde_json::from_slice(bytes).map_err(|error| {
        Refusal::unusable(format!("the body is not what it should be: {error}"))
    })?;
    let length = body.codes.first().map_or(0, Vec::len);
    if length == 0 {
        return Err(Refusal::unusable("there is no code, or one without values"));
    }
    if let Some(other) = body.codes.iter().find(|code| code.len() != length) {
        return Err(Refusal::unusable(format!(
            "codes of {length} and of {} values",
            other.len()
        )));
    }
    let values: Vec<f32> = body.codes.concat();
    if let Some(place) = values.iter().position(|value| !value.is_finite()) {
        return Err(Refusal::unusable(format!(
            "value {place} is no number that 32 bits hold"
        )));
    }
    Ok((body.codes.len(), values))
}
