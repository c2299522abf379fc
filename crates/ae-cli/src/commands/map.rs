//! `ae map`.

use std::path::PathBuf;

use ae_eval::{Pca, tsne};
use ae_models::Autoencoder as _;
use ae_report::{MapPoint, MapRequest, map_html, map_picture, thousands};
use serde::Serialize;

use crate::arguments::{MapArguments, MapMethod};
use crate::destination::check_writable;
use crate::error::CliError;
use crate::inference::OpenModel;
use crate::pictures::sample;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Mapped {
    model: String,
    method: &'static str,
    images: usize,
    file: PathBuf,
}

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Picture,
    Page,
}

pub(super) fn run(arguments: MapArguments) -> Result<(), CliError> {
    let terminal = Terminal::from(arguments.output);
    check_writable(&arguments.out, arguments.force)?;
    let ending = arguments.out.extension().and_then(|ending| ending.to_str());
    let form = match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("png") => Form::Picture,
        Some("html" | "htm") => Form::Page,
        _ => {
            return Err(CliError::usage(
                format!("--out {}", arguments.out.display()),
                "must end in .png or .html",
            ));
        }
    };
    if arguments.method == MapMethod::Tsne && arguments.count > tsne::MOST_ROWS {
        return Err(CliError::usage(
            "--count",
            format!(
                "'{}': t-SNE looks at every pair, so at most {}",
                arguments.count,
                tsne::MOST_ROWS
            ),
        )
        .hint("--method pca takes any number"));
    }
    let (opened, _, set) = OpenModel::with_images(
        arguments.model,
        &arguments.data,
        arguments.part,
        arguments.device,
        &terminal,
    )?;
    let set = set.subset(sample(&set, arguments.count));
    let values = opened.model.code_values();
    let codes = opened.codes(&set)?;
    let (method, places) = match arguments.method {
        MapMethod::Tsne => ("t-SNE", tsne::tsne(&codes, values, arguments.perplexity)?),
        MapMethod::Pca => {
            let pca = Pca::fit(&codes, values, 2)?;
            ("PCA", tsne::principal_plane(&pca, &codes, values))
        }
    };
    let mut points = Vec::with_capacity(set.len());
    for (index, place) in places.into_iter().enumerate() {
        points.push(MapPoint {
            place,
            label: set.label(index),
            image: set.image(index)?,
        });
    }
    let mapped = Mapped {
        model: opened.path.name(),
        method,
        images: points.len(),
        file: arguments.out,
    };
    let request = MapRequest {
        title: mapped.model.clone(),
        subtitle: format!(
            "codes of {} images of {} in a plane, by {method}",
            thousands(points.len() as u64),
            set.name()
        ),
        classes: set.classes().to_vec(),
        points,
    };
    match form {
        Form::Picture => map_picture(&request)?.write_png(&mapped.file)?,
        Form::Page => {
            let page = map_html(&request)?;
            ae_files::write_atomically(&mapped.file, |file| file.write_all(page.as_bytes()))
                .map_err(|error| CliError::io(&mapped.file, "write", &error))?;
        }
    }
    terminal.result(&mapped, || format!("map       {}", mapped.file.display()))
}
