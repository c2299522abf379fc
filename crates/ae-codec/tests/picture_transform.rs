//! The codec `transform` for pictures of any sizes: symbols by tables that were measured, their file, containers, and a golden
//! file.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "choice/choice.rs"]
mod choice;

use ae_codec::{
    ChunkCodec as _, Codec, CodecError, ContainerHeader, ContainerSummary, Decoder,
    DecoderSettings, Encoder, EncoderSettings, ImageShape, LossyTables, PictureSymbols,
    PictureTransformTables,
};

const SIDE: usize = 4;
const CHANNELS: usize = 3;

fn shape(height: u16, width: u16) -> ImageShape {
    ImageShape::new(height, width).unwrap()
}

/// Symbols that follow from those before them, with something random whose size differs from block to block.
fn picture(shape: ImageShape, spread: i32, seed: u32) -> PictureSymbols {
    let rows = shape.height().div_ceil(SIDE);
    let columns = shape.width().div_ceil(SIDE);
    let mut state = seed;
    let mut symbols = vec![0_i8; rows * columns * CHANNELS];
    for place in 0..rows * columns {
        // Blocks of the right half are restless.
        let spread = match place % columns < columns / 2 {
            true => spread / 3,
            false => spread,
        };
        for channel in 0..CHANNELS {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // The sum of two is near 0 mostly.
            let random = (state >> 28) as i32 + (state >> 20 & 15) as i32 - 15;
            let above = match (channel, place.checked_sub(columns)) {
                (0, Some(above)) => i32::from(symbols[above * CHANNELS]),
                _ => 0,
            };
            let before = match channel {
                0 => 0,
                _ => i32::from(symbols[place * CHANNELS + channel - 1]),
            };
            let symbol = above * 9 / 10 + before / 2 + random * spread / 15;
            symbols[place * CHANNELS + channel] = symbol.clamp(-127, 127) as i8;
        }
    }
    PictureSymbols { shape, symbols }
}

fn pictures(spread: i32, seed: u32) -> Vec<PictureSymbols> {
    let shapes = [shape(80, 120), shape(61, 33), shape(4, 4), shape(200, 40)];
    let numbered = shapes.into_iter().cycle().take(12).zip(seed..);
    numbered
        .map(|(shape, seed)| picture(shape, spread, seed))
        .collect()
}

fn tables() -> PictureTransformTables {
    let of_qualities = [pictures(6, 1), pictures(24, 100)];
    PictureTransformTables::measure(SIDE, CHANNELS, *b"networks", &of_qualities).unwrap()
}

fn bytes_of(symbols: &[i8]) -> Vec<u8> {
    symbols
        .iter()
        .map(|symbol| symbol.cast_unsigned())
        .collect()
}

fn container(
    tables: &PictureTransformTables,
    quality: usize,
    pictures: &[PictureSymbols],
    group: usize,
) -> Vec<u8> {
    let coder = tables.coder(quality).unwrap();
    let settings = EncoderSettings {
        group,
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Vec::new(), &coder, &settings).unwrap();
    for picture in pictures {
        let symbols = bytes_of(&picture.symbols);
        encoder
            .push_of_shape(&symbols, picture.shape, None)
            .unwrap();
    }
    encoder.finish().unwrap()
}

fn decoded(tables: &PictureTransformTables, quality: usize, bytes: &[u8]) -> Vec<PictureSymbols> {
    let coder = tables.coder(quality).unwrap();
    let chunks = Decoder::new(bytes, &coder, &DecoderSettings::default()).unwrap();
    let mut pictures = Vec::new();
    for chunk in chunks {
        let chunk = chunk.unwrap();
        let mut left = &chunk.pixels[..];
        for shape in chunk.shapes {
            let (symbols, rest) = left.split_at(coder.bytes_of_image(shape));
            left = rest;
            let symbols = symbols.iter().map(|symbol| symbol.cast_signed()).collect();
            pictures.push(PictureSymbols { shape, symbols });
        }
    }
    pictures
}

#[test]
fn symbols_come_back_whatever_they_are() {
    let tables = tables();
    for quality in [1, 2] {
        for (spread, seed) in [(6, 5), (24, 6), (600, 7), (0, 8)] {
            let pictures = pictures(spread, seed);
            for group in [1, 5] {
                let bytes = container(&tables, quality, &pictures, group);
                assert!(decoded(&tables, quality, &bytes) == pictures, "{spread}");
            }
        }
    }
    for extreme in [i8::MIN, i8::MAX] {
        let shape = shape(50, 30);
        let symbols = vec![extreme; tables.coder(1).unwrap().bytes_of_image(shape)];
        let pictures = [PictureSymbols { shape, symbols }];
        let bytes = container(&tables, 1, &pictures, 1);
        assert!(decoded(&tables, 1, &bytes) == pictures);
    }
}

/// What a symbol will be follows from those around it, but for something random whose size the neighbors tell, too: the file has
/// little more than the entropy of that, and far less than symbols take alone.
#[test]
fn neighbors_spare_bits() {
    let shape = shape(400, 400);
    let measured = (1..7).map(|seed| picture(shape, 24, seed)).collect();
    let tables = PictureTransformTables::measure(SIDE, CHANNELS, [0; 8], &[measured]).unwrap();
    let pictures = [picture(shape, 24, 7777)];
    let bytes = container(&tables, 1, &pictures, 1).len() as f64;
    let symbols = &pictures[0].symbols;
    let mut counts = [0_u32; 256];
    for symbol in symbols {
        counts[usize::from(symbol.cast_unsigned())] += 1;
    }
    let all = symbols.len() as f64;
    let alone: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| -f64::from(count) * (f64::from(count) / all).log2())
        .sum();
    let entropy = |spread: i32| -> f64 {
        let mut shares = std::collections::BTreeMap::new();
        for sum in 0..31 {
            let share = f64::from(16 - (sum - 15_i32).abs()) / 256.0;
            *shares.entry((sum - 15) * spread / 15).or_insert(0.0) += share;
        }
        shares.values().map(|share| -share * share.log2()).sum()
    };
    let least = all * (entropy(8) + entropy(24)) / 2.0 / 8.0;
    assert!(bytes > 0.99 * least, "{bytes} of at least {least}");
    // What halves are rounded to is no linear function, and beside the middle the size is not certain.
    assert!(bytes < 1.12 * least, "{bytes} of at least {least}");
    assert!(bytes < 0.9 * alone / 8.0, "{bytes} of {}", alone / 8.0);
}

#[test]
fn tables_come_back_from_their_file_and_damage_is_found() {
    let tables = tables();
    let mut bytes = Vec::new();
    tables.write(&mut bytes).unwrap();
    let read = PictureTransformTables::read(&mut &bytes[..]).unwrap();
    assert_eq!(read, tables);
    assert_eq!(read.hash(), tables.hash());
    assert_eq!(read.network(), *b"networks");
    assert_eq!((read.reduction(), read.channels()), (SIDE, CHANNELS));
    let either = LossyTables::read(&mut &bytes[..]).unwrap();
    assert_eq!(either.hash(), tables.hash());
    assert_eq!(either, LossyTables::Pictures(tables));
    for end in (0..bytes.len()).step_by(37) {
        let read = PictureTransformTables::read(&mut &bytes[..end]);
        assert!(read.is_err(), "{end}");
    }
    for place in (0..bytes.len()).step_by(13) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        let read = PictureTransformTables::read(&mut &damaged[..]);
        assert!(read.is_err(), "{place}");
        // With the checksum put right it may be other tables, but nothing panics.
        let content = damaged.len() - 4;
        let checksum = crc32fast::hash(&damaged[..content]).to_le_bytes();
        damaged[content..].copy_from_slice(&checksum);
        let _ = PictureTransformTables::read(&mut &damaged[..]);
    }
    // Those of images of one shape are of another version.
    let images = include_bytes!("golden/transform.aetransform");
    let error = PictureTransformTables::read(&mut &images[..]).unwrap_err();
    assert!(
        matches!(error, CodecError::TablesVersion { found: 1 }),
        "{error}"
    );
    let either = LossyTables::read(&mut &images[..]).unwrap();
    assert!(matches!(either, LossyTables::Images(_)));
}

#[test]
fn the_header_tells_the_quality_and_heads_the_sizes() {
    let tables = tables();
    let pictures = pictures(24, 3);
    let bytes = container(&tables, 2, &pictures, 5);
    let header = ContainerHeader::read(&bytes[..]).unwrap();
    assert_eq!(header.codec, Codec::PictureTransform { quality: 2 });
    assert_eq!(header.shape, None);
    let summary = ContainerSummary::read(&bytes[..]).unwrap();
    assert_eq!((summary.images, summary.chunks), (12, 3));
    assert_eq!(summary.shape, None);
    let pixels: usize = pictures.iter().map(|picture| picture.shape.pixels()).sum();
    assert_eq!(summary.pixels, pixels as u64);
    assert!(summary.damage.is_none());
    assert!(tables.coder(0).is_none());
    assert!(tables.coder(3).is_none());
    assert_eq!(tables.coder(2).unwrap().quality(), 2);
}

#[test]
fn tables_of_nothing_are_refused() {
    let measure = |pictures: &[Vec<PictureSymbols>]| {
        PictureTransformTables::measure(SIDE, CHANNELS, [0; 8], pictures)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        measure(&[]),
        "cannot measure tables: there are 1 to 255 qualities"
    );
    let partial = "cannot measure tables: the symbols are of no whole number of pictures";
    assert_eq!(measure(&[vec![]]), partial);
    let mut short = picture(shape(9, 9), 6, 1);
    short.symbols.pop();
    assert_eq!(measure(&[vec![short]]), partial);
    // Of one block that is nothing but zeros, there are tables all the same.
    let plain = PictureSymbols {
        shape: shape(1, 1),
        symbols: vec![0; CHANNELS],
    };
    let tables = PictureTransformTables::measure(SIDE, CHANNELS, [0; 8], &[vec![plain]]).unwrap();
    let pictures = pictures(24, 3);
    let bytes = container(&tables, 1, &pictures, 1);
    assert!(decoded(&tables, 1, &bytes) == pictures);
}

#[test]
fn symbols_are_chosen_by_error_and_bits() {
    let tables = tables();
    let coder = tables.coder(2).unwrap();
    let nearest = picture(shape(200, 200), 24, 99);
    let codes = choice::codes_near(&nearest.symbols);
    let chosen = coder.quantized(&codes, nearest.shape);
    choice::check(&codes, &nearest.symbols, &chosen, 0.99, |symbols| {
        let picture = PictureSymbols {
            shape: nearest.shape,
            symbols: symbols.to_vec(),
        };
        container(&tables, 2, &[picture], 1).len()
    });
    // Codes of integers stay what they are where no bits are spared by others.
    let whole: Vec<f32> = chosen.iter().map(|&symbol| f32::from(symbol)).collect();
    assert_eq!(coder.quantized(&whole, nearest.shape), chosen);
}

/// Every flipped bit is found, or changes no picture; every beginning of the file is an error.
#[test]
fn damaged_containers_are_errors() {
    let tables = tables();
    let pictures = &pictures(6, 4)[..3];
    let bytes = container(&tables, 1, pictures, 2);
    let coder = tables.coder(1).unwrap();
    let is_found = |damaged: &[u8]| {
        let chunks = Decoder::new(damaged, &coder, &DecoderSettings::default());
        match chunks {
            Err(_) => true,
            Ok(chunks) => chunks.into_iter().any(|chunk| chunk.is_err()),
        }
    };
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(is_found(&damaged), "byte {place}");
        assert!(is_found(&bytes[..place]), "the first {place}");
    }
}

/// Written on 2026-11-29: every later build, and every machine, reads the same symbols from it.
#[test]
fn the_golden_file_is_read_as_it_was_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let paths = ["aetransform", "aez", "symbols"]
        .map(|extension| format!("{folder}/picture_transform.{extension}"));
    if std::env::var_os("AE_UPDATE_GOLDEN").is_some() {
        let (tables, pictures) = (tables(), pictures(24, 1234));
        let mut file = Vec::new();
        tables.write(&mut file).unwrap();
        std::fs::write(&paths[0], file).unwrap();
        std::fs::write(&paths[1], container(&tables, 2, &pictures, 3)).unwrap();
        let symbols = pictures
            .iter()
            .flat_map(|picture| bytes_of(&picture.symbols));
        std::fs::write(&paths[2], symbols.collect::<Vec<u8>>()).unwrap();
    }
    let [tables, container, symbols] = paths.map(|path| std::fs::read(path).unwrap());
    let tables = PictureTransformTables::read(&mut &tables[..]).unwrap();
    let pictures = decoded(&tables, 2, &container);
    let found = pictures
        .iter()
        .flat_map(|picture| bytes_of(&picture.symbols));
    assert!(found.collect::<Vec<u8>>() == symbols);
    // And the encoder still writes it.
    assert!(self::container(&tables, 2, &pictures, 3) == container);
}
