//! The tables' file: read with checks, written.

use std::io::{Read, Write};

use super::code::IndexCode;
use super::coding;
use super::tables::IndexTables;
use super::tree::{Features, Node, Tree, TreeBuilder};
use crate::checked_file::{Fields, FileFormat, Filed};
use crate::entropy::FrequencyTable;
use crate::error::CodecError;
use crate::pixel::ModelHash;
use crate::shape::ImageShape;
use crate::tables_file::{OF_INDICES, TABLES, damaged, made_up};

/// What stands for a table in place of a question's feature.
const TABLE: u16 = u16::MAX;
/// Trees of more nodes are refused.
const MOST_NODES: usize = 1 << 20;
/// Images of which the self-test is made.
const TESTED: usize = 2;

impl IndexTables {
    /// Writes the tables, as `docs/aez-format.md` says.
    ///
    /// # Errors
    /// [`CodecError::Write`].
    pub fn write(&self, to: &mut impl Write) -> Result<(), CodecError> {
        self.write_file(to)
    }

    /// Reads tables to the end of `from` and checks them: their checksum, their sizes, and that this machine codes by them as
    /// the one did that made them.
    ///
    /// # Errors
    /// [`CodecError::Read`], [`CodecError::NotTables`], [`CodecError::TablesVersion`] or [`CodecError::Tables`].
    pub fn read(from: &mut impl Read) -> Result<Self, CodecError> {
        Self::read_file(from)
    }
}

impl Filed for IndexTables {
    const FORMAT: &'static FileFormat = &TABLES;
    const VERSION: u16 = OF_INDICES;

    fn put_parts(&self, bytes: &mut Vec<u8>) {
        let (shape, code) = (self.shape, &self.code);
        let mut put = |number: u16| bytes.extend(number.to_le_bytes());
        for size in [shape.height(), shape.width()] {
            put(size as u16); // sides have 16 bits
        }
        put(code.rows);
        put(code.columns);
        put(code.radices.len() as u16); // of at most 65,536 codewords in all: 16 at most
        code.radices.iter().for_each(|&radix| put(radix));
        put(u16::from(!code.ranks.is_empty()));
        code.ranks.iter().for_each(|&rank| put(rank));
        bytes.extend(self.network);
        let mut put = |number: u16| bytes.extend(number.to_le_bytes());
        for (node, table) in self.trees.iter().flat_map(Tree::nodes) {
            match node {
                Node::Question {
                    feature, threshold, ..
                } => {
                    put(feature);
                    put(threshold);
                }
                Node::Table(_) => put(TABLE),
            }
            if let Some(table) = table {
                // Of two symbols or more, none has all 65,536.
                (0..table.symbols()).for_each(|symbol| put(table.frequency(symbol) as u16));
            }
        }
    }

    fn read_parts(fields: &mut Fields<'_>) -> Result<Self, CodecError> {
        let [height, width] = [fields.u16()?, fields.u16()?];
        let shape = ImageShape::new(height, width).ok_or(damaged("their images have no shape"))?;
        let [rows, columns, digits] = [fields.u16()?, fields.u16()?, fields.u16()?];
        let radices: Vec<u16> = (0..digits)
            .map(|_| fields.u16())
            .collect::<Result<_, _>>()?;
        let codewords = radices.iter().fold(1, |product: u32, &radix| {
            product.saturating_mul(radix.into())
        });
        let ranks = match fields.u16()? {
            0 => Vec::new(),
            1 => (0..codewords)
                .map(|_| fields.u16())
                .collect::<Result<_, _>>()?,
            _ => return Err(damaged("their ranks are none")),
        };
        let code = IndexCode::new(rows, columns, radices, ranks)
            .ok_or(damaged("their indices have no possible form"))?;
        let network = fields.array()?;
        let trees = (0..code.digits()).map(|digit| read_tree(fields, &code, digit));
        Ok(Self {
            shape,
            network,
            trees: trees.collect::<Result<_, _>>()?,
            code,
            hash: ModelHash([0; 8]),
        })
    }

    /// Coded bytes of made-up digits, in one number.
    fn self_test(&self) -> u32 {
        let code = &self.code;
        let mut digits = made_up(TESTED * code.symbols());
        for digits in digits.chunks_exact_mut(code.digits()) {
            for (digit, &radix) in digits.iter_mut().zip(&code.radices) {
                *digit = (u16::from(*digit) % radix) as u8;
            }
        }
        crc32fast::hash(&coding::encode(code, &self.trees, &digits))
    }

    fn named_by(self, hash: ModelHash) -> Self {
        Self { hash, ..self }
    }
}

fn read_tree(fields: &mut Fields<'_>, code: &IndexCode, digit: usize) -> Result<Tree, CodecError> {
    let features = Features::new(code.digits());
    let mut builder = TreeBuilder::new();
    while !builder.is_whole() {
        if builder.nodes() == MOST_NODES {
            return Err(damaged("a table is chosen by too many questions"));
        }
        match fields.u16()? {
            TABLE => {
                let frequencies = (0..code.radices[digit]).map(|_| fields.u16().map(u32::from));
                let frequencies: Vec<u32> = frequencies.collect::<Result<_, _>>()?;
                let table = FrequencyTable::new(&frequencies);
                builder.table(table.ok_or(damaged("a table is none"))?);
            }
            _ if !builder.may_ask() => {
                return Err(damaged("a table is chosen by too many questions"));
            }
            feature if features.is_known(feature.into(), digit) => {
                builder.question(feature, fields.u16()?);
            }
            _ => return Err(damaged("a table is chosen by what is not known")),
        }
    }
    builder.finish().ok_or(damaged("they end too early"))
}
