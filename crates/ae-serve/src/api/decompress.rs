//! `decompress`: the images of a container of the codec's.

use axum::extract::Request;
use axum::response::Response;

use crate::api::request::{Name, Shared, model_for, name, whole};
use crate::exchange::form::{self, Form, IMAGES};
use crate::exchange::submitted::answer_images;
use crate::models::description::Operation;
use crate::refusal::Refusal;

pub(crate) async fn decompress(
    service: Shared,
    named: Name,
    request: Request,
) -> Result<Response, Refusal> {
    let model = model_for(&service, &name(named)?, Operation::Decompress)?;
    let (headers, body) = whole(&service, request).await?;
    let deadline = service.deadline();
    let called = form::of_body(&headers, &[Form::Aez])?;
    let bytes = body.bytes().clone();
    if called.or_else(|| Form::of_bytes(&bytes)) != Some(Form::Aez) {
        return Err(Refusal::unsupported(format!(
            "the body is no container; those are {}",
            Form::Aez.media_type()
        )));
    }
    // What it holds decides which form is usual; that none is liked is known before.
    form::of_answer(&headers, &IMAGES, Form::Npy)?;
    let limits = service.limits;
    let found = model.worker.alone(deadline, move |served| {
        served.coder()?.decompress(&bytes, &limits)
    });
    let found = found.await?;
    let usual = match found.is_of_one_shape() {
        true => Form::Npy,
        false => Form::Multipart,
    };
    let form = form::of_answer(&headers, &IMAGES, usual)?;
    let names = match found.names.is_empty() {
        true => (0..found.images.len())
            .map(|index| index.to_string())
            .collect(),
        false => found.names,
    };
    answer_images(form, &names, found.images)
}
