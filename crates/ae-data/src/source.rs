//! Finding out what a name or a path is, and opening it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::archive::{is_tar, open_archive};
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::folder::open_folder;
use crate::glyphs;
use crate::idx::{IdxImages, broken, is_idx, read_images, read_labels};
use crate::image::{Image, ImageOptions};
use crate::lines;
use crate::set::{ImageSet, Store, named_classes};

/// How a source is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// What each image becomes: its size, its channels.
    pub image: ImageOptions,
    /// Whether a single unreadable file is an error.
    pub strict: bool,
    /// Where `cargo xtask download` puts the sets that are known by name.
    pub downloads: PathBuf,
    /// The most bytes of pixels that are kept in memory. Folders beyond it are decoded anew whenever an image is read;
    /// archives and gzipped files beyond it are refused. Plain IDX files stay on the disk whatever their size.
    pub memory_bytes: u64,
}

impl Default for OpenOptions {
    /// Images as they are, unreadable files tolerated within limits, `datasets/downloads`, 2 GiB.
    fn default() -> Self {
        Self {
            image: ImageOptions::default(),
            strict: false,
            downloads: PathBuf::from("datasets/downloads"),
            memory_bytes: 2 << 30,
        }
    }
}

/// Sets that are known by name and downloaded, with the names their files have.
const DOWNLOADS: [(&str, &str); 3] = [
    ("notmnist-small", "notMNIST_small.tar.gz"),
    ("notmnist-large", "notMNIST_large.tar.gz"),
    ("mnist", "mnist"),
];

/// Opens a set by its name or path, finding out what it is from its content.
///
/// - `glyphs`: the letters built into the library; `lines`: its toy set of five pixels
/// - `notmnist-small`, `notmnist-large`, `mnist`: what was downloaded under that name
/// - an IDX file, plain or gzipped, with the labels beside it; or a folder with files named as MNIST's are
/// - a `.tar.gz` or `.tar` of images in class folders
/// - a folder of images, in class folders or flat, with `train` and `test` folders above them or without
/// - a single image
///
/// A file or folder that has the same name as a known set is reached as `./glyphs`.
///
/// # Errors
/// When there is nothing of that name, nothing in it can be read as images, or too many of its files cannot: more than
/// one in a hundred, except that one alone is tolerated among ten or more.
pub fn open(source: &str, options: &OpenOptions) -> Result<Dataset, DataError> {
    let dataset = if source == "glyphs" {
        glyphs::embedded()?
    } else if source == lines::NAME {
        lines::lines()?
    } else if let Some(&(name, file)) = DOWNLOADS.iter().find(|(name, _)| *name == source) {
        open_path(
            &find_download(name, file, &options.downloads)?,
            name,
            options,
        )?
    } else {
        let path = Path::new(source);
        open_path(path, &name_of(path), options)?
    };
    let Dataset {
        name,
        train,
        test,
        skipped,
        files,
    } = dataset;
    let convert = |set: ImageSet| set.converted(&options.image, options.memory_bytes);
    Ok(Dataset {
        name,
        train: convert(train)?,
        test: test.map(convert).transpose()?,
        skipped,
        files,
    })
}

/// The file or folder that a download was put in.
fn find_download(name: &'static str, file: &str, downloads: &Path) -> Result<PathBuf, DataError> {
    let folder = downloads.join(name);
    let candidates = [
        folder.join(file),
        downloads.join(file),
        downloads.join(format!("{name}.tar.gz")),
        folder,
    ];
    candidates
        .into_iter()
        .find(|candidate| candidate.exists())
        .ok_or_else(|| DataError::NotDownloaded {
            name,
            folder: downloads.to_owned(),
        })
}

/// A path's own name, without the endings that only say what kind of file it is.
fn name_of(path: &Path) -> String {
    let resolved = if path.file_name().is_none() {
        fs::canonicalize(path).ok()
    } else {
        None
    };
    let name = resolved
        .as_deref()
        .unwrap_or(path)
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.strip_suffix(".tar").unwrap_or(name).to_owned()
}

fn open_path(path: &Path, name: &str, options: &OpenOptions) -> Result<Dataset, DataError> {
    let metadata = fs::metadata(path).map_err(|error| not_there(path, error))?;
    if metadata.is_dir() {
        return match IdxFolder::look(path)? {
            Some(IdxFolder {
                train: Some(train),
                test,
            }) => open_idx(&train, test.as_deref(), name, options),
            Some(IdxFolder {
                train: None,
                test: Some(test),
            }) => open_idx(&test, None, name, options),
            _ => open_folder(path, name, options),
        };
    }
    if !metadata.is_file() {
        return Err(DataError::decode(path, "not a regular file"));
    }
    let start = beginning(
        path,
        File::open(path).map_err(|error| DataError::read(path, error))?,
    )?;
    if start.starts_with(&[0x1F, 0x8B]) {
        let file = File::open(path).map_err(|error| DataError::read(path, error))?;
        let unpacked = beginning(path, MultiGzDecoder::new(BufReader::new(file)))?;
        return if is_tar(&unpacked) {
            open_archive(path, name, true, options)
        } else if is_idx(&unpacked) {
            open_idx(path, None, name, options)
        } else {
            Err(DataError::UnknownFormat {
                path: path.to_owned(),
            })
        };
    }
    // An icon too begins with two zeros, but its third byte is 1 or 2.
    if is_idx(&start) {
        open_idx(path, None, name, options)
    } else if is_tar(&start) {
        open_archive(path, name, false, options)
    } else if ::image::guess_format(&start).is_ok() || crate::collect::is_image_name(path) {
        open_image(path, name, options)
    } else {
        Err(DataError::UnknownFormat {
            path: path.to_owned(),
        })
    }
}

/// The error for a path that cannot be looked at: a mistyped name where it looks like one.
fn not_there(path: &Path, error: io::Error) -> DataError {
    let is_bare = path.components().count() <= 1 && path.extension().is_none();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidInput if is_bare => {
            DataError::UnknownSource {
                name: path.display().to_string(),
            }
        }
        io::ErrorKind::NotFound => DataError::NotFound {
            path: path.to_owned(),
        },
        _ => DataError::read(path, error),
    }
}

/// The first 512 bytes, or all when there are fewer.
fn beginning(path: &Path, reader: impl Read) -> Result<Vec<u8>, DataError> {
    let mut start = Vec::with_capacity(512);
    reader
        .take(512)
        .read_to_end(&mut start)
        .map_err(|error| broken(path, &error))?;
    Ok(start)
}

fn open_image(path: &Path, name: &str, options: &OpenOptions) -> Result<Dataset, DataError> {
    let image = Image::read(path, &options.image)?;
    let shape = image.shape();
    Ok(Dataset {
        name: name.to_owned(),
        train: ImageSet::from_images(name, shape, image.into_pixels(), None, Vec::new())?,
        test: None,
        skipped: Vec::new(),
        files: 1,
    })
}

/// The image files of a folder that are named as MNIST's are.
#[derive(Default)]
struct IdxFolder {
    train: Option<PathBuf>,
    test: Option<PathBuf>,
}

impl IdxFolder {
    /// Looks for them; `None` when there is none.
    fn look(folder: &Path) -> Result<Option<Self>, DataError> {
        let read_error = |error| DataError::read(folder, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(read_error)? {
            names.push(entry.map_err(read_error)?.file_name());
        }
        names.sort();
        let mut found = Self::default();
        for name in &names {
            let Some(text) = name.to_str().map(str::to_lowercase) else {
                continue;
            };
            let plain = text.strip_suffix(".gz").unwrap_or(&text);
            if !plain.contains("images") || !(plain.contains("idx") || plain.ends_with("-ubyte")) {
                continue;
            }
            let part = if plain.contains("train") {
                &mut found.train
            } else if plain.contains("t10k") || plain.contains("test") {
                &mut found.test
            } else {
                continue;
            };
            let path = folder.join(name);
            match part {
                // Sorted, the plain file comes first, and it need not be unpacked into memory.
                Some(plain) if path.file_stem() == plain.file_name() => {}
                Some(other) => {
                    let reason = format!(
                        "it has both {} and {}; name the file",
                        other.file_name().unwrap_or(OsStr::new("")).display(),
                        name.display()
                    );
                    return Err(DataError::decode(folder, reason));
                }
                None => *part = Some(path),
            }
        }
        Ok((found.train.is_some() || found.test.is_some()).then_some(found))
    }
}

/// Opens IDX images, with the labels that lie beside them.
fn open_idx(
    train: &Path,
    test: Option<&Path>,
    name: &str,
    options: &OpenOptions,
) -> Result<Dataset, DataError> {
    let read = |path: &Path| -> Result<(IdxImages, Option<Vec<u8>>), DataError> {
        let images = read_images(path, options.memory_bytes)?;
        let labels = match labels_beside(path) {
            Some(labels_path) => {
                let labels = read_labels(&labels_path, options.memory_bytes)?;
                if labels.len() != images.count {
                    return Err(DataError::CountMismatch {
                        what: format!(
                            "labels in {} for the images in {}",
                            labels_path.display(),
                            path.display()
                        ),
                        expected: images.count,
                        found: labels.len(),
                    });
                }
                Some(labels)
            }
            None => None,
        };
        Ok((images, labels))
    };
    let train_part = read(train)?;
    let test_part = test.map(read).transpose()?;
    // A class may occur in one part alone.
    let all: Vec<&[u8]> = [Some(&train_part), test_part.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|(_, labels)| labels.as_deref())
        .collect();
    let classes = if all.is_empty() {
        Vec::new()
    } else {
        let labels = all.concat();
        named_classes(name, labels.len(), Some(&labels), Vec::new())?
    };
    let set = |(images, labels): (IdxImages, Option<Vec<u8>>)| {
        ImageSet::from_store(Store {
            name: name.to_owned(),
            shape: images.shape,
            count: images.count,
            classes: if labels.is_some() {
                classes.clone()
            } else {
                Vec::new()
            },
            labels,
            files: Vec::new(),
            notes: Vec::new(),
            pixels: images.pixels,
        })
    };
    let train_set = set(train_part);
    let test_set = test_part.map(set);
    if let Some((test_set, test)) = test_set.as_ref().zip(test)
        && test_set.shape() != train_set.shape()
    {
        return Err(DataError::ShapeMismatch {
            what: test.display().to_string(),
            expected: train_set.shape(),
            found: test_set.shape(),
        });
    }
    Ok(Dataset {
        name: name.to_owned(),
        train: train_set,
        test: test_set,
        skipped: Vec::new(),
        files: 0,
    })
}

/// The labels file that belongs to an images file, where there is one.
fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let labels = name
        .replace("images", "labels")
        .replace("idx3", "idx1")
        .replace("idx4", "idx1");
    if labels == name {
        return None;
    }
    let plain = labels.strip_suffix(".gz").unwrap_or(&labels);
    let candidates = [labels.clone(), plain.to_owned(), format!("{plain}.gz")];
    candidates
        .into_iter()
        .map(|candidate| images.with_file_name(candidate))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
