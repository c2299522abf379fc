//! A model as a file: [safetensors](https://github.com/huggingface/safetensors) with a card in its metadata.

mod card;
mod header;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ae_files::{Unfinished, write_atomically_as};
use burn::module::Module;
use burn::tensor::Device;

pub use card::ModelCard;

use crate::config::{CheckedModelConfig, TensorShape};
use crate::error::ModelError;
use crate::model::Model;
use crate::networks::layer::LayerSpec;
use crate::parameters::initialization::WeightSource;
use crate::parameters::tensors::{NamedTensor, check_names, check_shape, named_tensors};
use header::Header;

/// Writes a model and its card to `path`.
///
/// The file is written beside its final name, flushed to the disk and then moved there: a reader finds the old file
/// or the new one, never a part. The same model and card give the same bytes.
///
/// # Errors
/// [`ModelError::Io`] where the disk refuses; [`ModelError::Tensor`] or [`ModelError::Config`] for what
/// [`load_model`] would not take back: a value that is not finite, or a card whose configuration is another model's.
pub fn save_model<M: Module>(
    path: impl AsRef<Path>,
    model: &M,
    card: &ModelCard,
) -> Result<(), ModelError> {
    let path = path.as_ref();
    let tensors = named_tensors(model);
    if let Some(config) = &card.config {
        check_against(
            &config.check(card.input_shape)?,
            tensors.iter().map(|tensor| (&*tensor.name, &*tensor.shape)),
        )?;
    }
    tensors.iter().try_for_each(check_finite)?;
    let header = header::encode(&card.to_metadata(), &tensors);
    write_atomically_as(Unfinished::Model, path, |writer| {
        writer.write_all(&header)?;
        for tensor in &tensors {
            for value in &tensor.values {
                writer.write_all(&value.to_le_bytes())?;
            }
        }
        Ok(())
    })
    .map_err(|source| ModelError::io("write", path, source))
}

/// Reads a model and its card from `path`, and puts the model on `device`.
///
/// Everything is checked before memory is taken for the weights: the file's length against its header, the header's
/// own length, the configuration against the [`limits`](crate::limits), and every tensor's name, type and shape
/// against the configuration. Then the values: all must be finite.
///
/// # Errors
/// [`ModelError::Io`] if the file cannot be read, [`ModelError::File`] naming the file and the part of it that is
/// wrong otherwise.
pub fn load_model(
    path: impl AsRef<Path>,
    device: &Device,
) -> Result<(Model, ModelCard), ModelError> {
    let path = path.as_ref();
    let (mut file, header) = Header::read(path)?;
    let card = ModelCard::from_metadata(&header.metadata).map_err(|error| in_file(path, error))?;
    let Some(config) = &card.config else {
        let reason =
            "none in the file: a model of one's own, to be read by the program that defines it";
        return Err(ModelError::file(path, "model", reason));
    };
    let config = config
        .check(card.input_shape)
        .map_err(|error| in_file(path, error))?;
    let shapes = header
        .tensors
        .iter()
        .map(|(name, info)| (&**name, &*info.shape));
    check_against(&config, shapes).map_err(|error| in_file(path, error))?;
    let tensors = read_values(path, &mut file, &header)?;
    let mut loaded = LoadedWeights(
        tensors
            .into_iter()
            .map(|tensor| (tensor.name, tensor.values))
            .collect(),
    );
    Ok((config.build(&mut loaded, device), card))
}

/// Reads the card of a model file: its header alone, a few kilobytes however large the model is.
///
/// # Errors
/// As for [`load_model`], as far as the header goes.
pub fn read_model_card(path: impl AsRef<Path>) -> Result<ModelCard, ModelError> {
    let path = path.as_ref();
    let (_, header) = Header::read(path)?;
    let card = ModelCard::from_metadata(&header.metadata).map_err(|error| in_file(path, error))?;
    if let Some(config) = &card.config {
        config
            .check(card.input_shape)
            .map_err(|error| in_file(path, error))?;
    }
    Ok(card)
}

/// Reads the tensors and the card of a model file, in the order in which they lie in it: what a model of one's own
/// takes back by [`load_tensors`](crate::load_tensors).
///
/// # Errors
/// As for [`load_model`], but for what only a configuration could tell.
pub fn read_tensors(path: impl AsRef<Path>) -> Result<(Vec<NamedTensor>, ModelCard), ModelError> {
    let path = path.as_ref();
    let (mut file, header) = Header::read(path)?;
    let card = ModelCard::from_metadata(&header.metadata).map_err(|error| in_file(path, error))?;
    Ok((read_values(path, &mut file, &header)?, card))
}

/// Reads all values; `file` stands at the end of the header, which has been checked against the file's length.
fn read_values(
    path: &Path,
    file: &mut File,
    header: &Header,
) -> Result<Vec<NamedTensor>, ModelError> {
    let mut tensors = Vec::with_capacity(header.tensors.len());
    for (name, info) in &header.tensors {
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        file.read_exact(&mut bytes)
            .map_err(|source| ModelError::io("read", path, source))?;
        let values = bytes
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        let tensor = NamedTensor {
            name: name.clone(),
            shape: info.shape.clone(),
            values,
        };
        check_finite(&tensor).map_err(|error| in_file(path, error))?;
        tensors.push(tensor);
    }
    Ok(tensors)
}

fn check_against<'a>(
    config: &CheckedModelConfig,
    found: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
) -> Result<(), ModelError> {
    let expected = config.tensor_shapes();
    let names: Vec<_> = expected.iter().map(|tensor| tensor.name.clone()).collect();
    check_names(&names, found.clone().map(|(name, _)| name))?;
    let found: HashMap<_, _> = found.collect();
    expected.iter().try_for_each(|tensor| {
        check_shape(&tensor.name, &tensor.shape, found[tensor.name.as_str()])
    })
}

fn check_finite(tensor: &NamedTensor) -> Result<(), ModelError> {
    match tensor.values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => {
            let value = tensor.values[index];
            Err(ModelError::tensor(
                &tensor.name,
                format!("value {index} is {value}, not a finite number"),
            ))
        }
    }
}

/// Says which file an error is about.
fn in_file(path: &Path, error: ModelError) -> ModelError {
    match error {
        ModelError::Config { field, reason } => ModelError::file(path, field, reason),
        ModelError::Tensor { name, reason } => {
            ModelError::file(path, format!("tensor {name}"), reason)
        }
        other => other,
    }
}

/// A file's tensors, handed to the model being built.
struct LoadedWeights(HashMap<String, Vec<f32>>);

impl WeightSource for LoadedWeights {
    fn next_layer(&mut self, layer: &LayerSpec) -> Vec<Vec<f32>> {
        let take = |tensor: TensorShape| {
            self.0
                .remove(&tensor.name)
                .expect("the names were checked against the configuration")
        };
        layer.tensor_shapes().into_iter().map(take).collect()
    }
}
