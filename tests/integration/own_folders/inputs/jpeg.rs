//! JPEG files: sequential or progressive, with a profile, EXIF and a resolution.

use jpeg_encoder::{ColorType, Encoder, PixelDensity, PixelDensityUnit, SamplingFactor};

use super::picture::Picture;

/// How a JPEG file is written, and what it says besides its pixels.
#[derive(Clone, Debug)]
pub(crate) struct Jpeg {
    pub(crate) quality: u8,
    pub(crate) progressive: bool,
    pub(crate) icc_profile: Option<Vec<u8>>,
    /// From its TIFF header on.
    pub(crate) exif: Option<Vec<u8>>,
    pub(crate) dots_per_inch: Option<u16>,
}

impl Default for Jpeg {
    fn default() -> Self {
        Self {
            quality: 90,
            progressive: false,
            icc_profile: None,
            exif: None,
            dots_per_inch: None,
        }
    }
}

impl Picture {
    /// A sequential JPEG file with nothing but pixels.
    pub(crate) fn jpeg(&self, quality: u8) -> Vec<u8> {
        let options = Jpeg {
            quality,
            ..Jpeg::default()
        };
        options.of(self)
    }
}

impl Jpeg {
    /// The file of a picture, its colors at full resolution.
    ///
    /// # Panics
    /// The picture is of more than 8 bits, or has alpha.
    pub(crate) fn of(&self, picture: &Picture) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, self.quality);
        encoder.set_sampling_factor(SamplingFactor::F_1_1);
        encoder.set_progressive(self.progressive);
        if let Some(profile) = &self.icc_profile {
            encoder.add_icc_profile(profile).expect("a small profile");
        }
        if let Some(exif) = &self.exif {
            encoder.add_exif_metadata(exif).expect("small EXIF");
        }
        if let Some(density) = self.dots_per_inch {
            encoder.set_density(PixelDensity {
                density: (density, density),
                unit: PixelDensityUnit::Inches,
            });
        }
        let color = match picture.channels {
            1 => ColorType::Luma,
            3 => ColorType::Rgb,
            _ => panic!("a JPEG file has no alpha"),
        };
        let (width, height) = (picture.width as u16, picture.height as u16);
        encoder
            .encode(picture.bytes(), width, height, color)
            .expect("a picture");
        file
    }
}

/// EXIF that says nothing but an orientation, 1 to 8 (Exif 2.32, section 4.6.4 A), as it follows `Exif\0\0`.
pub(crate) fn exif_orientation(orientation: u16) -> Vec<u8> {
    let mut exif = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend(orientation.to_le_bytes());
    exif.extend([0; 6]);
    exif
}
