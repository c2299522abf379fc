//! Writing a model file.

use std::path::Path;

use ae_files::{Unfinished, write_atomically_as};
use burn::module::Module;

use crate::error::ModelError;
use crate::file::card::ModelCard;
use crate::file::header;
use crate::file::precision::Precision;
use crate::parameters::tensors::{check_against, check_finite, named_tensors};

/// Writes a model and its card to `path`.
///
/// The file is written beside its final name, flushed to the disk and then moved there: a reader finds the old file
/// or the new one, never a part. The same model and card give the same bytes.
///
/// # Errors
/// [`ModelError::Io`] where the disk refuses; [`ModelError::Tensor`] or [`ModelError::Config`] for what
/// [`load_model`](crate::load_model) would not take back: a value that is not finite, or a card whose configuration is another model's.
pub fn save_model<M: Module>(
    path: impl AsRef<Path>,
    model: &M,
    card: &ModelCard,
) -> Result<(), ModelError> {
    save_model_in(Precision::Single, path, model, card)
}

/// As [`save_model`], with the weights in numbers of this precision.
///
/// # Errors
/// Those of [`save_model`]; [`ModelError::Tensor`] for a weight that is beyond the precision's range, too.
pub fn save_model_in<M: Module>(
    precision: Precision,
    path: impl AsRef<Path>,
    model: &M,
    card: &ModelCard,
) -> Result<(), ModelError> {
    let path = path.as_ref();
    let tensors = named_tensors(model);
    if let Some(config) = &card.config
        && let Some(expected) = config.check(card.input_shape)?.tensor_shapes()
    {
        let found = tensors.iter().map(|tensor| (&*tensor.name, &*tensor.shape));
        check_against(expected, found)?;
    }
    tensors.iter().try_for_each(check_finite)?;
    for tensor in &tensors {
        let is_beyond = |&&value: &&f32| !precision.rounded(value).is_finite();
        if let Some(value) = tensor.values.iter().find(is_beyond) {
            let reason = format!(
                "{value} is beyond numbers of {} bits",
                8 * precision.bytes()
            );
            return Err(ModelError::tensor(&tensor.name, reason));
        }
    }
    let header = header::encode(&card.to_metadata(), &tensors, precision)?;
    write_atomically_as(Unfinished::Model, path, |writer| {
        writer.write_all(&header)?;
        for tensor in &tensors {
            writer.write_all(&precision.encode(&tensor.values))?;
        }
        Ok(())
    })
    .map_err(|source| ModelError::io("write", path, source))
}
