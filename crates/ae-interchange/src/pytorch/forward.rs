//! A graph's operations as the lines of a method.

use ae_models::{Graph, GraphBuilder, GraphValue, Operation};

use super::layers::place;

/// How a method knows the size that a picture is cropped to.
#[derive(Clone, Copy)]
pub(super) enum ImageSize<'a> {
    /// It is this one, height and width, and images have no other.
    Fixed([usize; 2]),
    /// These expressions say it.
    Said(&'a str, &'a str),
}

impl ImageSize<'_> {
    /// Whether sides of the image are multiples already.
    fn is_multiple_of(self, multiple: usize) -> bool {
        match self {
            Self::Fixed(size) => size.iter().all(|side| side.is_multiple_of(multiple)),
            Self::Said(..) => multiple == 1,
        }
    }
}

/// The lines of a method from `argument` to what it returns.
pub(super) fn lines(graph: &Graph, argument: &str, size: ImageSize<'_>) -> Vec<String> {
    let graph = &with_effect(graph, size);
    let mut method = Method {
        graph,
        size,
        names: vec![argument.to_owned()],
        lines: Vec::new(),
        ends_in_sum: false,
        skips: 0,
    };
    for index in 0..graph.steps().len() {
        method.push(index);
    }
    let output = method.names[graph.output().index()].clone();
    // The last line is what is returned, where it is only named to be.
    match method.lines.pop() {
        Some(last) => match last.strip_prefix(&format!("{output} = ")) {
            Some(expression) => method.lines.push(format!("return {expression}")),
            None => {
                method.lines.push(last);
                method.lines.push(format!("return {output}"));
            }
        },
        None => method.lines.push(format!("return {output}")),
    }
    method.lines
}

/// The graph without steps that leave pictures of this size as they are.
fn with_effect(graph: &Graph, size: ImageSize<'_>) -> Graph {
    let mut builder = GraphBuilder::new();
    let mut values = vec![GraphValue::INPUT];
    for step in graph.steps() {
        let inputs: Vec<GraphValue> = step
            .inputs
            .iter()
            .map(|input| values[input.index()])
            .collect();
        values.push(match (&step.operation, inputs.as_slice()) {
            (
                Operation::PadToMultiple { multiple } | Operation::CropToImage { multiple },
                &[picture],
            ) if size.is_multiple_of(*multiple) => picture,
            (operation, &[input]) => builder.step(operation.clone(), input),
            (operation, &[first, second]) => builder.join(operation.clone(), first, second),
            (operation, inputs) => unreachable!("{operation:?} of {} inputs", inputs.len()),
        });
    }
    builder.finish(values[graph.output().index()])
}

/// The value of a step that is under way.
const LATEST: &str = "x";

struct Method<'a> {
    graph: &'a Graph,
    size: ImageSize<'a>,
    /// What each value is called.
    names: Vec<String>,
    lines: Vec<String>,
    /// Whether the last line is a sum or a product, which stands in parentheses where something is done to it.
    ends_in_sum: bool,
    skips: usize,
}

impl Method<'_> {
    fn push(&mut self, index: usize) {
        let step = &self.graph.steps()[index];
        let input = |number: usize| self.names[step.inputs[number].index()].clone();
        let name = match self.is_used_later(index + 1) {
            false => LATEST.to_owned(),
            true if matches!(step.operation, Operation::PadToMultiple { .. }) => {
                "padded".to_owned()
            }
            true => {
                self.skips += 1;
                format!("skip_{}", self.skips - 1)
            }
        };
        // What is done to each value by itself stands behind what it is done to.
        let suffix = suffix(&step.operation);
        let before = step.inputs[0];
        let line = match suffix {
            Some(suffix) if before.index() == index && self.names[index] == LATEST && index > 0 => {
                let last = self.lines.pop().unwrap_or_default();
                let expression = last.strip_prefix("x = ").unwrap_or(&last);
                match self.ends_in_sum {
                    true => format!("{name} = ({expression}){suffix}"),
                    false => format!("{name} = {expression}{suffix}"),
                }
            }
            _ => {
                let inputs: Vec<String> = (0..step.inputs.len()).map(input).collect();
                let expression = expression(&step.operation, &inputs, self.size);
                format!("{name} = {expression}")
            }
        };
        self.lines.push(line);
        self.names.push(name);
        self.ends_in_sum = matches!(
            step.operation,
            Operation::Add | Operation::Subtract | Operation::ScaleChannels { .. }
        );
    }

    /// Whether a value is needed by more than the step that follows, so that it has to keep its name.
    fn is_used_later(&self, value: usize) -> bool {
        let steps = self.graph.steps().iter().enumerate();
        let uses = |inputs: &[GraphValue]| {
            let uses = inputs.iter().filter(|input| input.index() == value);
            uses.count()
        };
        let mut users = steps.filter(|(_, step)| uses(&step.inputs) > 0);
        let first = users.next().map(|(index, _)| index);
        let is_output = self.graph.output().index() == value && first.is_some();
        is_output || users.next().is_some() || first.is_some_and(|first| first != value)
    }
}

/// What is done to each value by itself, as the call of a method.
fn suffix(operation: &Operation) -> Option<String> {
    Some(match operation {
        Operation::Relu => ".relu()".to_owned(),
        Operation::Sigmoid => ".sigmoid()".to_owned(),
        Operation::Tanh => ".tanh()".to_owned(),
        Operation::Round => ".round()".to_owned(),
        Operation::Clamp { least, most } => format!(".clamp({least}, {most})"),
        _ => return None,
    })
}

fn expression(operation: &Operation, inputs: &[String], size: ImageSize<'_>) -> String {
    let x = &inputs[0];
    if let Some(suffix) = suffix(operation) {
        return format!("{x}{suffix}");
    }
    match operation {
        Operation::Convolution { layer }
        | Operation::TransposedConvolution { layer }
        | Operation::Linear { layer } => format!("{}({x})", place(layer)),
        Operation::TiedLinear { layer, weight_of } => format!(
            "F.linear({x}, {}.weight.T, {}[\"bias\"])",
            place(weight_of),
            place(layer)
        ),
        Operation::ScaleChannels {
            logarithms,
            first,
            channels,
            added,
        } => {
            let (sign, added) = match added.is_sign_negative() {
                true => ('-', -added),
                false => ('+', *added),
            };
            let last = first + channels;
            format!(
                "{x} * ({}[{first}:{last}] {sign} {added}).exp().view(-1, 1, 1)",
                place(logarithms)
            )
        }
        Operation::MixChannels { matrix } => {
            let rows = matrix.iter().map(|row| {
                let factors: Vec<String> = row.iter().map(|factor| format!("{factor:?}")).collect();
                format!("[{}]", factors.join(", "))
            });
            let rows: Vec<String> = rows.collect();
            let matrix = format!("{x}.new_tensor([{}])", rows.join(", "));
            format!("torch.einsum(\"oi,bihw->bohw\", {matrix}, {x})")
        }
        Operation::SpaceToDepth { .. } => format!("F.pixel_unshuffle({x}, 2)"),
        Operation::DepthToSpace => format!("F.pixel_shuffle({x}, 2)"),
        Operation::MaxPool => format!("F.max_pool2d({x}, 2)"),
        Operation::Upsample => {
            format!("F.interpolate({x}, scale_factor=2, mode=\"nearest\")")
        }
        Operation::Concatenate => format!("torch.cat([{x}, {}], dim=1)", inputs[1]),
        Operation::Add => format!("{x} + {}", inputs[1]),
        Operation::Subtract => format!("{x} - {}", inputs[1]),
        Operation::Flatten => format!("{x}.flatten(1)"),
        Operation::Unflatten {
            shape: [channels, height, width],
        } => format!("{x}.unflatten(1, ({channels}, {height}, {width}))"),
        Operation::FirstValues { count } => format!("{x}[:, :{count}]"),
        Operation::KeepLargest { count } => {
            format!("torch.where({x} >= {x}.topk({count}, dim=1).values[:, -1:], {x}, 0.0)")
        }
        Operation::PadToMultiple { multiple } => format!(
            "F.pad({x}, (0, -{x}.shape[-1] % {multiple}, 0, -{x}.shape[-2] % {multiple}), mode=\"replicate\")"
        ),
        Operation::CropToImage { .. } => match size {
            ImageSize::Fixed([height, width]) => format!("{x}[..., :{height}, :{width}]"),
            ImageSize::Said(height, width) => format!("{x}[..., :{height}, :{width}]"),
        },
        other => unreachable!("{other:?}: the description was checked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crop that does nothing has no name of its own: what it is of has to keep its.
    #[test]
    fn what_is_cropped_by_nothing_is_kept_until_it_is_used() {
        let mut graph = GraphBuilder::new();
        let shown = graph.step(Operation::Upsample, GraphValue::INPUT);
        let cropped = graph.step(Operation::CropToImage { multiple: 4 }, shown);
        let other = graph.step(Operation::DepthToSpace, GraphValue::INPUT);
        let sum = graph.join(Operation::Add, cropped, other);
        let graph = graph.finish(sum);
        let whole = lines(&graph, "codes", ImageSize::Fixed([8, 12]));
        assert_eq!(
            whole,
            [
                "skip_0 = F.interpolate(codes, scale_factor=2, mode=\"nearest\")",
                "x = F.pixel_shuffle(codes, 2)",
                "return skip_0 + x",
            ]
        );
        let cut = lines(&graph, "codes", ImageSize::Fixed([7, 12]));
        assert_eq!(cut[1], "skip_0 = x[..., :7, :12]");
    }
}
