//! Files made by hand, so that any byte of them can be wrong.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Eight by eight pixels, three steps an epoch: a training run in a fraction of a second.
pub(super) const SIDE: u32 = 8;
pub(super) const TRAIN_IMAGES: u32 = 24;
pub(super) const TEST_IMAGES: u32 = 8;

/// A bar on black, of one of four classes, eight by eight pixels.
pub(super) fn drawing(number: u32) -> Vec<u8> {
    let (class, shift) = (number % 4, number / 4 % 4);
    (0..SIDE * SIDE)
        .map(|pixel| {
            let (row, column) = (pixel / SIDE, pixel % SIDE);
            let is_bright = match class {
                0 => row == shift || row == shift + 1,
                1 => column == shift || column == shift + 1,
                2 => row == column,
                _ => row >= shift && column >= shift && row < shift + 4 && column < shift + 4,
            };
            // No two of a hundred are alike.
            if is_bright {
                230 - (number % 100) as u8
            } else {
                10
            }
        })
        .collect()
}

/// An IDX file of unsigned bytes.
pub(super) fn idx(dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

/// Images as one IDX file.
pub(super) fn idx_images(count: u32) -> Vec<u8> {
    let pixels: Vec<u8> = (0..count).flat_map(drawing).collect();
    idx(&[count, SIDE, SIDE], &pixels)
}

/// A divided set, as MNIST's four files.
pub(super) fn write_set(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (part, numbers) in [
        ("train", 0..TRAIN_IMAGES),
        ("t10k", TRAIN_IMAGES..TRAIN_IMAGES + TEST_IMAGES),
    ] {
        let count = numbers.len() as u32;
        let pixels: Vec<u8> = numbers.clone().flat_map(drawing).collect();
        let labels: Vec<u8> = numbers.map(|number| (number % 4) as u8).collect();
        fs::write(
            folder.join(format!("{part}-images-idx3-ubyte")),
            idx(&[count, SIDE, SIDE], &pixels),
        )?;
        fs::write(
            folder.join(format!("{part}-labels-idx1-ubyte")),
            idx(&[count], &labels),
        )?;
    }
    Ok(())
}

/// One gzip member.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// A gzip member of `mebibytes` of zeros after `start`, made without holding them.
pub(super) fn gzip_zeros(start: &[u8], mebibytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(start).expect("memory takes everything");
    let zeros = vec![0; 1 << 20];
    for _ in 0..mebibytes {
        encoder.write_all(&zeros).expect("memory takes everything");
    }
    encoder.finish().expect("memory takes everything")
}

/// A PNG chunk with its checksum.
fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), content].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    [
        &(content.len() as u32).to_be_bytes(),
        body.as_slice(),
        &sum.sum().to_be_bytes(),
    ]
    .concat()
}

/// How a PNG says what its pixels are (PNG, third edition, section 11.2.1).
pub(super) struct PngKind {
    pub(super) bits: u8,
    pub(super) color: u8,
    pub(super) interlaced: bool,
    /// Red, green, blue, for colour type 3.
    pub(super) palette: Vec<u8>,
}

/// A PNG with any header; `rows` are the scan lines with their filter bytes, before compression.
pub(super) fn png_of(width: u32, height: u32, kind: &PngKind, rows: &[u8]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([kind.bits, kind.color, 0, 0, u8::from(kind.interlaced)]);
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(rows).expect("memory takes everything");
    let packed = packed.finish().expect("memory takes everything");
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(chunk(b"IHDR", &header));
    if !kind.palette.is_empty() {
        png.extend(chunk(b"PLTE", &kind.palette));
    }
    png.extend(chunk(b"IDAT", &packed));
    png.extend(chunk(b"IEND", &[]));
    png
}

/// A gray PNG of eight bits.
pub(super) fn png(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let kind = PngKind {
        bits: 8,
        color: 0,
        interlaced: false,
        palette: Vec::new(),
    };
    let rows: Vec<u8> = pixels
        .chunks(width as usize)
        .flat_map(|row| [&[0], row].concat())
        .collect();
    png_of(width, height, &kind, &rows)
}

/// An entry of a tar archive (POSIX.1-2001, ustar), whose header may lie about its size.
pub(super) struct TarEntry<'a> {
    pub(super) name: &'a str,
    /// `0` file, `1` hard link, `2` symbolic link, `3` character device, `4` block device, `6` FIFO.
    pub(super) kind: u8,
    pub(super) link: &'a str,
    /// What the header says; the content's length where `None`.
    pub(super) size: Option<u64>,
    pub(super) content: &'a [u8],
}

impl<'a> TarEntry<'a> {
    pub(super) fn file(name: &'a str, content: &'a [u8]) -> Self {
        Self {
            name,
            kind: b'0',
            link: "",
            size: None,
            content,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut header = [0; 512];
        let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
        put(0, &self.name.as_bytes()[..self.name.len().min(100)]);
        put(100, b"0000644\0");
        let size = self.size.unwrap_or(self.content.len() as u64);
        put(124, format!("{size:011o}\0").as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[self.kind]);
        put(157, self.link.as_bytes());
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut bytes = header.to_vec();
        bytes.extend(self.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }
}

/// A tar archive with its two closing blocks.
pub(super) fn tar(entries: &[TarEntry<'_>]) -> Vec<u8> {
    let mut bytes: Vec<u8> = entries.iter().flat_map(TarEntry::bytes).collect();
    bytes.extend([0; 1024]);
    bytes
}

/// An archive of twelve good pictures in two classes.
pub(super) fn good_tar() -> Vec<u8> {
    let pictures: Vec<(String, Vec<u8>)> = (0..12)
        .map(|number| {
            let class = if number % 2 == 0 { "a" } else { "b" };
            (
                format!("set/{class}/{number}.png"),
                png(SIDE, SIDE, &drawing(number)),
            )
        })
        .collect();
    let entries: Vec<_> = pictures
        .iter()
        .map(|(name, content)| TarEntry::file(name, content))
        .collect();
    tar(&entries)
}

/// A safetensors file with any header text.
pub(super) fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// An `.npy` file of little-endian numbers, as `ae encode` writes it.
pub(super) fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}",
        sizes.join(", ")
    );
    let padding = 64 - (10 + header.len() + 1) % 64;
    header.push_str(&" ".repeat(padding));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}
