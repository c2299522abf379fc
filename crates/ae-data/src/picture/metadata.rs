//! What a file says of its pictures.

use crate::picture::exif;
use crate::picture::format::PictureFormat;

/// What a file says of its pictures, apart from their samples.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureMetadata {
    /// The format, by the content.
    pub format: PictureFormat,
    /// The ICC color profile, byte for byte. Nothing where it describes other channels than those that pages have, as
    /// a CMYK profile does.
    pub icc_profile: Option<Vec<u8>>,
    /// The EXIF block, from its byte order mark on (`II` or `MM`, without `Exif\0\0`). The orientation is applied to
    /// the pages and reset to 1 here.
    pub exif: Option<Vec<u8>>,
    /// What the values of a PNG mean that has no ICC profile; nothing where they are sRGB's, or nothing is said.
    pub png_colors: Option<PngColors>,
    /// Pixels per inch, centimeter or unit of no name.
    pub resolution: Option<Resolution>,
    /// How a JPEG was compressed.
    pub jpeg: Option<JpegCoding>,
    /// Significant bits of a value: 8, 16, 32 for floating point; 10, 12 or 14 where 16 bits hold no more.
    pub bits: u8,
    /// How often an animation is played, 0 for without end; nothing where there is none.
    pub plays: Option<u32>,
}

impl PictureMetadata {
    /// That of a file which says nothing but its format.
    #[must_use]
    pub fn new(format: PictureFormat, bits: u8) -> Self {
        Self {
            format,
            icc_profile: None,
            exif: None,
            png_colors: None,
            resolution: None,
            jpeg: None,
            bits,
            plays: None,
        }
    }
}

impl PictureMetadata {
    /// Has EXIF say how wide and how high the pages are, in pixels, where it says something of that.
    pub(crate) fn set_size(&mut self, width: usize, height: usize) {
        if let Some(exif) = &mut self.exif {
            exif::set_size(exif, [width, height]);
        }
    }

    /// Says the same of pages that are `factor` times smaller along each axis: as [`Page::shrunk`](crate::Page::shrunk) makes
    /// them.
    pub fn shrink(&mut self, factor: usize) {
        if let Some(resolution) = &mut self.resolution {
            let factor = factor as f64;
            (resolution.x, resolution.y) = (resolution.x / factor, resolution.y / factor);
        }
        if let Some(exif) = &mut self.exif {
            exif::shrink_size(exif, factor);
        }
    }

    /// Whether the color profile is one of gray, which says nothing of color (ICC.1:2022, 7.2.6).
    pub(crate) fn has_gray_profile(&self) -> bool {
        let profile = self.icc_profile.as_deref();
        profile.and_then(|profile| profile.get(16..20)) == Some(b"GRAY")
    }
}

/// What the values of a PNG mean, in hundred thousandths.
///
/// # References
/// W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", sections 11.3.2.1 and 11.3.2.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PngColors {
    /// The exponent that brightness becomes a value by (`gAMA`): 45,455 where 2.2 is the display's.
    pub gamma: Option<u32>,
    /// x and y of white, red, green and blue (`cHRM`).
    pub chromaticities: Option<[u32; 8]>,
}

impl PngColors {
    /// Whether they say what is taken for granted where nothing is said: sRGB.
    pub(crate) fn are_usual(self) -> bool {
        const GAMMA: std::ops::RangeInclusive<u32> = 45_000..=46_000;
        const CHROMATICITIES: [u32; 8] = [
            31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000,
        ];
        let is_near = |(found, usual): (&u32, &u32)| found.abs_diff(*usual) <= 100;
        self.gamma.is_none_or(|gamma| GAMMA.contains(&gamma))
            && self
                .chromaticities
                .is_none_or(|found| found.iter().zip(&CHROMATICITIES).all(is_near))
    }
}

/// How many pixels there are to a length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolution {
    /// Along a row.
    pub x: f64,
    /// Along a column.
    pub y: f64,
    /// To which length.
    pub unit: ResolutionUnit,
}

/// The length that a [`Resolution`] counts pixels along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolutionUnit {
    /// None: `x` and `y` only tell a pixel's proportions.
    Ratio,
    /// 25.4 millimeters.
    Inch,
    /// 10 millimeters.
    Centimeter,
    /// 1000 millimeters, as PNG has it.
    Meter,
}

/// How a JPEG was compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JpegCoding {
    /// The quality of libjpeg, 1 to 100, whose tables come nearest to the file's.
    pub quality: u8,
    /// The quantization table of luminance, in the zigzag order of the file.
    pub luminance: [u16; 64],
    /// That of chrominance; nothing in a gray JPEG.
    pub chrominance: Option<[u16; 64]>,
    /// How many pixels of luminance there are to one of chrominance, along a row and along a column: 2 and 2 in 4:2:0.
    pub subsampling: (u8, u8),
}
