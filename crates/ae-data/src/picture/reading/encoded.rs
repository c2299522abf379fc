//! Formats that are read from the bytes of a whole file: all but TIFF.

use std::fmt;
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::image::codecs::gif::GifDecoder;
use ::image::codecs::png::PngDecoder;
use ::image::codecs::webp::WebPDecoder;
use ::image::metadata::Orientation;
use ::image::{
    AnimationDecoder, ColorType, DynamicImage, Frames, ImageDecoder, ImageError, ImageReader,
    Limits,
};

use crate::error::DataError;
use crate::image::{ImageLimits, Size};
use crate::picture::format::PictureFormat;
use crate::picture::metadata::PictureMetadata;
use crate::picture::page::{Page, Samples};
use crate::picture::reading::left_out::{CMYK, STILL, TEXTS, XMP};
use crate::picture::reading::limits::check_size;
use crate::picture::reading::upright::{turns_sides, upright};
use crate::picture::reading::{bmp, gif, jpeg, png, pnm, webp};

/// A file's bytes, of which the structure has been checked.
pub(crate) struct Encoded {
    bytes: Arc<[u8]>,
    format: PictureFormat,
    limits: ImageLimits,
    color: ColorType,
    size: (u64, u64),
    orientation: Orientation,
    /// Frames of an animation; 0 of what stands still.
    frames: usize,
    /// The frames that are still to come, and the number of the next one.
    coming: Option<(usize, Frames<'static>)>,
    /// What of the file is not read, a sentence each.
    left_out: Vec<&'static str>,
}

impl Encoded {
    /// Looks at a file: whether its end is there, and what it says of itself.
    ///
    /// # Errors
    /// It is truncated, damaged or too large.
    pub(crate) fn open(
        bytes: Arc<[u8]>,
        format: PictureFormat,
        path: &Path,
        limits: &ImageLimits,
    ) -> Result<(Self, PictureMetadata), DataError> {
        let broken = |reason: &str| DataError::decode(path, reason);
        let mut encoded = Self {
            bytes,
            format,
            limits: *limits,
            color: ColorType::L8,
            size: (0, 0),
            orientation: Orientation::NoTransforms,
            frames: 0,
            coming: None,
            left_out: Vec::new(),
        };
        let mut metadata = PictureMetadata::new(format, 8);
        let mut is_gray_palette = false;
        match format {
            PictureFormat::Jpeg => {
                let markers = jpeg::read_markers(&encoded.bytes).map_err(broken)?;
                metadata.jpeg = markers.coding;
                metadata.resolution = markers.resolution;
                encoded.leaves_out(markers.has_xmp, XMP);
                encoded.leaves_out(markers.has_comment, TEXTS);
                let header = jpeg::read_header(&encoded.bytes).map_err(|reason| broken(&reason))?;
                encoded.leaves_out(header.is_cmyk, CMYK);
                encoded.color = if header.channels == 1 {
                    ColorType::L8
                } else {
                    ColorType::Rgb8
                };
                encoded.size = (header.width as u64, header.height as u64);
                metadata.icc_profile = header.icc_profile;
                metadata.exif = header.exif;
            }
            PictureFormat::Png => {
                let chunks = png::read_chunks(&encoded.bytes).map_err(broken)?;
                metadata.resolution = chunks.resolution;
                metadata.png_colors = chunks.colors;
                encoded.leaves_out(chunks.has_still, STILL);
                encoded.leaves_out(chunks.has_xmp, XMP);
                encoded.leaves_out(chunks.has_texts, TEXTS);
                if let Some((frames, plays)) = chunks.animation.filter(|(frames, _)| *frames > 1) {
                    encoded.frames = frames as usize;
                    metadata.plays = Some(plays);
                }
            }
            PictureFormat::Gif => {
                let blocks = gif::read_blocks(&encoded.bytes).map_err(broken)?;
                encoded.leaves_out(blocks.has_texts, TEXTS);
                if blocks.frames > 1 {
                    encoded.frames = blocks.frames;
                    metadata.plays = Some(blocks.plays.unwrap_or(1));
                }
            }
            PictureFormat::WebP => {
                let chunks = webp::read_chunks(&encoded.bytes).map_err(broken)?;
                encoded.leaves_out(chunks.has_xmp, XMP);
                if chunks.frames > 1 {
                    encoded.frames = chunks.frames;
                    metadata.plays = chunks.plays;
                }
            }
            PictureFormat::Bmp => {
                let header = bmp::read_header(&encoded.bytes);
                metadata.resolution = header.resolution;
                is_gray_palette = header.is_gray;
            }
            _ => {}
        }
        if format != PictureFormat::Jpeg {
            let error = |error| broken(&reason(error));
            let mut decoder = encoded.decoder().map_err(error)?;
            let (width, height) = decoder.dimensions();
            let size = (width.into(), height.into());
            let color = decoder.color_type();
            // What is damaged beside the pixels is left out.
            metadata.icc_profile = decoder.icc_profile().unwrap_or(None);
            metadata.exif = decoder.exif_metadata().unwrap_or(None);
            drop(decoder);
            let color = match color {
                ColorType::Rgb8 if is_gray_palette => ColorType::L8,
                color => color,
            };
            (encoded.size, encoded.color) = (size, color);
        }
        check_size(
            path,
            encoded.size,
            encoded.color.bytes_per_pixel().into(),
            limits,
        )?;
        metadata.bits = match encoded.color {
            ColorType::Rgb32F | ColorType::Rgba32F => 32,
            color if color.bytes_per_pixel() > color.channel_count() => 16,
            _ => 8,
        };
        if let Some(exif) = &mut metadata.exif {
            let turned = Orientation::remove_from_exif_chunk(exif);
            encoded.orientation = turned.unwrap_or(Orientation::NoTransforms);
            let (width, height) = encoded.size;
            let [width, height] = [width, height].map(|length| length as usize);
            match turns_sides(encoded.orientation) {
                true => metadata.set_size(height, width),
                false => metadata.set_size(width, height),
            }
        }
        Ok((encoded, metadata))
    }

    fn leaves_out(&mut self, is_there: bool, sentence: &'static str) {
        self.left_out.extend(is_there.then_some(sentence));
    }

    /// What of the file is not read, a sentence each.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = String> {
        self.left_out.iter().copied().map(str::to_owned)
    }

    /// How many pages there are.
    pub(crate) fn count(&self) -> usize {
        self.frames.max(1)
    }

    /// Decodes a page.
    pub(crate) fn read(&mut self, index: usize) -> Result<Page, String> {
        let page = if self.frames > 0 {
            self.frame(index)?
        } else if self.format == PictureFormat::Jpeg {
            self.jpeg()?
        } else {
            let decoded = self.decoder().and_then(DynamicImage::from_decoder);
            let mut decoded = decoded.map_err(reason)?;
            if self.format == PictureFormat::Bmp && self.color == ColorType::L8 {
                decoded = decoded.into_luma8().into();
            }
            let mut page = Page::from_dynamic(decoded);
            if self.format == PictureFormat::Pnm
                && let Some(highest) = pnm::highest(&self.bytes)
            {
                pnm::bring_to_range(&mut page, highest);
            }
            page
        };
        Ok(upright(page, self.orientation))
    }

    fn jpeg(&self) -> Result<Page, String> {
        let samples = Samples::U8(jpeg::decode(&self.bytes)?);
        let size = Size {
            height: self.size.1 as usize,
            width: self.size.0 as usize,
        };
        let channels = usize::from(self.color.channel_count());
        if samples.len() != size.height * size.width * channels {
            return Err("the JPEG has fewer values than its size asks for".to_owned());
        }
        Ok(Page {
            size,
            channels,
            range: samples.full_range(),
            samples,
            delay: None,
        })
    }

    /// A frame as it is seen, whatever the frames before it left there.
    fn frame(&mut self, index: usize) -> Result<Page, String> {
        let (mut next, mut frames) = match self.coming.take() {
            Some((next, frames)) if next <= index => (next, frames),
            _ => (0, self.start()?),
        };
        loop {
            let frame = frames
                .next()
                .ok_or_else(|| format!("the animation has no frame {next}"))?
                .map_err(reason)?;
            next += 1;
            if next <= index {
                continue;
            }
            let delay = Duration::from(frame.delay());
            let picture = DynamicImage::from(frame.into_buffer());
            let picture = match (self.color.has_color(), self.color.has_alpha()) {
                (true, true) => picture,
                (true, false) => picture.to_rgb8().into(),
                (false, true) => picture.to_luma_alpha8().into(),
                (false, false) => picture.to_luma8().into(),
            };
            self.coming = Some((next, frames));
            return Ok(Page {
                delay: Some(delay),
                ..Page::from_dynamic(picture)
            });
        }
    }

    /// The frames from the first one on.
    fn start(&self) -> Result<Frames<'static>, String> {
        let bytes = Cursor::new(Arc::clone(&self.bytes));
        let frames = match self.format {
            PictureFormat::Gif => GifDecoder::new(bytes).and_then(|mut decoder| {
                decoder.set_limits(self.decoding_limits())?;
                Ok(decoder.into_frames())
            }),
            PictureFormat::WebP => WebPDecoder::new(bytes).map(AnimationDecoder::into_frames),
            _ => PngDecoder::with_limits(bytes, self.decoding_limits())
                .and_then(PngDecoder::apng)
                .map(AnimationDecoder::into_frames),
        };
        frames.map_err(reason)
    }

    fn decoding_limits(&self) -> Limits {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(self.limits.max_decoded_bytes);
        limits
    }

    fn decoder(&self) -> Result<impl ImageDecoder + use<>, ImageError> {
        let bytes = Cursor::new(Arc::clone(&self.bytes));
        let mut reader = ImageReader::with_format(bytes, self.format.of_image_crate());
        reader.limits(self.decoding_limits());
        reader.into_decoder()
    }
}

/// What is wrong with a file.
fn reason(error: ImageError) -> String {
    match error {
        ImageError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the file is truncated".to_owned()
        }
        error => error.to_string(),
    }
}

impl fmt::Debug for Encoded {
    /// What the file is, without its bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded")
            .field("format", &self.format)
            .field("size", &self.size)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}
