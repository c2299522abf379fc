//! Names of parameters, and how PyTorch has them laid out.

/// Where a visitor is in a module.
#[derive(Default)]
pub(crate) struct ParameterPath {
    /// Each step's name, and the type of the container that it is a step into.
    steps: Vec<(String, String)>,
}

impl ParameterPath {
    pub(crate) fn enter(&mut self, name: &str, container_type: &str) {
        self.steps
            .push((name.to_owned(), container_type.to_owned()));
    }

    pub(crate) fn exit(&mut self) {
        self.steps.pop();
    }

    /// The path, without the variants of enums: they are a choice of type, not a place in the module.
    pub(crate) fn name(&self) -> String {
        let names = self
            .steps
            .iter()
            .filter(|(_, container)| !container.starts_with("Enum:"));
        names
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(".")
    }

    /// The name of the innermost step, the parameter's own.
    pub(crate) fn last(&self) -> &str {
        self.steps.last().map_or("", |(name, _)| name)
    }

    /// Whether PyTorch has the transpose of this parameter.
    pub(crate) fn is_transposed(&self, shape: &[usize]) -> bool {
        shape.len() == 2
            && self
                .steps
                .last()
                .is_some_and(|(name, container)| name == "weight" && container == "Struct:Linear")
    }
}

/// The transpose of a row-major matrix of `rows` and `columns`.
pub(crate) fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| values[row * columns + column]))
        .collect()
}
