//! From a stream of decoded files to a data set.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::image::{Channels, Decoded, Fitted, ImageDigest, ImageOptions, ImageShape};
use crate::picture::{DeepRanges, Depths, PictureReader, page_name};
use crate::set::{Dataset, ImageSet, Layout, Part, Pixels, Skipped, Store};
use crate::sources::files::arrangement::{Arrangement, Role};
use crate::sources::files::beside::Beside;
use crate::sources::files::description::{left_aside, recognized};
use crate::sources::files::file_images::{FileImages, in_order};
use crate::sources::files::pictures::Pictures;
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
    /// Where patches are to be cut from them, in place of the two: pictures of any sizes.
    pictures: Option<Pictures>,
    files: Vec<PathBuf>,
    digests: Vec<ImageDigest>,
    skipped: Vec<Skipped>,
    /// The values of deep pictures, as far as they were known before, and those of the files so far.
    known: Depths,
    seen: Depths,
    /// What the pictures so far lost as images.
    fitted: Fitted,
    /// What deep pictures' values are taken for.
    ranges: DeepRanges,
}

impl<'a> Collector<'a> {
    /// A collector for the set at `path`, of whose deep pictures' values so much is known.
    pub(crate) fn new(
        path: &'a Path,
        options: &'a OpenOptions,
        overflow: Overflow,
        known: Depths,
    ) -> Self {
        Self {
            ranges: ranges_of(&known, options),
            known,
            seen: Depths::default(),
            fitted: Fitted::default(),
            options,
            path,
            overflow,
            shape: None,
            pixels: Vec::new(),
            in_memory: true,
            pictures: options.patch.map(|_| Pictures::new(options.memory_bytes)),
            files: Vec::new(),
            digests: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// What deep pictures' values are taken for.
    pub(crate) fn ranges(&self) -> DeepRanges {
        self.ranges
    }

    /// What is known of deep pictures' values, where that is more than their range was made of: everything has to be
    /// read again with a new collector.
    pub(crate) fn outgrown(&self) -> Option<Depths> {
        let mut known = self.known;
        known.add(&self.seen);
        (ranges_of(&known, self.options) != self.ranges).then_some(known)
    }

    /// Takes the images of the next file, which `open` opens again where they are several.
    pub(crate) fn add_file(
        &mut self,
        file: PathBuf,
        images: FileImages,
        open: impl FnOnce() -> Result<PictureReader, DataError>,
    ) -> Result<(), DataError> {
        let pages = match images {
            FileImages::One(image) => return self.add(file, image),
            FileImages::Several(pages) => pages,
        };
        let mut reader = match open() {
            Ok(reader) => reader,
            Err(error) => return self.add(file, Err(error)),
        };
        for page in 0..pages.min(reader.page_count()) {
            let image = reader
                .raw_page(page)
                .map(|page| Decoded::of_page(&page, &self.ranges, &self.options.image));
            self.add(page_name(&file, page), image)?;
            if self.outgrown().is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Takes the next image, or the reason why it cannot be read.
    pub(crate) fn add(
        &mut self,
        file: PathBuf,
        image: Result<Decoded, DataError>,
    ) -> Result<(), DataError> {
        let Decoded {
            image,
            digest,
            depths,
            fitted,
        } = match image {
            Ok(image) => image,
            Err(error) => {
                self.skip(&file, error.reason());
                return Ok(());
            }
        };
        self.seen.add(&depths);
        self.fitted.add(fitted);
        if let Some(pictures) = &mut self.pictures {
            pictures.push(image, self.path)?;
            self.files.push(file);
            self.digests.push(digest);
            return Ok(());
        }
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

    /// The set of all files taken that are images of it, sorted by name, or an error when too many could not be read.
    pub(crate) fn finish(mut self, name: &str, beside: Beside) -> Result<Dataset, DataError> {
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
        let own_sizes = self.pictures.take().and_then(Pictures::finish);
        let (shape, pictures) = match own_sizes {
            Some((shape, pictures)) => (Some(shape), Some(pictures)),
            None => (self.shape, None),
        };
        let Some(shape) = shape else {
            return Err(DataError::NoImages {
                path: self.path.to_owned(),
            });
        };
        let asked = self.options.image.range;
        let broken = |reason| DataError::decode(self.path, reason);
        let ranges = self.seen.ranges(asked).map_err(broken)?;
        let arrangement = Arrangement::of(self.path, &self.files)?;
        let labels = arrangement.labels();
        let classes = labels.as_ref().map(|(_, classes)| classes.as_slice());
        let mut layout = Layout {
            recognized: recognized(&arrangement, classes),
            left_aside: left_aside(&arrangement),
            values: self.seen.notes_on_images(asked, &ranges),
        };
        layout.values.extend(self.fitted.notes());
        layout.left_aside.extend(beside.left_aside);
        // Of an archive, masks and the like were decoded, too.
        let files = self.skipped.len() + arrangement.images();
        let parts: Vec<Option<Part>> = arrangement.roles.iter().map(Role::part).collect();
        let (labels, classes) = labels.unzip();
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by(|&a, &b| in_order(&self.files[a], &self.files[b]));
        let pixels = match (pictures, self.overflow) {
            (Some(pictures), _) => Pixels::Pictures(pictures),
            (None, Overflow::DecodeAgain(folder)) if !self.in_memory => {
                let channels = if shape.channels == 1 {
                    Channels::Gray
                } else {
                    Channels::Rgb
                };
                let options = ImageOptions {
                    channels: Some(channels),
                    ..self.options.image
                };
                Pixels::Files {
                    folder,
                    options,
                    ranges,
                }
            }
            _ => Pixels::Memory(self.pixels),
        };
        let all = ImageSet::from_store(Store {
            name: name.to_owned(),
            shape,
            count: self.files.len(),
            labels,
            classes: classes.unwrap_or_default(),
            files: self.files,
            pixels,
            digests: Some(self.digests),
            groups: None,
        });
        let of_part = |part| {
            let indices = order.iter().copied();
            all.subset(
                indices
                    .filter(|&index| parts[index] == Some(part))
                    .collect(),
            )
        };
        let own = |part| Some(of_part(part)).filter(|set| !set.is_empty());
        Ok(Dataset {
            validation: own(Part::Validation),
            skipped: self.skipped,
            files,
            value_range: self.seen.value_range(&ranges),
            layout,
            masks: beside.masks,
            ..Dataset::new(name, of_part(Part::Train), own(Part::Test))
        })
    }
}

/// What deep pictures' values look like so far; as usual where they look like nothing that is.
fn ranges_of(depths: &Depths, options: &OpenOptions) -> DeepRanges {
    depths.ranges(options.image.range).unwrap_or_default()
}

/// How many of `files` may be unreadable: one in a hundred, and one in a set of ten or more.
pub(crate) fn tolerable(files: usize) -> usize {
    (files / 100).max(usize::from(files >= 10))
}
