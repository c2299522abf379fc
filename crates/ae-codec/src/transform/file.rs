//! The tables' file: read with checks, written.

use std::io::{Read, Write};

use super::channel_tables::{ChannelTables, MOST_QUALITIES, put_qualities};
use super::coding;
use super::predictor::Predictor;
use super::tables::{CodeShape, TransformTables, neighbors};
use crate::checked_file::{Fields, FileFormat, Filed, hash};
use crate::error::CodecError;
use crate::pixel::ModelHash;
use crate::shape::ImageShape;
use crate::tables_file::{OF_IMAGES, TABLES, damaged, made_up};

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

impl Filed for TransformTables {
    const FORMAT: &'static FileFormat = &TABLES;
    const VERSION: u16 = OF_IMAGES;

    fn put_parts(&self, bytes: &mut Vec<u8>) {
        let (shape, code) = (self.shape, self.code);
        let sizes = [
            shape.height(),
            shape.width(),
            code.channels(),
            code.rows(),
            code.columns(),
            self.qualities.len(),
        ];
        bytes.extend(sizes.iter().flat_map(|&size| (size as u16).to_le_bytes()));
        bytes.extend(self.network);
        put_qualities(&self.qualities, bytes);
    }

    fn read_parts(fields: &mut Fields<'_>) -> Result<Self, CodecError> {
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
        let mut tables = Self {
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

    /// The CRC-32 of the bytes for symbols that the program makes up, at each quality: usual ones mostly, of all sizes.
    fn self_test(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let symbols = made_up(TESTED * self.code.symbols());
        for quality in &self.qualities {
            hasher.update(&coding::encode(self.code, quality, &symbols));
        }
        hasher.finalize()
    }

    fn named_by(self, hash: ModelHash) -> Self {
        Self { hash, ..self }
    }
}

fn read_channel(
    fields: &mut Fields<'_>,
    code: CodeShape,
    channel: usize,
) -> Result<ChannelTables, CodecError> {
    let classes = |predictor: &Predictor| predictor.thresholds.len() + 1;
    let neighbors = neighbors(code, channel);
    ChannelTables::take(fields, neighbors, code.places(), |location, scale| {
        classes(location) * classes(scale)
    })
}
