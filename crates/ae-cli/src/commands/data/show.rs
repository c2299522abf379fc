//! `ae data show`.

use std::path::PathBuf;

use ae_report::{ImageGridRequest, image_grid, thousands};
use serde::Serialize;

use super::info::source;
use crate::arguments::DataShowArguments;
use crate::destination::check_writable;
use crate::error::CliError;
use crate::pictures::sample;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Shown {
    data: String,
    images: usize,
    picture: PathBuf,
}

pub(in crate::commands) fn run(arguments: DataShowArguments) -> Result<(), CliError> {
    let terminal = Terminal::from(arguments.output);
    check_writable(&arguments.out, arguments.force)?;
    let set = source(arguments.set).open(&terminal)?.train;
    let chosen = sample(&set, arguments.count);
    let images = chosen
        .iter()
        .map(|&index| set.image(index))
        .collect::<Result<Vec<_>, _>>()?;
    let labels: Vec<String> = chosen
        .iter()
        .filter_map(|&index| Some(set.classes()[usize::from(set.label(index)?)].clone()))
        .collect();
    let picture = image_grid(&ImageGridRequest {
        title: set.name(),
        subtitle: &format!(
            "{} of {} images, {} (height x width x channels)",
            thousands(images.len() as u64),
            thousands(set.len() as u64),
            set.shape()
        ),
        images: &images,
        labels: &labels,
        columns: None,
    })?;
    picture.write_png(&arguments.out)?;
    let shown = Shown {
        data: set.name().to_owned(),
        images: images.len(),
        picture: arguments.out,
    };
    terminal.result(&shown, || format!("picture   {}", shown.picture.display()))
}
