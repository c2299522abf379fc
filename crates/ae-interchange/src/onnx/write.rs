//! Writing a model as an ONNX file.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use ae_files::write_atomically;
use ae_models::{Model, ModelCard};
use prost::Message as _;

use super::messages::{
    DimensionProto, FLOAT, GraphProto, IR_VERSION, ModelProto, OPSET, OperatorSetIdProto,
    StringStringEntryProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use super::nodes::{Names, Nodes};
use crate::description::Description;
use crate::error::InterchangeError;
use crate::preparation::ImagePreparation;

/// Which part of a model a file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Half {
    /// From image to code.
    Encoder,
    /// From code to image.
    Decoder,
    /// From image to image, the first output, and where the model has codes to the code, the second.
    #[default]
    Both,
}

impl Half {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Encoder, Self::Decoder, Self::Both];

    /// The name on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
            Self::Both => "both",
        }
    }
}

impl fmt::Display for Half {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Half {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut halves = Self::ALL.into_iter();
        halves
            .find(|half| half.name() == text)
            .ok_or_else(|| "expected encoder, decoder or both".to_owned())
    }
}

/// What an ONNX file takes or gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnnxValue {
    /// Its name.
    pub name: &'static str,
    /// Its axes: sizes, and names of those that are known when the model is run.
    pub shape: Vec<String>,
}

/// What an ONNX file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnnxSummary {
    /// The version of the operators.
    pub opset: i64,
    /// The one input.
    pub input: OnnxValue,
    /// The outputs, in their order.
    pub outputs: Vec<OnnxValue>,
    /// Numbers of the model in the file.
    pub parameters: usize,
}

/// Writes a model, or a half of it, as an ONNX file of opset 17.
///
/// The batch is of any size, and the image of any height and width where the model takes them and the file has
/// [both](Half::Both) halves. Its metadata has the keys that the page `docs/interchange.md` lists: the kind, its
/// configuration, and how images are brought to the model. The file gets its name when it is whole.
///
/// # Errors
/// The kind doesn't describe what it computes, has no codes and a half is asked for, or the disk refuses.
pub fn write_onnx(
    path: &Path,
    model: &Model,
    card: &ModelCard,
    preparation: &ImagePreparation,
    half: Half,
) -> Result<OnnxSummary, InterchangeError> {
    let (bytes, summary) = to_onnx(model, card, preparation, half)?;
    write_atomically(path, |file| file.write_all(&bytes))
        .map_err(InterchangeError::io("write", path))?;
    Ok(summary)
}

/// As [`write_onnx`], into memory.
///
/// # Errors
/// As for [`write_onnx`], but for the disk.
pub fn to_onnx(
    model: &Model,
    card: &ModelCard,
    preparation: &ImagePreparation,
    half: Half,
) -> Result<(Vec<u8>, OnnxSummary), InterchangeError> {
    let description = Description::of(model)?;
    let part = Part::of(&description, half)?;
    let size = match part.takes_any_size {
        true => None,
        false => Some([description.input_shape[1], description.input_shape[2]]),
    };
    let nodes = Nodes::of(&part.graph, &part.names, description.by_name(), size);
    let mut outputs = vec![part.output];
    outputs.extend(part.code);
    let summary = OnnxSummary {
        opset: OPSET,
        input: part.input,
        outputs,
        parameters: nodes.parameters,
    };
    let mut metadata = vec![
        ("kind", description.kind.to_owned()),
        ("configuration", to_json(model.config())),
        ("half", half.name().to_owned()),
    ];
    metadata.extend(preparation.entries(description.input_shape, part.takes_any_size));
    if !description.code_shape.is_empty() {
        metadata.push(("code_shape", to_json(&description.code_shape)));
    }
    metadata.extend(description.inference.notes().iter().cloned());
    let optional = [
        ("noise", card.noise.clone()),
        ("data_name", card.data_name.clone()),
    ];
    metadata.extend(
        optional
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    let sentences = preparation.sentences(description.input_shape, part.takes_any_size);
    let file = ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("ae".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        doc_string: Some(format!("{}. {sentences}", description.summary)),
        graph: Some(GraphProto {
            node: nodes.nodes,
            name: Some(description.kind.to_owned()),
            initializer: nodes.initializers,
            input: vec![value_info(&summary.input)],
            output: summary.outputs.iter().map(value_info).collect(),
        }),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: Some(OPSET),
        }],
        metadata_props: metadata
            .into_iter()
            .map(|(key, value)| StringStringEntryProto {
                key: Some(key.to_owned()),
                value: Some(value),
            })
            .collect(),
    };
    Ok((file.encode_to_vec(), summary))
}

const IMAGE: &str = "image";
const CODE: &str = "code";
const RECONSTRUCTION: &str = "reconstruction";

/// The part of a model that a file has.
struct Part {
    graph: ae_models::Graph,
    names: Names,
    takes_any_size: bool,
    input: OnnxValue,
    output: OnnxValue,
    /// The second output.
    code: Option<OnnxValue>,
}

impl Part {
    fn of(description: &Description, half: Half) -> Result<Self, InterchangeError> {
        let inference = &description.inference;
        let image = |name, takes_any_size: bool| {
            let [channels, height, width] = description.input_shape;
            let side = |side: usize, name: &str| match takes_any_size {
                true => name.to_owned(),
                false => side.to_string(),
            };
            let sides = [
                channels.to_string(),
                side(height, "height"),
                side(width, "width"),
            ];
            of_batch(name, sides)
        };
        let code = |takes_any_size: bool| match (takes_any_size, description.code_shape.as_slice())
        {
            (true, [channels, ..]) => {
                let sides = ["code_height", "code_width"].map(str::to_owned);
                of_batch(CODE, [vec![channels.to_string()], sides.to_vec()].concat())
            }
            (_, shape) => of_batch(CODE, shape.iter().map(ToString::to_string)),
        };
        let no_half = || InterchangeError::NoHalves {
            kind: description.kind.to_owned(),
            half: half.name(),
        };
        Ok(match half {
            Half::Both => {
                let (graph, code_value) = inference.reconstruction();
                let any = inference.takes_any_size();
                Self {
                    graph,
                    names: Names {
                        input: IMAGE,
                        output: RECONSTRUCTION,
                        code: code_value.map(|value| (value, CODE)),
                    },
                    takes_any_size: any,
                    input: image(IMAGE, any),
                    output: image(RECONSTRUCTION, any),
                    code: code_value.map(|_| code(any)),
                }
            }
            Half::Encoder => Self {
                graph: inference.encoder().ok_or_else(no_half)?.clone(),
                names: Names {
                    input: IMAGE,
                    output: CODE,
                    code: None,
                },
                takes_any_size: false,
                input: image(IMAGE, false),
                output: code(false),
                code: None,
            },
            Half::Decoder => Self {
                graph: inference.decoder().ok_or_else(no_half)?.clone(),
                names: Names {
                    input: CODE,
                    output: RECONSTRUCTION,
                    code: None,
                },
                takes_any_size: false,
                input: code(false),
                output: image(RECONSTRUCTION, false),
                code: None,
            },
        })
    }
}

/// A value of a batch.
fn of_batch(name: &'static str, sides: impl IntoIterator<Item = String>) -> OnnxValue {
    let batch = std::iter::once("batch".to_owned());
    OnnxValue {
        name,
        shape: batch.chain(sides).collect(),
    }
}

fn value_info(value: &OnnxValue) -> ValueInfoProto {
    let dimension = |side: &String| match side.parse() {
        Ok(size) => DimensionProto {
            dim_value: Some(size),
            dim_param: None,
        },
        Err(_) => DimensionProto {
            dim_value: None,
            dim_param: Some(side.clone()),
        },
    };
    ValueInfoProto {
        name: Some(value.name.to_owned()),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: Some(FLOAT),
                shape: Some(TensorShapeProto {
                    dim: value.shape.iter().map(dimension).collect(),
                }),
            }),
        }),
    }
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("numbers, names and lists of them are JSON")
}
