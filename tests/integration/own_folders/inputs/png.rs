//! PNG files (PNG specification, third edition), of 8 or 16 bits, with any further chunks, still or animated.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::picture::Picture;

/// What a PNG file says besides its pixels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Png {
    chunks: Vec<u8>,
}

impl Picture {
    /// A PNG file with nothing but pixels.
    pub(crate) fn png(&self) -> Vec<u8> {
        Png::default().of(self)
    }
}

impl Png {
    /// A chunk before the pixels.
    pub(crate) fn chunk(mut self, kind: &[u8; 4], content: &[u8]) -> Self {
        self.chunks.extend(chunk(kind, content));
        self
    }

    /// A color profile, compressed, as `iCCP` holds it.
    pub(crate) fn icc_profile(self, profile: &[u8]) -> Self {
        let content = [b"profile\0\0".as_slice(), &compressed(profile)].concat();
        self.chunk(b"iCCP", &content)
    }

    /// EXIF, from its TIFF header on.
    pub(crate) fn exif(self, exif: &[u8]) -> Self {
        self.chunk(b"eXIf", exif)
    }

    /// Pixels per meter; 11,811 are 300 an inch.
    pub(crate) fn pixels_per_meter(self, count: u32) -> Self {
        let content = [&count.to_be_bytes()[..], &count.to_be_bytes(), &[1]].concat();
        self.chunk(b"pHYs", &content)
    }

    /// How many bits of each channel count (`sBIT`).
    pub(crate) fn significant_bits(self, channels: usize, bits: u8) -> Self {
        self.chunk(b"sBIT", &vec![bits; channels])
    }

    /// The file of a picture.
    pub(crate) fn of(&self, picture: &Picture) -> Vec<u8> {
        let mut file = self.head(picture);
        file.extend(chunk(b"IDAT", &compressed(&scan_lines(picture))));
        file.extend(chunk(b"IEND", &[]));
        file
    }

    /// An animated file (APNG) whose frames, all of one size, follow each other every tenth of a second.
    pub(crate) fn animated(&self, frames: &[Picture]) -> Vec<u8> {
        let mut file = self.head(&frames[0]);
        let mut sequence = 0_u32;
        let mut next = || {
            sequence += 1;
            (sequence - 1).to_be_bytes()
        };
        let count = (frames.len() as u32).to_be_bytes();
        file.extend(chunk(b"acTL", &[count, [0; 4]].concat()));
        for (number, frame) in frames.iter().enumerate() {
            let mut control = next().to_vec();
            control.extend((frame.width as u32).to_be_bytes());
            control.extend((frame.height as u32).to_be_bytes());
            control.extend([0; 8]);
            control.extend([0, 1, 0, 10, 0, 0]);
            file.extend(chunk(b"fcTL", &control));
            let data = compressed(&scan_lines(frame));
            file.extend(match number {
                0 => chunk(b"IDAT", &data),
                _ => chunk(b"fdAT", &[&next()[..], &data].concat()),
            });
        }
        file.extend(chunk(b"IEND", &[]));
        file
    }

    fn head(&self, picture: &Picture) -> Vec<u8> {
        let mut header = (picture.width as u32).to_be_bytes().to_vec();
        header.extend((picture.height as u32).to_be_bytes());
        let color = [0, 4, 2, 6][picture.channels - 1];
        header.extend([picture.samples.bits() as u8, color, 0, 0, 0]);
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        file.extend(chunk(b"IHDR", &header));
        file.extend(&self.chunks);
        file
    }
}

fn scan_lines(picture: &Picture) -> Vec<u8> {
    let bytes = picture.samples.big_endian();
    let line = bytes.len() / picture.height;
    bytes
        .chunks_exact(line)
        .flat_map(|line| [&[0], line].concat())
        .collect()
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [kind, content].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    let length = (content.len() as u32).to_be_bytes();
    [&length, body.as_slice(), &sum.sum().to_be_bytes()].concat()
}
