//! Images that are brought to a model, whatever they came as.

use std::sync::Arc;

use ae_data::{Image, ImageLimits};
use ae_infer::Preparation;
use tokio::task::spawn_blocking;

use crate::exchange::array::ImageArray;
use crate::exchange::pictures::PictureFile;
use crate::exchange::submitted::Submitted;
use crate::refusal::Refusal;
use crate::service::{Model, Service};

/// A file of no more bytes is decoded by the way, if it has no more pixels than below.
pub(crate) const SMALL_BYTES: usize = 1 << 16;
/// Decoding so many takes less time than handing them to another thread and waiting for it is worth.
const SMALL_PIXELS: u64 = 1 << 14;

/// The limits of pictures that are decoded by the way.
pub(crate) fn small(limits: ImageLimits) -> ImageLimits {
    ImageLimits {
        max_pixels: limits.max_pixels.min(SMALL_PIXELS),
        ..limits
    }
}

/// Images of a model's shape.
pub(crate) enum Brought {
    /// As they came, in an array.
    Array(ImageArray),
    /// Brought to the model from pictures' files.
    Images(Vec<Image>),
}

impl Brought {
    /// The values, one image after the other.
    pub(crate) fn to_unit(&self) -> Vec<f32> {
        match self {
            Self::Array(images) => images.to_unit(),
            Self::Images(images) => images.iter().flat_map(Image::to_unit).collect(),
        }
    }

    /// The images in bytes.
    pub(crate) fn into_images(self) -> Result<Vec<Image>, Refusal> {
        match self {
            Self::Array(images) => images.to_images(),
            Self::Images(images) => Ok(images),
        }
    }
}

/// Brings images to a model: pictures as its training images were brought to it, arrays as they are.
///
/// # Errors
/// 422: an array of another shape; a file cannot be decoded. 413: it has too many pixels.
pub(crate) async fn bring(
    service: &Service,
    model: &Model,
    submitted: Submitted,
) -> Result<Brought, Refusal> {
    let (Some(shape), Some(preparation)) = (model.shape, model.preparation) else {
        return Err(Refusal::unusable(format!(
            "{} takes pictures as they are, to denoise them",
            model.name()
        )));
    };
    let files = match submitted {
        Submitted::Array(images) if images.shape == shape => return Ok(Brought::Array(images)),
        Submitted::Array(images) => {
            return Err(Refusal::unusable(format!(
                "an array of images of {}, but {} takes {shape} (width x height x channels)",
                images.shape,
                model.name()
            )));
        }
        Submitted::One(file) => vec![file],
        Submitted::Several(files) => files,
    };
    let mut images = Vec::with_capacity(files.len());
    for file in files {
        images.push(decoded(service, preparation, file).await?);
    }
    Ok(Brought::Images(images))
}

async fn decoded(
    service: &Service,
    preparation: Preparation,
    file: PictureFile,
) -> Result<Image, Refusal> {
    let limits = service.image_limits();
    if file.bytes.len() <= SMALL_BYTES {
        let image = preparation.decode(&file.bytes, &file.path(), small(limits));
        match image.map_err(Refusal::from) {
            // More pixels than so few bytes would have one think.
            Err(refusal) if refusal.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {}
            decided => return decided,
        }
    }
    let turn = Arc::clone(&service.decoding).acquire_owned().await;
    let decoded = spawn_blocking(move || {
        let _turn = turn;
        preparation.decode(&file.bytes, &file.path(), limits)
    });
    let decoded = decoded.await;
    let decoded = decoded.map_err(|_| Refusal::internal("decoding a picture panicked"))?;
    Ok(decoded?)
}
