//! The tables' file: read with checks, written.

use std::io::{Read, Write};

use super::coding;
use super::tables::{FRACTIONS, Layout, PictureTransformTables};
use crate::checked_file::{Fields, FileFormat, Filed};
use crate::error::CodecError;
use crate::pixel::ModelHash;
use crate::shape::ImageShape;
use crate::tables_file::{OF_PICTURES, TABLES, damaged, made_up};
use crate::transform::channel_tables::{ChannelTables, MOST_QUALITIES, put_qualities};

/// Rows and columns of blocks of which the self-test is made.
const TESTED: [usize; 2] = [5, 7];

impl PictureTransformTables {
    /// Writes the tables, as `docs/aez-format.md` says.
    ///
    /// # Errors
    /// [`CodecError::Write`].
    pub fn write(&self, to: &mut impl Write) -> Result<(), CodecError> {
        self.write_file(to)
    }

    /// Reads tables to the end of `from` and checks them: their checksum, their sizes, that no sum can overflow, and that this
    /// machine codes by them as the one did that made them.
    ///
    /// # Errors
    /// [`CodecError::Read`], [`CodecError::NotTables`], [`CodecError::TablesVersion`] or [`CodecError::Tables`].
    pub fn read(from: &mut impl Read) -> Result<Self, CodecError> {
        Self::read_file(from)
    }
}

impl Filed for PictureTransformTables {
    const FORMAT: &'static FileFormat = &TABLES;
    const VERSION: u16 = OF_PICTURES;

    fn put_parts(&self, bytes: &mut Vec<u8>) {
        let layout = self.layout;
        let sizes = [layout.reduction, layout.channels, self.qualities.len()];
        bytes.extend(sizes.iter().flat_map(|&size| (size as u16).to_le_bytes()));
        bytes.extend(self.network);
        put_qualities(&self.qualities, bytes);
    }

    fn read_parts(fields: &mut Fields<'_>) -> Result<Self, CodecError> {
        let [reduction, channels, qualities] = [fields.u16()?, fields.u16()?, fields.u16()?];
        let layout = Layout::new(reduction.into(), channels.into())
            .ok_or(damaged("their blocks have no possible size"))?;
        if !(1..=MOST_QUALITIES).contains(&usize::from(qualities)) {
            return Err(damaged("they have no possible number of qualities"));
        }
        let network = fields.array()?;
        let mut tables = Self {
            layout,
            network,
            qualities: Vec::new(),
            hash: ModelHash([0; 8]),
        };
        for _ in 0..qualities {
            let channels = 0..layout.channels;
            let channels = channels.map(|channel| read_channel(fields, layout, channel));
            tables.qualities.push(channels.collect::<Result<_, _>>()?);
        }
        Ok(tables)
    }

    /// The CRC-32 of the bytes for symbols that the program makes up, at each quality: usual ones mostly, of all sizes.
    fn self_test(&self) -> u32 {
        let layout = self.layout;
        let [rows, columns] = TESTED.map(|blocks| (blocks * layout.reduction) as u16);
        let Some(shape) = ImageShape::new(rows, columns) else {
            unreachable!("sides of blocks are below 257 and not 0");
        };
        let symbols = made_up(layout.symbols(shape));
        let mut hasher = crc32fast::Hasher::new();
        for quality in &self.qualities {
            hasher.update(&coding::encode(layout, quality, &symbols, &[shape]));
        }
        hasher.finalize()
    }

    fn named_by(self, hash: ModelHash) -> Self {
        Self { hash, ..self }
    }
}

fn read_channel(
    fields: &mut Fields<'_>,
    layout: Layout,
    channel: usize,
) -> Result<ChannelTables, CodecError> {
    let taken = ChannelTables::take(fields, layout.neighbors(channel), 1, |_, scale| {
        (scale.thresholds.len() + 1) * FRACTIONS
    })?;
    match taken.location.thresholds.is_empty() {
        true => Ok(taken),
        false => Err(damaged("their sums could overflow")),
    }
}
