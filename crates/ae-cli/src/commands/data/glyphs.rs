//! `ae data glyphs`.

use std::path::{Path, PathBuf};

use ae_data::{ImageSet, write_idx};
use ae_glyphs::{GlyphOptions, Glyphs, render_fonts};
use ae_report::thousands;
use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::destination::{check_writable, make_folder};
use crate::error::CliError;

/// Make a set of letters from fonts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae data glyphs --fonts /usr/share/fonts -o my-glyphs/
  ae train --data my-glyphs/")]
pub(in crate::commands) struct DataGlyphsArguments {
    /// A folder of fonts, searched with its subfolders; may be given several times.
    #[arg(long, value_name = "DIR", required = true)]
    fonts: Vec<PathBuf>,
    /// The folder for the four IDX files.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Write over files that exist.
    #[arg(long)]
    force: bool,
}

/// Skipped files that are named; the rest is counted.
const MOST_NAMED: usize = 5;

#[derive(Serialize)]
struct Made {
    folder: PathBuf,
    fonts: usize,
    skipped: Vec<ae_data::Skipped>,
    thinned: usize,
    train_faces: usize,
    train_images: usize,
    test_faces: usize,
    test_images: usize,
}

pub(in crate::commands) fn run(
    arguments: DataGlyphsArguments,
    context: &Context<'_>,
) -> Result<(), CliError> {
    let terminal = context.terminal;
    let parts = ["train", "t10k"].map(|part| Files::of(&arguments.out, part));
    for path in parts
        .iter()
        .flat_map(|files| [&files.images, &files.labels])
    {
        if path.exists() {
            check_writable(path, arguments.force)?;
        }
    }
    let Glyphs {
        dataset,
        train_faces,
        test_faces,
        thinned,
        ..
    } = render_fonts(&arguments.fonts, &GlyphOptions::default())?;

    make_folder(&arguments.out)?;
    let [train, test] = &parts;
    train.write(&dataset.train)?;
    if let Some(set) = &dataset.test {
        test.write(set)?;
    }
    let made = Made {
        folder: arguments.out,
        fonts: dataset.files,
        thinned: thinned.len(),
        train_faces: train_faces.len(),
        train_images: dataset.train.len(),
        test_faces: test_faces.len(),
        test_images: dataset.test.as_ref().map_or(0, ImageSet::len),
        skipped: dataset.skipped,
    };
    for skipped in made.skipped.iter().take(MOST_NAMED) {
        terminal.note(format!("skipped {}: {}", skipped.file, skipped.reason));
    }
    if made.skipped.len() > MOST_NAMED {
        terminal.note(format!(
            "skipped {} more; --json lists them",
            thousands((made.skipped.len() - MOST_NAMED) as u64)
        ));
    }
    terminal.result(&made, || made.text())
}

/// The two files of a part, named as MNIST's are.
struct Files {
    images: PathBuf,
    labels: PathBuf,
}

impl Files {
    fn of(folder: &Path, part: &str) -> Self {
        Self {
            images: folder.join(format!("{part}-images-idx3-ubyte.gz")),
            labels: folder.join(format!("{part}-labels-idx1-ubyte.gz")),
        }
    }

    fn write(&self, set: &ImageSet) -> Result<(), CliError> {
        Ok(write_idx(&self.images, Some(&self.labels), set)?)
    }
}

impl Made {
    fn text(&self) -> String {
        let count = |number: usize| thousands(number as u64);
        format!(
            "{}: {} training images of {} faces, {} test images of {} faces\n\
             from {} font files; {} faces left out as nearly identical\n\
             use it with: ae train --data {}",
            self.folder.display(),
            count(self.train_images),
            count(self.train_faces),
            count(self.test_images),
            count(self.test_faces),
            count(self.fonts),
            count(self.thinned),
            self.folder.display(),
        )
    }
}
