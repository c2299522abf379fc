//! From a stream of decoded files to a data set.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::image::{Channels, Image, ImageDigest, ImageOptions, ImageShape};
use crate::set::{Dataset, ImageSet, Pixels, Skipped, Store};
use crate::sources::files::layout::{Layout, Part};
use crate::sources::options::OpenOptions;

/// What becomes of a set that does not fit in memory.
pub(crate) enum Overflow {
    /// Its files, in this folder, are decoded again whenever an image is read.
    DecodeAgain(PathBuf),
    /// It is refused: its files cannot be read again one by one.
    Refuse,
}

/// Takes decoded files one by one and makes a set of them.
pub(crate) struct Collector<'a> {
    options: &'a OpenOptions,
    path: &'a Path,
    overflow: Overflow,
    /// The first image's shape, with as many channels as any image so far.
    shape: Option<ImageShape>,
    /// Empty from the moment that the pixels no longer fit.
    pixels: Vec<u8>,
    in_memory: bool,
    files: Vec<PathBuf>,
    digests: Vec<ImageDigest>,
    skipped: Vec<Skipped>,
}

impl<'a> Collector<'a> {
    /// A collector for the set at `path`.
    pub(crate) fn new(path: &'a Path, options: &'a OpenOptions, overflow: Overflow) -> Self {
        Self {
            options,
            path,
            overflow,
            shape: None,
            pixels: Vec::new(),
            in_memory: true,
            files: Vec::new(),
            digests: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Takes the next file, or the reason why it cannot be read.
    pub(crate) fn add(
        &mut self,
        file: PathBuf,
        image: Result<(Image, ImageDigest), DataError>,
    ) -> Result<(), DataError> {
        let (image, digest) = match image {
            Ok(image) => image,
            Err(error) => {
                self.skip(&file, error.reason());
                return Ok(());
            }
        };
        let shape = image.shape();
        let own = *self.shape.get_or_insert(shape);
        if shape.size() != own.size() {
            return Err(DataError::SizesDiffer {
                first: self.path.join(&self.files[0]),
                first_size: own.size(),
                path: self.path.join(&file),
                size: shape.size(),
            });
        }
        // One image in color makes a set in color.
        let image = match (own.channels, shape.channels) {
            (1, 3) => {
                self.shape = Some(shape);
                self.make_room(self.files.len() + 1, shape)?;
                let gray = std::mem::take(&mut self.pixels);
                self.pixels = gray
                    .chunks_exact(shape.pixels().max(1))
                    .flat_map(|image| image.repeat(3))
                    .collect();
                image
            }
            (3, 1) => image.with_channels(Channels::Rgb),
            _ => image,
        };
        self.files.push(file);
        self.digests.push(digest);
        self.make_room(self.files.len(), image.shape())?;
        if self.in_memory {
            self.pixels.extend_from_slice(image.pixels());
        }
        Ok(())
    }

    /// Notes a file that is passed over.
    pub(crate) fn skip(&mut self, file: &Path, reason: String) {
        self.skipped.push(Skipped {
            file: file.to_string_lossy().into_owned(),
            reason,
        });
    }

    /// Gives up keeping the pixels, or the whole set, when `images` of `shape` take more memory than allowed.
    fn make_room(&mut self, images: usize, shape: ImageShape) -> Result<(), DataError> {
        let bytes = shape.values() as u64 * images as u64;
        if !self.in_memory || bytes <= self.options.memory_bytes {
            return Ok(());
        }
        if matches!(self.overflow, Overflow::Refuse) {
            return Err(DataError::TooLarge {
                path: self.path.to_owned(),
                found: format!("more than {} images of {shape}", images - 1),
                limit: format!(
                    "{} bytes in memory (unpacked files stay on the disk)",
                    self.options.memory_bytes
                ),
            });
        }
        self.in_memory = false;
        self.pixels = Vec::new();
        Ok(())
    }

    /// The set of all files taken, sorted by name, or an error when too many could not be read.
    pub(crate) fn finish(mut self, name: &str) -> Result<Dataset, DataError> {
        self.skipped.sort_by(|a, b| a.file.cmp(&b.file));
        let files = self.files.len() + self.skipped.len();
        let allowed = if self.options.strict {
            0
        } else {
            tolerable(files)
        };
        if self.skipped.len() > allowed {
            return Err(DataError::TooManySkipped {
                path: self.path.to_owned(),
                skipped: self.skipped,
                files,
            });
        }
        let Some(shape) = self.shape else {
            return Err(DataError::NoImages {
                path: self.path.to_owned(),
            });
        };
        let layout = Layout::of(&self.files);
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by(|&a, &b| self.files[a].cmp(&self.files[b]));
        let pixels = match self.overflow {
            Overflow::DecodeAgain(folder) if !self.in_memory => {
                let channels = if shape.channels == 1 {
                    Channels::Gray
                } else {
                    Channels::Rgb
                };
                let options = ImageOptions {
                    channels: Some(channels),
                    ..self.options.image
                };
                Pixels::Files { folder, options }
            }
            _ => Pixels::Memory(self.pixels),
        };
        let all = ImageSet::from_store(Store {
            name: name.to_owned(),
            shape,
            count: self.files.len(),
            labels: layout.labels,
            classes: layout.classes,
            files: self.files,
            pixels,
            digests: Some(self.digests),
            groups: None,
        });
        let of_part = |part| {
            let indices = order
                .iter()
                .copied()
                .filter(|&index| layout.parts[index] == part);
            all.subset(indices.collect())
        };
        let test = of_part(Part::Test);
        Ok(Dataset {
            skipped: self.skipped,
            files,
            ..Dataset::new(
                name,
                of_part(Part::Train),
                (!test.is_empty()).then_some(test),
            )
        })
    }
}

/// How many of `files` may be unreadable: one in a hundred, and one in a set of ten or more.
fn tolerable(files: usize) -> usize {
    (files / 100).max(usize::from(files >= 10))
}
