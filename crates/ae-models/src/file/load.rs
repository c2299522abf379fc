//! Reading a model file.

use std::io::Read;
use std::path::Path;

use crate::error::ModelError;
use crate::file::card::{ModelCard, data_of};
use crate::file::header::Header;
use crate::file::precision::Precision;
use crate::model::Model;
use crate::parameters::builder::Builder;
use crate::parameters::tensors::{
    NamedTensor, check_against, check_finite, put_tensors, tensor_shapes,
};
use crate::placement::Placement;
use crate::registry::Registry;

/// Reads a model and its card from `path`, and puts the model where `placement` says, a `&Device` for one. Its kind is
/// one of the `registry`'s.
///
/// Everything is checked before memory is taken for the weights: the file's length against its header, the header's
/// own length, the configuration against the [`limits`](crate::limits), and every tensor's name, type and shape
/// against the configuration. Then the values: all must be finite.
///
/// # Errors
/// [`ModelError::Io`] if the file cannot be read, [`ModelError::File`] naming the file and the part of it that is
/// wrong otherwise.
pub fn load_model<'a>(
    path: impl AsRef<Path>,
    registry: &Registry,
    placement: impl Into<Placement<'a>>,
) -> Result<(Model, ModelCard), ModelError> {
    let path = path.as_ref();
    let (mut file, header) = Header::read(path)?;
    load_from(&mut file, &header, path, registry, placement.into())
}

/// As [`load_model`], from the bytes of a file; `name` gives errors their name.
///
/// # Errors
/// As for [`load_model`].
pub fn load_model_from_bytes<'a>(
    bytes: &[u8],
    name: &str,
    registry: &Registry,
    placement: impl Into<Placement<'a>>,
) -> Result<(Model, ModelCard), ModelError> {
    let path = Path::new(name);
    let length = bytes.len() as u64;
    let mut bytes = bytes;
    let header = Header::read_from(&mut bytes, length, path)?;
    load_from(&mut bytes, &header, path, registry, placement.into())
}

/// Builds the model of a header that was read from `file`, which stands at the first tensor.
fn load_from(
    file: &mut impl Read,
    header: &Header,
    path: &Path,
    registry: &Registry,
    placement: Placement<'_>,
) -> Result<(Model, ModelCard), ModelError> {
    let in_file = |error| in_file(path, error);
    let card = ModelCard::from_metadata(&header.metadata, registry).map_err(in_file)?;
    let Some(config) = &card.config else {
        let reason = "none in the file: a custom model, to be read by the program that defines it";
        return Err(ModelError::file(path, "model", reason));
    };
    let config = config.check(card.input_shape).map_err(in_file)?;
    let found = || {
        let tensors = header.tensors.iter();
        tensors.map(|(name, info)| (&**name, &*info.shape))
    };
    if let Some(expected) = config.tensor_shapes() {
        check_against(expected, found()).map_err(in_file)?;
    }
    let tensors = read_values(path, file, header)?;
    let mut builder = Builder::loading(card.input_shape, placement, tensors);
    let model = config.build(&mut builder);
    // What a kind of Burn's own layers did not take from the builder goes in by name.
    let remaining = builder.into_remaining();
    if remaining.is_empty() {
        return Ok((model, card));
    }
    check_against(&tensor_shapes(&model), found()).map_err(in_file)?;
    Ok((put_tensors(model, &remaining), card))
}

/// Reads the card of a model file: its header alone, a few kilobytes however large the model is.
///
/// # Errors
/// As for [`load_model`], as far as the header goes.
pub fn read_model_card(
    path: impl AsRef<Path>,
    registry: &Registry,
) -> Result<ModelCard, ModelError> {
    let path = path.as_ref();
    let (_, header) = Header::read(path)?;
    let card = ModelCard::from_metadata(&header.metadata, registry)
        .map_err(|error| in_file(path, error))?;
    if let Some(config) = &card.config {
        config
            .check(card.input_shape)
            .map_err(|error| in_file(path, error))?;
    }
    Ok(card)
}

/// As [`read_model_card`], from the bytes of a file; `name` gives errors their name.
///
/// # Errors
/// As for [`load_model`], as far as the header goes.
pub fn read_model_card_from_bytes(
    bytes: &[u8],
    name: &str,
    registry: &Registry,
) -> Result<ModelCard, ModelError> {
    let path = Path::new(name);
    let length = bytes.len() as u64;
    let mut bytes = bytes;
    let header = Header::read_from(&mut bytes, length, path)?;
    ModelCard::from_metadata(&header.metadata, registry).map_err(|error| in_file(path, error))
}

/// Reads what a model file says of its data ([`ModelCard::data`]), without knowing its kind.
///
/// # Errors
/// As for [`load_model`], as far as the header goes.
pub fn read_model_data(path: impl AsRef<Path>) -> Result<Option<serde_json::Value>, ModelError> {
    let path = path.as_ref();
    let (_, header) = Header::read(path)?;
    data_of(&header.metadata).map_err(|error| in_file(path, error))
}

/// Reads the tensors and the card of a model file, in the order in which they lie in it: what a custom model
/// that no registry knows takes back by [`load_tensors`](crate::load_tensors).
///
/// # Errors
/// As for [`load_model`], but for what only a configuration could tell.
pub fn read_tensors(
    path: impl AsRef<Path>,
    registry: &Registry,
) -> Result<(Vec<NamedTensor>, ModelCard), ModelError> {
    let path = path.as_ref();
    let (mut file, header) = Header::read(path)?;
    let card = ModelCard::from_metadata(&header.metadata, registry)
        .map_err(|error| in_file(path, error))?;
    Ok((read_values(path, &mut file, &header)?, card))
}

/// Reads the tensors of any safetensors file, whoever wrote it, in the order in which they lie in it: what becomes a model
/// by [`load_tensors`](crate::load_tensors).
///
/// # Errors
/// As for [`load_model`], but for what only a card and a configuration could tell.
pub fn read_weights(path: impl AsRef<Path>) -> Result<Vec<NamedTensor>, ModelError> {
    let path = path.as_ref();
    let (mut file, header) = Header::read(path)?;
    read_values(path, &mut file, &header)
}

/// Reads all values; `file` stands at the end of the header, which has been checked against the file's length.
fn read_values(
    path: &Path,
    file: &mut impl Read,
    header: &Header,
) -> Result<Vec<NamedTensor>, ModelError> {
    let mut tensors = Vec::with_capacity(header.tensors.len());
    for (name, info) in &header.tensors {
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        file.read_exact(&mut bytes)
            .map_err(|source| ModelError::io("read", path, source))?;
        let precision = Precision::of(info.dtype).expect("the header was checked");
        let tensor = NamedTensor {
            name: name.clone(),
            shape: info.shape.clone(),
            values: precision.decode(&bytes),
        };
        check_finite(&tensor).map_err(|error| in_file(path, error))?;
        tensors.push(tensor);
    }
    Ok(tensors)
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
