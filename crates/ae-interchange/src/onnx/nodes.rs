//! A graph's operations as nodes of ONNX.

use std::collections::{BTreeSet, HashMap};

use ae_models::{Graph, GraphValue, NamedTensor, Operation};

use super::messages::{AttributeProto, AttributeType, FLOAT, INT64, NodeProto, TensorProto};

/// What the graph's ends are called.
pub(super) struct Names {
    pub(super) input: &'static str,
    pub(super) output: &'static str,
    /// The value that is the code, where it is an output, too.
    pub(super) code: Option<(GraphValue, &'static str)>,
}

/// Nodes and the numbers that they take.
pub(super) struct Nodes<'a> {
    pub(super) nodes: Vec<NodeProto>,
    pub(super) initializers: Vec<TensorProto>,
    /// Numbers of the model among them.
    pub(super) parameters: usize,
    tensors: HashMap<&'a str, &'a NamedTensor>,
    /// Names of initializers that are there.
    present: BTreeSet<String>,
    /// Height and width of the image where they are fixed.
    size: Option<[usize; 2]>,
    input: &'static str,
}

impl<'a> Nodes<'a> {
    /// The nodes of `graph`; `size` is that of the image where it is fixed.
    pub(super) fn of(
        graph: &Graph,
        names: &Names,
        tensors: HashMap<&'a str, &'a NamedTensor>,
        size: Option<[usize; 2]>,
    ) -> Self {
        let mut nodes = Self {
            nodes: Vec::new(),
            initializers: Vec::new(),
            parameters: 0,
            tensors,
            present: BTreeSet::new(),
            size,
            input: names.input,
        };
        // A value that is another one unchanged goes by the other's name.
        let mut same_as: Vec<usize> = vec![0];
        for (index, step) in graph.steps().iter().enumerate() {
            let same = match nodes.changes_nothing(&step.operation) {
                true => same_as[step.inputs[0].index()],
                false => index + 1,
            };
            same_as.push(same);
        }
        let mut called: HashMap<usize, String> = HashMap::from([(0, names.input.to_owned())]);
        if let Some((code, name)) = names.code {
            called.insert(same_as[code.index()], name.to_owned());
        }
        called.insert(same_as[graph.output().index()], names.output.to_owned());
        for (index, step) in graph.steps().iter().enumerate() {
            if same_as[index + 1] != index + 1 {
                continue;
            }
            let inputs: Vec<String> = step
                .inputs
                .iter()
                .map(|value| called[&same_as[value.index()]].clone())
                .collect();
            let name = node_name(&step.operation, index);
            let output = called.entry(index + 1).or_insert(name.clone()).clone();
            nodes.push_step(&step.operation, &name, inputs, output);
        }
        nodes
    }

    /// Whether pictures have the size already that an operation would bring them to.
    fn changes_nothing(&self, operation: &Operation) -> bool {
        let (Operation::PadToMultiple { multiple } | Operation::CropToImage { multiple }) =
            operation
        else {
            return false;
        };
        let divides = |side: &usize| side.is_multiple_of(*multiple);
        *multiple == 1 || self.size.is_some_and(|size| size.iter().all(divides))
    }

    fn push_step(
        &mut self,
        operation: &Operation,
        name: &str,
        mut inputs: Vec<String>,
        output: String,
    ) {
        let three = || ints("kernel_shape", &[3, 3]);
        let (op_type, attributes) = match operation {
            Operation::Convolution { layer } => {
                self.push_layer(layer, &mut inputs);
                ("Conv", vec![three(), ints("pads", &[1, 1, 1, 1])])
            }
            Operation::TransposedConvolution { layer } => {
                self.push_layer(layer, &mut inputs);
                let attributes = vec![
                    three(),
                    ints("strides", &[2, 2]),
                    ints("pads", &[1, 1, 1, 1]),
                    ints("output_padding", &[1, 1]),
                ];
                ("ConvTranspose", attributes)
            }
            Operation::Linear { layer } => {
                self.push_layer(layer, &mut inputs);
                ("Gemm", vec![int("transB", 1)])
            }
            Operation::TiedLinear { layer, weight_of } => {
                inputs.push(self.tensor(&format!("{weight_of}.weight")));
                inputs.push(self.tensor(&format!("{layer}.bias")));
                ("Gemm", vec![int("transB", 0)])
            }
            Operation::Relu => ("Relu", Vec::new()),
            Operation::Sigmoid => ("Sigmoid", Vec::new()),
            Operation::Tanh => ("Tanh", Vec::new()),
            Operation::Round => ("Round", Vec::new()),
            Operation::Clamp { least, most } => {
                for limit in [least, most] {
                    inputs.push(self.scalar(*limit as f32));
                }
                ("Clip", Vec::new())
            }
            Operation::ScaleChannels {
                logarithms,
                first,
                channels,
                added,
            } => {
                let range = [*first as i64, (first + channels) as i64];
                inputs.push(self.factors(name, logarithms, range, *added));
                ("Mul", Vec::new())
            }
            Operation::MixChannels { matrix } => {
                inputs.push(self.factors_of_channels(name, matrix));
                ("Conv", vec![ints("kernel_shape", &[1, 1])])
            }
            Operation::SpaceToDepth { channels } => {
                inputs.push(self.picks(*channels));
                let attributes = vec![
                    ints("kernel_shape", &[2, 2]),
                    ints("strides", &[2, 2]),
                    int("group", *channels as i64),
                ];
                ("Conv", attributes)
            }
            Operation::DepthToSpace => {
                let attributes = vec![int("blocksize", 2), text("mode", "CRD")];
                ("DepthToSpace", attributes)
            }
            Operation::MaxPool => {
                let attributes = vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])];
                ("MaxPool", attributes)
            }
            Operation::Upsample => {
                // The second input is a region, of no use here.
                inputs.push(String::new());
                inputs.push(self.floats("scales", &[1.0, 1.0, 2.0, 2.0]));
                let attributes = vec![
                    text("mode", "nearest"),
                    text("coordinate_transformation_mode", "asymmetric"),
                    text("nearest_mode", "floor"),
                ];
                ("Resize", attributes)
            }
            Operation::Concatenate => ("Concat", vec![int("axis", 1)]),
            Operation::Add => ("Add", Vec::new()),
            Operation::Subtract => ("Sub", Vec::new()),
            Operation::Flatten => ("Flatten", vec![int("axis", 1)]),
            Operation::Unflatten { shape } => {
                let shape = shape.map(|side| side as i64);
                let [channels, height, width] = shape;
                // 0 is the size that the input has there.
                let shape = self.integers(&format!("{name}.shape"), &[0, channels, height, width]);
                inputs.push(shape);
                ("Reshape", Vec::new())
            }
            Operation::FirstValues { count } => {
                let ends = self.integers(&format!("{name}.ends"), &[*count as i64]);
                inputs.extend(self.slice(name, &[0], ends, &[1]));
                ("Slice", Vec::new())
            }
            Operation::KeepLargest { count } => {
                return self.keep_largest(name, inputs, output, *count);
            }
            Operation::PadToMultiple { multiple } => {
                inputs.push(self.pads(name, *multiple));
                ("Pad", vec![text("mode", "edge")])
            }
            Operation::CropToImage { .. } => {
                let ends = match self.size {
                    Some(size) => {
                        let size = size.map(|side| side as i64);
                        self.integers(&format!("{name}.ends"), &size)
                    }
                    None => self.image_size(name),
                };
                inputs.extend(self.slice(name, &[0, 0], ends, &[2, 3]));
                ("Slice", Vec::new())
            }
            other => unreachable!("{other:?}: the description was checked"),
        };
        self.push(op_type, name, inputs, output, attributes);
    }

    /// Adds a layer's tensors to its inputs.
    fn push_layer(&mut self, layer: &str, inputs: &mut Vec<String>) {
        inputs.push(self.tensor(&format!("{layer}.weight")));
        let bias = format!("{layer}.bias");
        if self.tensors.contains_key(bias.as_str()) {
            inputs.push(self.tensor(&bias));
        }
    }

    /// The values that are at least the last of the largest, and 0 in place of others.
    fn keep_largest(&mut self, name: &str, inputs: Vec<String>, output: String, count: usize) {
        let rows = inputs[0].clone();
        let count = count as i64;
        let part = |part: &str| format!("{name}.{part}");
        let kept = self.integers(&part("count"), &[count]);
        self.nodes.push(NodeProto {
            input: vec![rows.clone(), kept],
            output: vec![part("largest"), part("places")],
            name: Some(part("largest")),
            op_type: Some("TopK".to_owned()),
            attribute: vec![int("axis", 1), int("largest", 1), int("sorted", 1)],
        });
        let mut last = vec![part("largest")];
        let ends = self.integers(&part("ends"), &[count]);
        last.extend(self.slice(name, &[count - 1], ends, &[1]));
        self.push("Slice", &part("least"), last, part("least"), Vec::new());
        let compared = vec![rows.clone(), part("least")];
        self.push(
            "GreaterOrEqual",
            &part("stays"),
            compared,
            part("stays"),
            Vec::new(),
        );
        let zero = self.floats("zero", &[0.0]);
        let chosen = vec![part("stays"), rows, zero];
        self.push("Where", name, chosen, output, Vec::new());
    }

    /// The factors of a map's channels, `[1, channels, 1, 1]`: powers of e of a part of a tensor with `added` to it.
    fn factors(&mut self, name: &str, tensor: &str, range: [i64; 2], added: f32) -> String {
        let part = |part: &str| format!("{name}.{part}");
        let [first, last] = range;
        let mut sliced = vec![self.tensor(tensor)];
        let ends = self.integers(&part("ends"), &[last]);
        sliced.extend(self.slice(name, &[first], ends, &[0]));
        let added = self.floats(&part("added"), &[added]);
        let shape = self.integers(&part("shape"), &[1, last - first, 1, 1]);
        let step = |nodes: &mut Self, op_type: &str, inputs: Vec<String>, output: &str| {
            nodes.push(op_type, &part(output), inputs, part(output), Vec::new());
        };
        step(self, "Slice", sliced, "values");
        step(self, "Add", vec![part("values"), added], "logarithms");
        step(self, "Exp", vec![part("logarithms")], "powers");
        step(self, "Reshape", vec![part("powers"), shape], "factors");
        part("factors")
    }

    /// A matrix as the weight of a 1x1 convolution.
    fn factors_of_channels(&mut self, name: &str, matrix: &[Vec<f32>]) -> String {
        let factors = matrix.iter().flatten();
        let bytes = factors.flat_map(|factor| factor.to_le_bytes()).collect();
        let dims = vec![matrix.len() as i64, matrix[0].len() as i64, 1, 1];
        self.initializer(&format!("{name}.factors"), FLOAT, dims, || bytes)
    }

    /// The weight of a convolution that picks each pixel of 2x2 blocks: ONNX's own SpaceToDepth has another order of channels.
    fn picks(&mut self, channels: usize) -> String {
        let mut weight = Vec::with_capacity(16 * channels);
        for channel in 0..4 * channels {
            weight.extend((0..4).map(|place| f32::from(u8::from(channel % 4 == place))));
        }
        let bytes = || {
            weight
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        };
        let dims = vec![4 * channels as i64, 1, 2, 2];
        self.initializer(&format!("picks_{channels}"), FLOAT, dims, bytes)
    }

    /// The inputs `starts`, `ends` and `axes` of a Slice.
    fn slice(&mut self, name: &str, starts: &[i64], ends: String, axes: &[i64]) -> [String; 3] {
        let starts = self.integers(&format!("{name}.starts"), starts);
        let axes = self.integers(&format!("{name}.axes"), axes);
        [starts, ends, axes]
    }

    /// The height and width of the graph's input, as they are when the model is run.
    fn image_size(&mut self, name: &str) -> String {
        let size = format!("{name}.image_size");
        let attributes = vec![int("start", 2), int("end", 4)];
        let input = vec![self.input.to_owned()];
        self.push("Shape", &size, input, size.clone(), attributes);
        size
    }

    /// The input `pads` of a Pad: before and after each axis, as many rows and columns at the end as are missing.
    fn pads(&mut self, name: &str, multiple: usize) -> String {
        let part = |part: &str| format!("{name}.{part}");
        if let Some(size) = self.size {
            let missing = size.map(|side| (side.next_multiple_of(multiple) - side) as i64);
            let [below, right] = missing;
            return self.integers(&part("pads"), &[0, 0, 0, 0, 0, 0, below, right]);
        }
        let size = self.image_size(name);
        let less = self.integers(&part("multiple_less_1"), &[multiple as i64 - 1]);
        let factor = self.integers(&part("multiple"), &[multiple as i64]);
        let step = |nodes: &mut Self, op_type: &str, inputs: [&str; 2], output: &str| {
            let inputs = inputs.map(str::to_owned).to_vec();
            nodes.push(op_type, &part(output), inputs, part(output), Vec::new());
        };
        step(self, "Add", [&size, &less], "raised");
        step(self, "Div", [&part("raised"), &factor], "blocks");
        step(self, "Mul", [&part("blocks"), &factor], "padded_size");
        step(self, "Sub", [&part("padded_size"), &size], "missing");
        let before = self.integers(&part("before"), &[0; 6]);
        let joined = vec![before, part("missing")];
        self.push(
            "Concat",
            &part("pads"),
            joined,
            part("pads"),
            vec![int("axis", 0)],
        );
        part("pads")
    }

    fn push(
        &mut self,
        op_type: &str,
        name: &str,
        input: Vec<String>,
        output: String,
        attribute: Vec<AttributeProto>,
    ) {
        self.nodes.push(NodeProto {
            input,
            output: vec![output],
            name: Some(name.to_owned()),
            op_type: Some(op_type.to_owned()),
            attribute,
        });
    }

    /// A tensor of the model as an initializer, under its own name.
    fn tensor(&mut self, name: &str) -> String {
        let tensor = self.tensors.get(name).copied();
        let tensor = tensor.expect("the description was checked");
        if !self.present.contains(name) {
            self.parameters += tensor.values.len();
        }
        let bytes = tensor.values.iter().flat_map(|value| value.to_le_bytes());
        let dims = tensor.shape.iter().map(|&side| side as i64).collect();
        self.initializer(name, FLOAT, dims, || bytes.collect())
    }

    fn floats(&mut self, name: &str, values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.initializer(name, FLOAT, vec![values.len() as i64], || bytes.collect())
    }

    /// A number without axes.
    fn scalar(&mut self, value: f32) -> String {
        self.initializer(&format!("number_{value}"), FLOAT, Vec::new(), || {
            value.to_le_bytes().to_vec()
        })
    }

    fn integers(&mut self, name: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.initializer(name, INT64, vec![values.len() as i64], || bytes.collect())
    }

    fn initializer(
        &mut self,
        name: &str,
        data_type: i32,
        dims: Vec<i64>,
        bytes: impl FnOnce() -> Vec<u8>,
    ) -> String {
        if self.present.insert(name.to_owned()) {
            self.initializers.push(TensorProto {
                dims,
                data_type: Some(data_type),
                name: Some(name.to_owned()),
                raw_data: Some(bytes()),
            });
        }
        name.to_owned()
    }
}

/// A node's name: its layer's, or its operation's with a number.
fn node_name(operation: &Operation, index: usize) -> String {
    let plain = match operation {
        Operation::Convolution { layer }
        | Operation::TransposedConvolution { layer }
        | Operation::Linear { layer }
        | Operation::TiedLinear { layer, .. } => return layer.clone(),
        Operation::Relu => "relu",
        Operation::Sigmoid => "sigmoid",
        Operation::Tanh => "tanh",
        Operation::Round => "round",
        Operation::Clamp { .. } => "clamp",
        Operation::ScaleChannels { .. } => "scale_channels",
        Operation::MixChannels { .. } => "mix_channels",
        Operation::SpaceToDepth { .. } => "space_to_depth",
        Operation::DepthToSpace => "depth_to_space",
        Operation::MaxPool => "max_pool",
        Operation::Upsample => "upsample",
        Operation::Concatenate => "concatenate",
        Operation::Add => "add",
        Operation::Subtract => "subtract",
        Operation::Flatten => "flatten",
        Operation::Unflatten { .. } => "unflatten",
        Operation::FirstValues { .. } => "first_values",
        Operation::KeepLargest { .. } => "keep_largest",
        Operation::PadToMultiple { .. } => "pad",
        Operation::CropToImage { .. } => "crop",
        _ => "step",
    };
    format!("{plain}_{index}")
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(AttributeType::Int.into()),
        ..AttributeProto::default()
    }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        ints: values.to_vec(),
        r#type: Some(AttributeType::Ints.into()),
        ..AttributeProto::default()
    }
}

fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        s: Some(value.as_bytes().to_vec()),
        r#type: Some(AttributeType::String.into()),
        ..AttributeProto::default()
    }
}
