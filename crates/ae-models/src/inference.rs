//! What a model computes when it is used, as graphs of a few operations: what whoever writes it in another program's form
//! goes by.
//!
//! A kind describes itself with these in [`ModelKind::inference`](crate::ModelKind::inference), and knows of no form; a
//! form knows these operations, and no kind.

/// A value of a [`Graph`]: its input, or what one of its steps yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphValue(usize);

impl GraphValue {
    /// The graph's input.
    pub const INPUT: Self = Self(0);

    /// Its number among the graph's values: 0 is the input, and step `i`, counted from 0, yields `i + 1`.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// What a step of a [`Graph`] computes, in `f32`. Feature maps are `[batch, channels, height, width]`, rows
/// `[batch, values]`. A layer is named by its path in the model: its tensors are `NAME.weight` and, where the model has
/// one, `NAME.bias`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// A 3x3 convolution of stride 1 with a border of zeros, which keeps the size. Its weight is
    /// `[outputs, inputs, 3, 3]`.
    Convolution {
        /// The layer.
        layer: String,
    },
    /// A transposed 3x3 convolution of stride 2 and padding 1 with one row and column more at the end, which doubles the
    /// size. Its weight is `[inputs, outputs, 3, 3]`.
    TransposedConvolution {
        /// The layer.
        layer: String,
    },
    /// A fully connected layer, of rows. Its weight is `[outputs, inputs]`.
    Linear {
        /// The layer.
        layer: String,
    },
    /// A fully connected layer whose weight is the transpose of another's; it has a bias of its own alone.
    TiedLinear {
        /// The layer.
        layer: String,
        /// The layer that has the weight, `[inputs, outputs]` of this one.
        weight_of: String,
    },
    /// The larger of a value and 0.
    Relu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// The nearest integer, of two as near the even one.
    Round,
    /// The value, or the limit that it is beyond.
    Clamp {
        /// The lower limit.
        least: i32,
        /// The upper one.
        most: i32,
    },
    /// Each channel times a factor: e to the power of a value of a tensor that is one axis, `first` being that of the first
    /// channel, and of `added`.
    ScaleChannels {
        /// The tensor.
        logarithms: String,
        /// The place of the first channel's value in it.
        first: usize,
        /// How many channels there are.
        channels: usize,
        /// What is added to each value.
        added: f32,
    },
    /// As many channels as the matrix has rows, each a sum of all channels of the input, every one times its factor in the row.
    MixChannels {
        /// The factors: a row for each channel of the output, and in it one for each of the input.
        matrix: Vec<Vec<f32>>,
    },
    /// Each 2x2 block of pixels as four channels, which halves the size: of channel `c` they are `4c` to `4c + 3`, row by row.
    SpaceToDepth {
        /// How many channels there are before.
        channels: usize,
    },
    /// Each four channels as 2x2 blocks of pixels, which doubles the size: the inverse of `SpaceToDepth`.
    DepthToSpace,
    /// The largest of each 2x2 pixels, which halves the size. It divides by two.
    MaxPool,
    /// Each pixel four times, which doubles the size.
    Upsample,
    /// The channels of the first input, then those of the second.
    Concatenate,
    /// The sum of two inputs.
    Add,
    /// The first input less the second.
    Subtract,
    /// A feature map to rows, in its order of values.
    Flatten,
    /// Rows to a feature map.
    Unflatten {
        /// Channels, height and width.
        shape: [usize; 3],
    },
    /// The first values of each row.
    FirstValues {
        /// How many.
        count: usize,
    },
    /// Each row with its largest values, and 0 in place of those that are smaller than all of them.
    KeepLargest {
        /// How many stay, at least.
        count: usize,
    },
    /// A picture whose last row and column are repeated until `multiple` divides height and width.
    PadToMultiple {
        /// What is to divide them.
        multiple: usize,
    },
    /// The upper left part of the size that the image had before it was padded to `multiple`: in a graph whose input is
    /// the image, that of the input, and in a decoder's the model's.
    CropToImage {
        /// What the sides were padded to a multiple of.
        multiple: usize,
    },
}

impl Operation {
    /// How many values it takes.
    #[must_use]
    pub fn inputs(&self) -> usize {
        match self {
            Self::Concatenate | Self::Add | Self::Subtract => 2,
            _ => 1,
        }
    }
}

/// One operation, and what it is done with.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The operation.
    pub operation: Operation,
    /// Its inputs, values of earlier steps.
    pub inputs: Vec<GraphValue>,
}

/// Operations in the order in which they are computed, from one input to one output.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    steps: Vec<Step>,
    output: GraphValue,
}

impl Graph {
    /// The steps; step `i`, counted from 0, yields the value of [index](GraphValue::index) `i + 1`.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What it yields.
    #[must_use]
    pub fn output(&self) -> GraphValue {
        self.output
    }

    /// This graph and another one that takes its output; values of this one keep their numbers.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let moved = |value: GraphValue| match value {
            GraphValue::INPUT => self.output,
            GraphValue(index) => GraphValue(self.steps.len() + index),
        };
        let later = next.steps.iter().map(|step| Step {
            operation: step.operation.clone(),
            inputs: step.inputs.iter().copied().map(moved).collect(),
        });
        Self {
            steps: self.steps.iter().cloned().chain(later).collect(),
            output: moved(next.output),
        }
    }
}

/// A [`Graph`] that is being written.
#[derive(Clone, Debug, Default)]
pub struct GraphBuilder {
    steps: Vec<Step>,
}

impl GraphBuilder {
    /// A graph without steps.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step of one input and gives its value.
    pub fn step(&mut self, operation: Operation, input: GraphValue) -> GraphValue {
        self.push(operation, vec![input])
    }

    /// Adds a step of two inputs and gives its value.
    pub fn join(
        &mut self,
        operation: Operation,
        first: GraphValue,
        second: GraphValue,
    ) -> GraphValue {
        self.push(operation, vec![first, second])
    }

    /// The graph that yields `output`.
    #[must_use]
    pub fn finish(self, output: GraphValue) -> Graph {
        Graph {
            steps: self.steps,
            output,
        }
    }

    /// # Panics
    /// When the operation takes another number of inputs: a mistake in the kind's description.
    fn push(&mut self, operation: Operation, inputs: Vec<GraphValue>) -> GraphValue {
        assert_eq!(inputs.len(), operation.inputs(), "{operation:?}");
        self.steps.push(Step { operation, inputs });
        GraphValue(self.steps.len())
    }
}

/// What a model computes when it is used, without randomness: what [`Reconstruct`](crate::Reconstruct) and, where it has
/// codes, [`Codes`](crate::Codes) compute.
#[derive(Clone, Debug, PartialEq)]
pub struct Inference {
    parts: Parts,
    takes_any_size: bool,
    notes: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Parts {
    Whole(Graph),
    Halves { encoder: Graph, decoder: Graph },
}

impl Inference {
    /// That of a model without codes, from image to image.
    #[must_use]
    pub fn whole(graph: Graph) -> Self {
        Self {
            parts: Parts::Whole(graph),
            takes_any_size: false,
            notes: Vec::new(),
        }
    }

    /// That of a model with codes: from image to code, in its [shape](crate::Codes::code_shape), and from there to the
    /// image.
    #[must_use]
    pub fn halves(encoder: Graph, decoder: Graph) -> Self {
        Self {
            parts: Parts::Halves { encoder, decoder },
            takes_any_size: false,
            notes: Vec::new(),
        }
    }

    /// The same of a model whose reconstruction takes images of any height and width. Each half by itself is for those
    /// that the model was made for.
    #[must_use]
    pub fn of_any_size(self) -> Self {
        Self {
            takes_any_size: true,
            ..self
        }
    }

    /// The same with something that whoever runs it elsewhere has to know: files have it under this name.
    #[must_use]
    pub fn with_note(mut self, name: &'static str, note: impl Into<String>) -> Self {
        self.notes.push((name, note.into()));
        self
    }

    /// What whoever runs it elsewhere has to know, with the names that it has in files.
    #[must_use]
    pub fn notes(&self) -> &[(&'static str, String)] {
        &self.notes
    }

    /// Whether the [reconstruction](Self::reconstruction) takes images of any height and width.
    #[must_use]
    pub fn takes_any_size(&self) -> bool {
        self.takes_any_size
    }

    /// From image to code; `None` for a model without codes.
    #[must_use]
    pub fn encoder(&self) -> Option<&Graph> {
        match &self.parts {
            Parts::Whole(_) => None,
            Parts::Halves { encoder, .. } => Some(encoder),
        }
    }

    /// From code to image; `None` for a model without codes.
    #[must_use]
    pub fn decoder(&self) -> Option<&Graph> {
        match &self.parts {
            Parts::Whole(_) => None,
            Parts::Halves { decoder, .. } => Some(decoder),
        }
    }

    /// From image to image, and which value in there is the code, if the model has one.
    #[must_use]
    pub fn reconstruction(&self) -> (Graph, Option<GraphValue>) {
        match &self.parts {
            Parts::Whole(graph) => (graph.clone(), None),
            Parts::Halves { encoder, decoder } => (encoder.then(decoder), Some(encoder.output())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_after_another_takes_its_output() {
        let mut first = GraphBuilder::new();
        let kept = first.step(Operation::Relu, GraphValue::INPUT);
        let pooled = first.step(Operation::MaxPool, kept);
        let first = first.finish(pooled);
        let mut second = GraphBuilder::new();
        let doubled = second.step(Operation::Upsample, GraphValue::INPUT);
        let sum = second.join(Operation::Add, doubled, GraphValue::INPUT);
        let second = second.finish(sum);
        let inference = Inference::halves(first, second);
        let (both, code) = inference.reconstruction();
        assert_eq!(code, Some(GraphValue(2)));
        assert_eq!(both.output(), GraphValue(4));
        let inputs: Vec<Vec<usize>> = both
            .steps()
            .iter()
            .map(|step| step.inputs.iter().map(|value| value.index()).collect())
            .collect();
        assert_eq!(inputs, [vec![0], vec![1], vec![2], vec![3, 2]]);
    }
}
