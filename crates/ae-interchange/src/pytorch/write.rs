//! Writing a model as a folder for PyTorch.

use std::path::Path;

use ae_files::write_atomically;
use ae_models::{Model, ModelCard, save_model};

use super::class;
use crate::configuration::WeightsConfiguration;
use crate::description::Description;
use crate::error::InterchangeError;
use crate::folder::write_folder;
use crate::preparation::ImagePreparation;

/// The module.
const MODULE: &str = "model.py";
/// Its weights.
const WEIGHTS: &str = "model.safetensors";
/// What [`import`](crate::import) needs beside weights.
const CONFIGURATION: &str = "model.toml";

/// The files of a folder for PyTorch.
pub const PYTORCH_FILES: [&str; 3] = [MODULE, WEIGHTS, CONFIGURATION];

/// What a folder for PyTorch holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PytorchSummary {
    /// Numbers of the model.
    pub parameters: usize,
}

/// Writes a model as a folder of three files: `model.py`, plain `torch.nn` whose `load()` gives the module with its
/// weights; `model.safetensors`, which it loads with `strict=True` and which is a model file of `ae` as well; and
/// `model.toml`, by which [`import`](crate::import) takes weights back that were trained further.
///
/// A folder that is not there gets its name with all three in it; in one that is there they are written over.
///
/// # Errors
/// The kind doesn't describe what it computes, or the disk refuses.
pub fn write_pytorch(
    folder: &Path,
    model: &Model,
    card: &ModelCard,
    preparation: &ImagePreparation,
) -> Result<PytorchSummary, InterchangeError> {
    let description = Description::of(model)?;
    let sentences = preparation.sentences(
        description.input_shape,
        description.inference.takes_any_size(),
    );
    let module = class::text(&description, &sentences, WEIGHTS, CONFIGURATION);
    let configuration = WeightsConfiguration::of(model.config(), card);
    let configuration = configuration.to_text(&folder.join(CONFIGURATION))?;
    write_folder(folder, |folder| {
        save_model(folder.join(WEIGHTS), model, card)?;
        for (name, text) in [(CONFIGURATION, &configuration), (MODULE, &module)] {
            let path = folder.join(name);
            write_atomically(&path, |file| file.write_all(text.as_bytes()))
                .map_err(InterchangeError::io("write", &path))?;
        }
        Ok(())
    })?;
    Ok(PytorchSummary {
        parameters: description.parameters(),
    })
}
