//! What `open` opens: a model, a filter, or a model of the codec.

use std::path::Path;

use ae_codec::LosslessModel;
use ae_infer::{
    Device, NoiseFilter, OpenModel, PHOTO, PhotoDenoiser, Registry, SelfDenoiser, ZERO_SHOT, filter,
};
use ae_train::ZeroShotSettings;

use crate::fault::Fault;
use crate::work::stop_if_interrupted;

/// What was opened.
pub(crate) enum Opened {
    /// An autoencoder.
    Model(Box<OpenModel>),
    /// The denoiser that is built in, and where it computes.
    Photo(Box<PhotoDenoiser>, Device),
    /// A denoiser that needs no training.
    Filter(&'static dyn NoiseFilter),
    /// A denoiser that is trained on each picture.
    Itself(Box<SelfDenoiser>),
    /// A model of the codec, and its name.
    Codec(String, Box<LosslessModel>),
}

impl Opened {
    /// Opens what is called `path`: a name wins over a file.
    ///
    /// # Errors
    /// There is no such model or device, or the file is no model.
    pub(crate) fn open(path: &Path, backend: &str) -> Result<Self, Fault> {
        let name = path.to_str().unwrap_or_default();
        let device = || ae_cli::open_device(backend).map_err(Fault::from);
        if name == PHOTO {
            let device = device()?;
            return Ok(Self::Photo(Box::new(photo(&device, None)?), device));
        }
        if let Some(filter) = filter(name) {
            return Ok(Self::Filter(filter));
        }
        if name == ZERO_SHOT {
            let mut settings = ZeroShotSettings::default();
            // As the command has it where no seed is given.
            settings.seed = 0;
            let denoiser = SelfDenoiser::new(settings).with_progress(|_| stop_if_interrupted());
            return Ok(Self::Itself(Box::new(denoiser)));
        }
        if let Some(codec) = ae_cli::open_codec(path)? {
            return Ok(Self::Codec(path.display().to_string(), Box::new(codec)));
        }
        let model = OpenModel::open(path, &Registry::builtin(), &device()?)?;
        Ok(Self::of_model(model))
    }

    /// An autoencoder that ctrl-c interrupts.
    pub(crate) fn of_model(model: OpenModel) -> Self {
        Self::Model(Box::new(model.with_progress(|_| stop_if_interrupted())))
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Model(model) => model.name(),
            Self::Photo(..) => PHOTO,
            Self::Filter(filter) => filter.name(),
            Self::Itself(_) => ZERO_SHOT,
            Self::Codec(name, _) => name,
        }
    }

    /// The kind of model.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Model(model) => model.kind(),
            Self::Photo(..) => "unet",
            Self::Filter(_) | Self::Itself(_) => "filter",
            Self::Codec(..) => "pixel",
        }
    }

    /// The model as an autoencoder, to do what `what` names.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn autoencoder(&self, what: &str) -> Result<&OpenModel, Fault> {
        match self {
            Self::Model(model) => Ok(model),
            other => Err(other.cannot(what)),
        }
    }

    /// That it cannot do what `what` names.
    pub(crate) fn cannot(&self, what: &str) -> Fault {
        let can = match self {
            Self::Model(_) => "an autoencoder: it has no compress and decompress",
            Self::Photo(..) | Self::Filter(_) | Self::Itself(_) => {
                "a denoiser: it has denoise alone"
            }
            Self::Codec(..) => "a codec: it has compress and decompress alone",
        };
        Fault::Unsupported(format!("{}: cannot {what}: this is {can}", self.name()))
    }
}

/// The denoiser that is built in, going over pictures in tiles of so many pixels a side.
///
/// # Errors
/// Tiles are too small.
pub(crate) fn photo(device: &Device, tile: Option<usize>) -> Result<PhotoDenoiser, Fault> {
    Ok(PhotoDenoiser::open(device, tile)?.with_progress(|_| stop_if_interrupted()))
}
