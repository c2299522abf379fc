//! `ae interpolate`.

use std::path::{Path, PathBuf};

use ae_data::{Image, ImageShape};
use ae_eval::Interpolation;
use ae_report::{GridRequest, GridRow, picture_grid};
use serde::Serialize;

use crate::arguments::InterpolateArguments;
use crate::destination::check_writable;
use crate::error::CliError;
use crate::inference::OpenModel;
use crate::models::Wanted;
use crate::terminal::Terminal;

/// Images in a row, at most.
const MOST_STEPS: usize = 40;

#[derive(Serialize)]
struct Interpolated {
    model: String,
    from: PathBuf,
    to: PathBuf,
    paths: Vec<String>,
    steps: usize,
    picture: PathBuf,
}

pub(super) fn run(arguments: InterpolateArguments) -> Result<(), CliError> {
    let terminal = Terminal::from(arguments.output);
    check_writable(&arguments.out, arguments.force)?;
    if !(2..=MOST_STEPS).contains(&arguments.steps) {
        return Err(CliError::usage(
            "--steps",
            format!("'{}': must be 2 to {MOST_STEPS}", arguments.steps),
        ));
    }
    let opened = OpenModel::open(
        arguments.model.model.as_deref(),
        Wanted::Any,
        arguments.device,
        &terminal,
    )?;
    let shape = opened.image_shape();
    let from = opened.read_image(&arguments.from)?.to_unit();
    let to = opened.read_image(&arguments.to)?.to_unit();
    let codes = opened.encode(2, [from.as_slice(), &to].concat())?;
    let (from_code, to_code) = codes.split_at(codes.len() / 2);

    let shares = (0..arguments.steps).map(|step| step as f64 / (arguments.steps - 1) as f64);
    let shares: Vec<f64> = shares.collect();
    let faded = shares
        .iter()
        .map(|&share| Image::from_unit(shape, &Interpolation::Linear.between(&from, &to, share)));
    let mut pixels = GridRow::images("pixels", faded.collect());
    pixels.note = "faded".to_owned();
    let mut rows = vec![pixels];
    let ways = match arguments.path {
        Some(way) => vec![way],
        None => vec![Interpolation::Linear, Interpolation::Spherical],
    };
    for way in &ways {
        let between = shares
            .iter()
            .flat_map(|&share| way.between(from_code, to_code, share));
        let mut row = GridRow::images(
            way.to_string(),
            decoded(&opened, shape, arguments.steps, between.collect())?,
        );
        row.note = "in the code".to_owned();
        rows.push(row);
    }
    let interpolated = Interpolated {
        model: opened.path.name(),
        paths: ways.iter().map(ToString::to_string).collect(),
        steps: arguments.steps,
        picture: arguments.out,
        from: arguments.from,
        to: arguments.to,
    };
    let picture = picture_grid(&GridRequest {
        title: interpolated.model.clone(),
        subtitle: format!(
            "from {} to {}",
            name_of(&interpolated.from),
            name_of(&interpolated.to)
        ),
        column_labels: shares.iter().map(|share| format!("{share:.2}")).collect(),
        rows,
    })?;
    picture.write_png(&interpolated.picture)?;
    terminal.result(&interpolated, || {
        format!("picture   {}", interpolated.picture.display())
    })
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn decoded(
    opened: &OpenModel,
    shape: ImageShape,
    count: usize,
    codes: Vec<f32>,
) -> Result<Vec<Image>, CliError> {
    let values = opened.decode(count, codes)?;
    let images = values.chunks_exact(shape.values());
    Ok(images
        .map(|values| Image::from_unit(shape, values))
        .collect())
}
