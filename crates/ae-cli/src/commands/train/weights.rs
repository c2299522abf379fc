//! The weights of a model small enough to be followed by hand, with one image's way through it.

use ae_data::ImageSet;
use ae_infer::OpenModel;
use ae_models::{Trainable as _, named_tensors};
use serde::Serialize;

use crate::error::CliError;

/// Models of at most so many numbers are printed.
const MOST_PARAMETERS: usize = 150;

/// A small model's numbers, and an example of what they do.
#[derive(Serialize)]
pub(super) struct Weights {
    tensors: Vec<Tensor>,
    example: Example,
}

#[derive(Serialize)]
struct Tensor {
    name: String,
    /// Outputs first.
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// One image on its way.
#[derive(Serialize)]
struct Example {
    input: Vec<f32>,
    code: Vec<f32>,
    output: Vec<f32>,
}

impl Weights {
    /// Collects the numbers of a small fully connected model; `None` for any other.
    ///
    /// # Errors
    /// The images cannot be read.
    pub(super) fn of(opened: &OpenModel, set: &ImageSet) -> Result<Option<Self>, CliError> {
        let model = opened.model();
        if model.parameter_count() > MOST_PARAMETERS || set.is_empty() {
            return Ok(None);
        }
        let tensors = named_tensors(model).into_iter().map(|tensor| Tensor {
            name: tensor.name,
            shape: tensor.shape,
            values: tensor.values,
        });
        let tensors: Vec<Tensor> = tensors.collect();
        if tensors.iter().any(|tensor| tensor.shape.len() > 2) {
            return Ok(None);
        }
        let one = set.subset(vec![set.len() / 3]);
        let (mut input, mut code, mut output) = (Vec::new(), Vec::new(), Vec::new());
        opened.encode_set(&one, |values| {
            code = values.to_vec();
            Ok(())
        })?;
        opened.reconstruct_set(&one, None, |image| {
            (input, output) = (image.clean.to_vec(), image.output.to_vec());
            Ok(())
        })?;
        Ok(Some(Self {
            tensors,
            example: Example {
                input,
                code,
                output,
            },
        }))
    }

    /// For people: a row for each output of a layer, one for each bias, and the example.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for tensor in &self.tensors {
            let columns = match tensor.shape.as_slice() {
                [_, columns] => *columns,
                _ => tensor.values.len(),
            };
            text.push_str(&rows(&tensor.name, tensor.values.chunks(columns.max(1))));
        }
        let Example {
            input,
            code,
            output,
        } = &self.example;
        text.push_str("\none test image: in, its code, and out\n");
        for (name, numbers) in [("in", input), ("code", code), ("out", output)] {
            text.push_str(&rows(name, std::iter::once(numbers.as_slice())));
        }
        text
    }
}

fn rows<'a>(name: &str, rows: impl Iterator<Item = &'a [f32]>) -> String {
    let mut text = String::new();
    for (index, row) in rows.enumerate() {
        let label = if index == 0 { name } else { "" };
        text.push_str(&format!("{label:<26}"));
        for value in row {
            text.push_str(&format!("{value:>9.3}"));
        }
        text.push('\n');
    }
    text
}
