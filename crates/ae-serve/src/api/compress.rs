//! `compress`: gray images into a container of the codec's.

use ae_codec::Near;
use ae_data::{Image, ImageLimits, Samples};
use axum::extract::Request;
use axum::response::Response;
use serde::Deserialize;

use crate::api::request::{Asked, Name, Shared, asked, model_for, name, whole};
use crate::exchange::array::{ImageArray, Numbers};
use crate::exchange::form::{self, Form};
use crate::exchange::pictures::PictureFile;
use crate::exchange::submitted::{Submitted, answer_bytes};
use crate::models::coder::{Compression, Named};
use crate::models::description::Operation;
use crate::refusal::Refusal;

/// How far pixels may be from what they were, and the images of a chunk.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompressQuery {
    #[serde(default)]
    near: u64,
    group: Option<usize>,
}

pub(crate) async fn compress(
    service: Shared,
    named: Name,
    query: Asked<CompressQuery>,
    request: Request,
) -> Result<Response, Refusal> {
    let model = model_for(&service, &name(named)?, Operation::Compress)?;
    let CompressQuery { near, group } = asked(query)?;
    let near = u8::try_from(near)
        .ok()
        .and_then(Near::new)
        .ok_or_else(|| Refusal::bad(format!("near is {near}, and may be 0 to 127")))?;
    let most = service.limits.max_images;
    if let Some(group) = group.filter(|group| !(1..=most).contains(group)) {
        return Err(Refusal::bad(format!(
            "group is {group}, and may be 1 to {most}"
        )));
    }
    let (headers, body) = whole(&service, request).await?;
    let deadline = service.deadline();
    let submitted = Submitted::read(&headers, &body, &service.limits).await?;
    let form = form::of_answer(&headers, &[Form::Aez], Form::Aez)?;
    let compression = Compression {
        near,
        group,
        has_names: matches!(submitted, Submitted::Several(_)),
    };
    let (limits, image_limits) = (service.limits, service.image_limits());
    let container = model.worker.alone(deadline, move |served| {
        let coder = served.coder()?;
        let mut of_array = None;
        let mut files = Vec::new();
        match submitted {
            Submitted::Array(images) => of_array = Some(levels(images)?),
            Submitted::One(file) => files.push((file, false)),
            Submitted::Several(several) => {
                files.extend(several.into_iter().map(|file| (file, true)))
            }
        }
        let of_array = of_array
            .into_iter()
            .flatten()
            .map(|image| Ok((image, None)));
        // One picture is decoded at a time.
        let of_files = files
            .into_iter()
            .map(|(file, is_named)| decoded(file, is_named, image_limits));
        coder.compress(of_array.chain(of_files), compression, &limits)
    });
    Ok(answer_bytes(form, container.await?))
}

/// The images of an array, as they are.
fn levels(images: ImageArray) -> Result<Vec<Image>, Refusal> {
    match images.numbers {
        Numbers::Bytes(_) => images.to_images(),
        Numbers::Floats(_) => Err(Refusal::unusable(
            "an array of floats cannot be compressed: the codec keeps levels of 0 to 255, which are uint8",
        )),
    }
}

/// A picture's file, decoded, with its levels as they are.
fn decoded(file: PictureFile, is_named: bool, limits: ImageLimits) -> Result<Named, Refusal> {
    let page = file.decode(&limits)?.page;
    match page.samples {
        Samples::U8(levels) if page.channels == 1 => {
            let shape = ae_data::ImageShape::new(1, page.size.height, page.size.width);
            let image = Image::new(shape, levels)?;
            Ok((image, is_named.then_some(file.name)))
        }
        _ => Err(Refusal::unusable(format!(
            "{} is not gray of 8 bits, without alpha, which is what the codec keeps",
            file.name
        ))),
    }
}
