//! Opening the model that a command line names.

use std::path::Path;

use ae_data::{ImageSet, ImageShape, Part};
use ae_infer::{ComputePath, ModelPath, OpenModel, OpenedSet};
use ae_report::thousands;

use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, RUNS};
use crate::backend::{self, OpenDevice};
use crate::context::Context;
use crate::error::CliError;
use crate::measured_set::{open_set, request_of};

/// Finds the model at `path`, or the newest under `runs/`, which is then named in a note.
///
/// # Errors
/// There is no such file, directory, or run.
pub(crate) fn find(path: Option<&Path>, context: &Context<'_>) -> Result<ModelPath, CliError> {
    if let Some(path) = path {
        return Ok(ModelPath::find(path)?);
    }
    let found = ModelPath::newest(Path::new(RUNS))?;
    context.terminal.note(format!("model: {}", found.name()));
    Ok(found)
}

/// Finds a model, opens a device and puts the one on the other.
///
/// # Errors
/// There is no such model or no such device, or the file is no model file.
pub(crate) fn open(
    path: Option<&Path>,
    device: DeviceArguments,
    context: &Context<'_>,
) -> Result<OpenModel, CliError> {
    open_on_device(path, device, ComputePath::default(), context).map(|(model, _)| model)
}

/// The same, with the device.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_on_device(
    path: Option<&Path>,
    device: DeviceArguments,
    compute: ComputePath,
    context: &Context<'_>,
) -> Result<(OpenModel, OpenDevice), CliError> {
    let path = find(path, context)?;
    // What is cheap to find wrong is looked at before a device is started.
    path.card(context.registry)?;
    backend::set_threads(device.threads)?;
    let device = backend::open(device.backend)?;
    let model = OpenModel::load(&path, context.registry, compute.on(&device.device))?;
    Ok((model, device))
}

/// Opens a model and the images that it is to see: the part that is asked for, else the test images of its own set and all
/// of any other.
///
/// # Errors
/// As [`open`], or the images cannot be read or have another shape.
pub(crate) fn open_with_images(
    model: ModelPosition,
    data: &DataArguments,
    part: Option<Part>,
    device: DeviceArguments,
    context: &Context<'_>,
) -> Result<(OpenModel, OpenedSet, ImageSet), CliError> {
    let model = open(model.path().as_deref(), device, context)?;
    let opened = open_set(&model, &request_of(data, part), &context.terminal)?;
    let images = opened.images()?;
    if images.is_of_patches() && images.picture_count() > 0 {
        let ImageShape { height, width, .. } = images.shape();
        context.terminal.note(format!(
            "{}: {} patches of {height}x{width} from {} pictures; whole pictures go through `ae denoise`",
            opened.name(),
            thousands(images.len() as u64),
            thousands(images.picture_count() as u64),
        ));
    }
    Ok((model, opened, images))
}
