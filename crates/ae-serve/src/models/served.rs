//! A model on its thread.

use ae_data::ImageShape;
use ae_infer::{
    Denoiser, Device, InferError, ModelDenoiser, ModelPath, OpenModel, PHOTO, PhotoDenoiser,
    Registry,
};
use ae_models::Trainable as _;

use crate::models::coder::Coder;
use crate::models::stop::unwind_if_requested;
use crate::refusal::Refusal;

/// What images or codes pass through together, those of several requests at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Images to what the model makes of them.
    Reconstruct,
    /// Images to codes.
    Encode,
    /// Codes to images.
    Decode,
}

/// A model, ready to be used.
pub(crate) struct Served {
    name: String,
    model: Option<OpenModel>,
    denoiser: Option<Box<dyn Denoiser + Send>>,
    coder: Option<Coder>,
}

impl Served {
    /// Opens the model at a path.
    ///
    /// # Errors
    /// As [`OpenModel::load`].
    pub(crate) fn open(
        name: &str,
        path: &ModelPath,
        registry: &Registry,
        device: &Device,
    ) -> Result<Self, InferError> {
        Self::new(name, OpenModel::load(path, registry, device)?)
    }

    /// A model that is open.
    ///
    /// # Errors
    /// Never, as tiles are as large as the model needs them.
    pub(crate) fn new(name: &str, model: OpenModel) -> Result<Self, InferError> {
        let can_denoise = model.model().as_reconstruct().is_some();
        let denoiser = match can_denoise {
            true => {
                let tiling = model.tiling(None)?;
                let denoiser = ModelDenoiser::new(model.clone(), tiling);
                let denoiser = denoiser.with_progress(|_| unwind_if_requested());
                Some(Box::new(denoiser) as Box<dyn Denoiser + Send>)
            }
            false => None,
        };
        Ok(Self {
            name: name.to_owned(),
            model: Some(model),
            denoiser,
            coder: None,
        })
    }

    /// The denoiser for photographs that is built in.
    ///
    /// # Errors
    /// As [`PhotoDenoiser::open`].
    pub(crate) fn photo(device: &Device) -> Result<Self, InferError> {
        let photo = PhotoDenoiser::open(device, None)?;
        Ok(Self {
            name: PHOTO.to_owned(),
            model: None,
            denoiser: Some(Box::new(photo.with_progress(|_| unwind_if_requested()))),
            coder: None,
        })
    }

    /// A model of the codec.
    pub(crate) fn codec(name: &str, coder: Coder) -> Self {
        Self {
            name: name.to_owned(),
            model: None,
            denoiser: None,
            coder: Some(coder),
        }
    }

    /// The model.
    ///
    /// # Errors
    /// 422: it is one that denoises and does nothing else.
    pub(crate) fn model(&self) -> Result<&OpenModel, Refusal> {
        let refusal = || Refusal::unusable(format!("{} denoises pictures alone", self.name));
        self.model.as_ref().ok_or_else(refusal)
    }

    /// The model, where it is one that does more than denoise.
    pub(crate) fn open_model(&self) -> Option<&OpenModel> {
        self.model.as_ref()
    }

    /// The model as one that denoises.
    ///
    /// # Errors
    /// 422: it cannot.
    pub(crate) fn denoiser(&self) -> Result<&dyn Denoiser, Refusal> {
        match &self.denoiser {
            Some(denoiser) => Ok(&**denoiser),
            None => Err(Refusal::unusable(format!("{} cannot denoise", self.name))),
        }
    }

    /// The model as one of the codec's.
    ///
    /// # Errors
    /// 422: it is none.
    pub(crate) fn coder(&self) -> Result<&Coder, Refusal> {
        let refusal = || Refusal::unusable(format!("{} is none of the codec's", self.name));
        self.coder.as_ref().ok_or_else(refusal)
    }

    /// Whether it can denoise.
    pub(crate) fn can_denoise(&self) -> bool {
        self.denoiser.is_some()
    }

    /// Passes `count` images of the model's shape, or codes, at once.
    ///
    /// # Shapes
    /// - images: `[count, channels, height, width]`
    /// - codes: `[count, code_values]`
    ///
    /// # Errors
    /// The model cannot do it, or the device fails.
    pub(crate) fn pass(
        &self,
        pass: Pass,
        count: usize,
        values: Vec<f32>,
    ) -> Result<Vec<f32>, Refusal> {
        let model = self.model()?;
        Ok(match pass {
            Pass::Reconstruct => model.reconstruct_values(model.image_shape(), count, values)?,
            Pass::Encode => model.encode_values(count, values)?,
            Pass::Decode => model.decode_values(count, values)?,
        })
    }
}

/// What a pass has made of a picture already, as a denoiser: strength and samples are dealt with as for any other.
pub(crate) struct Computed {
    pub(crate) name: String,
    pub(crate) output: Vec<f32>,
}

impl Denoiser for Computed {
    fn name(&self) -> &str {
        &self.name
    }

    fn needs_noise_level(&self) -> bool {
        false
    }

    fn remove_noise(&self, _: ImageShape, _: &[f32], _: f32) -> Result<Vec<f32>, InferError> {
        Ok(self.output.clone())
    }
}
