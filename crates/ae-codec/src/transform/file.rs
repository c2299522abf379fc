//! The tables' file: read with checks, written.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};

use super::coding;
use super::predictor::Predictor;
use super::symbol_table::SymbolTable;
use super::tables::{
    ChannelTables, CodeShape, MOST_CLASSES, MOST_QUALITIES, TransformTables, neighbors,
};
use crate::error::CodecError;
use crate::pixel::ModelHash;
use crate::shape::ImageShape;

const MAGIC: [u8; 8] = *b"\x89AETRANS";
const VERSION: u16 = 1;

/// Longer files are refused.
const MOST_BYTES: u64 = 256 << 20;
/// Images of which the self-test is made.
const TESTED: usize = 2;

impl TransformTables {
    /// What names an autoencoder: the first eight bytes of the SHA-256 of its file.
    #[must_use]
    pub fn network_of(file: &[u8]) -> [u8; 8] {
        hash(file).0
    }

    /// Writes the tables, as `docs/aez-format.md` says.
    ///
    /// # Errors
    /// [`CodecError::Write`].
    pub fn write(&self, to: &mut impl Write) -> Result<(), CodecError> {
        let content = content(self);
        let checksum = crc32fast::hash(&content).to_le_bytes();
        to.write_all(&content).map_err(CodecError::Write)?;
        to.write_all(&checksum).map_err(CodecError::Write)
    }

    /// Reads tables to the end of `from` and checks them: their checksum, their sizes, that no sum can overflow, and that this
    /// machine codes by them as the one did that made them.
    ///
    /// # Errors
    /// [`CodecError::Read`], [`CodecError::NotTables`], [`CodecError::TablesVersion`] or [`CodecError::Tables`].
    pub fn read(from: &mut impl Read) -> Result<Self, CodecError> {
        let mut bytes = Vec::new();
        let mut from = from.take(MOST_BYTES + 1);
        from.read_to_end(&mut bytes).map_err(CodecError::Read)?;
        let Some(fields) = bytes.strip_prefix(&MAGIC) else {
            return Err(CodecError::NotTables);
        };
        if bytes.len() as u64 > MOST_BYTES {
            return Err(damaged("they are too long"));
        }
        let Some((fields, checksum)) = fields.split_last_chunk::<4>() else {
            return Err(damaged("they end too early"));
        };
        let mut fields = Fields(fields);
        let version = fields.u16()?;
        if version != VERSION {
            return Err(CodecError::TablesVersion { found: version });
        }
        let content = &bytes[..bytes.len() - checksum.len()];
        if crc32fast::hash(content).to_le_bytes() != *checksum {
            return Err(damaged("their checksum is wrong"));
        }
        let mut tables = read_parts(&mut fields)?;
        let self_test = u32::from_le_bytes(fields.array()?);
        if !fields.0.is_empty() {
            return Err(damaged("something follows them"));
        }
        if self::self_test(&tables) != self_test {
            return Err(damaged("their self-test gives another result"));
        }
        tables.hash = hash(content);
        Ok(tables)
    }

    /// The same tables, named by what they are.
    pub(super) fn named(mut self) -> Self {
        self.hash = hash(&content(&self));
        self
    }
}

/// All bytes but the checksum. Sizes were checked to fit.
fn content(tables: &TransformTables) -> Vec<u8> {
    let (shape, code) = (tables.shape, tables.code);
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    let sizes = [
        shape.height(),
        shape.width(),
        code.channels(),
        code.rows(),
        code.columns(),
        tables.qualities.len(),
    ];
    bytes.extend(sizes.iter().flat_map(|&size| (size as u16).to_le_bytes()));
    bytes.extend(tables.network);
    for channel in tables.qualities.iter().flatten() {
        for predictor in [&channel.location, &channel.scale] {
            bytes.push(predictor.thresholds.len() as u8);
            let weights = predictor.weights.iter();
            bytes.extend(weights.flat_map(|weight| weight.to_le_bytes()));
            let integers = predictor.biases.iter().chain(&predictor.thresholds);
            bytes.extend(integers.flat_map(|integer| integer.to_le_bytes()));
        }
        for table in &channel.tables {
            let usual = table.usual();
            bytes.push(table.lowest().cast_unsigned());
            bytes.extend((usual.len() as u16).to_le_bytes());
            bytes.extend(usual.flat_map(u16::to_le_bytes));
        }
    }
    bytes.extend(self_test(tables).to_le_bytes());
    bytes
}

fn read_parts(fields: &mut Fields<'_>) -> Result<TransformTables, CodecError> {
    let [height, width] = [fields.u16()?, fields.u16()?];
    let [channels, rows, columns, qualities] =
        [fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?];
    let shape = ImageShape::new(height, width).ok_or(damaged("their images have no shape"))?;
    let code = CodeShape::new(channels, rows, columns)
        .ok_or(damaged("their codes have no possible shape"))?;
    if !(1..=MOST_QUALITIES).contains(&usize::from(qualities)) {
        return Err(damaged("they have no possible number of qualities"));
    }
    let network = fields.array()?;
    let mut tables = TransformTables {
        shape,
        code,
        network,
        qualities: Vec::new(),
        hash: ModelHash([0; 8]),
    };
    for _ in 0..qualities {
        let channels = 0..code.channels();
        let channels = channels.map(|channel| read_channel(fields, code, channel));
        tables.qualities.push(channels.collect::<Result<_, _>>()?);
    }
    Ok(tables)
}

fn read_channel(
    fields: &mut Fields<'_>,
    code: CodeShape,
    channel: usize,
) -> Result<ChannelTables, CodecError> {
    let location = read_predictor(fields, code, channel)?;
    let scale = read_predictor(fields, code, channel)?;
    let classes = (location.thresholds.len() + 1) * (scale.thresholds.len() + 1);
    let tables = (0..classes).map(|_| {
        let [lowest] = fields.array()?;
        let usual = usize::from(fields.u16()?);
        let usual = fields.numbers(usual, u16::from_le_bytes)?;
        SymbolTable::new(lowest.cast_signed(), &usual).ok_or(damaged("a table is none"))
    });
    let channel_tables = ChannelTables {
        tables: tables.collect::<Result<_, _>>()?,
        location,
        scale,
    };
    match channel_tables.is_sound(code, channel) {
        true => Ok(channel_tables),
        false => Err(damaged("their sums could overflow")),
    }
}

fn read_predictor(
    fields: &mut Fields<'_>,
    code: CodeShape,
    channel: usize,
) -> Result<Predictor, CodecError> {
    let [thresholds] = fields.array()?;
    if usize::from(thresholds) >= MOST_CLASSES {
        return Err(damaged("they have too many classes"));
    }
    Ok(Predictor {
        weights: fields.numbers(neighbors(code, channel), i16::from_le_bytes)?,
        biases: fields.numbers(code.places(), i32::from_le_bytes)?,
        thresholds: fields.numbers(usize::from(thresholds), i32::from_le_bytes)?,
    })
}

/// What is left to read.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (first, rest) = self
            .0
            .split_first_chunk()
            .ok_or(damaged("they end too early"))?;
        self.0 = rest;
        Ok(*first)
    }

    fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// So many numbers of `N` bytes. Memory is taken for those that are there.
    fn numbers<T, const N: usize>(
        &mut self,
        count: usize,
        number: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, CodecError> {
        let bytes = count
            .checked_mul(N)
            .and_then(|bytes| self.0.split_off(..bytes))
            .ok_or(damaged("they end too early"))?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().copied().map(number).collect())
    }
}

/// The CRC-32 of the bytes for symbols that the program makes up, at each quality: usual ones mostly, of all sizes.
fn self_test(tables: &TransformTables) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let mut state = 1_u32;
    let symbols: Vec<u8> = (0..TESTED * tables.code.symbols())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, _, size, value] = state.to_le_bytes();
            // Of eight sizes, from none to all of eight bits, a small one as likely as a large one.
            (value.cast_signed() >> (size % 8)).cast_unsigned()
        })
        .collect();
    for quality in &tables.qualities {
        hasher.update(&coding::encode(tables.code, quality, &symbols));
    }
    hasher.finalize()
}

fn hash(content: &[u8]) -> ModelHash {
    let digest = Sha256::digest(content);
    ModelHash(std::array::from_fn(|byte| digest[byte]))
}

const fn damaged(reason: &'static str) -> CodecError {
    CodecError::Tables { reason }
}
