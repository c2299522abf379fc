//! How few bits a model's codes of floating-point numbers take once they are rounded and entropy-coded.

use ae_codec::{FrequencyTable, RangeEncoder};
use ae_data::ImageSet;
use ae_infer::OpenModel;
use serde::Serialize;

use crate::error::CliError;

/// Images that tables are measured on, and that are coded, at most, evenly spread.
const MOST_IMAGES: usize = 1_000;
/// Values of all codes, at most: longer codes are measured on fewer images.
const MOST_VALUES: usize = 1 << 23;
/// By how much the mean squared error may rise through rounding.
const ALLOWED: f64 = 1.05;
/// Steps of rounding are the values' standard deviation divided by powers of two, up to this one.
const FINEST: i32 = 10;
/// Rounded values beyond this number of steps are none that a table is made for.
const MOST_STEPS: i64 = 16_000;

/// Codes as a file would hold them: rounded to multiples of a step, each value by a table of its own for its place in the code.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct StoredCodes {
    /// What values are rounded to multiples of: the coarsest of a few that raises the mean squared error by no more than 5%.
    pub(crate) step: f64,
    /// Bits of the range coder's bytes for each pixel, the tables (which belong to the model) not counted.
    pub(crate) bits_per_pixel: f64,
    /// PSNR in decibels of what the rounded codes are decoded to.
    pub(crate) psnr: f64,
    /// Images that were coded.
    pub(crate) images: usize,
}

/// Rounds and codes the codes of `images`, by tables of those of `train`; nothing for a model without codes, and of codes that
/// no step of rounding leaves as good.
///
/// # Errors
/// The images cannot be read, or the device fails.
pub(crate) fn stored_codes(
    model: &OpenModel,
    images: &ImageSet,
    train: &ImageSet,
) -> Result<Option<StoredCodes>, CliError> {
    let Ok(values_of_code) = model.code_values() else {
        return Ok(None);
    };
    let most = MOST_IMAGES.min(MOST_VALUES / values_of_code.max(1)).max(1);
    let (images, train) = (some(images, most), some(train, most));
    if images.is_empty() || train.is_empty() {
        return Ok(None);
    }
    let codes = model.codes(&images)?.into_values();
    let of_train = model.codes(&train)?.into_values();
    let originals: Vec<f32> = unit_values(&images)?;
    let exact = error(model, &codes, &originals, images.len())?;
    let count = codes.len() as f64;
    let mean = codes.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance = codes
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2))
        .sum::<f64>()
        / count;
    if !(variance.is_finite() && variance > 0.0) {
        return Ok(None);
    }
    for power in -1..=FINEST {
        let step = variance.sqrt() / f64::from(power).exp2();
        let rounded: Vec<f32> = codes
            .iter()
            .map(|&value| ((f64::from(value) / step).round() * step) as f32)
            .collect();
        let after = error(model, &rounded, &originals, images.len())?;
        if after > ALLOWED * exact {
            continue;
        }
        let steps = |values: &[f32]| -> Vec<i64> {
            let values = values.iter();
            values
                .map(|&value| (f64::from(value) / step).round() as i64)
                .collect()
        };
        let Some(bytes) = coded_bytes(&steps(&codes), &steps(&of_train), values_of_code) else {
            return Ok(None);
        };
        let pixels = images.len() * images.shape().pixels();
        return Ok(Some(StoredCodes {
            step,
            bits_per_pixel: 8.0 * bytes as f64 / pixels as f64,
            psnr: -10.0 * after.log10(),
            images: images.len(),
        }));
    }
    Ok(None)
}

/// At most `most` images of a set, evenly spread.
fn some(set: &ImageSet, most: usize) -> ImageSet {
    let step = set.len().div_ceil(most).max(1);
    set.subset((0..set.len()).step_by(step).collect())
}

/// The pixels of a set, from 0 to 1.
fn unit_values(set: &ImageSet) -> Result<Vec<f32>, CliError> {
    let values = set.shape().values();
    let mut all = vec![0.0; set.len() * values];
    for (index, image) in all.chunks_exact_mut(values).enumerate() {
        set.read_unit_into(index, image)?;
    }
    Ok(all)
}

/// The mean squared error of what codes are decoded to.
fn error(
    model: &OpenModel,
    codes: &[f32],
    originals: &[f32],
    images: usize,
) -> Result<f64, CliError> {
    let values = originals.len() / images;
    let values_of_code = codes.len() / images;
    let mut squares = 0.0;
    let batches = codes.chunks(ae_infer::BATCH_SIZE * values_of_code);
    for (codes, originals) in batches.zip(originals.chunks(ae_infer::BATCH_SIZE * values)) {
        let decoded = model.decode_values(codes.len() / values_of_code, codes.to_vec())?;
        let pairs = decoded.iter().zip(originals);
        squares += pairs
            .map(|(one, other)| (f64::from(one.clamp(0.0, 1.0)) - f64::from(*other)).powi(2))
            .sum::<f64>();
    }
    Ok(squares / originals.len() as f64)
}

/// The bytes of a range coder for codes of whole numbers, by a table for each place in a code; nothing where values are too far
/// from each other for tables.
fn coded_bytes(codes: &[i64], train: &[i64], values_of_code: usize) -> Option<usize> {
    let mut encoder = RangeEncoder::new();
    for place in 0..values_of_code {
        let of_place = |codes: &[i64]| -> Vec<i64> {
            codes
                .iter()
                .skip(place)
                .step_by(values_of_code)
                .copied()
                .collect()
        };
        let seen = of_place(train);
        let (first, last) = (*seen.iter().min()?, *seen.iter().max()?);
        if last - first >= MOST_STEPS {
            return None;
        }
        // The last is an escape, after which a value follows in 64 bits.
        let mut counts = vec![0_u64; (last - first) as usize + 2];
        let escape = counts.len() - 1;
        for value in &seen {
            counts[(value - first) as usize] += 1;
        }
        let table = FrequencyTable::from_histogram(&counts)?;
        for value in of_place(codes) {
            match usize::try_from(value - first) {
                Ok(symbol) if symbol < escape => table.encode(symbol, &mut encoder),
                _ => {
                    table.encode(escape, &mut encoder);
                    for byte in value.to_le_bytes() {
                        encoder.encode(byte.into(), 1, 256);
                    }
                }
            }
        }
    }
    Some(encoder.finish().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that is 0 seven times of eight and 1 otherwise has .544 bits; one that is always 5 has none.
    #[test]
    fn codes_take_the_bits_of_their_entropy() {
        let codes: Vec<i64> = (0..8_000)
            .flat_map(|index| [i64::from(index % 8 == 3), 5])
            .collect();
        let bytes = coded_bytes(&codes, &codes, 2).expect("there are tables");
        let expected = 8_000.0 * 0.543_564 / 8.0;
        assert!((bytes as f64 - expected).abs() < 0.01 * expected, "{bytes}");
        // What was not seen takes an escape.
        let other = [codes.as_slice(), &[-100, 5]].concat();
        let more = coded_bytes(&other, &codes, 2).expect("there are tables");
        assert!((8..14).contains(&(more - bytes)), "{more} {bytes}");
        assert_eq!(coded_bytes(&[0], &[0, 1 << 40], 1), None);
    }
}
