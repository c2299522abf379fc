//! `ae map`.

use std::path::PathBuf;

use ae_data::Part;
use ae_eval::{Pca, tsne};
use ae_report::{MapPoint, MapRequest, map_html, map_picture, thousands};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::arguments::value::{above_zero, at_least_one};
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, part};
use crate::context::Context;
use crate::destination::check_writable;
use crate::error::CliError;
use crate::measured_set::MeasuredSet;
use crate::opening::open_with_images;
use crate::pictures::sample;

/// Lay codes out in a plane.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae map runs/glyphs-vae-1 -o map.png
  ae map runs/glyphs-vae-1 --method pca --count 2000 -o map.html

A .png is a picture; an .html file needs no network and shows each image under the pointer.")]
pub(super) struct MapArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images.
    #[command(flatten)]
    data: DataArguments,
    /// Which images [default: test, of the set that the model was trained on; all, of any other].
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// How the plane is found.
    #[arg(long, value_enum, default_value_t = MapMethod::Tsne)]
    method: MapMethod,
    /// How many neighbors t-SNE looks at, about.
    #[arg(long, value_name = "N", value_parser = above_zero, default_value_t = 30.0)]
    perplexity: f64,
    /// How many images to lay out, at most.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 1_000)]
    count: usize,
    /// The PNG or HTML file.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// How a plane is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MapMethod {
    /// t-SNE: neighbors stay neighbors, distances mean little.
    Tsne,
    /// The first two principal components: distances are true as far as they go.
    Pca,
}

#[derive(Serialize)]
struct Mapped {
    model: String,
    #[serde(flatten)]
    set: MeasuredSet,
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

pub(super) fn run(arguments: MapArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
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
    let (model, opened, set) = open_with_images(
        arguments.model,
        &arguments.data,
        arguments.part,
        arguments.device,
        context,
    )?;
    let set = set.subset(sample(&set, arguments.count));
    let codes = model.codes(&set)?;
    let (values, codes) = (codes.values_per_code(), codes.as_slice());
    let has_neighborhoods = set.len() >= tsne::LEAST_ROWS;
    if arguments.method == MapMethod::Tsne && !has_neighborhoods {
        terminal.warning(format!(
            "t-SNE takes {} images at least, and {} are there: laid out by PCA instead",
            tsne::LEAST_ROWS,
            set.len()
        ));
    }
    let (method, places) = match arguments.method {
        MapMethod::Tsne if has_neighborhoods => {
            ("t-SNE", tsne::tsne(codes, values, arguments.perplexity)?)
        }
        MapMethod::Tsne | MapMethod::Pca => {
            let pca = Pca::fit(codes, values, 2)?;
            ("PCA", tsne::principal_plane(&pca, codes, values))
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
        model: model.name().to_owned(),
        set: MeasuredSet::of(&opened),
        method,
        images: points.len(),
        file: arguments.out,
    };
    let request = MapRequest {
        title: mapped.model.clone(),
        subtitle: format!(
            "codes of {} {} of {} in a plane, by {method}",
            thousands(points.len() as u64),
            match opened.part() {
                Part::All => "images".to_owned(),
                part => format!("{part} images"),
            },
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
