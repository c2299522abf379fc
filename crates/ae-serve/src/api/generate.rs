//! `generate`: new images.

use ae_infer::CodeSource;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use crate::api::request::{Asked, Name, Shared, asked, model_for, name, whole_number};
use crate::exchange::form::{self, Form, IMAGES};
use crate::exchange::submitted::answer_images;
use crate::models::description::Operation;
use crate::refusal::Refusal;

/// How many, and which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenerateQuery {
    #[serde(default = "one")]
    count: usize,
    #[serde(default)]
    seed: u64,
}

const fn one() -> usize {
    1
}

pub(crate) async fn generate(
    service: Shared,
    named: Name,
    query: Asked<GenerateQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let model = model_for(&service, &name(named)?, Operation::Generate)?;
    let GenerateQuery { count, seed } = asked(query)?;
    let seed = whole_number("seed", seed)?;
    let most = service.limits.max_images;
    if !(1..=most).contains(&count) {
        return Err(Refusal::bad(format!(
            "count is {count}, and may be 1 to {most}"
        )));
    }
    let usual = if count == 1 { Form::Png } else { Form::Npy };
    let form = form::of_answer(&headers, &IMAGES, usual)?;
    let deadline = service.deadline();
    let images = model.worker.alone(deadline, move |served| {
        let model = served.model()?;
        Ok(model.generate(&CodeSource::Prior, count, seed)?)
    });
    let images = images.await?;
    let names: Vec<String> = (0..count).map(|index| index.to_string()).collect();
    answer_images(form, &names, images)
}
