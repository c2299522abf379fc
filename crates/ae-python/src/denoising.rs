//! Arrays through a denoiser.

use ae_infer::{Denoiser, ModelDenoiser, Removal, denoise_values};

use crate::arrays::{Batch, Output};
use crate::fault::Fault;
use crate::opened::{Opened, photo};
use crate::work::stop_if_interrupted;

/// How pictures are denoised.
#[derive(Clone, Copy)]
pub(crate) struct Denoising {
    pub(crate) removal: Removal,
    /// The side of a tile in pixels.
    pub(crate) tile: Option<usize>,
}

impl Denoising {
    /// Checked settings.
    ///
    /// # Errors
    /// A number is out of its range.
    pub(crate) fn check(
        strength: f32,
        noise_level: Option<f32>,
        tile: Option<usize>,
    ) -> Result<Self, Fault> {
        if !(0.0..=1.5).contains(&strength) {
            let reason = format!("strength = {strength}: must be from 0 to 1.5");
            return Err(Fault::argument(reason));
        }
        if let Some(level) = noise_level
            && !(0.0..=1.0).contains(&level)
        {
            return Err(Fault::argument(format!(
                "noise_level = {level}: must be from 0 to 1, where 1 is the range from black to white: 25 of 255 levels \
                 are 25/255"
            )));
        }
        if tile == Some(0) {
            return Err(Fault::argument("tile = 0: must be at least 1"));
        }
        Ok(Self {
            removal: Removal {
                strength,
                noise_level,
            },
            tile,
        })
    }

    /// Denoises every picture of a batch by itself.
    ///
    /// # Errors
    /// What was opened removes no noise, tiles are too small for it, or it can do nothing with such pictures.
    pub(crate) fn run(self, opened: &Opened, batch: Batch<'_>) -> Result<Output, Fault> {
        match opened {
            Opened::Codec(..) => Err(opened.cannot("denoise")),
            Opened::Filter(filter) => self.pictures(*filter, batch),
            Opened::Itself(denoiser) => self.pictures(&**denoiser, batch),
            Opened::Photo(denoiser, device) => match self.tile {
                None => self.pictures(&**denoiser, batch),
                tile => self.pictures(&photo(device, tile)?, batch),
            },
            Opened::Model(model) => {
                let tiling = model.tiling(self.tile)?;
                self.pictures(&ModelDenoiser::new((**model).clone(), tiling), batch)
            }
        }
    }

    fn pictures(self, denoiser: &dyn Denoiser, batch: Batch<'_>) -> Result<Output, Fault> {
        let mut all = Vec::new();
        for picture in batch.chunks(1) {
            stop_if_interrupted();
            let denoised = denoise_values(denoiser, batch.shape, &picture.unit()?, self.removal)?;
            match batch.count {
                1 => all = denoised.values,
                _ => all.extend(denoised.values),
            }
        }
        Ok(Output::new(batch.count, batch.shape, all, batch.is_bytes()))
    }
}
