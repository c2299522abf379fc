//! TIFF files (TIFF 6.0), little-endian, uncompressed, one strip a page, any number of pages.

use super::picture::{Picture, Samples};

/// What the channel behind the colors is (`ExtraSamples`).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alpha {
    Unspecified = 0,
    Premultiplied = 1,
    Straight = 2,
}

/// What a TIFF file says besides its pixels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tiff {
    /// Of a second or fourth channel; straight where nothing is said.
    pub(crate) alpha: Option<Alpha>,
    pub(crate) dots_per_inch: Option<u32>,
    pub(crate) icc_profile: Option<Vec<u8>>,
    /// Zero is white (`PhotometricInterpretation` 0), of gray pictures.
    pub(crate) white_is_zero: bool,
    /// `Orientation`, 1 to 8.
    pub(crate) orientation: Option<u16>,
}

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const UNDEFINED: u16 = 7;

impl Picture {
    /// A TIFF file of one page.
    pub(crate) fn tiff(&self) -> Vec<u8> {
        Tiff::default().pages(std::slice::from_ref(self))
    }
}

impl Tiff {
    /// The file of these pages.
    pub(crate) fn pages(&self, pages: &[Picture]) -> Vec<u8> {
        let mut file = b"II\x2a\0\0\0\0\0".to_vec();
        let mut link = 4;
        for page in pages {
            let strip = append(&mut file, &page.samples.little_endian());
            let entries = self.entries(&mut file, page, strip);
            let directory = append(&mut file, &(entries.len() as u16).to_le_bytes());
            file[link..link + 4].copy_from_slice(&directory.to_le_bytes());
            for entry in &entries {
                file.extend(entry);
            }
            link = file.len();
            file.extend([0; 4]);
        }
        file
    }

    /// The directory's entries of twelve bytes; what does not fit in is appended to the file.
    fn entries(&self, file: &mut Vec<u8>, page: &Picture, strip: u32) -> Vec<Vec<u8>> {
        let channels = page.channels;
        let bits = page.samples.bits() as u16;
        let size = page.samples.little_endian().len() as u32;
        let format = match page.samples {
            Samples::U8(_) | Samples::U16(_) => 1,
            Samples::F32(_) => 3,
        };
        let photometric = match channels {
            1 | 2 => u16::from(!self.white_is_zero),
            _ => 2,
        };
        let mut entries = Vec::new();
        let mut add = |tag: u16, kind: u16, count: usize, value: Vec<u8>| {
            let mut entry = [tag.to_le_bytes(), kind.to_le_bytes()].concat();
            entry.extend((count as u32).to_le_bytes());
            let mut field = match value.len() {
                0..=4 => value,
                _ => append(file, &value).to_le_bytes().to_vec(),
            };
            field.resize(4, 0);
            entry.extend(field);
            entries.push(entry);
        };
        let shorts = |values: &[u16]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let long = |value: u32| value.to_le_bytes().to_vec();
        add(256, LONG, 1, long(page.width as u32));
        add(257, LONG, 1, long(page.height as u32));
        add(258, SHORT, channels, shorts(&vec![bits; channels]));
        add(259, SHORT, 1, shorts(&[1]));
        add(262, SHORT, 1, shorts(&[photometric]));
        add(273, LONG, 1, long(strip));
        if let Some(orientation) = self.orientation {
            add(274, SHORT, 1, shorts(&[orientation]));
        }
        add(277, SHORT, 1, shorts(&[channels as u16]));
        add(278, LONG, 1, long(page.height as u32));
        add(279, LONG, 1, long(size));
        if let Some(density) = self.dots_per_inch {
            let rational = [density.to_le_bytes(), 1_u32.to_le_bytes()].concat();
            add(282, RATIONAL, 1, rational.clone());
            add(283, RATIONAL, 1, rational);
            add(296, SHORT, 1, shorts(&[2]));
        }
        if channels == 2 || channels == 4 {
            let alpha = self.alpha.unwrap_or(Alpha::Straight);
            add(338, SHORT, 1, shorts(&[alpha as u16]));
        }
        add(339, SHORT, channels, shorts(&vec![format; channels]));
        if let Some(profile) = &self.icc_profile {
            add(34_675, UNDEFINED, profile.len(), profile.clone());
        }
        entries
    }
}

/// Appends at an even place, and says where.
fn append(file: &mut Vec<u8>, bytes: &[u8]) -> u32 {
    if file.len() % 2 == 1 {
        file.push(0);
    }
    let place = file.len() as u32;
    file.extend(bytes);
    place
}
