//! Sets in shards that stay on the disk: gone through once, and then read image by image.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::DataError;
use crate::image::{Channels, ImageOptions, ImageShape};
use crate::picture::Depths;
use crate::set::{Dataset, ImageSet, Layout, Pixels, ShardFile, ShardImages, Store, named_classes};
use crate::sources::files::tolerable;
use crate::sources::options::{OpenOptions, Streaming};
use crate::sources::scan_shard::index_shard;
use crate::sources::shard_index::{ShardIndex, same_size};
use crate::sources::shards::{name_of_shards, number_of_shards, shards, unlike_labels};

/// The archives of a source that is to be streamed: shards, or one archive.
///
/// # Errors
/// [`DataError::NotStreamed`] where it is neither, and those of [`shards`].
pub fn streamed_archives(source: &str) -> Result<Vec<PathBuf>, DataError> {
    let path = Path::new(source);
    match shards(source)? {
        Some(paths) => Ok(paths),
        None if path.is_file() => Ok(vec![path.to_owned()]),
        None => Err(DataError::NotStreamed {
            path: path.to_owned(),
            reason: "it is no tar archive, no range or pattern of them and no folder of them alone",
        }),
    }
}

/// Opens archives as one set whose pixels stay on the disk.
///
/// # Errors
/// An archive can't be read, too many of its images can't, or the archives have images of different sizes or only some have
/// labels.
pub(crate) fn open_streamed(
    source: &str,
    options: &OpenOptions,
    streaming: &Streaming,
) -> Result<Dataset, DataError> {
    let paths = streamed_archives(source)?;
    if options.patch.is_some() {
        return Err(DataError::NotStreamed {
            path: source.into(),
            reason: "patches are cut from pictures in memory",
        });
    }
    let indexes = match &streaming.indexes {
        Some(indexes) => Arc::clone(indexes),
        None => {
            let indexes = paths.iter().map(|path| index_shard(path, options));
            indexes.collect::<Result<_, _>>()?
        }
    };
    if indexes.len() != paths.len() {
        return Err(DataError::CountMismatch {
            what: format!("shards of {source}"),
            expected: indexes.len(),
            found: paths.len(),
        });
    }
    assembled(source, &paths, &indexes, options, streaming)
}

fn assembled(
    source: &str,
    paths: &[PathBuf],
    indexes: &[ShardIndex],
    options: &OpenOptions,
    streaming: &Streaming,
) -> Result<Dataset, DataError> {
    let name = name_of_shards(paths);
    let shape = shape_of_all(source, paths, indexes)?;
    let has_labels = has_labels(paths, indexes)?;
    let in_folders: usize = indexes.iter().map(|index| index.in_folders).sum();
    let mut layout = Layout::recognized(format!("{}, streamed", number_of_shards(paths.len())));
    if in_folders > 0 {
        layout.values.push(format!(
            "images in folders of their archives: {in_folders}; streamed, folders name neither parts nor classes"
        ));
    }
    for index in indexes {
        layout.add(Layout {
            left_aside: index.left_aside.clone(),
            values: index.values.clone(),
            ..Layout::default()
        });
    }
    let images: usize = indexes.iter().map(|index| index.offsets.len()).sum();
    let (mut offsets, mut sizes) = (Vec::with_capacity(images), Vec::with_capacity(images));
    let mut digests = Vec::with_capacity(images);
    let mut labels = Vec::with_capacity(if has_labels { images } else { 0 });
    let mut skipped = Vec::new();
    let mut shards = Vec::with_capacity(paths.len());
    for (path, index) in paths.iter().zip(indexes) {
        if !index.offsets.is_empty() {
            shards.push(ShardFile {
                path: path.clone(),
                bytes: index.bytes,
                first: offsets.len(),
            });
        }
        offsets.extend_from_slice(&index.offsets);
        sizes.extend_from_slice(&index.sizes);
        digests.extend_from_slice(&index.digests);
        labels.extend_from_slice(&index.labels);
        skipped.extend_from_slice(&index.skipped);
    }
    let files = images + skipped.len();
    let allowed = if options.strict { 0 } else { tolerable(files) };
    if skipped.len() > allowed {
        return Err(DataError::TooManySkipped {
            path: source.into(),
            skipped,
            files,
        });
    }
    let labels = has_labels.then_some(labels);
    let classes = named_classes(&name, images, labels.as_deref(), Vec::new())?;
    let image_options = ImageOptions {
        channels: Some(if shape.channels == 1 {
            Channels::Gray
        } else {
            Channels::Rgb
        }),
        ..options.image
    };
    let ranges = Depths::default()
        .ranges(options.image.range)
        .unwrap_or_default();
    let set = ImageSet::from_store(Store {
        name: name.clone(),
        shape,
        count: images,
        labels,
        classes,
        files: Vec::new(),
        pixels: Pixels::Shards(ShardImages::new(
            shards,
            (offsets, sizes),
            image_options,
            ranges,
            streaming.shuffle_buffer,
        )),
        digests: Some(digests),
        groups: None,
    });
    Ok(Dataset {
        skipped,
        files,
        layout,
        ..Dataset::new(name, set, None)
    })
}

/// The shape that all images have, or are brought to: in color where any is.
fn shape_of_all(
    source: &str,
    paths: &[PathBuf],
    indexes: &[ShardIndex],
) -> Result<ImageShape, DataError> {
    let mut all: Option<(&Path, &str, ImageShape)> = None;
    for (path, index) in paths.iter().zip(indexes) {
        let Some((name, shape)) = &index.first else {
            continue;
        };
        match &mut all {
            None => all = Some((path, name, *shape)),
            Some((first, first_name, own)) => {
                same_size(first, (first_name, own), path, (name, shape))?;
                own.channels = own.channels.max(shape.channels);
            }
        }
    }
    match all {
        Some((_, _, shape)) => Ok(shape),
        None => Err(DataError::NoImages {
            path: source.into(),
        }),
    }
}

/// Whether all archives with images have labels, and not only some.
fn has_labels(paths: &[PathBuf], indexes: &[ShardIndex]) -> Result<bool, DataError> {
    let with_images = paths.iter().zip(indexes);
    let mut with_images = with_images.filter(|(_, index)| !index.offsets.is_empty());
    let is_labeled = |index: &ShardIndex| !index.labels.is_empty();
    let Some((_, first)) = with_images.next() else {
        return Ok(false);
    };
    match with_images.find(|(_, index)| is_labeled(index) != is_labeled(first)) {
        None => Ok(is_labeled(first)),
        Some((path, index)) => Err(DataError::decode(path, unlike_labels(is_labeled(index)))),
    }
}
