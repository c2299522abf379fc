//! Arrays of images that NumPy saved: `.npy`, and `.npz` with labels and parts.

mod array;
mod axes;
mod entries;
mod header;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::image::{Channels, Decoded, Fitted, ImageShape, Size};
use crate::picture::{DeepRanges, Depths, Page, Samples};
use crate::set::{Dataset, ImageSet, Layout, LeftAside, Part, Pixels, Skipped, Store};
use crate::sources::files::tolerable;
use crate::sources::npy::array::{Array, Open, read_labels};
use crate::sources::npy::axes::Axes;
use crate::sources::npy::entries::{Entry, PartEntries, list, parts_of};
use crate::sources::npy::header::{Header, is_npy};
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;
use crate::sources::zip::{entry_reader, is_zip};

pub use crate::sources::npy::header::npy_header;

/// Arrays of images.
pub(crate) const NPY: Npy = Npy;

pub(crate) struct Npy;

impl Format for Npy {
    fn title(&self) -> &'static str {
        "a NumPy array"
    }

    fn summary(&self) -> &'static str {
        "`.npy` or `.npz` of count, height, width, with channels last or second; labels named `y` or `labels`"
    }

    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError> {
        Ok(match &place.content {
            Content::Plain(start) => is_npy(start) || is_npz(start),
            Content::Folder | Content::Gzipped(_) => false,
        })
    }

    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError> {
        let path = place.path;
        if is_npy(place.start()) {
            let open = move || -> Result<Box<dyn Read>, DataError> {
                let file = File::open(path).map_err(|error| DataError::read(path, error))?;
                Ok(Box::new(BufReader::new(file)))
            };
            let bytes = path
                .metadata()
                .map_err(|error| DataError::read(path, error))?
                .len();
            let array = Array::new(path, &open, bytes, &options.image.limits)?;
            let part = ArrayPart {
                part: Part::Train,
                array,
                labels: None,
                path: path.to_owned(),
            };
            return set_of(place, options, vec![part], Vec::new());
        }
        let (parts, left_aside) = parts_of(path, list(path)?, |entry| {
            let header = entry_reader(path, entry.index).and_then(|mut reader| {
                Header::read(&mut reader).map_err(|reason| DataError::decode(path, reason))
            });
            header.is_ok_and(|header| header.shape.len() > 2)
        })?;
        if parts.is_empty() {
            return Err(DataError::NoImages {
                path: path.to_owned(),
            });
        }
        let opens: Vec<Box<Open<'_>>> = parts
            .iter()
            .map(|part| {
                let index = part.images.index;
                Box::new(move || entry_reader(path, index)) as Box<Open<'_>>
            })
            .collect();
        let mut arrays = Vec::new();
        for (
            PartEntries {
                part,
                images,
                labels,
            },
            open,
        ) in parts.iter().zip(&opens)
        {
            let name = in_file(path, images);
            let array = Array::new(path, &**open, images.bytes, &options.image.limits)
                .map_err(|error| named(error, &name))?;
            let labels = match labels {
                Some(labels) => {
                    let open = || entry_reader(path, labels.index);
                    let read = read_labels(path, &open, 1 << 32);
                    Some(read.map_err(|error| named(error, &in_file(path, labels)))?)
                }
                None => None,
            };
            arrays.push(ArrayPart {
                part: *part,
                array,
                labels,
                path: name,
            });
        }
        set_of(place, options, arrays, left_aside)
    }
}

/// Whether a file begins as a zip archive whose first entry is an array.
fn is_npz(start: &[u8]) -> bool {
    // The local file header has the name's length at 26 and the name at 30.
    let name = start.get(26..28).and_then(|length| {
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        start.get(30..30 + length)
    });
    is_zip(start) && name.is_some_and(|name| name.ends_with(b".npy"))
}

/// A name for an array in a file, for messages.
fn in_file(path: &Path, entry: &Entry) -> PathBuf {
    path.join(&entry.name)
}

/// The same error, of an array in the file.
fn named(error: DataError, name: &Path) -> DataError {
    match error {
        DataError::Decode { reason, .. } => DataError::decode(name, reason),
        error => error,
    }
}

/// A part of the set: its images and labels.
struct ArrayPart<'a> {
    part: Part,
    array: Array<'a>,
    labels: Option<Vec<i64>>,
    path: PathBuf,
}

fn set_of(
    place: &Place<'_>,
    options: &OpenOptions,
    parts: Vec<ArrayPart<'_>>,
    left_aside: Vec<LeftAside>,
) -> Result<Dataset, DataError> {
    let mut depths = Depths::default();
    for part in &parts {
        part.array.for_each(|_, page| {
            if not_finite(&page) == 0 {
                depths.add(&Depths::of(&page));
            }
            Ok(())
        })?;
        if let Some(labels) = &part.labels
            && labels.len() != part.array.axes.count
        {
            return Err(DataError::CountMismatch {
                what: format!("labels of the images in {}", part.path.display()),
                expected: part.array.axes.count,
                found: labels.len(),
            });
        }
    }
    let asked = options.image.range;
    let ranges = depths
        .ranges(asked)
        .map_err(|reason| DataError::decode(place.path, reason))?;
    // A class may occur in one part alone.
    let values: BTreeSet<i64> = parts
        .iter()
        .filter_map(|part| part.labels.as_ref())
        .flatten()
        .copied()
        .collect();
    let values: Vec<i64> = values.into_iter().collect();
    let mut dataset: Option<Dataset> = None;
    let mut skipped = Vec::new();
    let mut words = Vec::new();
    let mut fitted = Fitted::default();
    for part in &parts {
        let axes = &part.array.axes;
        let counted = format!("{} images ({})", axes.count, axes.text());
        words.push(if parts.len() > 1 {
            format!("{} {counted}", part.part)
        } else {
            counted
        });
        let (set, more) = part.set(&place.name, options, &ranges, &values, &mut fitted)?;
        skipped.extend(more);
        match (&mut dataset, part.part) {
            (None, _) => dataset = Some(Dataset::new(&place.name, set, None)),
            (Some(dataset), Part::Validation) => dataset.validation = Some(set),
            (Some(dataset), _) => dataset.test = Some(set),
        }
    }
    let images: usize = parts.iter().map(|part| part.array.axes.count).sum();
    if skipped.len() > if options.strict { 0 } else { tolerable(images) } {
        return Err(DataError::TooManySkipped {
            path: place.path.to_owned(),
            skipped,
            files: images,
        });
    }
    let mut dataset = dataset.ok_or_else(|| DataError::NoImages {
        path: place.path.to_owned(),
    })?;
    let labels = if values.is_empty() {
        "no labels"
    } else {
        "with labels"
    };
    dataset.layout = Layout {
        recognized: format!("a NumPy array of {}, {labels}", words.join("; ")),
        left_aside,
        values: depths
            .notes_on_images(asked, &ranges)
            .into_iter()
            .chain(fitted.notes())
            .collect(),
    };
    dataset.skipped = skipped;
    dataset.value_range = depths.value_range(&ranges);
    Ok(dataset)
}

/// How many values are NaN or infinite.
fn not_finite(page: &Page) -> usize {
    match &page.samples {
        Samples::F32(values) => values.iter().filter(|value| !value.is_finite()).count(),
        Samples::U8(_) | Samples::U16(_) => 0,
    }
}

impl ArrayPart<'_> {
    /// The part's images, brought to what `options` ask for, which adds to `fitted`, and those that are skipped.
    fn set(
        &self,
        name: &str,
        options: &OpenOptions,
        ranges: &DeepRanges,
        values: &[i64],
        fitted: &mut Fitted,
    ) -> Result<(ImageSet, Vec<Skipped>), DataError> {
        let Axes {
            count,
            height,
            width,
            channels,
            ..
        } = self.array.axes;
        let own = if channels == 1 { 1 } else { 3 };
        let size = options.image.size.unwrap_or(Size { height, width });
        let channels = options.image.channels.map_or(own, Channels::count);
        let shape = ImageShape::new(channels, size.height, size.width);
        let bytes = (shape.values() as u64).saturating_mul(count as u64);
        if bytes > options.memory_bytes {
            return Err(DataError::TooLarge {
                path: self.path.clone(),
                found: format!("{count} images of {shape} are {bytes} bytes"),
                limit: format!("{} bytes in memory", options.memory_bytes),
            });
        }
        let (mut pixels, mut digests, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        let mut skipped = Vec::new();
        self.array.for_each(|index, page| {
            let bad = not_finite(&page);
            if bad > 0 {
                skipped.push(Skipped {
                    file: format!("{}[{index}]", self.path.display()),
                    reason: format!(
                        "{bad} of its {} values are NaN or infinite",
                        page.samples.len()
                    ),
                });
                return Ok(());
            }
            let decoded = Decoded::of_page(&page, ranges, &options.image);
            fitted.add(decoded.fitted);
            pixels.extend_from_slice(decoded.image.pixels());
            digests.push(decoded.digest);
            if let Some(all) = &self.labels {
                let class = values.binary_search(&all[index]).unwrap_or(0);
                labels.push(class as u32);
            }
            Ok(())
        })?;
        let set = ImageSet::from_store(Store {
            name: name.to_owned(),
            shape,
            count: digests.len(),
            classes: match self.labels {
                Some(_) => values.iter().map(i64::to_string).collect(),
                None => Vec::new(),
            },
            labels: self.labels.as_ref().map(|_| labels),
            files: Vec::new(),
            pixels: Pixels::Memory(pixels),
            digests: Some(digests),
            groups: None,
        });
        Ok((set, skipped))
    }
}
