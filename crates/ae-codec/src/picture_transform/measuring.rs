//! Tables from the symbols of pictures: floats end here.

use rayon::prelude::*;

use super::coding::{Neighborhood, chosen};
use super::regression::predictors;
use super::tables::{FRACTIONS, Layout, PictureSymbols, PictureTransformTables};
use crate::checked_file::Filed as _;
use crate::error::CodecError;
use crate::pixel::ModelHash;
use crate::transform::channel_tables::{ChannelTables, MOST_QUALITIES};
use crate::transform::predictor::Predictor;
use crate::transform::symbol_table::SymbolTable;

/// The shares of symbols below each threshold of the scale.
const SCALE_SHARES: [f64; 19] = [
    0.1, 0.2, 0.3, 0.4, 0.5, 0.58, 0.65, 0.71, 0.76, 0.81, 0.85, 0.88, 0.91, 0.935, 0.955, 0.97,
    0.98, 0.99, 0.996,
];
/// What one symbol counts for, in units of which those that a table borrows count a few.
const COUNT: u64 = 4096;
/// Symbols of its class of the scale that each table has besides its own, and symbols of its channel.
const BORROWED: [u64; 2] = [12, 2];
/// Distances that tables have, at most: those of eight bits.
const SLOTS: usize = 256;

impl PictureTransformTables {
    /// Measures the tables of an autoencoder that `network` names, which has `channels` symbols for each block of `reduction` x
    /// `reduction` pixels, from the symbols that it has for pictures like those that are to be coded, at each quality.
    ///
    /// # Errors
    /// [`CodecError::Measuring`] where there are no pictures, no qualities or more than 255, or symbols of no whole picture.
    pub fn measure(
        reduction: usize,
        channels: usize,
        network: [u8; 8],
        pictures: &[Vec<PictureSymbols>],
    ) -> Result<Self, CodecError> {
        let refused = |reason| Err(CodecError::Measuring { reason });
        let Some(layout) = Layout::new(reduction, channels) else {
            return refused("blocks have no possible size");
        };
        if !(1..=MOST_QUALITIES).contains(&pictures.len()) {
            return refused("there are 1 to 255 qualities");
        }
        let is_whole =
            |picture: &PictureSymbols| picture.symbols.len() == layout.symbols(picture.shape);
        let mut qualities = pictures.iter();
        if !qualities.all(|pictures| !pictures.is_empty() && pictures.iter().all(is_whole)) {
            return refused("the symbols are of no whole number of pictures");
        }
        let qualities = pictures.iter().map(|pictures| measured(layout, pictures));
        let tables = Self {
            layout,
            network,
            qualities: qualities.collect(),
            hash: ModelHash([0; 8]),
        };
        Ok(tables.named())
    }
}

/// The tables of a quality.
fn measured(layout: Layout, pictures: &[PictureSymbols]) -> Vec<ChannelTables> {
    let predictors = predictors(layout, pictures);
    predictors
        .into_par_iter()
        .enumerate()
        .map(|(channel, [location, scale])| {
            channel_tables(layout, pictures, channel, location, scale)
        })
        .collect()
}

/// The tables of a channel, of the classes that these predictors fall into.
fn channel_tables(
    layout: Layout,
    pictures: &[PictureSymbols],
    channel: usize,
    location: Predictor,
    scale: Predictor,
) -> ChannelTables {
    let mut scales = Vec::new();
    walk(layout, pictures, channel, |neighborhood, column, _| {
        let [above, here] = neighborhood.magnitudes(column, channel);
        scales.push(scale.value(above, here, 0));
    });
    let mut tables = ChannelTables {
        location,
        scale: Predictor {
            thresholds: quantiles(scales, &SCALE_SHARES),
            ..scale
        },
        tables: Vec::new(),
    };
    let classes = tables.scale.thresholds.len() + 1;
    let mut counts = vec![[0_u64; SLOTS]; classes * FRACTIONS];
    walk(layout, pictures, channel, |neighborhood, column, symbol| {
        let (table, center) = chosen(&tables, neighborhood, column, channel);
        let slot = i32::from(symbol) - center + SLOTS as i32 / 2;
        // Others are escapes.
        if let Some(count) = usize::try_from(slot)
            .ok()
            .and_then(|slot| counts[table].get_mut(slot))
        {
            *count += 1;
        }
    });
    let total = |counts: &[[u64; SLOTS]]| -> [u64; SLOTS] {
        std::array::from_fn(|slot| counts.iter().map(|counts| counts[slot]).sum())
    };
    let of_channel = total(&counts);
    let first = of_channel.iter().position(|&count| count > 0);
    let last = of_channel.iter().rposition(|&count| count > 0);
    let first = first.unwrap_or(SLOTS / 2);
    let last = last.unwrap_or(SLOTS / 2);
    for of_class in counts.chunks_exact(FRACTIONS) {
        let class = total(of_class);
        let shares = [&class, &of_channel].map(|counts| counts.iter().sum::<u64>().max(1));
        tables.tables.extend(of_class.iter().map(|counts| {
            let usual: Vec<u64> = (first..=last)
                .map(|slot| {
                    COUNT * counts[slot]
                        + COUNT * BORROWED[0] * class[slot] / shares[0]
                        + COUNT * BORROWED[1] * of_channel[slot] / shares[1]
                })
                .collect();
            SymbolTable::from_counts((first as i32 - SLOTS as i32 / 2) as i8, &usual)
                .expect("256 distances at most, from the first to the last of 8 bits")
        }));
    }
    tables
}

/// Goes through a channel's symbols in the order in which they are coded.
fn walk(
    layout: Layout,
    pictures: &[PictureSymbols],
    channel: usize,
    mut step: impl FnMut(&Neighborhood, usize, i8),
) {
    let channels = layout.channels;
    for picture in pictures {
        let [_, columns] = layout.places(picture.shape);
        let mut neighborhood = Neighborhood::new(channels, columns);
        for row in picture.symbols.chunks_exact(columns * channels) {
            for (column, block) in row.chunks_exact(channels).enumerate() {
                for (channel, &symbol) in block.iter().enumerate() {
                    neighborhood.set(column, channel, symbol);
                }
                step(&neighborhood, column, block[channel]);
            }
            neighborhood.next_row();
        }
    }
}

/// The values below which these shares lie, without repeats.
fn quantiles(mut values: Vec<i32>, shares: &[f64]) -> Vec<i32> {
    values.sort_unstable();
    let mut thresholds: Vec<i32> = shares
        .iter()
        .map(|share| values[((share * values.len() as f64) as usize).min(values.len() - 1)])
        // From the smallest value on are all: no class.
        .filter(|&threshold| threshold > values[0])
        .collect();
    thresholds.dedup();
    thresholds
}
