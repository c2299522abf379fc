//! The values of a page, unpacked from its strips or tiles.
//!
//! The `tiff` crate decompresses. It is shown each plane of a page as a picture of its own without colors, by a directory
//! that is made for it: so it need not know palettes, tiles of planes, packed bits or what an extra sample means.

use std::io::{self, Read, Seek, SeekFrom};

use tiff::decoder::{Decoder, DecodingResult, Limits};

use crate::picture::page::Samples;
use crate::picture::reading::jpeg;
use crate::picture::reading::tiff::directory::{Form, TiffFile};
use crate::picture::reading::tiff::layout::{Colors, Kind, PageLayout, broken};

/// TIFF's number for JPEG.
const JPEG: u64 = 7;

/// TIFF's number for CCITT group 4, which must know the width of a row in bits.
const FAX_4: u64 = 4;

/// Reads a page's values, `[height, width, samples]`.
///
/// Whole numbers of up to 8 bits are bytes, of up to 16 bits words, neither brought to another range; all else becomes
/// `f32`.
pub(super) fn read_values<R: Read + Seek>(
    file: &mut TiffFile<R>,
    layout: &PageLayout,
    max_bytes: u64,
) -> Result<Samples, String> {
    if layout.reversed_bits && (layout.compression == FAX_4 || layout.bits >= 8) {
        return Err("a TIFF with the bits of each byte in reverse is not read".to_owned());
    }
    if !layout.bits.is_multiple_of(8) && layout.predictor != 1 {
        return Err("a TIFF of packed bits with a predictor is not read".to_owned());
    }
    let is_subsampled = layout.subsampling.as_deref() != Some(&[1, 1]);
    if layout.colors == Colors::YCbCr && is_subsampled && layout.compression != JPEG {
        return Err("a TIFF in subsampled YCbCr is not read: convert it to RGB".to_owned());
    }
    if layout.compression == JPEG {
        if layout.bits != 8 {
            return Err(format!(
                "a TIFF of JPEGs of {} bits is not read",
                layout.bits
            ));
        }
        check_jpegs(file, layout)?;
    }
    if !layout.planar {
        return values_of(
            decode_plane(file, layout, 0, max_bytes)?,
            layout,
            layout.samples,
        );
    }
    let planes = (0..layout.samples)
        .map(|plane| values_of(decode_plane(file, layout, plane, max_bytes)?, layout, 1))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(interleaved(&planes))
}

/// Planes side by side, pixel by pixel.
fn interleaved(planes: &[Samples]) -> Samples {
    fn mix<T: Copy>(planes: &[&[T]]) -> Vec<T> {
        let pixels = planes.first().map_or(0, |plane| plane.len());
        (0..pixels)
            .flat_map(|pixel| planes.iter().map(move |plane| plane[pixel]))
            .collect()
    }
    macro_rules! of {
        ($kind:ident) => {
            planes
                .iter()
                .map(|plane| match plane {
                    Samples::$kind(values) => Some(values.as_slice()),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
                .map(|planes| Samples::$kind(mix(&planes)))
        };
    }
    of!(U8)
        .or_else(|| of!(U16))
        .or_else(|| of!(F32))
        .expect("the planes of a page have one type")
}

/// The values as decompressed, in the three types that a page may have.
fn values_of(
    decoded: DecodingResult,
    layout: &PageLayout,
    samples: usize,
) -> Result<Samples, String> {
    fn floats<T: Copy>(values: &[T], float: impl Fn(T) -> f32) -> Samples {
        Samples::F32(values.iter().map(|&value| float(value)).collect())
    }
    Ok(match decoded {
        DecodingResult::U8(bytes) if !layout.bits.is_multiple_of(8) => {
            unpacked(&bytes, layout, samples)?
        }
        DecodingResult::U8(values) => Samples::U8(values),
        DecodingResult::U16(values) => Samples::U16(values),
        DecodingResult::F32(values) => Samples::F32(values),
        DecodingResult::U32(values) => floats(&values, |value| value as f32),
        DecodingResult::U64(values) => floats(&values, |value| value as f32),
        DecodingResult::F16(values) => floats(&values, |value| value.to_f32()),
        DecodingResult::F64(values) => floats(&values, |value| value as f32),
        DecodingResult::I8(values) => floats(&values, f32::from),
        DecodingResult::I16(values) => floats(&values, f32::from),
        DecodingResult::I32(values) => floats(&values, |value| value as f32),
        DecodingResult::I64(values) => floats(&values, |value| value as f32),
    })
}

/// Values of so many bits one after another, each row beginning with a new byte.
fn unpacked(bytes: &[u8], layout: &PageLayout, samples: usize) -> Result<Samples, String> {
    let bits = layout.bits;
    let values = layout.width * samples;
    let row_bytes = (values * bits).div_ceil(8);
    if bytes.len() != row_bytes * layout.height {
        return Err("the TIFF has fewer bits than its size asks for".to_owned());
    }
    let mut words = Vec::with_capacity(values * layout.height);
    for row in bytes.chunks_exact(row_bytes) {
        let (mut held, mut held_bits) = (0_u32, 0);
        let mut rest = row.iter();
        for _ in 0..values {
            while held_bits < bits {
                let byte = *rest.next().expect("a row has the bytes of its values");
                let byte = if layout.reversed_bits {
                    byte.reverse_bits()
                } else {
                    byte
                };
                held = held << 8 | u32::from(byte);
                held_bits += 8;
            }
            held_bits -= bits;
            words.push((held >> held_bits) as u16 & ((1_u32 << bits) - 1) as u16);
        }
    }
    Ok(if bits <= 8 {
        Samples::U8(words.into_iter().map(|word| word as u8).collect())
    } else {
        Samples::U16(words)
    })
}

/// A JPEG in a strip or tile may claim any size, and the decoder takes the memory for it.
fn check_jpegs<R: Read + Seek>(file: &mut TiffFile<R>, layout: &PageLayout) -> Result<(), String> {
    for (&offset, &length) in layout.offsets.iter().zip(&layout.lengths) {
        let bytes = file.bytes_at(offset, length).map_err(broken)?;
        jpeg::read_markers(&bytes)?;
        let (width, height) =
            jpeg::frame_size(&bytes).ok_or("a strip or tile of the TIFF is no JPEG")?;
        if width > layout.chunk.0 + 16 || height > layout.chunk.1 + 16 {
            return Err("a JPEG in the TIFF is larger than its strip or tile".to_owned());
        }
    }
    Ok(())
}

fn decode_plane<R: Read + Seek>(
    file: &mut TiffFile<R>,
    layout: &PageLayout,
    plane: usize,
    max_bytes: u64,
) -> Result<DecodingResult, String> {
    let start = file.file_bytes.next_multiple_of(16);
    let tail = made_directory(file.form, layout, plane, start)?;
    let spliced = Spliced {
        file: &mut file.reader,
        file_bytes: file.file_bytes,
        header: header(file.form, start),
        start,
        tail,
        position: 0,
    };
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    limits.ifd_value_size = 64 << 20;
    let error = |error: tiff::TiffError| match error {
        tiff::TiffError::IoError(error) => broken(error),
        other => other.to_string(),
    };
    let mut decoder = Decoder::new(spliced).map_err(error)?.with_limits(limits);
    let mut decoded = DecodingResult::U8(Vec::new());
    decoder.read_image_to_buffer(&mut decoded).map_err(error)?;
    Ok(decoded)
}

fn header(form: Form, directory: u64) -> Vec<u8> {
    let mark: &[u8] = if form.big_endian { b"MM" } else { b"II" };
    let mut header = mark.to_vec();
    if form.big_tiff {
        header.extend(form.bytes(43, 2));
        header.extend(form.bytes(8, 2));
        header.extend(form.bytes(0, 2));
    } else {
        header.extend(form.bytes(42, 2));
    }
    header.extend(form.bytes(directory, form.offset_bytes()));
    header
}

/// A directory for one plane, at byte `start` of the file, with the values that do not fit into its entries after it.
fn made_directory(
    form: Form,
    layout: &PageLayout,
    plane: usize,
    start: u64,
) -> Result<Vec<u8>, String> {
    const SHORT: u64 = 3;
    const LONG: u64 = 4;
    const BYTES: u64 = 7;
    const LONG_8: u64 = 16;
    let samples = if layout.planar { 1 } else { layout.samples };
    let chunks = layout.offsets.len() / if layout.planar { layout.samples } else { 1 };
    let own = plane * chunks..(plane + 1) * chunks;
    // Packed bits are shown as the bytes that they are packed into.
    let packed = !layout.bits.is_multiple_of(8) && layout.compression != FAX_4;
    let columns = |width: usize| if packed { (width * samples * layout.bits).div_ceil(8) } else { width } as u64;
    let (samples, bits) = match (packed, layout.bits % 8) {
        (true, _) => (1, 8),
        (false, 0) => (samples, layout.bits),
        (false, _) if layout.bits == 1 && samples == 1 => (1, 1),
        (false, _) => return Err("a fax in a TIFF has one bit a pixel".to_owned()),
    };
    let kind = match layout.kind {
        Kind::Unsigned => 1,
        Kind::Signed => 2,
        Kind::Float => 3,
    };
    let wide = if form.big_tiff { LONG_8 } else { LONG };
    let (offsets, lengths) = if layout.tiled { (324, 325) } else { (273, 279) };
    let mut entries: Vec<(u64, u64, Vec<u64>)> = vec![
        (256, LONG, vec![columns(layout.width)]),
        (257, LONG, vec![layout.height as u64]),
        (258, SHORT, vec![bits as u64]),
        (259, SHORT, vec![layout.compression]),
        // Black is zero, so that no value is touched.
        (262, SHORT, vec![1]),
        (offsets, wide, layout.offsets[own.clone()].to_vec()),
        (277, SHORT, vec![samples as u64]),
        (lengths, wide, layout.lengths[own].to_vec()),
        (317, SHORT, vec![layout.predictor]),
        (339, SHORT, vec![kind]),
    ];
    if layout.tiled {
        entries.push((322, LONG, vec![columns(layout.chunk.0)]));
        entries.push((323, LONG, vec![layout.chunk.1 as u64]));
    } else {
        entries.push((278, LONG, vec![layout.chunk.1 as u64]));
    }
    if let Some(tables) = &layout.jpeg_tables {
        entries.push((
            347,
            BYTES,
            tables.iter().map(|&byte| u64::from(byte)).collect(),
        ));
    }
    entries.sort_by_key(|(tag, _, _)| *tag);
    let (count_bytes, entry_bytes) = if form.big_tiff { (8, 20) } else { (2, 12) };
    let values_start = count_bytes + entries.len() * entry_bytes + form.offset_bytes();
    let mut directory = form.bytes(entries.len() as u64, count_bytes);
    let mut values = Vec::new();
    for (tag, kind, numbers) in entries {
        directory.extend(form.bytes(tag, 2));
        directory.extend(form.bytes(kind, 2));
        directory.extend(form.bytes(numbers.len() as u64, form.offset_bytes()));
        let each = match kind {
            SHORT => 2,
            LONG => 4,
            LONG_8 => 8,
            _ => 1,
        };
        let mut bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|&number| form.bytes(number, each))
            .collect();
        if bytes.len() <= form.offset_bytes() {
            bytes.resize(form.offset_bytes(), 0);
            directory.extend(bytes);
        } else {
            let at = start + (values_start + values.len()) as u64;
            directory.extend(form.bytes(at, form.offset_bytes()));
            values.extend(bytes);
            values.resize(values.len().next_multiple_of(8), 0);
        }
    }
    directory.extend(form.bytes(0, form.offset_bytes()));
    directory.extend(values);
    let end = start + directory.len() as u64;
    if !form.big_tiff && end > u64::from(u32::MAX) {
        return Err("the TIFF is larger than its offsets can say".to_owned());
    }
    Ok(directory)
}

/// A file with another header, and with a directory after its end.
struct Spliced<'a, R> {
    file: &'a mut R,
    file_bytes: u64,
    header: Vec<u8>,
    start: u64,
    tail: Vec<u8>,
    position: u64,
}

impl<R: Read + Seek> Read for Spliced<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.position;
        let header = self.header.len() as u64;
        let read = if at < header {
            (&self.header[at as usize..]).read(buffer)?
        } else if at < self.file_bytes {
            self.file.seek(SeekFrom::Start(at))?;
            let left = (self.file_bytes - at).min(buffer.len() as u64) as usize;
            self.file.read(&mut buffer[..left])?
        } else if at < self.start {
            let gap = ((self.start - at) as usize).min(buffer.len());
            buffer[..gap].fill(0);
            gap
        } else {
            let from = ((at - self.start) as usize).min(self.tail.len());
            (&self.tail[from..]).read(buffer)?
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl<R> Seek for Spliced<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = self.start + self.tail.len() as u64;
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => end.checked_add_signed(by),
        };
        self.position = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
