//! The codec `indices`: digits of indices by tables that were measured, their file, containers, samples, and a golden file.

#![expect(clippy::unwrap_used, reason = "tests")]

use ae_codec::{
    ChunkCodec as _, Codec, CodecError, ContainerHeader, ContainerSummary, Decoder,
    DecoderSettings, Encoder, EncoderSettings, ImageShape, IndexCode, IndexTables, LossyTables,
};
use ae_random::{Draw, Purpose};

const ROWS: u16 = 3;
const COLUMNS: u16 = 4;
const PLACES: usize = 12;

/// Indices of 48 codewords, which are often those of the place to the left, and in the first row small ones.
fn indices(images: usize, seed: u32) -> Vec<u16> {
    let mut state = seed;
    let mut random = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let mut all: Vec<u16> = Vec::new();
    for _ in 0..images {
        for place in 0..PLACES {
            let index = match (place % usize::from(COLUMNS), place / usize::from(COLUMNS)) {
                (1.., _) if random(4) > 0 => u32::from(all[all.len() - 1]),
                (_, 0) => random(4),
                _ => random(48),
            };
            all.push(index as u16);
        }
    }
    all
}

fn shape() -> ImageShape {
    ImageShape::new(12, 16).unwrap()
}

fn code() -> IndexCode {
    IndexCode::of_levels(ROWS, COLUMNS, &[8, 3, 2]).unwrap()
}

fn tables() -> IndexTables {
    IndexTables::measure(shape(), code(), *b"networks", &indices(3_000, 1)).unwrap()
}

/// Tables of 64 codewords that are vectors.
fn tables_of_vectors() -> IndexTables {
    let vectors: Vec<f32> = (0..64_u32)
        .flat_map(|index| [(index * 37 % 64) as f32, (index * 11 % 7) as f32])
        .collect();
    let code = IndexCode::by_similarity(ROWS, COLUMNS, &vectors, 2).unwrap();
    IndexTables::measure(shape(), code, *b"networks", &indices(3_000, 1)).unwrap()
}

fn container(tables: &IndexTables, indices: &[u16], group: usize) -> Vec<u8> {
    let coder = tables.coder();
    let settings = EncoderSettings {
        group,
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Vec::new(), &coder, &settings).unwrap();
    for image in indices.chunks(PLACES) {
        let digits = tables.code().digits_of(image).unwrap();
        encoder.push(&digits, None).unwrap();
    }
    encoder.finish().unwrap()
}

fn decoded(tables: &IndexTables, bytes: &[u8]) -> Vec<u16> {
    let coder = tables.coder();
    let chunks = Decoder::new(bytes, &coder, &DecoderSettings::default()).unwrap();
    let digits: Vec<u8> = chunks.flat_map(|chunk| chunk.unwrap().pixels).collect();
    tables.code().indices_of(&digits).unwrap()
}

#[test]
fn indices_come_back_whatever_they_are() {
    for tables in [tables(), tables_of_vectors()] {
        let last = tables.code().codewords() as u16 - 1;
        for indices in [
            indices(30, 5),
            vec![0; 3 * PLACES],
            vec![last; 3 * PLACES],
            (0..4 * PLACES).map(|place| place as u16).collect(),
        ] {
            for group in [1, 2, 64] {
                let bytes = container(&tables, &indices, group);
                assert_eq!(decoded(&tables, &bytes), indices);
            }
        }
    }
}

#[test]
fn threads_change_no_byte() {
    let tables = tables();
    let indices = indices(300, 9);
    let by = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let again =
                IndexTables::measure(shape(), code(), *b"networks", &self::indices(3_000, 1));
            assert_eq!(again.unwrap(), tables);
            container(&tables, &indices, 7)
        })
    };
    assert_eq!(by(1), by(4));
}

/// What an index is given those before has so much entropy: three of four are the one to the left, others of four or of 48.
#[test]
fn neighbors_spare_bits() {
    let entropy = |most: f64, others: f64| -most * most.log2() - others;
    // The one to the left is drawn in one of 48 cases by chance, too.
    let of = |below: f64| {
        let left = 0.75 + 0.25 / below;
        let other = 0.25 / below;
        entropy(left, (below - 1.0) * other * other.log2())
    };
    let least = (3.0 * of(4.0) + 4.0_f64.log2()) + 2.0 * (3.0 * of(48.0) + 48.0_f64.log2());
    for tables in [tables(), tables_of_vectors()] {
        let images = 2_000;
        let bytes = container(&tables, &indices(images, 77), images).len();
        let bits = 8.0 * bytes as f64 / images as f64;
        assert!(bits > 0.99 * least, "{bits} of at least {least}");
        // By each index alone they would take about 12 times 4.9 bits.
        assert!(bits < 1.15 * least, "{bits} of at least {least}");
    }
}

/// Tables have all of 65,536 parts, and samples by them are like what they were measured on.
#[test]
fn samples_are_like_what_was_measured() {
    let tables = tables();
    let draw = |index| Draw {
        seed: 3,
        purpose: Purpose::Display,
        epoch: 0,
        index,
    };
    let samples: Vec<u16> = (0..1_000)
        .flat_map(|index| tables.sample(draw(index)))
        .collect();
    assert_eq!(tables.sample(draw(7)), samples[7 * PLACES..8 * PLACES]);
    let shares = |indices: &[u16]| {
        let images = indices.chunks_exact(PLACES);
        let count = images.len() as f64;
        let rows = images.clone().flat_map(|image| image.chunks_exact(4));
        // Of the first digit, whose tables are chosen by it.
        let repeats = rows.map(|row| {
            let pairs = row.windows(2);
            pairs.filter(|pair| pair[0] % 8 == pair[1] % 8).count()
        });
        let small = images.map(|image| image[..4].iter().filter(|&&index| index < 4).count());
        [
            repeats.sum::<usize>() as f64 / (9.0 * count),
            small.sum::<usize>() as f64 / (4.0 * count),
        ]
    };
    let (found, expected) = (shares(&samples), shares(&indices(1_000, 50)));
    for (found, expected) in found.into_iter().zip(expected) {
        // Four standard errors of 4,000 draws and as many again.
        assert!((found - expected).abs() < 0.045, "{found} of {expected}");
    }
}

#[test]
fn tables_come_back_from_their_file_and_damage_is_found() {
    for tables in [tables(), tables_of_vectors()] {
        let mut bytes = Vec::new();
        tables.write(&mut bytes).unwrap();
        let read = IndexTables::read(&mut &bytes[..]).unwrap();
        assert_eq!(read, tables);
        assert_eq!(read.hash(), tables.hash());
        assert_eq!(read.network(), *b"networks");
        let either = LossyTables::read(&mut &bytes[..]).unwrap();
        assert_eq!(either, LossyTables::Indices(tables));
        for end in (0..bytes.len()).step_by(7) {
            assert!(IndexTables::read(&mut &bytes[..end]).is_err(), "{end}");
        }
        for place in (0..bytes.len()).step_by(5) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << (place % 8);
            assert!(IndexTables::read(&mut &damaged[..]).is_err(), "{place}");
            // With the checksum put right it may be other tables, but nothing panics.
            let content = damaged.len() - 4;
            let checksum = crc32fast::hash(&damaged[..content]).to_le_bytes();
            damaged[content..].copy_from_slice(&checksum);
            let _ = IndexTables::read(&mut &damaged[..]);
        }
    }
    let error = IndexTables::read(&mut &b"\x89AEPIXEL"[..]).unwrap_err();
    assert!(matches!(error, CodecError::NotTables), "{error}");
}

#[test]
fn another_model_s_file_is_refused_by_both_hashes() {
    let tables = tables();
    let bytes = container(&tables, &indices(3, 1), 64);
    let others = IndexTables::measure(shape(), code(), *b"networks", &indices(50, 99)).unwrap();
    let coder = others.coder();
    let error = Decoder::new(&bytes[..], &coder, &DecoderSettings::default()).unwrap_err();
    let expected = format!(
        "coded with the model {}, not with {}",
        tables.hash(),
        others.hash()
    );
    assert_eq!(error.to_string(), expected);
    let renamed = IndexTables::measure(shape(), code(), *b"NETWORKS", &indices(3_000, 1)).unwrap();
    assert_ne!(renamed.hash(), tables.hash());
}

#[test]
fn the_header_tells_the_digits() {
    let tables = tables();
    let bytes = container(&tables, &indices(70, 1), 64);
    let header = ContainerHeader::read(&bytes[..]).unwrap();
    assert_eq!(header.codec, Codec::Indices { symbols: 36 });
    assert_eq!((header.codec.number(), header.codec.name()), (4, "indices"));
    let summary = ContainerSummary::read(&bytes[..]).unwrap();
    assert_eq!((summary.images, summary.chunks), (70, 2));
    assert!(summary.damage.is_none());
    assert_eq!(tables.coder().hash(), tables.hash());
}

#[test]
fn tables_of_nothing_are_refused() {
    let measure = |indices: &[u16]| {
        IndexTables::measure(shape(), code(), [0; 8], indices)
            .unwrap_err()
            .to_string()
    };
    let partial = "cannot measure tables: the indices are of no whole number of images";
    assert_eq!(measure(&[]), partial);
    assert_eq!(measure(&[0; PLACES + 1]), partial);
    assert_eq!(
        measure(&[48; PLACES]),
        "cannot measure tables: an index is of no codeword"
    );
    // Of one image there are tables all the same.
    let tables = IndexTables::measure(shape(), code(), [0; 8], &[7; PLACES]).unwrap();
    let others = indices(5, 3);
    assert_eq!(decoded(&tables, &container(&tables, &others, 2)), others);
}

/// Each truncation and 10,000 flipped bits: an error, or the right indices; nothing panics.
#[test]
fn damaged_containers_are_errors() {
    let tables = tables();
    let indices = indices(12, 4);
    let bytes = container(&tables, &indices, 4);
    let coder = tables.coder();
    let read = |bytes: &[u8]| -> Option<Vec<u16>> {
        let chunks = Decoder::new(bytes, &coder, &DecoderSettings::default()).ok()?;
        let chunks = chunks.map(|chunk| chunk.ok().map(|chunk| chunk.pixels));
        let digits: Vec<u8> = chunks.collect::<Option<Vec<_>>>()?.concat();
        tables.code().indices_of(&digits)
    };
    assert_eq!(read(&bytes).as_ref(), Some(&indices));
    for end in 0..bytes.len() {
        assert_eq!(read(&bytes[..end]), None, "{end}");
    }
    let mut stream = Draw {
        seed: 11,
        purpose: Purpose::Display,
        epoch: 0,
        index: 0,
    }
    .stream();
    for _ in 0..10_000 {
        let place = stream.uniform_below(bytes.len() as u64) as usize;
        let bit = 1 << stream.uniform_below(8);
        let mut damaged = bytes.clone();
        damaged[place] ^= bit;
        let found = read(&damaged);
        assert!(
            found.is_none() || found.as_ref() == Some(&indices),
            "byte {place}, bit {bit}"
        );
    }
}

/// Written on 2026-11-29: every later build, and every machine, reads the same indices from it.
#[test]
fn the_golden_file_is_read_as_it_was_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let paths = ["indices.aetransform", "indices.aez", "indices.digits"]
        .map(|name| format!("{folder}/{name}"));
    if std::env::var_os("AE_UPDATE_GOLDEN").is_some() {
        let (tables, indices) = (tables_of_vectors(), indices(100, 1234));
        let mut file = Vec::new();
        tables.write(&mut file).unwrap();
        std::fs::write(&paths[0], file).unwrap();
        std::fs::write(&paths[1], container(&tables, &indices, 64)).unwrap();
        std::fs::write(&paths[2], tables.code().digits_of(&indices).unwrap()).unwrap();
    }
    let [file, bytes, digits] = paths.map(|path| std::fs::read(path).unwrap());
    let tables = IndexTables::read(&mut &file[..]).unwrap();
    let mut written = Vec::new();
    tables.write(&mut written).unwrap();
    assert!(written == file);
    let indices = tables.code().indices_of(&digits).unwrap();
    assert_eq!(decoded(&tables, &bytes), indices);
    // And the encoder still writes it.
    assert_eq!(container(&tables, &indices, 64), bytes);
    let draw = Draw {
        seed: 1,
        purpose: Purpose::Display,
        epoch: 0,
        index: 2,
    };
    let sample = tables.sample(draw);
    assert_eq!(sample, tables.sample(draw));
    assert_eq!(sample.len(), PLACES);
}
