//! The extension module of the Python package `ae_images`: models on arrays of `[images, channels, height, width]`, training,
//! and the command `ae`.
//!
//! It holds no logic of models: what is computed is computed by `ae-infer`, `ae-train` and `ae-codec`. Layouts of arrays,
//! and what users read, is in the package around it, in `python/ae_images`.

mod arrays;
mod codec;
mod command;
mod denoising;
mod fault;
mod model;
mod opened;
mod reserving_allocator;
mod settings;
mod training;
mod work;

use pyo3::prelude::*;

/// The extension module.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::command::run_command;
    #[pymodule_export]
    use crate::model::{NativeModel, open};
    #[pymodule_export]
    use crate::training::{resume, train};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
