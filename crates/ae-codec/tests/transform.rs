//! The codec `transform`: symbols by tables that were measured, their file, containers, and a golden file.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "choice/choice.rs"]
mod choice;

use ae_codec::{
    ChunkCodec as _, CodeShape, Codec, CodecError, ContainerHeader, ContainerSummary, Decoder,
    DecoderSettings, Encoder, EncoderSettings, ImageShape, TransformTables,
};

/// Symbols that follow from those before them, with something random: `[images, channels, rows, columns]`.
fn symbols(code: CodeShape, images: usize, spread: i32, seed: u32) -> Vec<i8> {
    let mut state = seed;
    let mut all = Vec::new();
    let places = code.places();
    for _ in 0..images {
        let mut image = vec![0_i8; code.symbols()];
        for place in 0..places {
            for channel in 0..code.channels() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // The sum of two is near 0 mostly.
                let random = (state >> 28) as i32 + (state >> 20 & 15) as i32 - 15;
                let left = match place % code.columns() {
                    0 => 0,
                    _ => i32::from(image[channel * places + place - 1]),
                };
                let before = match channel {
                    0 => 0,
                    _ => i32::from(image[(channel - 1) * places + place]),
                };
                let symbol = (left - before) / 2 + random * spread / 15;
                image[channel * places + place] = symbol.clamp(-127, 127) as i8;
            }
        }
        all.extend(image);
    }
    all
}

fn code() -> CodeShape {
    CodeShape::new(3, 4, 5).unwrap()
}

fn shape() -> ImageShape {
    ImageShape::new(16, 20).unwrap()
}

fn tables() -> TransformTables {
    let of_qualities = [symbols(code(), 200, 3, 1), symbols(code(), 200, 9, 2)];
    TransformTables::measure(shape(), code(), *b"networks", &of_qualities).unwrap()
}

fn bytes_of(symbols: &[i8]) -> Vec<u8> {
    symbols
        .iter()
        .map(|symbol| symbol.cast_unsigned())
        .collect()
}

fn container(tables: &TransformTables, quality: usize, symbols: &[i8], group: usize) -> Vec<u8> {
    let coder = tables.coder(quality).unwrap();
    let settings = EncoderSettings {
        group,
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Vec::new(), &coder, &settings).unwrap();
    for image in bytes_of(symbols).chunks(code().symbols()) {
        encoder.push(image, None).unwrap();
    }
    encoder.finish().unwrap()
}

fn decoded(tables: &TransformTables, quality: usize, bytes: &[u8]) -> Vec<u8> {
    let coder = tables.coder(quality).unwrap();
    let chunks = Decoder::new(bytes, &coder, &DecoderSettings::default()).unwrap();
    chunks.flat_map(|chunk| chunk.unwrap().pixels).collect()
}

#[test]
fn symbols_come_back_whatever_they_are() {
    let tables = tables();
    for quality in [1, 2] {
        for (spread, seed) in [(3, 5), (9, 6), (200, 7), (0, 8)] {
            let symbols = symbols(code(), 30, spread, seed);
            let bytes = container(&tables, quality, &symbols, 8);
            assert_eq!(decoded(&tables, quality, &bytes), bytes_of(&symbols));
        }
    }
    let extremes = vec![i8::MIN; 2 * code().symbols()];
    let bytes = container(&tables, 1, &extremes, 64);
    assert_eq!(decoded(&tables, 1, &bytes), bytes_of(&extremes));
}

#[test]
fn symbols_are_chosen_by_error_and_bits() {
    let tables = tables();
    let coder = tables.coder(1).unwrap();
    let nearest = symbols(code(), 400, 3, 99);
    let codes = choice::codes_near(&nearest);
    let chosen = coder.quantized(&codes);
    choice::check(&codes, &nearest, &chosen, 0.995, |symbols| {
        container(&tables, 1, symbols, 400).len()
    });
    // Each image by itself: the same in any company.
    let of_image = code().symbols();
    let alone: Vec<i8> = codes
        .chunks_exact(of_image)
        .flat_map(|codes| coder.quantized(codes))
        .collect();
    assert_eq!(alone, chosen);
}

/// Half of what a symbol is follows from its neighbors: tables that know it take fewer bits than the entropy of symbols alone.
#[test]
fn neighbors_spare_bits() {
    let tables = tables();
    let symbols = symbols(code(), 400, 9, 77);
    let bytes = container(&tables, 2, &symbols, 400).len();
    let mut counts = [0_u32; 256];
    for symbol in &symbols {
        counts[usize::from(symbol.cast_unsigned())] += 1;
    }
    let all = symbols.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| -f64::from(count) * (f64::from(count) / all).log2())
        .sum();
    assert!(
        (bytes as f64) < 0.97 * bits / 8.0,
        "{bytes} of {}",
        bits / 8.0
    );
    // And what one is, given all before it, has this entropy: two of sixteen levels each, added up.
    let of_sum = |sum: i32| f64::from(16 - (sum - 15).abs()) / 256.0;
    let mut random = std::collections::BTreeMap::new();
    for sum in 0..31 {
        *random.entry((sum - 15) * 9 / 15).or_insert(0.0) += of_sum(sum);
    }
    let least: f64 = random
        .values()
        .map(|share| -share * share.log2())
        .sum::<f64>()
        * all
        / 8.0;
    assert!((bytes as f64) > 0.99 * least, "{bytes} of at least {least}");
}

#[test]
fn tables_come_back_from_their_file_and_damage_is_found() {
    let tables = tables();
    let mut bytes = Vec::new();
    tables.write(&mut bytes).unwrap();
    let read = TransformTables::read(&mut &bytes[..]).unwrap();
    assert_eq!(read, tables);
    assert_eq!(read.hash(), tables.hash());
    assert_eq!(read.network(), *b"networks");
    for end in (0..bytes.len()).step_by(37) {
        assert!(TransformTables::read(&mut &bytes[..end]).is_err(), "{end}");
    }
    for place in (0..bytes.len()).step_by(13) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        assert!(TransformTables::read(&mut &damaged[..]).is_err(), "{place}");
        // With the checksum put right it may be other tables, but nothing panics.
        let content = damaged.len() - 4;
        let checksum = crc32fast::hash(&damaged[..content]).to_le_bytes();
        damaged[content..].copy_from_slice(&checksum);
        let _ = TransformTables::read(&mut &damaged[..]);
    }
    let error = TransformTables::read(&mut &b"\x89AEPIXEL"[..]).unwrap_err();
    assert_eq!(error.to_string(), "not the tables of a transform model");
}

#[test]
fn another_model_s_file_is_refused_by_both_hashes() {
    let tables = tables();
    let bytes = container(&tables, 1, &symbols(code(), 3, 3, 1), 64);
    let others = [symbols(code(), 50, 3, 99)];
    let others = TransformTables::measure(shape(), code(), *b"networks", &others).unwrap();
    let coder = others.coder(1).unwrap();
    let error = Decoder::new(&bytes[..], &coder, &DecoderSettings::default()).unwrap_err();
    let expected = format!(
        "coded with the model {}, not with {}",
        tables.hash(),
        others.hash()
    );
    assert_eq!(error.to_string(), expected);
    // The same tables for another network have another hash.
    let of_qualities = [symbols(code(), 200, 3, 1), symbols(code(), 200, 9, 2)];
    let renamed = TransformTables::measure(shape(), code(), *b"NETWORKS", &of_qualities).unwrap();
    assert_ne!(renamed.hash(), tables.hash());
    // Another quality of the same model is another codec's parameter.
    let coder = tables.coder(2).unwrap();
    let error = Decoder::new(&bytes[..], &coder, &DecoderSettings::default()).unwrap_err();
    assert!(matches!(error, CodecError::OtherCodec { .. }), "{error}");
}

#[test]
fn the_header_tells_quality_and_symbols() {
    let tables = tables();
    let bytes = container(&tables, 2, &symbols(code(), 70, 9, 1), 64);
    let header = ContainerHeader::read(&bytes[..]).unwrap();
    let expected = Codec::Transform {
        quality: 2,
        symbols: 60,
    };
    assert_eq!(header.codec, expected);
    let summary = ContainerSummary::read(&bytes[..]).unwrap();
    assert_eq!((summary.images, summary.chunks), (70, 2));
    assert!(summary.damage.is_none());
    assert!(tables.coder(0).is_none());
    assert!(tables.coder(3).is_none());
    assert_eq!(tables.coder(2).unwrap().quality(), 2);
    assert_eq!(tables.coder(2).unwrap().hash(), tables.hash());
}

#[test]
fn tables_of_nothing_are_refused() {
    let measure = |symbols: &[Vec<i8>]| {
        TransformTables::measure(shape(), code(), [0; 8], symbols)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        measure(&[]),
        "cannot measure tables: there are 1 to 255 qualities"
    );
    let partial = "cannot measure tables: the symbols are of no whole number of images";
    assert_eq!(measure(&[vec![]]), partial);
    assert_eq!(measure(&[vec![0; 59]]), partial);
    // Of one image that is nothing but zeros, there are tables all the same.
    let plain = [vec![0; 60]];
    let tables = TransformTables::measure(shape(), code(), [0; 8], &plain).unwrap();
    let bytes = container(&tables, 1, &symbols(code(), 2, 9, 3), 1);
    assert_eq!(
        decoded(&tables, 1, &bytes),
        bytes_of(&symbols(code(), 2, 9, 3))
    );
}

/// Bytes that were not written by an encoder are an error or other symbols, never a panic.
#[test]
fn damaged_containers_are_errors() {
    let tables = tables();
    let symbols = symbols(code(), 40, 3, 4);
    let bytes = container(&tables, 1, &symbols, 10);
    let coder = tables.coder(1).unwrap();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        let chunks = Decoder::new(&damaged[..], &coder, &DecoderSettings::default());
        let is_found = match chunks {
            Err(_) => true,
            Ok(chunks) => chunks.into_iter().any(|chunk| chunk.is_err()),
        };
        assert!(is_found, "byte {place}");
    }
}

/// Written on 2026-11-29: every later build, and every machine, reads the same symbols from it.
#[test]
fn the_golden_file_is_read_as_it_was_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let paths = [
        "transform.aetransform",
        "transform.aez",
        "transform.symbols",
    ]
    .map(|name| format!("{folder}/{name}"));
    if std::env::var_os("AE_UPDATE_GOLDEN").is_some() {
        let (tables, symbols) = (tables(), symbols(code(), 100, 9, 1234));
        let mut file = Vec::new();
        tables.write(&mut file).unwrap();
        std::fs::write(&paths[0], file).unwrap();
        std::fs::write(&paths[1], container(&tables, 2, &symbols, 64)).unwrap();
        std::fs::write(&paths[2], bytes_of(&symbols)).unwrap();
    }
    let [tables, container, symbols] = paths.map(|path| std::fs::read(path).unwrap());
    let tables = TransformTables::read(&mut &tables[..]).unwrap();
    assert_eq!(decoded(&tables, 2, &container), symbols);
    // And the encoder still writes it.
    let again: Vec<i8> = symbols.iter().map(|symbol| symbol.cast_signed()).collect();
    assert_eq!(self::container(&tables, 2, &again, 64), container);
}
