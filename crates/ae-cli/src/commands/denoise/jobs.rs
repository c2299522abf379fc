//! Which pictures are read and where their results go, found out before any work.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{LeftAside, PictureFormat, picture_files, split_page};

use crate::destination::{Destination, check_writable, make_folder};
use crate::error::{CliError, Status};

/// Checked arguments: what is read and where it goes.
pub(super) struct Job {
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
    /// Whether it was found in a folder, rather than named.
    pub(super) from_folder: bool,
}

/// Every picture, and what was left aside.
pub(super) struct Listed {
    pub(super) jobs: Vec<Job>,
    left_aside: Vec<LeftAside>,
}

impl Listed {
    /// What is no picture, counted by its ending; nothing where everything is one.
    pub(super) fn passed_over(&self) -> Option<String> {
        let things: Vec<_> = self.left_aside.iter().map(LeftAside::to_string).collect();
        (!things.is_empty()).then(|| format!("passed over, no pictures: {}", things.join(", ")))
    }
}

/// A picture to be read, and its name below the folder of the results.
struct Input {
    path: PathBuf,
    name: PathBuf,
    from_folder: bool,
}

/// Lists the pictures, and finds out whether a result would write over something.
pub(super) fn list(pictures: &[PathBuf], out: &Path, force: bool) -> Result<Listed, CliError> {
    let mut inputs = Vec::new();
    let mut left_aside = Vec::new();
    for path in pictures {
        if path.is_dir() {
            let found = picture_files(path, Some(out))?;
            if found.files.is_empty() {
                return Err(CliError::failure(
                    Status::Data,
                    path.display(),
                    "no pictures in it",
                ));
            }
            left_aside.extend(found.left_aside);
            inputs.extend(found.files.into_iter().map(|name| Input {
                path: path.join(&name),
                name,
                from_folder: true,
            }));
        } else {
            let file = match split_page(path) {
                Some((file, _)) if !path.exists() => file,
                _ => path.clone(),
            };
            fs::metadata(&file).map_err(|error| CliError::io(path, "read", &error))?;
            inputs.push(Input {
                path: path.clone(),
                name: path.file_name().map(PathBuf::from).unwrap_or_default(),
                from_folder: false,
            });
        }
    }
    let of_folder = inputs.iter().any(|input| input.from_folder);
    let count = match of_folder {
        true => inputs.len().max(2),
        false => inputs.len(),
    };
    let destination = Destination::of(out, count)?;
    let jobs = inputs.into_iter().map(|input| Job {
        output: destination.path(&output_name(&input)),
        input: input.path,
        from_folder: input.from_folder,
    });
    let jobs: Vec<_> = jobs.collect();
    check_collisions(&jobs, force)?;
    for job in &jobs {
        if let (Destination::Folder(_), Some(folder)) = (&destination, job.output.parent()) {
            make_folder(folder)?;
        }
        check_writable(&job.output, force)?;
    }
    Ok(Listed { jobs, left_aside })
}

/// No two pictures have one result, and no result writes over a picture: neither its own nor one still to be read.
fn check_collisions(jobs: &[Job], force: bool) -> Result<(), CliError> {
    let mut writers: HashMap<&Path, &Job> = HashMap::new();
    let mut inputs: HashMap<PathBuf, &Job> = HashMap::new();
    for job in jobs {
        if let Ok(real) = fs::canonicalize(&job.input) {
            inputs.entry(real).or_insert(job);
        }
    }
    for job in jobs {
        if let Some(other) = writers.insert(&job.output, job) {
            return Err(CliError::usage(
                job.input.display(),
                format!(
                    "its result would be {}, as that of {}",
                    job.output.display(),
                    other.input.display()
                ),
            )
            .hint("take pictures of one name one at a time"));
        }
        let Some(real) = fs::canonicalize(&job.output).ok() else {
            continue;
        };
        match inputs.get(&real) {
            Some(own) if own.input == job.input && force => {}
            Some(own) if own.input == job.input => {
                return Err(CliError::failure(
                    Status::Files,
                    job.output.display(),
                    "is the picture itself",
                )
                .hint("--force writes over it; --out names another file"));
            }
            Some(other) => {
                return Err(CliError::usage(
                    job.input.display(),
                    format!(
                        "its result would write over {}, which is read too",
                        other.input.display()
                    ),
                ));
            }
            None => {}
        }
    }
    Ok(())
}

/// The picture's own name where its extension is that of a format that can be written; otherwise the extension of its
/// own format is added, or of one that holds as much.
fn output_name(input: &Input) -> PathBuf {
    if let Some((file, page)) = split_page(&input.name).filter(|_| !input.path.exists()) {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        return match PictureFormat::of_written(&file) {
            Some(_) => PathBuf::from(format!("{stem}[{page}].{extension}")),
            None => PathBuf::from(format!("{stem}[{page}].png")),
        };
    }
    if PictureFormat::of_written(&input.name).is_some() {
        return input.name.clone();
    }
    let extension = match PictureFormat::of_file(&input.path) {
        // PBM becomes gray.
        Some(PictureFormat::Pnm) => "pgm",
        // Floating point.
        Some(PictureFormat::Hdr) => "tif",
        Some(format) => format.written_extension().unwrap_or("png"),
        None => "png",
    };
    let mut name = input.name.clone().into_os_string();
    name.push(".");
    name.push(extension);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_what_can_be_written_and_gain_what_cannot() {
        for (name, expected) in [
            ("a.png", "a.png"),
            ("sub/a.JPG", "sub/a.JPG"),
            ("a.heic", "a.heic.png"),
            ("a", "a.png"),
            ("scans.tif[3]", "scans[3].tif"),
        ] {
            let input = Input {
                path: PathBuf::from("nowhere").join(name),
                name: name.into(),
                from_folder: true,
            };
            assert_eq!(output_name(&input), Path::new(expected), "{name}");
        }
    }
}
