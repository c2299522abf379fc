//! Making a model of weights and a configuration.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use ae_files::write_atomically;
use ae_models::{
    Model, ModelCard, NamedTensor, Placement, TensorShape, load_tensors, named_tensors,
    read_weights, save_model,
};

use super::checkpoint::Checkpoint;
use crate::configuration::WeightsConfiguration;
use crate::error::InterchangeError;
use crate::folder::write_folder;

/// Names of tensors that an error lists, at most.
const MOST_NAMES: usize = 6;

/// Makes a model of the weights at `path`: a safetensors file, or what `torch.save(model.state_dict(), path)` writes (since
/// PyTorch 1.6). Names and shapes must be those of the configuration's model, and every value finite.
///
/// Of a pickle nothing is executed: it is read by the few instructions and names that tensors take, and one with any other
/// is refused. The page `docs/interchange.md` lists them.
///
/// # Errors
/// The file cannot be read, is in another form, or its tensors are not the model's; those that are missing and those that
/// are too many are named.
pub fn import<'a>(
    path: &Path,
    configuration: &WeightsConfiguration,
    placement: impl Into<Placement<'a>>,
) -> Result<(Model, ModelCard), InterchangeError> {
    let placement = placement.into();
    let checked = configuration.model.check(configuration.input_shape)?;
    // A kind that doesn't say its tensors is built to see them.
    let (expected, built) = match checked.tensor_shapes() {
        Some(shapes) => (shapes.to_vec(), None),
        None => {
            let model = checked.init(0, placement);
            (shapes_of(&model), Some(model))
        }
    };
    let tensors = match form_of(path)? {
        Form::Safetensors => {
            let tensors = read_weights(path)?;
            let found = tensors.iter().map(|tensor| (&*tensor.name, &*tensor.shape));
            check(path, &expected, found)?;
            tensors
        }
        Form::Checkpoint => {
            let mut checkpoint = Checkpoint::open(path)?;
            check(path, &expected, checkpoint.tensors())?;
            checkpoint.read()?
        }
    };
    check_finite(path, &tensors)?;
    let model = built.unwrap_or_else(|| checked.init(0, placement));
    let model = load_tensors(model, &tensors)?;
    let card = ModelCard {
        noise: configuration.noise.clone(),
        data_name: configuration.data_name.clone(),
        data_fingerprint: configuration.data_fingerprint.clone(),
        data: configuration.data.clone(),
        ..ModelCard::new(&model)
    };
    Ok((model, card))
}

/// Writes a model that was [imported](import) as a folder that opens like a run: `model.safetensors`, and `model.toml`, which
/// says what it was made by. A folder that is not there gets its name with both in it.
///
/// # Errors
/// The disk refuses.
pub fn write_run(folder: &Path, model: &Model, card: &ModelCard) -> Result<(), InterchangeError> {
    let configuration = WeightsConfiguration::of(model.config(), card);
    let text = configuration.to_text(&folder.join("model.toml"))?;
    write_folder(folder, |folder| {
        let path = folder.join("model.toml");
        write_atomically(&path, |file| file.write_all(text.as_bytes()))
            .map_err(InterchangeError::io("write", &path))?;
        Ok(save_model(folder.join("model.safetensors"), model, card)?)
    })
}

/// What weights lie in.
enum Form {
    Safetensors,
    /// A ZIP archive, as `torch.save` writes.
    Checkpoint,
}

/// Tells the forms apart by their first bytes.
fn form_of(path: &Path) -> Result<Form, InterchangeError> {
    let io = || InterchangeError::io("read", path);
    let attributes = fs::metadata(path).map_err(io())?;
    if !attributes.is_file() {
        return Err(InterchangeError::weights(path, "not a file"));
    }
    let mut start = Vec::new();
    let file = File::open(path).map_err(io())?;
    file.take(9).read_to_end(&mut start).map_err(io())?;
    match start.as_slice() {
        [b'P', b'K', 3, 4, ..] => Ok(Form::Checkpoint),
        // The length of a header of JSON.
        [_, _, _, _, _, _, _, _, b'{'] => Ok(Form::Safetensors),
        [] => Err(InterchangeError::weights(path, "an empty file")),
        _ => Err(InterchangeError::form(
            path,
            "neither safetensors nor what torch.save writes since PyTorch 1.6",
        )),
    }
}

fn shapes_of(model: &Model) -> Vec<TensorShape> {
    let tensors = named_tensors(model).into_iter();
    let shape = |tensor: NamedTensor| TensorShape {
        name: tensor.name,
        shape: tensor.shape,
    };
    tensors.map(shape).collect()
}

/// Checks names and shapes, and names all that is wrong, or a few of it.
fn check<'a>(
    path: &Path,
    expected: &[TensorShape],
    found: impl Iterator<Item = (&'a str, &'a [usize])>,
) -> Result<(), InterchangeError> {
    let found: HashMap<&str, &[usize]> = found.collect();
    let missing = expected
        .iter()
        .map(|tensor| tensor.name.as_str())
        .filter(|name| !found.contains_key(name));
    let mut unexpected: Vec<&str> = found.keys().copied().collect();
    unexpected.retain(|name| !expected.iter().any(|tensor| tensor.name == *name));
    unexpected.sort_unstable();
    let mut wrong = Vec::new();
    wrong.extend(listed("missing", &missing.collect::<Vec<_>>()));
    wrong.extend(listed("unexpected", &unexpected));
    let other = expected.iter().filter_map(|tensor| {
        let found = *found.get(tensor.name.as_str())?;
        (found != tensor.shape).then(|| {
            format!(
                "{} has shape {found:?}, the model needs {:?}",
                tensor.name, tensor.shape
            )
        })
    });
    let other: Vec<String> = other.collect();
    wrong.extend(other.iter().take(MOST_NAMES).cloned());
    if other.len() > MOST_NAMES {
        wrong.push(format!("and {} more shapes", other.len() - MOST_NAMES));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(InterchangeError::weights(
            path,
            format!("not the weights of this model: {}", wrong.join("; ")),
        )),
    }
}

/// `missing: a, b and 3 more`; `None` for no names.
fn listed(what: &str, names: &[&str]) -> Option<String> {
    let shown = names.iter().take(MOST_NAMES).map(|name| shortened(name));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        count if count > MOST_NAMES => {
            Some(format!("{what}: {shown} and {} more", count - MOST_NAMES))
        }
        _ => Some(format!("{what}: {shown}")),
    }
}

/// A name as an error may show it: of printable characters, and not without end.
fn shortened(name: &str) -> String {
    const MOST: usize = 80;
    let printable = |character: char| match character.is_control() {
        true => '\u{fffd}',
        false => character,
    };
    let mut text: String = name.chars().take(MOST).map(printable).collect();
    if name.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}

fn check_finite(path: &Path, tensors: &[NamedTensor]) -> Result<(), InterchangeError> {
    for tensor in tensors {
        if let Some(index) = tensor.values.iter().position(|value| !value.is_finite()) {
            let value = tensor.values[index];
            let reason = format!(
                "tensor {}: value {index} is {value}, not a finite number",
                tensor.name
            );
            return Err(InterchangeError::weights(path, reason));
        }
    }
    Ok(())
}
