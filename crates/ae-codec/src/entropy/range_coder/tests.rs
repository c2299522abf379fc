use ae_random::{Draw, Purpose, RandomStream};
use constriction::stream::model::ContiguousCategoricalEntropyModel;
use constriction::stream::queue::DefaultRangeEncoder;
use constriction::stream::{Decode as _, Encode as _};

use super::*;
use crate::entropy::FrequencyTable;

fn stream(index: u64) -> RandomStream {
    Draw {
        seed: 3,
        purpose: Purpose::Display,
        epoch: 0,
        index,
    }
    .stream()
}

/// Symbols drawn by their frequencies.
fn symbols(table: &FrequencyTable, count: usize, stream: &mut RandomStream) -> Vec<usize> {
    let mut ends = Vec::new();
    for symbol in 0..table.symbols() {
        ends.push(ends.last().unwrap_or(&0) + u64::from(table.frequency(symbol)));
    }
    (0..count)
        .map(|_| {
            let position = stream.uniform_below(FrequencyTable::TOTAL.into());
            ends.partition_point(|&end| end <= position)
        })
        .collect()
}

/// Flat, peaked and extreme tables: round trips; within 0.01% of what the symbols have to cost, and never longer than what
/// the crate `constriction` makes of the same.
#[test]
fn symbols_cost_what_they_have_to() {
    let mut histograms = vec![
        vec![1, 1],
        vec![65_535, 1],
        vec![1, 65_535],
        vec![1; 65_536],
        vec![1; 3],
        [vec![0; 255], vec![1]].concat(),
        (0..256).map(|level| 1 << (level % 40)).collect(),
    ];
    let mut random = stream(0);
    histograms.extend((0..20).map(|_| {
        let count = 2 + random.uniform_below(300);
        (0..count)
            .map(|_| random.uniform_below(1 << 30) >> random.uniform_below(31))
            .collect()
    }));
    for (index, histogram) in histograms.iter().enumerate() {
        let table = FrequencyTable::from_histogram(histogram).unwrap();
        let symbols = symbols(&table, 10_000, &mut random);
        let mut encoder = RangeEncoder::new();
        let mut bits = 0.0;
        for &symbol in &symbols {
            table.encode(symbol, &mut encoder);
            bits -= (f64::from(table.frequency(symbol)) / 65_536.0).log2();
        }
        let bytes = encoder.finish();
        let mut decoder = RangeDecoder::new(&bytes);
        let decoded: Vec<usize> = symbols.iter().map(|_| table.decode(&mut decoder)).collect();
        assert!(decoded == symbols, "table {index}");
        let found = bytes.len() as f64 * 8.0;
        assert!(
            found <= bits * 1.0001 + 8.0,
            "table {index}: {found} for {bits} bits"
        );
        assert!(
            found >= bits - 8.0,
            "table {index}: {found} for {bits} bits"
        );

        let frequencies = (0..table.symbols()).map(|symbol| table.frequency(symbol));
        let model = ContiguousCategoricalEntropyModel::<u32, Vec<u32>, 16>::from_nonzero_fixed_point_probabilities(
            frequencies,
            false,
        )
        .unwrap();
        let mut oracle = DefaultRangeEncoder::new();
        oracle.encode_iid_symbols(&symbols, &model).unwrap();
        let of_oracle = oracle.get_compressed().len() * 4;
        assert!(
            bytes.len() <= of_oracle,
            "table {index}: {} and {of_oracle}",
            bytes.len()
        );
        assert!(
            bytes.len() as f64 >= of_oracle as f64 * 0.999 - 8.0,
            "table {index}"
        );
        let mut decoder = oracle.into_decoder().unwrap();
        for (place, expected) in symbols.iter().enumerate() {
            let found = decoder.decode_symbol(&model).unwrap();
            assert!(found == *expected, "table {index}, symbol {place}");
        }
    }
}

/// Totals that are no powers of two, up to the largest, and symbols at their ends.
#[test]
fn every_total_has_its_round_trip() {
    let mut random = stream(1);
    for total in [
        1,
        2,
        3,
        255,
        65_537,
        (1 << 31) + 256,
        LARGEST_TOTAL - 1,
        LARGEST_TOTAL,
    ] {
        let parts: Vec<(u64, u64)> = (0..3000)
            .map(|_| match random.uniform_below(5) {
                0 => (0, 1),
                1 => (total - 1, 1),
                2 => (0, total),
                3 => (total / 2, total - total / 2),
                _ => {
                    let start = random.uniform_below(total);
                    (start, 1 + random.uniform_below(total - start))
                }
            })
            .collect();
        let mut encoder = RangeEncoder::new();
        for &(start, frequency) in &parts {
            encoder.encode(start, frequency, total);
        }
        let bytes = encoder.finish();
        let mut decoder = RangeDecoder::new(&bytes);
        for &(start, frequency) in &parts {
            let position = decoder.position(total);
            assert!((start..start + frequency).contains(&position), "of {total}");
            decoder.advance(start, frequency, total);
        }
    }
}

/// The middle third of the middle third and so on, around one half, whose bytes stay undecided until the last symbol.
#[test]
fn carries_go_through_all_bytes_that_are_full() {
    for length in [9, 20, 30] {
        for last in 0..3 {
            let mut encoder = RangeEncoder::new();
            for _ in 0..length {
                encoder.encode(1, 1, 3);
            }
            encoder.encode(last, 1, 3);
            let bytes = encoder.finish();
            let mut decoder = RangeDecoder::new(&bytes);
            for _ in 0..length {
                assert_eq!(decoder.position(3), 1);
                decoder.advance(1, 1, 3);
            }
            assert_eq!(decoder.position(3), last);
            // Bytes that are certain: about 1.58 bits a symbol.
            let certain = length * 158 / 100 / 8;
            match last {
                0 => assert!(bytes[0] == 0x7f && bytes[1..certain].iter().all(|&b| b == 0xff)),
                1 => assert!(bytes[0] == 0x7f || bytes == [0x80]),
                _ => assert!(bytes[0] == 0x80 && bytes[1..certain].iter().all(|&b| b == 0)),
            }
        }
    }
}

#[test]
fn the_end_takes_one_byte_at_most() {
    assert_eq!(RangeEncoder::new().finish(), []);
    let mut random = stream(2);
    for count in 1..200 {
        let mut encoder = RangeEncoder::new();
        for _ in 0..count {
            encoder.encode(random.uniform_below(256) << 8, 256, 65_536);
        }
        assert!(encoder.finish().len() <= count + 1);
    }
}

#[test]
fn bytes_that_nobody_wrote_give_symbols_of_some_kind() {
    let mut random = stream(3);
    let table = FrequencyTable::from_histogram(&[5, 0, 1000, 3]).unwrap();
    for length in 0..60 {
        let mut bytes: Vec<u8> = (0..length)
            .map(|_| random.uniform_below(256) as u8)
            .collect();
        if length % 3 == 0 {
            bytes.fill(0xff);
        }
        let mut decoder = RangeDecoder::new(&bytes);
        for _ in 0..500 {
            assert!(table.decode(&mut decoder) < 4);
        }
    }
}
