//! What goes wrong, as one of the package's exceptions.

use std::error::Error;
use std::fmt::Display;
use std::io;

use ae_cli::Status;
use ae_codec::CodecError;
use ae_data::DataError;
use ae_infer::InferError;
use ae_models::ModelError;
use ae_train::TrainError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyModule, PyType};

/// Why something was not done.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A library's error.
    Infer(InferError),
    /// The codec's error.
    Codec(CodecError),
    /// As the command would end for it, and a sentence.
    Said(Status, String),
    /// The model is of a kind that cannot do it.
    Unsupported(String),
    /// An exception of Python's: an interrupt, or what a callback raised.
    Python(PyErr),
}

impl Fault {
    /// An argument that makes no sense.
    pub(crate) fn argument(what: impl Display) -> Self {
        Self::Said(Status::Usage, what.to_string())
    }

    /// Images that cannot be used.
    pub(crate) fn data(what: impl Display) -> Self {
        Self::Said(Status::Data, what.to_string())
    }
}

impl From<InferError> for Fault {
    fn from(error: InferError) -> Self {
        Self::Infer(error)
    }
}

impl From<DataError> for Fault {
    fn from(error: DataError) -> Self {
        Self::Infer(error.into())
    }
}

impl From<TrainError> for Fault {
    fn from(error: TrainError) -> Self {
        Self::Infer(error.into())
    }
}

impl From<ModelError> for Fault {
    fn from(error: ModelError) -> Self {
        Self::Infer(error.into())
    }
}

impl From<CodecError> for Fault {
    fn from(error: CodecError) -> Self {
        Self::Codec(error)
    }
}

impl From<(Status, String)> for Fault {
    fn from((status, message): (Status, String)) -> Self {
        Self::Said(status, message)
    }
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Fault> for PyErr {
    fn from(fault: Fault) -> Self {
        let (class, message, number) = match fault {
            Fault::Python(error) => return error,
            Fault::Unsupported(message) => ("UnsupportedError", message, None),
            Fault::Said(status, message) => (class_of(status), message, None),
            Fault::Codec(error) => {
                let number = system_error(&error);
                let (status, message) = ae_cli::explain_codec(error);
                (class_of(status), message, number)
            }
            Fault::Infer(error) => {
                let is_lack = matches!(error, InferError::Lacks { .. });
                let number = match error {
                    InferError::Data(DataError::NotFound { .. }) => Some(NO_ENTRY),
                    _ => system_error(&error),
                };
                let (status, message) = ae_cli::explain(error);
                let class = match is_lack {
                    true => "UnsupportedError",
                    false => class_of(status),
                };
                (class, message, number)
            }
        };
        Python::attach(|py| exception(py, class, message, number))
    }
}

/// What the operating system would say of a path that the libraries looked for: ENOENT, 2 on every system that Python runs on.
const NO_ENTRY: (io::ErrorKind, i32) = (io::ErrorKind::NotFound, 2);

/// The exception for how the command would end.
fn class_of(status: Status) -> &'static str {
    match status {
        Status::Usage => "InvalidArgumentError",
        Status::Data => "DataError",
        Status::Model => "ModelError",
        Status::Files => "FileError",
        Status::Diverged => "DivergedError",
        Status::Device => "DeviceError",
        _ => "InternalError",
    }
}

/// The operating system's error that is behind another, if one is: its kind and number.
fn system_error(error: &(dyn Error + 'static)) -> Option<(io::ErrorKind, i32)> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.raw_os_error().map(|number| (error.kind(), number));
        }
        cause = error.source();
    }
    None
}

/// An exception of a class that the package defines.
fn exception(
    py: Python<'_>,
    class: &'static str,
    message: String,
    system: Option<(io::ErrorKind, i32)>,
) -> PyErr {
    static CLASSES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let system = system.filter(|_| class == "FileError");
    let class = match system {
        Some((io::ErrorKind::NotFound, _)) => "NotFoundError",
        _ => class,
    };
    let found = CLASSES
        .get_or_try_init(py, || {
            PyResult::Ok(py.import("ae_images._errors")?.unbind())
        })
        .and_then(|classes| Ok(classes.bind(py).getattr(class)?.cast_into::<PyType>()?));
    match (found, system) {
        (Ok(class), Some((_, number))) => PyErr::from_type(class, (number, message)),
        (Ok(class), None) => PyErr::from_type(class, (message,)),
        // The package is not whole.
        (Err(_), _) => PyRuntimeError::new_err(message),
    }
}
