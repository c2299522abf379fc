//! Sets of images as the codec takes them: gray, of one shape or pictures of any sizes.

use std::collections::HashMap;
use std::io;
use std::path::{Component, Path};

use ae_codec::{
    ChunkCodec as _, CodecError, Encoder, EncoderSettings, ImageShape, LosslessModel,
    TrainingImages,
};
use ae_data::{Image, ImageSet};

use super::container::Counted;
use super::destination::unpacked_name;
use crate::error::{CliError, Status};

/// A set that was opened for patches is of pictures of any sizes, and any patch will do.
pub(crate) const ANY_PATCH: usize = 1;

/// The shape of a set's images as the codec has it.
///
/// # Errors
/// They are in color, or too large.
pub(crate) fn codec_shape(set: &ImageSet) -> Result<ImageShape, CliError> {
    check_gray(set)?;
    let shape = set.shape();
    let side = |side: usize| u16::try_from(side).ok().filter(|&side| side <= 1024);
    side(shape.height)
        .zip(side(shape.width))
        .and_then(|(height, width)| ImageShape::new(height, width))
        .ok_or_else(|| {
            let reason = format!(
                "images of {}x{}, but a model for images of one size is for sides up to 1024",
                shape.width, shape.height
            );
            CliError::failure(Status::Data, set.name(), reason)
                .hint("ae train --model pixel --patch 64 makes one for pictures of any sizes")
        })
}

/// Whether images of this shape are too large for a model of one shape.
pub(crate) fn is_large(set: &ImageSet) -> bool {
    let shape = set.shape();
    shape.height.max(shape.width) > 1024
}

/// Refuses images in color.
///
/// # Errors
/// They are.
pub(crate) fn check_gray(set: &ImageSet) -> Result<(), CliError> {
    let channels = set.shape().channels;
    if channels == 1 {
        return Ok(());
    }
    let reason = format!("images of {channels} channels, but the codec is for gray ones");
    Err(CliError::failure(Status::Data, set.name(), reason)
        .hint("--channels gray makes them gray, which is what is kept of them then"))
}

/// How many images or pictures there are to code.
pub(crate) fn coded_count(set: &ImageSet) -> usize {
    match set.is_of_patches() {
        true => set.picture_count(),
        false => set.len(),
    }
}

/// An image, or a whole picture of a set of patches.
///
/// # Errors
/// It cannot be read, or is larger than the codec takes.
pub(crate) fn coded_image(set: &ImageSet, index: usize) -> Result<(Image, ImageShape), CliError> {
    let image = match set.is_of_patches() {
        true => set.picture(index)?,
        false => set.image(index)?,
    };
    let codec_shape = shape_of(&format!("{}: image {index}", set.name()), &image)?;
    Ok((image, codec_shape))
}

/// The shape of a gray image as the codec has it; `name` is what errors call it.
///
/// # Errors
/// It is in color, or larger than the codec takes.
pub(crate) fn shape_of(name: &str, image: &Image) -> Result<ImageShape, CliError> {
    let shape = image.shape();
    let side = |side: usize| u16::try_from(side).ok();
    let found = side(shape.height)
        .zip(side(shape.width))
        .and_then(|(height, width)| ImageShape::new(height, width))
        .filter(|_| shape.channels == 1);
    found.ok_or_else(|| {
        let reason = format!("of {shape}, but the codec is for gray images of sides up to 65535");
        CliError::failure(Status::Data, name, reason)
    })
}

/// The middle of an image, of at most so many rows and columns.
///
/// # Errors
/// Never, of an image that is one.
pub(crate) fn middle(image: &Image, most: [usize; 2]) -> Result<Image, CliError> {
    let shape = image.shape();
    let (height, width) = (shape.height.min(most[0]), shape.width.min(most[1]));
    let (top, left) = ((shape.height - height) / 2, (shape.width - width) / 2);
    let channels = image.pixels().chunks_exact(shape.pixels());
    let pixels = channels.flat_map(|pixels| {
        let lines = pixels.chunks_exact(shape.width).skip(top).take(height);
        lines.flat_map(|line| &line[left..left + width]).copied()
    });
    let shape = ae_data::ImageShape::new(shape.channels, height, width);
    Ok(Image::new(shape, pixels.collect())?)
}

/// The images of a set as the codec's trainers read them: those of one shape as they are; patches anew at each visit.
pub(crate) struct TrainedOn<'a> {
    set: &'a ImageSet,
    shape: ImageShape,
}

impl<'a> TrainedOn<'a> {
    /// The images of a set, all of `shape`.
    pub(crate) fn new(set: &'a ImageSet, shape: ImageShape) -> Self {
        Self { set, shape }
    }
}

impl TrainingImages for TrainedOn<'_> {
    fn count(&self) -> usize {
        self.set.len()
    }

    fn shape(&self, _index: usize) -> ImageShape {
        self.shape
    }

    fn read(&self, visit: u64, index: usize, pixels: &mut [u8]) -> io::Result<()> {
        let read = match self.changes() {
            true => self.set.in_epoch(visit).read_into(index, pixels),
            false => self.set.read_into(index, pixels),
        };
        read.map_err(io::Error::other)
    }

    fn changes(&self) -> bool {
        self.set.is_of_patches()
    }
}

/// The bits per pixel of a container of the set's images, or of the pictures that its patches are of, heads and checksums
/// counted; nothing of no images.
///
/// # Errors
/// An image cannot be read.
pub(crate) fn bits_per_pixel(
    model: &LosslessModel,
    set: &ImageSet,
) -> Result<Option<f64>, CliError> {
    let count = coded_count(set);
    if count == 0 {
        return Ok(None);
    }
    let settings = EncoderSettings {
        group: usual_group(model),
        is_verified: false,
        ..EncoderSettings::default()
    };
    let failed = |error: CodecError| CliError::from(error).about(Path::new(set.name()));
    let mut encoder = Encoder::new(Counted::new(io::sink()), model, &settings).map_err(failed)?;
    let mut pixels = 0;
    for index in 0..count {
        let (image, shape) = coded_image(set, index)?;
        pixels += shape.pixels() as u64;
        let pushed = encoder.push_of_shape(image.pixels(), shape, None);
        pushed.map_err(failed)?;
    }
    let bytes = encoder.finish().map_err(failed)?.bytes();
    Ok(Some(bytes as f64 * 8.0 / pixels as f64))
}

/// Images of a chunk where nothing is asked for: of pictures, whose heads weigh nothing beside them, one.
pub(crate) fn usual_group(model: &LosslessModel) -> usize {
    match model.shape() {
        Some(_) => EncoderSettings::default().group,
        None => 1,
    }
}

/// Bits per pixel of `images` that take `bytes`.
pub(crate) fn per_pixel(bytes: u64, images: u64, shape: ImageShape) -> f64 {
    bytes as f64 * 8.0 / (images as f64 * shape.pixels() as f64)
}

/// An image's file as a name in a container: its folders and itself, divided by slashes on every system.
///
/// # Errors
/// It is no UTF-8.
pub(crate) fn stored_name(set: &ImageSet, file: &Path) -> Result<String, CliError> {
    let parts = file.components().map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let parts: Option<Vec<&str>> = parts.collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| {
        let reason = "its name is no UTF-8, which names in a container are";
        let what = format!("{}: {}", set.name(), file.display());
        CliError::failure(Status::Data, what, reason)
    })
}

/// Refuses names that would be one where the images are unpacked.
///
/// # Errors
/// Two are.
pub(crate) fn check_names(images: &ImageSet) -> Result<(), CliError> {
    let mut unpacked = HashMap::new();
    for file in (0..coded_count(images)).filter_map(|index| images.file(index)) {
        if let Some(other) = unpacked.insert(unpacked_name(file), file) {
            let what = format!("{}: {}", images.name(), file.display());
            let reason = match other == file {
                true => "two images have this name".to_owned(),
                false => format!("{} has the same name once it is unpacked", other.display()),
            };
            return Err(CliError::failure(Status::Data, what, reason).hint(
                "a file that cannot hold its image exactly gets .png at the end of its name",
            ));
        }
    }
    Ok(())
}
