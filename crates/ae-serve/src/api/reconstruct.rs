//! `reconstruct`: images through a model.

use ae_data::Image;
use axum::extract::Request;
use axum::response::Response;

use crate::api::images::{Brought, bring};
use crate::api::request::{Name, Shared, model_for, name, whole};
use crate::exchange::array::ImageArray;
use crate::exchange::form::{self, Form, IMAGES};
use crate::exchange::submitted::{Submitted, answer_array, answer_images};
use crate::models::description::Operation;
use crate::models::served::Pass;
use crate::refusal::Refusal;

pub(crate) async fn reconstruct(
    service: Shared,
    named: Name,
    request: Request,
) -> Result<Response, Refusal> {
    let model = model_for(&service, &name(named)?, Operation::Reconstruct)?;
    let (headers, body) = whole(&service, request).await?;
    let deadline = service.deadline();
    let coming = model.worker.load().announce();
    let submitted = Submitted::read(&headers, &body, &service.limits).await?;
    let form = form::of_answer(&headers, &IMAGES, submitted.usual_answer())?;
    let (count, names) = (submitted.count(), submitted.names());
    let brought = bring(&service, model, submitted).await?;
    let Some(shape) = model.shape else {
        return Err(Refusal::internal("a model without a shape"));
    };
    let values = brought.to_unit();
    let worker = &model.worker;
    let output = worker.pass(Pass::Reconstruct, count, values, coming, deadline);
    let output = output.await?;
    match brought {
        Brought::Array(images) if form == Form::Npy => {
            let array = ImageArray::of_values(shape, output, &images.numbers);
            Ok(answer_array(array.into_array()))
        }
        _ => {
            let each = output.chunks_exact(shape.values());
            let images = each.map(|values| Image::from_unit(shape, values));
            answer_images(form, &names, images.collect())
        }
    }
}
