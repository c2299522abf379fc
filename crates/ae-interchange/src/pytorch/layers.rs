//! A model's layers as a tree of `torch.nn` modules whose `state_dict` has the names of the model file.

use std::collections::HashMap;

use ae_models::{Graph, NamedTensor, Operation};

/// A module of modules, or a layer.
#[derive(Debug)]
enum Module {
    /// The expression that makes it.
    Layer(String),
    /// The same of numbers that belong to no layer.
    Parameter(String),
    Children(Vec<(String, Module)>),
}

/// The layers of a model.
#[derive(Debug)]
pub(super) struct Layers {
    root: Vec<(String, Module)>,
    /// Numbers that the graph has no use for.
    unused: Vec<(String, Module)>,
}

impl Layers {
    /// The layers that `graph` names, and what else is among the tensors.
    pub(super) fn of(graph: &Graph, tensors: &[NamedTensor]) -> Self {
        let operations: HashMap<&str, &Operation> = graph
            .steps()
            .iter()
            .filter_map(|step| Some((layer_of(&step.operation)?, &step.operation)))
            .collect();
        let shapes: HashMap<&str, &[usize]> = tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice()))
            .collect();
        let mut layers = Self {
            root: Vec::new(),
            unused: Vec::new(),
        };
        for tensor in tensors {
            let layer = tensor.name.rsplit_once('.').map(|(layer, _)| layer);
            let found = layer.and_then(|layer| Some((layer, *operations.get(layer)?)));
            match found {
                Some((layer, operation)) => {
                    let path: Vec<&str> = layer.split('.').collect();
                    let made = || Module::Layer(made_by(operation, layer, &shapes));
                    insert(&mut layers.root, &path, made);
                }
                None => {
                    let modules = match is_used(&tensor.name, graph) {
                        true => &mut layers.root,
                        false => &mut layers.unused,
                    };
                    let path: Vec<&str> = tensor.name.split('.').collect();
                    insert(modules, &path, || Module::Parameter(zeros(&tensor.shape)));
                }
            }
        }
        layers
    }

    /// The lines of `__init__` that make them.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, module) in &self.root {
            written(&format!("self.{name} = "), module, "", &mut lines);
        }
        if !self.unused.is_empty() {
            lines.push("# Of training alone: nothing below uses it.".to_owned());
        }
        for (name, module) in &self.unused {
            written(&format!("self.{name} = "), module, "", &mut lines);
        }
        lines
    }
}

/// How a layer is reached: `self.encoder[0]`, `self.network["encoder"][0]`.
pub(super) fn place(layer: &str) -> String {
    let mut parts = layer.split('.');
    let mut place = format!("self.{}", parts.next().unwrap_or_default());
    for part in parts {
        match is_number(part) {
            true => place.push_str(&format!("[{part}]")),
            false => place.push_str(&format!("[\"{part}\"]")),
        }
    }
    place
}

fn layer_of(operation: &Operation) -> Option<&str> {
    match operation {
        Operation::Convolution { layer }
        | Operation::TransposedConvolution { layer }
        | Operation::Linear { layer }
        | Operation::TiedLinear { layer, .. } => Some(layer),
        _ => None,
    }
}

/// Whether a graph uses a tensor that belongs to no layer.
fn is_used(tensor: &str, graph: &Graph) -> bool {
    graph.steps().iter().any(|step| match &step.operation {
        Operation::ScaleChannels { logarithms, .. } => logarithms == tensor,
        _ => false,
    })
}

/// The expression that makes numbers of this shape.
fn zeros(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("nn.Parameter(torch.zeros({}))", sizes.join(", "))
}

/// The expression that makes a layer of the shape of its weight.
fn made_by(operation: &Operation, layer: &str, shapes: &HashMap<&str, &[usize]>) -> String {
    let shape = |part: &str| {
        let name = format!("{layer}.{part}");
        shapes.get(name.as_str()).copied()
    };
    let weight = shape("weight").unwrap_or_default();
    let no_bias = match shape("bias") {
        Some(_) => "",
        None => ", bias=False",
    };
    match (operation, weight) {
        (Operation::Convolution { .. }, [outputs, inputs, ..]) => {
            format!("nn.Conv2d({inputs}, {outputs}, 3, padding=1{no_bias})")
        }
        (Operation::TransposedConvolution { .. }, [inputs, outputs, ..]) => format!(
            "nn.ConvTranspose2d({inputs}, {outputs}, 3, stride=2, padding=1, output_padding=1{no_bias})"
        ),
        (Operation::Linear { .. }, [outputs, inputs]) => {
            format!("nn.Linear({inputs}, {outputs}{no_bias})")
        }
        _ => {
            let outputs = shape("bias").and_then(|shape| shape.first().copied());
            let outputs = outputs.unwrap_or_default();
            format!("nn.ParameterDict({{\"bias\": nn.Parameter(torch.zeros({outputs}))}})")
        }
    }
}

fn insert(modules: &mut Vec<(String, Module)>, path: &[&str], made: impl FnOnce() -> Module) {
    let [name, rest @ ..] = path else {
        return;
    };
    let index = modules.iter().position(|(other, _)| other == name);
    if rest.is_empty() {
        if index.is_none() {
            modules.push(((*name).to_owned(), made()));
        }
        return;
    }
    let index = index.unwrap_or_else(|| {
        modules.push(((*name).to_owned(), Module::Children(Vec::new())));
        modules.len() - 1
    });
    if let Module::Children(children) = &mut modules[index].1 {
        insert(children, rest, made);
    }
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Writes a module after `before`, its children each on a line.
fn written(before: &str, module: &Module, after: &str, lines: &mut Vec<String>) {
    let children = match module {
        Module::Layer(made) | Module::Parameter(made) => {
            lines.push(format!("{before}{made}{after}"));
            return;
        }
        Module::Children(children) => children,
    };
    let is_list = children.iter().all(|(name, _)| is_number(name));
    let is_parameter = |child: &Module| matches!(child, Module::Parameter(_));
    let (open, close) = match is_list {
        true => ("nn.ModuleList([", "])"),
        // Unlike a dictionary of modules, one of parameters takes both.
        false if children.iter().any(|(_, child)| is_parameter(child)) => {
            ("nn.ParameterDict({", "})")
        }
        false => ("nn.ModuleDict({", "})"),
    };
    lines.push(format!("{before}{open}"));
    for (name, child) in children {
        let key = match is_list {
            true => String::new(),
            false => format!("\"{name}\": "),
        };
        let mut inner = Vec::new();
        written(&key, child, ",", &mut inner);
        lines.extend(inner.into_iter().map(|line| format!("    {line}")));
    }
    lines.push(format!("{close}{after}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_lists_and_dictionaries() {
        assert_eq!(place("to_code"), "self.to_code");
        assert_eq!(place("encoder.10"), "self.encoder[10]");
        assert_eq!(place("network.decoder.0"), "self.network[\"decoder\"][0]");
    }
}
