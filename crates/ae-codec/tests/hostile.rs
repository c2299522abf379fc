//! Containers and models that were made to harm, with checksums that are right: an error, in little memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use ae_codec::{
    ChunkCodec, CodecError, ContainerHeader, ContainerSummary, Decoder, DecoderSettings, Encoder,
    EncoderSettings, ImageShape, Near,
};
use ae_random::{Draw, Purpose};

#[path = "samples/samples.rs"]
mod samples;
#[path = "strokes/strokes.rs"]
mod strokes;

use samples::{GOLDEN, Model, read, small_container};

/// Numbers around which programs go wrong.
const EXTREMES: [u64; 18] = [
    0,
    1,
    2,
    127,
    128,
    1023,
    65_535,
    65_536,
    1 << 20,
    1 << 24,
    (1 << 24) + 1,
    1 << 26,
    1 << 27,
    1 << 29,
    1 << 32,
    1 << 62,
    1 << 63,
    u64::MAX,
];

/// The same of images and bytes of a chunk.
const LENGTHS: [u64; 9] = [0, 1, 2, 128, 1 << 20, 1 << 26, 1 << 29, 1 << 63, u64::MAX];

fn varint(mut value: u64, to: &mut Vec<u8>) {
    while value >= 128 {
        to.push(value as u8 | 128);
        value >>= 7;
    }
    to.push(value as u8);
}

/// A header of these numbers, with its checksum.
fn header(codec: u8, flags: u8, parameter: u8, model: &[u8], numbers: &[u64]) -> Vec<u8> {
    let mut bytes = b"\x89AEZ".to_vec();
    bytes.extend([1, codec, flags, parameter]);
    bytes.extend(model);
    numbers
        .iter()
        .for_each(|&number| varint(number, &mut bytes));
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// The head of chunk `index`, with its check: images, method, and lengths.
fn head(index: u64, images: u64, method: u8, lengths: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(images, &mut bytes);
    bytes.push(method);
    lengths
        .iter()
        .for_each(|&length| varint(length, &mut bytes));
    let checked = [&index.to_le_bytes()[..], &bytes].concat();
    bytes.extend(&crc32fast::hash(&checked).to_le_bytes()[..2]);
    bytes
}

/// The bytes of a header that name the model.
fn hash_of(container: &[u8]) -> &[u8] {
    &container[8..16]
}

/// All rows in which two of these numbers are extreme.
fn with_extremes(usual: &[u64], extremes: &[u64]) -> Vec<Vec<u64>> {
    let mut rows = Vec::new();
    for first in 0..usual.len() {
        for second in first..usual.len() {
            for &one in extremes {
                for &other in extremes {
                    let mut row = usual.to_vec();
                    row[first] = one;
                    row[second] = other;
                    rows.push(row);
                }
            }
        }
    }
    rows
}

/// The most that the process has held, where the system tells.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}

/// Reads bytes in every way: nothing panics.
fn survives(codec: &dyn ChunkCodec, bytes: &[u8]) {
    let _ = ContainerHeader::read(bytes);
    let _ = ContainerSummary::read(bytes);
    for keeps_going in [false, true] {
        let settings = DecoderSettings {
            keeps_going,
            ..DecoderSettings::default()
        };
        for chunk in Decoder::new(bytes, codec, &settings).into_iter().flatten() {
            let _ = chunk;
        }
    }
}

/// Headers of all codecs, and heads behind those that are taken, whose numbers are extreme.
#[test]
fn extreme_numbers_are_survived() {
    let before = peak_memory();
    for (name, file, golden) in GOLDEN {
        let model = Model::read(file).unwrap();
        let codec = &*model.coder();
        let hash = hash_of(golden);
        let number = codec.codec().number();
        let shape = codec.shape();
        let [height, width] = shape.map_or([0, 0], |shape| [shape.height(), shape.width()]);
        let mut usual = vec![height as u64, width as u64, 3];
        if matches!(number, 2 | 4) {
            usual.push(codec.bytes_of_image(shape.unwrap()) as u64);
        }
        let parameter = golden[7];
        let mut taken = 0;
        for numbers in with_extremes(&usual, &EXTREMES) {
            let bytes = header(number, 0, parameter, hash, &numbers);
            taken += usize::from(ContainerHeader::read(&bytes[..]).is_ok());
            survives(codec, &bytes);
        }
        assert!(taken > 0, "{name}");
        for (codec_number, flags, parameter) in [0, 1, 2, 3, 4, 5, 6, 255]
            .into_iter()
            .flat_map(|codec| [0, 1, 2, 255].map(|flags| (codec, flags)))
            .flat_map(|(codec, flags)| [0, 1, 2, 127, 128, 255].map(|near| (codec, flags, near)))
        {
            survives(codec, &header(codec_number, flags, parameter, hash, &usual));
        }
        // Images, then lengths: of the payload, of pixels and sizes where images have their own, of names.
        for (flags, group) in [(0, 3), (1, 3), (0, u64::MAX), (1, 1 << 10)] {
            let mut numbers = usual.clone();
            numbers[2] = group;
            let start = header(number, flags, parameter, hash, &numbers);
            let lengths = 1 + 2 * usize::from(shape.is_none()) + usize::from(flags == 1);
            for row in with_extremes(&vec![2; 1 + lengths], &LENGTHS) {
                for method in [0, 1] {
                    let first = head(0, row[0], method, &row[1..]);
                    let second = head(1, row[0], method, &row[1..]);
                    let bytes = [&start[..], &first, &second, &[7; 64]].concat();
                    survives(codec, &bytes);
                    // A whole frame of nothing, and one behind it.
                    let bytes = [&start[..], &first, &[0; 4], &second, &[0; 4]].concat();
                    survives(codec, &bytes);
                }
            }
        }
    }
    let taken = peak_memory() - before;
    assert!(taken < 256 << 20, "{taken} bytes");
}

/// Once, the sum of images of two chunks without bytes left 64 bits.
#[test]
fn images_without_bytes_are_no_images() {
    for (number, name) in [(3, "picture"), (5, "picture-transform")] {
        let (_, file, golden) = GOLDEN.into_iter().find(|golden| golden.0 == name).unwrap();
        let model = Model::read(file).unwrap();
        for group in [1 << 27, u64::MAX] {
            let start = header(number, 0, golden[7], hash_of(golden), &[0, 0, group]);
            let chunks =
                [0, 1].map(|index| [&head(index, group, 0, &[0; 3])[..], &[0; 4]].concat());
            let bytes = [start, chunks.concat()].concat();
            let summary = ContainerSummary::read(&bytes[..]);
            assert!(
                summary.map_or(true, |summary| summary.damage.is_some()),
                "{name}"
            );
            assert!(read(&*model.coder(), &bytes)[0].is_err(), "{name}");
        }
    }
}

/// Once, some bytes stood for each of many long names, and all were unpacked: a file of a megabyte took gigabytes.
#[test]
fn names_take_no_more_memory_than_is_allowed() {
    let model = strokes::model();
    let count = 20_000;
    let pixels = vec![0; count * 64];
    let mut names = Vec::new();
    for index in 0..count {
        let (shared, rest) = if index == 0 { (0, 4096) } else { (4095, 1) };
        varint(shared, &mut names);
        varint(rest, &mut names);
        names.extend(vec![b'a'; rest as usize]);
    }
    let hash = hash_of(GOLDEN[0].2);
    let mut bytes = header(1, 1, 0, hash, &[8, 8, count as u64]);
    bytes.extend(head(
        0,
        count as u64,
        0,
        &[pixels.len() as u64, names.len() as u64],
    ));
    bytes.extend(&pixels);
    bytes.extend(&names);
    let checksum = crc32fast::hash(&[&pixels[..], &names].concat());
    bytes.extend(checksum.to_le_bytes());
    let error = read(&model, &bytes).remove(0).map(drop).unwrap_err();
    let expected = "chunk 0, from image 0 on: its names take more memory than is allowed";
    assert_eq!(error.to_string(), expected);

    // And no such file is written.
    let settings = EncoderSettings {
        group: count,
        has_names: true,
        is_verified: false,
        near: Near::LOSSLESS,
    };
    let mut encoder = Encoder::new(Vec::new(), &model, &settings).unwrap();
    let name = "a".repeat(4096);
    // 64 MiB of names of 4,096 bytes, with 24 bytes more each.
    let most = (64 << 20) / (4096 + 24);
    for _ in 0..most {
        encoder.push(&[0; 64], Some(&name)).unwrap();
    }
    let error = encoder.push(&[0; 64], Some(&name)).unwrap_err();
    let expected = "image 16288: the names of its chunk take more memory than is allowed";
    assert_eq!(error.to_string(), expected);
}

/// Pictures without pixels' bytes of their own: as many as a chunk may have are few enough, whatever the header says.
#[test]
fn pictures_may_be_asked_for_in_chunks_of_any_size() {
    let (_, file, golden) = GOLDEN[2];
    let model = Model::read(file).unwrap();
    let codec = &*model.coder();
    let settings = EncoderSettings {
        group: usize::MAX,
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Vec::new(), codec, &settings).unwrap();
    let shape = ImageShape::new(1, 2).unwrap();
    for _ in 0..3 {
        encoder.push_of_shape(&[7, 9], shape, None).unwrap();
    }
    let bytes = encoder.finish().unwrap();
    assert_eq!(ContainerHeader::read(&bytes[..]).unwrap().group, 1 << 27);
    let found = read(codec, &bytes);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].as_ref().unwrap().pixels, [7, 9, 7, 9, 7, 9]);
    let larger = header(3, 0, 0, hash_of(golden), &[0, 0, (1 << 27) + 1]);
    let error = ContainerHeader::read(&larger[..]).unwrap_err();
    assert!(matches!(error, CodecError::Header { .. }), "{error}");
}

/// A digit that has no such value is no index: stored as it is, with a checksum that is right.
#[test]
fn digits_without_a_codeword_are_an_error_of_their_chunk() {
    let (_, file, golden) = GOLDEN[3];
    let model = Model::read(file).unwrap();
    let codec = &*model.coder();
    let shape = codec.shape().unwrap();
    let symbols = codec.bytes_of_image(shape);
    for (digit, is_right) in [(0, true), (255, false)] {
        let digits = vec![digit; symbols];
        let sides = [shape.height() as u64, shape.width() as u64];
        let numbers = [sides[0], sides[1], 1, symbols as u64];
        let mut bytes = header(4, 0, 0, hash_of(golden), &numbers);
        bytes.extend(head(0, 1, 0, &[symbols as u64]));
        bytes.extend(&digits);
        bytes.extend(crc32fast::hash(&digits).to_le_bytes());
        let found = read(codec, &bytes);
        assert_eq!(found[0].is_ok(), is_right, "{digit}");
        if let Err(error) = &found[0] {
            let expected = "chunk 0, from image 0 on: no image has such symbols";
            assert_eq!(error.to_string(), expected);
        }
    }
}

/// Models and tables that were changed, with checksums that are right: refused, or others that code.
#[test]
fn changed_models_with_right_checksums_are_checked() {
    for (name, file, golden) in GOLDEN {
        let whole = Model::read(file).unwrap();
        let images = small_container(&*whole.coder(), golden);
        let images = read(&*whole.coder(), &images);
        let first = images[0].as_ref().unwrap();
        let mut stream = Draw {
            seed: 22,
            purpose: Purpose::Display,
            epoch: 0,
            index: 0,
        }
        .stream();
        let mut below = |count: usize| stream.uniform_below(count as u64) as usize;
        let changes = (0..1_000).map(|_| (below(file.len() - 4), 1 << below(8)));
        // The fields at the beginning say sizes: each byte of them with every bit, and extreme.
        let fields = (10..64).flat_map(|at| (0..8).map(move |bit| (at, 1 << bit)));
        let extremes = (10..64).flat_map(|at| [0, 1, 127, 255].map(|value| (at, value ^ file[at])));
        let mut refused = 0;
        let mut tried = 0;
        for (at, bits) in changes.chain(fields).chain(extremes) {
            let mut changed = file.to_vec();
            changed[at] ^= bits;
            let (content, checksum) = changed.split_last_chunk_mut::<4>().unwrap();
            *checksum = crc32fast::hash(content).to_le_bytes();
            tried += 1;
            let Ok(model) = Model::read(&changed) else {
                refused += 1;
                continue;
            };
            let codec = &*model.coder();
            let sizes = first
                .shapes
                .iter()
                .map(|&shape| codec.bytes_of_image(shape));
            let is_same = sizes.sum::<usize>() == first.pixels.len()
                && codec.shape() == whole.coder().shape()
                && codec.is_possible(&first.pixels);
            if is_same {
                let coded = codec.encode(&first.pixels, &first.shapes, Near::LOSSLESS);
                let decoded = codec.decode(&coded, &first.shapes, Near::LOSSLESS);
                assert!(decoded == first.pixels, "{name}: byte {at}, bits {bits}");
            }
        }
        assert!(refused * 2 > tried, "{name}: {refused} of {tried}");
    }
}

/// Questions without end would take a digit as much time as a file has bytes.
#[test]
fn a_table_that_is_found_by_too_many_questions_is_refused() {
    let tables = |questions: usize, is_first: bool| {
        let mut file = b"\x89AETRANS".to_vec();
        // Images of 4x4, a grid of 1x1, one digit of two values, whose ranks are the indices.
        for number in [3_u16, 4, 4, 1, 1, 1, 2, 0] {
            file.extend(number.to_le_bytes());
        }
        file.extend(b"networks");
        let table = [u16::MAX, 1 << 15, 1 << 15].map(u16::to_le_bytes).concat();
        let question = [0_u16, 1].map(u16::to_le_bytes).concat();
        for _ in 0..questions {
            file.extend(&question);
            if !is_first {
                file.extend(&table);
            }
        }
        file.extend(table.repeat(if is_first { questions + 1 } else { 1 }));
        // The two images of the self-test take two bits, which are zeros, and so no byte.
        file.extend(crc32fast::hash(&[]).to_le_bytes());
        file.extend(crc32fast::hash(&file).to_le_bytes());
        let read = Model::read(&file).map(drop);
        read.map_err(|error| error.to_string())
    };
    for is_first in [true, false] {
        assert_eq!(tables(1024, is_first), Ok(()));
        let expected = "not usable tables: a table is chosen by too many questions";
        assert_eq!(tables(1025, is_first), Err(expected.to_owned()));
    }
}
