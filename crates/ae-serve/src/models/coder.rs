//! A model of the codec: gray images into a container, and back.

use std::collections::HashSet;
use std::io;

use ae_codec::{
    ChunkCodec as _, DecodedChunk, Decoder, DecoderSettings, Encoder, EncoderSettings,
    LosslessModel, Near,
};
use ae_data::{Image, ImageShape};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::limits::Limits;
use crate::models::stop::unwind_if_requested;
use crate::refusal::Refusal;

/// Chunks that are coded at once: what they take grows with them.
const CHUNKS_AT_ONCE: usize = 2;

/// A model of the codec, and the threads that it computes on.
#[derive(Debug)]
pub(crate) struct Coder {
    model: LosslessModel,
    pool: ThreadPool,
}

/// An image to compress, and its name where images have names.
pub(crate) type Named = (Image, Option<String>);

/// What images are compressed with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compression {
    /// How far levels may be from what they were.
    pub(crate) near: Near,
    /// Images of a chunk; nothing for the command's usual number.
    pub(crate) group: Option<usize>,
    /// Whether images have names.
    pub(crate) has_names: bool,
}

/// Images of a container.
#[derive(Debug, Default)]
pub(crate) struct Decompressed {
    pub(crate) images: Vec<Image>,
    /// A name for each image, or none at all.
    pub(crate) names: Vec<String>,
}

impl Coder {
    /// # Errors
    /// The system has no threads.
    pub(crate) fn new(model: LosslessModel) -> io::Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(CHUNKS_AT_ONCE)
            .thread_name(|_| "ae-codec".to_owned())
            .build();
        Ok(Self {
            model,
            pool: pool.map_err(io::Error::other)?,
        })
    }

    /// The images that it is for; nothing where it takes pictures of any sizes.
    pub(crate) fn shape(&self) -> Option<ImageShape> {
        let shape = self.model.shape()?;
        Some(ImageShape::new(1, shape.height(), shape.width()))
    }

    /// The container of gray images, of which one after the other is asked for.
    ///
    /// # Errors
    /// 422: an image is not gray or not of the model's shape, or two have one name. 413: they have more pixels together than a body may have bytes.
    /// What an image is refused with.
    pub(crate) fn compress(
        &self,
        images: impl Iterator<Item = Result<Named, Refusal>>,
        compression: Compression,
        limits: &Limits,
    ) -> Result<Vec<u8>, Refusal> {
        let usual_group = match self.model.shape() {
            Some(_) => EncoderSettings::default().group,
            None => 1,
        };
        let settings = EncoderSettings {
            group: compression.group.unwrap_or(usual_group),
            near: compression.near,
            has_names: compression.has_names,
            is_verified: true,
        };
        let mut encoder = Encoder::new(Vec::new(), &self.model, &settings)?;
        let mut pixels = 0;
        let mut names = HashSet::new();
        for named in images {
            unwind_if_requested();
            let (image, name) = named?;
            if let Some(name) = &name
                && !names.insert(name.clone())
            {
                return Err(Refusal::unusable(format!(
                    "two images are named {name}, which would be one file where they are unpacked"
                )));
            }
            pixels += image.shape().pixels() as u64;
            check_pixels(pixels, limits)?;
            let shape = self.codec_shape(image.shape())?;
            let push = || encoder.push_of_shape(image.pixels(), shape, name.as_deref());
            self.pool.install(push)?;
        }
        Ok(self.pool.install(|| encoder.finish())?)
    }

    /// The shape of an image as the codec has it, where the model takes it.
    fn codec_shape(&self, shape: ImageShape) -> Result<ae_codec::ImageShape, Refusal> {
        if shape.channels != 1 {
            return Err(Refusal::unusable(format!(
                "an image of {} channels, but the codec is for gray ones",
                shape.channels
            )));
        }
        match self.shape() {
            Some(expected) if expected != shape => {
                return Err(Refusal::unusable(format!(
                    "an image of {shape}, but the model codes those of {expected} (width x height x channels)"
                )));
            }
            _ => {}
        }
        let side = |side: usize| u16::try_from(side).ok();
        side(shape.height)
            .zip(side(shape.width))
            .and_then(|(height, width)| ae_codec::ImageShape::new(height, width))
            .ok_or_else(|| Refusal::too_large(format!("an image of {shape} has too long a side")))
    }

    /// The images in a container.
    ///
    /// # Errors
    /// 422: it is none, is damaged, holds no image, or was made with another model. 413: there are too many images in it, too
    /// large ones, or more pixels together than a body may have bytes.
    pub(crate) fn decompress(
        &self,
        container: &[u8],
        limits: &Limits,
    ) -> Result<Decompressed, Refusal> {
        let settings = DecoderSettings {
            chunk_limit: usize::try_from(limits.max_pixels).unwrap_or(usize::MAX),
            ..DecoderSettings::default()
        };
        let mut decoder = Decoder::new(container, &self.model, &settings)?;
        let mut found = Decompressed::default();
        let mut pixels = 0;
        while let Some(chunk) = self.pool.install(|| decoder.next()) {
            unwind_if_requested();
            let chunk = chunk?;
            pixels += chunk.pixels.len() as u64;
            check_pixels(pixels, limits)?;
            found.add(chunk)?;
            if found.images.len() > limits.max_images {
                return Err(Refusal::too_large(format!(
                    "more than {} images in the container",
                    limits.max_images
                )));
            }
        }
        match found.images.is_empty() {
            true => Err(Refusal::unusable("the container has no image in it")),
            false => Ok(found),
        }
    }
}

impl Decompressed {
    fn add(&mut self, chunk: DecodedChunk) -> Result<(), Refusal> {
        let mut left = &chunk.pixels[..];
        for shape in &chunk.shapes {
            let (pixels, rest) = left.split_at(shape.pixels());
            left = rest;
            let shape = ImageShape::new(1, shape.height(), shape.width());
            self.images.push(Image::new(shape, pixels.to_vec())?);
        }
        self.names.extend(chunk.names);
        Ok(())
    }

    /// Whether all images have one shape.
    pub(crate) fn is_of_one_shape(&self) -> bool {
        let mut pairs = self.images.windows(2);
        pairs.all(|pair| pair[0].shape() == pair[1].shape())
    }
}

/// Checks the pixels of all images together.
fn check_pixels(pixels: u64, limits: &Limits) -> Result<(), Refusal> {
    match pixels <= limits.max_body_bytes {
        true => Ok(()),
        false => Err(Refusal::too_large(format!(
            "the images have more than {} pixels together",
            limits.max_body_bytes
        ))),
    }
}
