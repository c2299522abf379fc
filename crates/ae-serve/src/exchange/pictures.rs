//! Pictures' files in bodies: decoding them within limits, and encoding them.

use std::path::{Path, PathBuf};

use ae_data::{
    Image, ImageLimits, Page, PictureFormat, PictureMetadata, PictureReader, PictureWriter, Samples,
};
use axum::body::Bytes;

use crate::exchange::form::Form;
use crate::refusal::Refusal;

/// A picture's file as it came.
#[derive(Debug, Clone)]
pub(crate) struct PictureFile {
    /// What it is called in answers and errors.
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) bytes: Bytes,
}

/// A picture, decoded.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) page: Page,
    pub(crate) metadata: PictureMetadata,
}

impl PictureFile {
    /// Takes the bytes for a picture's file.
    ///
    /// # Errors
    /// 415: they are no PNG, JPEG or WebP, or another of these than they are called.
    pub(crate) fn new(name: String, called: Option<Form>, bytes: Bytes) -> Result<Self, Refusal> {
        let found = Form::of_bytes(&bytes).filter(|form| form.is_picture());
        let Some(form) = found else {
            return Err(Refusal::unsupported(format!(
                "{name} is no PNG, JPEG or WebP by its first bytes"
            )));
        };
        if let Some(called) = called
            && called != form
        {
            return Err(Refusal::unsupported(format!(
                "{name} is called {} and is {} by its first bytes",
                called.media_type(),
                form.media_type()
            )));
        }
        Ok(Self { name, form, bytes })
    }

    /// What errors call it.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(&self.name)
    }

    /// Decodes it.
    ///
    /// # Errors
    /// 413 where it has more pixels than allowed, 422 where it cannot be decoded or has several pages.
    pub(crate) fn decode(&self, limits: &ImageLimits) -> Result<Picture, Refusal> {
        let mut reader = PictureReader::from_bytes(self.bytes.to_vec(), &self.path(), limits)?;
        let pages = reader.page_count();
        if pages != 1 {
            return Err(Refusal::unusable(format!(
                "{} has {pages} pages or frames, and one is taken",
                self.name
            )));
        }
        Ok(Picture {
            page: reader.page(0)?,
            metadata: reader.metadata().clone(),
        })
    }
}

impl Picture {
    /// A picture of which no file says anything.
    pub(crate) fn of_page(page: Page) -> Self {
        let bits = page.samples.bits();
        Self {
            page,
            metadata: PictureMetadata::new(PictureFormat::Png, bits),
        }
    }

    /// Encodes it, with what its file said as far as the form holds it.
    ///
    /// # Errors
    /// 422 where the form does not hold it.
    pub(crate) fn encode(self, form: Form) -> Result<Vec<u8>, Refusal> {
        let name = format!("answer.{}", form.extension());
        let path = Path::new(&name);
        let writer = PictureWriter::new(path, &self.metadata, 1, None)?;
        let mut page = Some(self.page);
        let written = writer.encode(|_| {
            page.take()
                .ok_or_else(|| Refusal::internal("a page was asked for twice"))
        });
        written.map(|(bytes, _)| bytes)
    }
}

/// Encodes an image.
///
/// # Errors
/// 422 where the form does not hold it: it is neither gray nor in color.
pub(crate) fn encode_image(image: &Image, form: Form) -> Result<Vec<u8>, Refusal> {
    if form == Form::Png {
        return Ok(image.to_png()?);
    }
    let shape = image.shape();
    if !matches!(shape.channels, 1 | 3) {
        return Err(Refusal::unusable(format!(
            "{} channels are neither gray nor color; ask for application/x-npy",
            shape.channels
        )));
    }
    let samples = Samples::U8(image.interleaved());
    let page = Page {
        size: shape.size(),
        channels: shape.channels,
        range: samples.full_range(),
        samples,
        delay: None,
    };
    Picture::of_page(page).encode(form)
}
