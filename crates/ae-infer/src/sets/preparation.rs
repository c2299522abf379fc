//! How images are brought to a model (`Preparation`).

use std::path::Path;

use ae_data::{
    Binarization, Channels, Dataset, Fit, Image, ImageLimits, ImageOptions, ImageSet, OpenOptions,
    Size, Streaming, ValueRange, shards,
};

use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::sets::own_set::DataOrigin;
use crate::sets::set_request::SetRequest;

/// How images are brought to a model: as those were that it was trained on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Preparation {
    /// The size that they are brought to.
    pub size: Size,
    /// Rows and columns of the patches that a set's pictures are cut into in place of that, as they were when the model was
    /// trained on patches; `None` for whole images.
    pub patch: Option<usize>,
    /// How an image of another proportion is brought to that size.
    pub fit: Fit,
    /// The channels that they are brought to; `None` for a number that has no name.
    pub channels: Option<Channels>,
    /// The values of black and white in pictures of 16 bits or floating point; `None` to find them out.
    pub range: Option<ValueRange>,
    /// Whether they are made black and white.
    pub binarize: Binarization,
    /// What that is drawn from.
    pub seed: u64,
    /// Where this is known from.
    pub origin: DataOrigin,
}

impl OpenModel {
    /// How images are brought to the model.
    #[must_use]
    pub fn preparation(&self) -> Preparation {
        let own = self.own_set();
        let shape = self.image_shape();
        Preparation {
            size: shape.size(),
            patch: own.patch,
            fit: own.fit,
            channels: match shape.channels {
                1 => Some(Channels::Gray),
                3 => Some(Channels::Rgb),
                _ => None,
            },
            range: own.range,
            binarize: own.binarize,
            seed: own.seed,
            origin: own.origin,
        }
    }

    /// Reads an image file and brings it to the model's form, in black and white where the model was trained so.
    ///
    /// # Errors
    /// The file is no image.
    pub fn read_image(&self, path: impl AsRef<Path>) -> Result<Image, InferError> {
        let path = path.as_ref();
        let preparation = self.preparation();
        let image = Image::read(path, &preparation.image_options(&SetRequest::default()))?;
        preparation.finish(image, path)
    }

    /// Opens a set so that its images are brought to the model, but for what the request says of it; with a note where
    /// its deep pictures look like ones of another range than those that the model was trained on.
    pub(crate) fn open_prepared(
        &self,
        source: &str,
        request: &SetRequest,
    ) -> Result<(Dataset, Option<String>), InferError> {
        let Some(trained) = self.preparation().range.filter(|_| request.range.is_none()) else {
            return Ok((self.open_as(source, request, None)?, None));
        };
        let free = Preparation {
            range: None,
            ..self.preparation()
        };
        let dataset = self.open_as(source, request, Some(free))?;
        match dataset.value_range {
            Some(found) if found != trained => {
                let note = format!(
                    "{source}: its pictures look as if black and white were {found}; they are taken for {trained}, as \
                     those were that {} was trained on; --range says otherwise",
                    self.name()
                );
                Ok((self.open_as(source, request, None)?, Some(note)))
            }
            _ => Ok((dataset, None)),
        }
    }

    fn open_as(
        &self,
        source: &str,
        request: &SetRequest,
        preparation: Option<Preparation>,
    ) -> Result<Dataset, InferError> {
        let preparation = preparation.unwrap_or_else(|| self.preparation());
        // Whoever asks for a size wants whole images.
        let patch = request
            .patch
            .or(preparation.patch.filter(|_| request.size.is_none()));
        let image = preparation.image_options(request);
        // A set that was streamed may be too large for anything else.
        let was_streamed = self.own_set().card.as_ref().is_some_and(|card| card.stream);
        let is_streamed = was_streamed && patch.is_none() && shards(source)?.is_some();
        let options = OpenOptions {
            image: match patch {
                Some(_) => ImageOptions {
                    size: None,
                    ..image
                },
                None => image,
            },
            patch,
            stream: is_streamed.then(Streaming::default),
            strict: request.strict,
            ..OpenOptions::default()
        };
        let binarize = request.binarize.unwrap_or(preparation.binarize);
        Ok(ae_data::open(source, &options)?.binarized(binarize, preparation.seed))
    }
}

impl Preparation {
    /// Decodes an image from the bytes of a file within `limits` and brings it to the model's form, as
    /// [`OpenModel::read_image`] does with a file; `path` gives errors their name.
    ///
    /// # Errors
    /// The bytes are no image or several, or it is larger than the limits.
    pub fn decode(
        &self,
        bytes: &[u8],
        path: &Path,
        limits: ImageLimits,
    ) -> Result<Image, InferError> {
        let options = ImageOptions {
            limits,
            ..self.image_options(&SetRequest::default())
        };
        self.finish(Image::decode(bytes, path, &options)?, path)
    }

    /// Makes an image black and white where the model's were.
    fn finish(&self, image: Image, path: &Path) -> Result<Image, InferError> {
        if self.binarize.is_none() {
            return Ok(image);
        }
        let name = path.display().to_string();
        let (shape, pixels) = (image.shape(), image.into_pixels());
        let set = ImageSet::from_images(&name, shape, pixels, None, Vec::new())?;
        let dataset = Dataset::new(name, set, None);
        let drawn = dataset.binarized(self.binarize, self.seed);
        Ok(drawn.train.image(0)?)
    }

    /// How an image file is read.
    pub(crate) fn image_options(&self, request: &SetRequest) -> ImageOptions {
        ImageOptions {
            size: Some(request.size.unwrap_or(self.size)),
            fit: request.fit.unwrap_or(self.fit),
            channels: request.channels.or(self.channels),
            range: request.range.or(self.range),
            limits: ImageLimits::with_max_pixels(request.max_pixels),
        }
    }
}
