//! EXIF blocks taken apart: TIFF keeps the same fields among its own.
//!
//! # References
//! CIPA DC-008-2019 (Exif 2.32), section 4.5: an EXIF block is a TIFF file without a picture. Adobe, "TIFF Revision 6.0"
//! (1992), section 2.

/// The tag of the main directory that says where the EXIF directory is.
pub(crate) const EXIF_DIRECTORY: u16 = 0x8769;

/// The tag of the main directory that says where the GPS directory is.
pub(crate) const GPS_DIRECTORY: u16 = 0x8825;

/// The tag of the EXIF directory that says where one more is, of a few words for printers.
const INTEROPERABILITY_DIRECTORY: u16 = 0xA005;

/// The tags of the EXIF directory that say how wide and how high the picture is.
const WIDTH_AND_HEIGHT: [u16; 2] = [0xA002, 0xA003];

/// The most bytes that a block's fields may have together, so that a file that repeats one cannot grow.
const MAX_BYTES: usize = 16 << 20;

/// The fields of a block, directory by directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExifFields {
    /// Those that TIFF has: the camera, the date, the author.
    pub(crate) main: Vec<ExifField>,
    /// How a photograph was taken.
    pub(crate) exif: Vec<ExifField>,
    /// Where.
    pub(crate) gps: Vec<ExifField>,
}

/// A field: a tag and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExifField {
    pub(crate) tag: u16,
    /// The type's number, as TIFF counts types.
    pub(crate) kind: u16,
    /// The values, numbers with their least significant byte first.
    pub(crate) bytes: Vec<u8>,
}

impl ExifField {
    /// A field from its bytes in the order of a file.
    pub(crate) fn new(
        tag: u16,
        kind: u16,
        mut bytes: Vec<u8>,
        is_big_endian: bool,
    ) -> Option<Self> {
        let (_, number_bytes) = sizes(kind)?;
        if is_big_endian {
            bytes
                .chunks_exact_mut(number_bytes)
                .for_each(<[u8]>::reverse);
        }
        Some(Self { tag, kind, bytes })
    }

    /// The values in the byte order of this machine.
    pub(crate) fn native_bytes(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if cfg!(target_endian = "big") {
            let number_bytes = sizes(self.kind).map_or(1, |(_, number)| number);
            bytes
                .chunks_exact_mut(number_bytes)
                .for_each(<[u8]>::reverse);
        }
        bytes
    }

    /// How many values there are.
    fn count(&self) -> usize {
        self.bytes.len() / sizes(self.kind).map_or(1, |(value, _)| value)
    }

    /// Whether it describes the pixels of the file that it is in, or where they are, and not what is seen.
    pub(crate) fn is_of_pixels(&self) -> bool {
        matches!(
            self.tag,
            // Width to orientation, samples, strips and tiles, resolution and its unit, planes, predictor, palette,
            // samples' kinds and transparency, compressed data, chroma, the profile, and other directories.
            0x00FE..=0x0103 | 0x0106 | 0x0107 | 0x010A | 0x0111 | 0x0112 | 0x0115..=0x0119
                | 0x011A..=0x011C | 0x0120..=0x0125 | 0x0128 | 0x012D | 0x013D..=0x0145 | 0x014A
                | 0x0152..=0x0159 | 0x015B | 0x0200..=0x0209 | 0x0211..=0x0214 | 0x02BC | 0x83BB
                | 0x8649 | 0x8773 | EXIF_DIRECTORY | GPS_DIRECTORY
        )
    }
}

/// Has a block say how wide and how high its picture is, where it says something of that.
pub(crate) fn set_size(block: &mut [u8], width_and_height: [usize; 2]) {
    for (tag, length) in WIDTH_AND_HEIGHT.into_iter().zip(width_and_height) {
        // The field's value lies in the last of its twelve bytes.
        let Some((place, bytes, is_big_endian)) = place_of_number(block, tag) else {
            continue;
        };
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let little = length.to_le_bytes();
        for (index, byte) in block[place..place + bytes].iter_mut().enumerate() {
            *byte = little[if is_big_endian {
                bytes - 1 - index
            } else {
                index
            }];
        }
    }
}

/// Has a block that says how wide and how high its picture is say so of one that is `factor` times smaller along each axis, or one
/// pixel wide or high where it had fewer than that.
pub(crate) fn shrink_size(block: &mut [u8], factor: usize) {
    let size = WIDTH_AND_HEIGHT.map(|tag| {
        let (place, bytes, _) = place_of_number(block, tag)?;
        Reader::new(block)?.number(place, bytes)
    });
    set_size(
        block,
        size.map(|length| length.map_or(0, |length| length / factor.clamp(1, length.max(1)))),
    );
}

/// Where the one number of a field of the EXIF directory lies, its bytes, and whether the most significant is the first.
fn place_of_number(block: &[u8], tag: u16) -> Option<(usize, usize, bool)> {
    let reader = Reader::new(block)?;
    let entry = |directory: usize, tag: u16| {
        let count = reader.number(directory, 2)?;
        let first = directory.checked_add(2)?;
        let entries = (0..count).map(|index| first.saturating_add(12 * index));
        entries
            .take_while(|at| at.saturating_add(12) <= block.len())
            .find(|at| reader.number(*at, 2) == Some(usize::from(tag)))
    };
    let link = entry(reader.number(4, 4)?, EXIF_DIRECTORY)?;
    let at = entry(reader.number(link + 8, 4)?, tag)?;
    let bytes = match (reader.number(at + 2, 2)?, reader.number(at + 4, 4)?) {
        (3, 1) => 2,
        (4, 1) => 4,
        _ => return None,
    };
    Some((at + 8, bytes, reader.is_big_endian))
}

/// Bytes of a value of a type, and of the numbers that it is made of: a fraction is two.
fn sizes(kind: u16) -> Option<(usize, usize)> {
    match kind {
        1 | 2 | 6 | 7 => Some((1, 1)),
        3 | 8 => Some((2, 2)),
        4 | 9 | 11 | 13 => Some((4, 4)),
        5 | 10 => Some((8, 4)),
        12 => Some((8, 8)),
        _ => None,
    }
}

impl ExifFields {
    /// Takes a block apart; what is damaged is left out. Nothing where it is no block.
    pub(crate) fn read(block: &[u8]) -> Option<Self> {
        let reader = Reader::new(block)?;
        let mut budget = MAX_BYTES;
        let main = reader.directory(reader.number(4, 4)?, &mut budget);
        let mut below = |tag: u16| {
            let field = main.iter().find(|field| field.tag == tag);
            let place = field.and_then(|field| field.bytes.first_chunk());
            place.map_or_else(Vec::new, |&bytes| {
                reader.directory(u32::from_le_bytes(bytes) as usize, &mut budget)
            })
        };
        let (mut exif, gps) = (below(EXIF_DIRECTORY), below(GPS_DIRECTORY));
        // It would point to where nothing is any more.
        exif.retain(|field| field.tag != INTEROPERABILITY_DIRECTORY);
        Some(Self { main, exif, gps })
    }

    /// The block of these fields, least significant bytes first; nothing where there are none.
    pub(crate) fn block(&self) -> Option<Vec<u8>> {
        if self.main.is_empty() && self.exif.is_empty() && self.gps.is_empty() {
            return None;
        }
        let mut main = self.main.clone();
        main.retain(|field| !matches!(field.tag, EXIF_DIRECTORY | GPS_DIRECTORY));
        let mut block = b"II*\0\x08\0\0\0".to_vec();
        let below = [(EXIF_DIRECTORY, &self.exif), (GPS_DIRECTORY, &self.gps)];
        let below: Vec<_> = below
            .into_iter()
            .filter(|(_, fields)| !fields.is_empty())
            .collect();
        // The main directory comes first, and says where the others are, which lie behind all that it needs.
        let link = |tag: u16, place: usize| ExifField {
            tag,
            kind: 4,
            bytes: (place as u32).to_le_bytes().to_vec(),
        };
        let mut place = 8 + directory_bytes(&main) + 12 * below.len();
        let mut links = Vec::new();
        for (tag, fields) in &below {
            links.push(link(*tag, place));
            place += directory_bytes(fields);
        }
        main.extend(links);
        put_directory(&mut block, &main);
        for (_, fields) in below {
            put_directory(&mut block, fields);
        }
        Some(block)
    }
}

/// Bytes of a directory with the values that it points to.
fn directory_bytes(fields: &[ExifField]) -> usize {
    let values = fields.iter().map(|field| match field.bytes.len() {
        0..=4 => 0,
        more => more.next_multiple_of(2),
    });
    2 + 12 * fields.len() + 4 + values.sum::<usize>()
}

fn put_directory(block: &mut Vec<u8>, fields: &[ExifField]) {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|field| field.tag);
    let mut values_at = block.len() + 2 + 12 * fields.len() + 4;
    let mut values: Vec<u8> = Vec::new();
    block.extend((fields.len() as u16).to_le_bytes());
    for field in fields {
        block.extend(field.tag.to_le_bytes());
        block.extend(field.kind.to_le_bytes());
        block.extend((field.count() as u32).to_le_bytes());
        if field.bytes.len() <= 4 {
            block.extend(field.bytes.iter().chain(&[0; 4]).take(4));
        } else {
            block.extend((values_at as u32).to_le_bytes());
            let padded = field.bytes.len().next_multiple_of(2);
            values.extend(field.bytes.iter().chain(&[0]).take(padded));
            values_at += padded;
        }
    }
    block.extend([0; 4]);
    block.extend(values);
}

struct Reader<'a> {
    block: &'a [u8],
    is_big_endian: bool,
}

impl<'a> Reader<'a> {
    /// Of a block; nothing where it is none.
    fn new(block: &'a [u8]) -> Option<Self> {
        let is_big_endian = match block.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self {
            block,
            is_big_endian,
        })
    }

    fn number(&self, at: usize, bytes: usize) -> Option<usize> {
        let bytes = self.block.get(at..at.checked_add(bytes)?)?.iter();
        let add = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
        Some(match self.is_big_endian {
            true => bytes.fold(0, add),
            false => bytes.rev().fold(0, add),
        })
    }

    fn directory(&self, at: usize, budget: &mut usize) -> Vec<ExifField> {
        let count = self.number(at, 2).unwrap_or(0);
        (0..count)
            .filter_map(|index| {
                let field = self.field(at.checked_add(2 + 12 * index)?)?;
                *budget = budget.checked_sub(field.bytes.len())?;
                Some(field)
            })
            .collect()
    }

    fn field(&self, at: usize) -> Option<ExifField> {
        let (tag, kind) = (self.number(at, 2)?, self.number(at + 2, 2)?);
        let (value_bytes, _) = sizes(kind as u16)?;
        let length = self.number(at + 4, 4)?.checked_mul(value_bytes)?;
        let place = match length {
            0..=4 => at + 8,
            _ => self.number(at + 8, 4)?,
        };
        let bytes = self.block.get(place..place.checked_add(length)?)?;
        ExifField::new(tag as u16, kind as u16, bytes.to_vec(), self.is_big_endian)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same block in both byte orders: a maker, an orientation, an exposure of 1/250 and a latitude.
    fn block(is_big_endian: bool) -> Vec<u8> {
        let short = |value: u16| match is_big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        };
        let long = |value: u32| match is_big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        };
        let mut block = if is_big_endian {
            b"MM".to_vec()
        } else {
            b"II".to_vec()
        };
        let entry = |block: &mut Vec<u8>, tag, kind, count, value: [u8; 4]| {
            block.extend(short(tag));
            block.extend(short(kind));
            block.extend(long(count));
            block.extend(value);
        };
        block.extend(short(42));
        block.extend(long(8));
        block.extend(short(4));
        entry(&mut block, 0x010F, 2, 6, long(62));
        let orientation = [short(6), [0, 0]].concat();
        entry(&mut block, 0x0112, 3, 1, orientation.try_into().unwrap());
        entry(&mut block, EXIF_DIRECTORY, 4, 1, long(68));
        entry(&mut block, GPS_DIRECTORY, 4, 1, long(94));
        block.extend(long(0));
        block.extend(b"Maker\0");
        block.extend(short(1));
        entry(&mut block, 0x829A, 5, 1, long(86));
        block.extend(long(0));
        block.extend(long(1));
        block.extend(long(250));
        block.extend(short(1));
        entry(&mut block, 1, 2, 2, *b"N\0\0\0");
        block.extend(long(0));
        block
    }

    #[test]
    fn a_block_says_the_size_that_it_is_given() {
        for is_big_endian in [false, true] {
            let number = |value: u32| match is_big_endian {
                true => value.to_be_bytes(),
                false => value.to_le_bytes(),
            };
            // The exposure becomes a width in 32 bits; there is no height.
            let mut block = block(is_big_endian);
            let entry = 70;
            let [low, high] = [number(0xA002), number(4)];
            let of = |bytes: [u8; 4]| match is_big_endian {
                true => [bytes[2], bytes[3]],
                false => [bytes[0], bytes[1]],
            };
            block[entry..entry + 2].copy_from_slice(&of(low));
            block[entry + 2..entry + 4].copy_from_slice(&of(high));
            set_size(&mut block, [90, 120]);
            assert_eq!(block[entry + 8..entry + 12], number(90));
            shrink_size(&mut block, 4);
            assert_eq!(block[entry + 8..entry + 12], number(22));
            shrink_size(&mut block, 100);
            assert_eq!(block[entry + 8..entry + 12], number(1));
            set_size(&mut block, [90, 120]);
            let fields = ExifFields::read(&block).unwrap();
            assert_eq!(fields.exif[0].bytes, 90_u32.to_le_bytes());
            assert_eq!(fields.main[0].bytes, b"Maker\0");
        }
        for damaged in [
            &b"II*\0\xFF\xFF\xFF\xFF"[..],
            b"II*\0",
            b"",
            b"II*\0\x08\0\0\0\xFF\xFF",
        ] {
            let mut block = damaged.to_vec();
            set_size(&mut block, [1, 1]);
            shrink_size(&mut block, 2);
            assert_eq!(block, damaged);
        }
    }

    #[test]
    fn blocks_of_both_byte_orders_are_taken_apart_and_put_together() {
        let fields = ExifFields::read(&block(false)).unwrap();
        assert_eq!(ExifFields::read(&block(true)).unwrap(), fields);
        assert_eq!(fields.main.len(), 4);
        assert_eq!(fields.main[0].bytes, b"Maker\0");
        assert_eq!(fields.main[1].bytes, 6_u16.to_le_bytes());
        assert_eq!(fields.exif[0].bytes, [1, 0, 0, 0, 250, 0, 0, 0]);
        assert_eq!(fields.gps[0].bytes, b"N\0");
        let again = ExifFields::read(&fields.block().unwrap()).unwrap();
        assert_eq!((&again.exif, &again.gps), (&fields.exif, &fields.gps));
        assert_eq!(again.main[..2], fields.main[..2]);
        // Whatever is cut off is left out.
        let whole = block(false);
        for length in 0..whole.len() {
            if let Some(part) = ExifFields::read(&whole[..length]) {
                assert!(part.main.len() <= 4 && part.exif.len() <= 1);
            }
        }
    }

    #[test]
    fn a_directory_that_repeats_a_large_field_is_bounded() {
        let mut block = b"II*\0\x08\0\0\0".to_vec();
        block.extend(1000_u16.to_le_bytes());
        for _ in 0..1000 {
            block.extend([0x0F, 1, 7, 0]);
            block.extend(1_000_000_u32.to_le_bytes());
            block.extend(0_u32.to_le_bytes());
        }
        block.resize(1_100_000, 0);
        let fields = ExifFields::read(&block).unwrap();
        assert!(fields.main.len() <= 16);
    }
}
