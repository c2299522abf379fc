//! Tables from the symbols of images: floats end here.

mod regression;

use rayon::prelude::*;

use self::regression::{Regression, Target};
use super::channel_tables::{ChannelTables, MOST_QUALITIES};
use super::coding::{Neighborhood, table_index};
use super::predictor::Predictor;
use super::symbol_table::SymbolTable;
use super::tables::{CodeShape, TransformTables};
use crate::checked_file::Filed as _;
use crate::error::CodecError;
use crate::pixel::ModelHash;
use crate::shape::ImageShape;

/// The shares of symbols below each threshold of the location, and of the scale.
const LOCATION_SHARES: [f64; 4] = [0.08, 0.3, 0.7, 0.92];
const SCALE_SHARES: [f64; 8] = [0.15, 0.3, 0.45, 0.6, 0.72, 0.83, 0.92, 0.97];
/// What one symbol counts for, in units of which those that a channel has anywhere count a few in each of its tables.
const COUNT: u64 = 64;
/// Symbols of its channel, whatever their class, that each table has besides its own.
const BORROWED: u64 = 8;

impl TransformTables {
    /// Measures the tables of an autoencoder that `network` names, for images of `shape`, from the symbols that it has for
    /// images like those that are to be coded, at each quality: `[images, channels, rows, columns]`.
    ///
    /// # Errors
    /// [`CodecError::Measuring`] where there are no images, no qualities or more than 255, or symbols of no whole number of
    /// images.
    pub fn measure(
        shape: ImageShape,
        code: CodeShape,
        network: [u8; 8],
        symbols: &[Vec<i8>],
    ) -> Result<Self, CodecError> {
        if !(1..=MOST_QUALITIES).contains(&symbols.len()) {
            let reason = "there are 1 to 255 qualities";
            return Err(CodecError::Measuring { reason });
        }
        let is_whole =
            |symbols: &Vec<i8>| !symbols.is_empty() && symbols.len().is_multiple_of(code.symbols());
        if !symbols.iter().all(is_whole) {
            let reason = "the symbols are of no whole number of images";
            return Err(CodecError::Measuring { reason });
        }
        let qualities = symbols.iter().map(|symbols| measured(code, symbols));
        let tables = Self {
            shape,
            code,
            network,
            qualities: qualities.collect(),
            hash: ModelHash([0; 8]),
        };
        Ok(tables.named())
    }
}

/// The tables of a quality.
fn measured(code: CodeShape, symbols: &[i8]) -> Vec<ChannelTables> {
    let locations = Regression::new(code, symbols, Target::Signed);
    let scales = Regression::new(code, symbols, Target::Magnitude);
    let channels = (0..code.channels()).into_par_iter();
    channels
        .map(|channel| {
            let location = locations.predictor(channel);
            let scale = scales.predictor(channel);
            channel_tables(code, symbols, channel, location, scale)
        })
        .collect()
}

/// The tables of a channel, of the classes that these predictors fall into.
fn channel_tables(
    code: CodeShape,
    symbols: &[i8],
    channel: usize,
    location: Predictor,
    scale: Predictor,
) -> ChannelTables {
    let (mut locations, mut scales) = (Vec::new(), Vec::new());
    walk(
        code,
        symbols,
        channel,
        |neighbors, row, column, place, _| {
            let [around, here] = neighbors.signed(row, column, channel);
            locations.push(location.value(around, here, place));
            let [around, here] = neighbors.magnitudes(row, column, channel);
            scales.push(scale.value(around, here, place));
        },
    );
    let location = Predictor {
        thresholds: quantiles(&locations, &LOCATION_SHARES),
        ..location
    };
    let scale = Predictor {
        thresholds: quantiles(&scales, &SCALE_SHARES),
        ..scale
    };

    let channel_symbols = symbols
        .chunks_exact(code.places())
        .skip(channel)
        .step_by(code.channels());
    let mut of_channel = [0_u64; 256];
    for &symbol in channel_symbols.flatten() {
        of_channel[slot(symbol)] += 1;
    }
    let is_there = |&slot: &usize| of_channel[slot] > 0;
    let first = (0..256).find(is_there).unwrap_or(slot(0));
    let last = (0..256).rfind(is_there).unwrap_or(slot(0));
    let all: u64 = of_channel.iter().sum();

    let classes = (location.thresholds.len() + 1) * (scale.thresholds.len() + 1);
    let mut counts = vec![[0_u64; 256]; classes];
    let values = locations.iter().zip(&scales);
    let mut index = values.map(|(&at, &size)| table_index(&location, &scale, at, size));
    walk(code, symbols, channel, |_, _, _, _, symbol| {
        if let Some(index) = index.next() {
            counts[index][slot(symbol)] += 1;
        }
    });
    let tables = counts.iter().map(|counts| {
        let usual: Vec<u64> = (first..=last)
            .map(|slot| COUNT * counts[slot] + COUNT * BORROWED * of_channel[slot] / all)
            .collect();
        SymbolTable::from_counts((first as i32 - 128) as i8, &usual)
            .expect("256 symbols at most, from the first to the last of 8 bits")
    });
    ChannelTables {
        tables: tables.collect(),
        location,
        scale,
    }
}

/// Symbols in rising order.
fn slot(symbol: i8) -> usize {
    (i32::from(symbol) + 128) as usize
}

/// Goes through a channel's symbols in the order in which they are coded.
fn walk(
    code: CodeShape,
    symbols: &[i8],
    channel: usize,
    mut step: impl FnMut(&Neighborhood, usize, usize, usize, i8),
) {
    let mut neighborhood = Neighborhood::new(code);
    for image in symbols.chunks_exact(code.symbols()) {
        neighborhood.clear();
        for place in 0..code.places() {
            let (row, column) = (place / code.columns(), place % code.columns());
            for channel in 0..code.channels() {
                let symbol = image[channel * code.places() + place];
                neighborhood.set(row, column, channel, symbol);
            }
        }
        for place in 0..code.places() {
            let (row, column) = (place / code.columns(), place % code.columns());
            neighborhood.look_around(row, column);
            let symbol = image[channel * code.places() + place];
            step(&neighborhood, row, column, place, symbol);
        }
    }
}

/// The values below which these shares lie, without repeats.
fn quantiles(values: &[i32], shares: &[f64]) -> Vec<i32> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let mut thresholds: Vec<i32> = shares
        .iter()
        .map(|share| sorted[((share * sorted.len() as f64) as usize).min(sorted.len() - 1)])
        // From the smallest value on are all: no class.
        .filter(|&threshold| threshold > sorted[0])
        .collect();
    thresholds.dedup();
    thresholds
}
