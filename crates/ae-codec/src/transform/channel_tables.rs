//! The tables of a channel, and what chooses among them.

use super::predictor::Predictor;
use super::symbol_table::SymbolTable;
use crate::checked_file::Fields;
use crate::error::CodecError;
use crate::tables_file::damaged;

/// More qualities are refused.
pub(crate) const MOST_QUALITIES: usize = 255;
/// More classes of a predictor are refused.
const MOST_CLASSES: usize = 64;

/// The tables of a channel, and what chooses among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChannelTables {
    /// Of the symbols around it: where the symbol will lie.
    pub(crate) location: Predictor,
    /// Of their magnitudes: how large it will be, or how far from there.
    pub(crate) scale: Predictor,
    /// `[classes of the scale, classes of the location]`, or parts of a unit in place of the latter.
    pub(crate) tables: Vec<SymbolTable>,
}

impl ChannelTables {
    /// Whether its predictors are those of a channel with so many neighbors and biases.
    fn is_sound(&self, neighbors: usize, biases: usize) -> bool {
        [&self.location, &self.scale].into_iter().all(|predictor| {
            predictor.weights.len() == neighbors
                && predictor.biases.len() == biases
                && predictor.thresholds.len() < MOST_CLASSES
                && predictor.is_sound()
        })
    }

    /// Takes those of a channel with so many neighbors and biases, and as many tables as `tables` says of its predictors.
    ///
    /// # Errors
    /// [`CodecError::Tables`].
    pub(crate) fn take(
        fields: &mut Fields<'_>,
        neighbors: usize,
        biases: usize,
        tables: impl Fn(&Predictor, &Predictor) -> usize,
    ) -> Result<Self, CodecError> {
        let mut predictor = || take_predictor(fields, neighbors, biases);
        let (location, scale) = (predictor()?, predictor()?);
        let tables = (0..tables(&location, &scale)).map(|_| take_table(fields));
        let taken = Self {
            tables: tables.collect::<Result<_, _>>()?,
            location,
            scale,
        };
        match taken.is_sound(neighbors, biases) {
            true => Ok(taken),
            false => Err(damaged("their sums could overflow")),
        }
    }
}

/// Appends the tables of all channels at all qualities.
pub(crate) fn put_qualities(qualities: &[Vec<ChannelTables>], bytes: &mut Vec<u8>) {
    for channel in qualities.iter().flatten() {
        for predictor in [&channel.location, &channel.scale] {
            put_predictor(predictor, bytes);
        }
        for table in &channel.tables {
            put_table(table, bytes);
        }
    }
}

/// Appends a predictor.
fn put_predictor(predictor: &Predictor, bytes: &mut Vec<u8>) {
    bytes.push(predictor.thresholds.len() as u8);
    let weights = predictor.weights.iter();
    bytes.extend(weights.flat_map(|weight| weight.to_le_bytes()));
    let integers = predictor.biases.iter().chain(&predictor.thresholds);
    bytes.extend(integers.flat_map(|integer| integer.to_le_bytes()));
}

/// Appends a table.
fn put_table(table: &SymbolTable, bytes: &mut Vec<u8>) {
    let usual = table.usual();
    bytes.push(table.lowest().cast_unsigned());
    bytes.extend((usual.len() as u16).to_le_bytes());
    bytes.extend(usual.flat_map(u16::to_le_bytes));
}

/// Takes a predictor of so many neighbors, with so many biases.
fn take_predictor(
    fields: &mut Fields<'_>,
    neighbors: usize,
    biases: usize,
) -> Result<Predictor, CodecError> {
    let [thresholds] = fields.array()?;
    if usize::from(thresholds) >= MOST_CLASSES {
        return Err(damaged("they have too many classes"));
    }
    Ok(Predictor {
        weights: fields.numbers(neighbors, i16::from_le_bytes)?,
        biases: fields.numbers(biases, i32::from_le_bytes)?,
        thresholds: fields.numbers(usize::from(thresholds), i32::from_le_bytes)?,
    })
}

/// Takes a table.
fn take_table(fields: &mut Fields<'_>) -> Result<SymbolTable, CodecError> {
    let [lowest] = fields.array()?;
    let usual = usize::from(fields.u16()?);
    let usual = fields.numbers(usual, u16::from_le_bytes)?;
    SymbolTable::new(lowest.cast_signed(), &usual).ok_or(damaged("a table is none"))
}
