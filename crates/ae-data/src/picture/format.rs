//! The formats of picture files.

use std::fmt;

use ::image::ImageFormat;

/// The format of a file of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PictureFormat {
    /// PNG, animated or not.
    Png,
    /// JPEG.
    Jpeg,
    /// TIFF, of one page or many.
    Tiff,
    /// WebP, animated or not.
    WebP,
    /// GIF, animated or not.
    Gif,
    /// Windows' bitmap.
    Bmp,
    /// PBM, PGM, PPM and PAM.
    Pnm,
    /// The Quite OK Image format.
    Qoi,
    /// Targa.
    Tga,
    /// farbfeld.
    Farbfeld,
    /// Windows' icons.
    Ico,
    /// DirectDraw surfaces.
    Dds,
    /// OpenEXR.
    OpenExr,
    /// Radiance HDR.
    Hdr,
}

impl PictureFormat {
    /// Every format there is.
    pub const ALL: [Self; 14] = [
        Self::Png,
        Self::Jpeg,
        Self::Tiff,
        Self::WebP,
        Self::Gif,
        Self::Bmp,
        Self::Pnm,
        Self::Qoi,
        Self::Tga,
        Self::Farbfeld,
        Self::Ico,
        Self::Dds,
        Self::OpenExr,
        Self::Hdr,
    ];

    /// What the `image` crate calls it.
    pub(crate) fn of_image_crate(self) -> ImageFormat {
        match self {
            Self::Png => ImageFormat::Png,
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Tiff => ImageFormat::Tiff,
            Self::WebP => ImageFormat::WebP,
            Self::Gif => ImageFormat::Gif,
            Self::Bmp => ImageFormat::Bmp,
            Self::Pnm => ImageFormat::Pnm,
            Self::Qoi => ImageFormat::Qoi,
            Self::Tga => ImageFormat::Tga,
            Self::Farbfeld => ImageFormat::Farbfeld,
            Self::Ico => ImageFormat::Ico,
            Self::Dds => ImageFormat::Dds,
            Self::OpenExr => ImageFormat::OpenExr,
            Self::Hdr => ImageFormat::Hdr,
        }
    }

    /// The format that the `image` crate names, where it is one of ours.
    pub(crate) fn from_image_crate(format: ImageFormat) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|own| own.of_image_crate() == format)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tiff => "TIFF",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::Pnm => "PNM",
            Self::Qoi => "QOI",
            Self::Tga => "TGA",
            Self::Farbfeld => "farbfeld",
            Self::Ico => "ICO",
            Self::Dds => "DDS",
            Self::OpenExr => "OpenEXR",
            Self::Hdr => "Radiance HDR",
        }
    }
}

impl fmt::Display for PictureFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
