//! Pictures of any sizes: in containers, by models that were written once, damaged.
//!
//! `AE_UPDATE_GOLDEN=1 cargo test -p ae-codec --test pictures` writes the golden files anew, which only a new version of the
//! format may ask for. `AE_BIT_FLIPS=10000` tries so many flipped bits of each file.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ae_codec::{
    ChunkCodec as _, CodecError, ContainerSummary, DecodedChunk, Decoder, DecoderSettings, Encoder,
    EncoderSettings, ImageShape, InstructionSet, LosslessModel, Near, PictureModel,
    PictureTrainingSettings, TrainingImages, TrainingProgress,
};
use ae_random::{Draw, Purpose};

/// Pictures in the files.
const COUNT: usize = 13;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn shape(index: usize) -> ImageShape {
    let shapes = [(20, 31), (1, 1), (33, 12), (1, 40), (9, 1), (16, 16)];
    let (height, width) = shapes[index % shapes.len()];
    ImageShape::new(height, width).unwrap()
}

/// A picture with a slope, an edge and grain.
fn picture(index: usize) -> Vec<u8> {
    let shape = shape(index);
    let mut state = index as u32 + 1;
    (0..shape.pixels())
        .map(|place| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (row, column) = (place / shape.width(), place % shape.width());
            let edge = if row + index > column { 70 } else { 0 };
            (30 + 3 * row + 2 * column + edge + (state >> 30) as usize) as u8
        })
        .collect()
}

fn name(index: usize) -> String {
    format!("folder {}/{index}.png", index % 3)
}

/// What the model of the golden files was trained on.
struct Pictures;

impl TrainingImages for Pictures {
    fn count(&self) -> usize {
        24
    }

    fn shape(&self, index: usize) -> ImageShape {
        shape(index)
    }

    fn read(&self, _visit: u64, index: usize, pixels: &mut [u8]) -> io::Result<()> {
        pixels.copy_from_slice(&picture(index));
        Ok(())
    }
}

fn is_update() -> bool {
    std::env::var_os("AE_UPDATE_GOLDEN").is_some_and(|value| value == "1")
}

static MODEL: LazyLock<PictureModel> = LazyLock::new(|| {
    let file = folder().join("pictures.aepixel");
    if is_update() {
        let settings = PictureTrainingSettings {
            batch: 128,
            steps: 400,
            learning_rate: 1e-2,
            units: [11, 6],
            ..PictureTrainingSettings::default()
        };
        let mut go = |_: TrainingProgress| ControlFlow::Continue(());
        let model = PictureModel::train_on(&Pictures, &settings, None, &mut go).unwrap();
        let mut bytes = Vec::new();
        model.write(&mut bytes).unwrap();
        fs::write(&file, bytes).unwrap();
    }
    PictureModel::read(&mut &fs::read(file).unwrap()[..]).unwrap()
});

fn settings(group: usize, near: u8, has_names: bool) -> EncoderSettings {
    EncoderSettings {
        group,
        near: Near::new(near).unwrap(),
        has_names,
        is_verified: true,
    }
}

fn encoded(model: &PictureModel, settings: &EncoderSettings) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), model, settings).unwrap();
    for index in 0..COUNT {
        let name = settings.has_names.then(|| name(index));
        let pushed = encoder.push_of_shape(&picture(index), shape(index), name.as_deref());
        pushed.unwrap();
    }
    encoder.finish().unwrap()
}

fn read(bytes: &[u8], keeps_going: bool) -> Vec<Result<DecodedChunk, CodecError>> {
    let settings = DecoderSettings {
        keeps_going,
        ..DecoderSettings::default()
    };
    match Decoder::new(bytes, &*MODEL, &settings) {
        Ok(decoder) => decoder.collect(),
        Err(error) => vec![Err(error)],
    }
}

/// Whether a chunk has the pictures, and the names, that belong where it says it lies.
fn is_right(chunk: &DecodedChunk, near: Near) -> bool {
    let indices = chunk.first_image as usize..chunk.first_image as usize + chunk.shapes.len();
    let pixels = indices.clone().flat_map(picture);
    let pixels: Vec<u8> = pixels.map(|level| near.quantized(level)).collect();
    indices.end <= COUNT
        && chunk.shapes.iter().copied().eq(indices.clone().map(shape))
        && chunk.pixels == pixels
        && (chunk.names.is_empty() || chunk.names.iter().cloned().eq(indices.map(name)))
}

fn is_whole(read: &[Result<DecodedChunk, CodecError>]) -> bool {
    let pictures = read.iter().flatten().map(|chunk| chunk.shapes.len());
    read.iter().all(Result::is_ok) && pictures.sum::<usize>() == COUNT
}

#[test]
fn files_of_before_are_decoded_and_written_again_to_the_same_bytes() {
    let model = &*MODEL;
    let mut written = Vec::new();
    model.write(&mut written).unwrap();
    assert!(written == fs::read(folder().join("pictures.aepixel")).unwrap());
    for (file, settings) in [
        ("pictures.aez", settings(1, 0, true)),
        ("pictures-near.aez", settings(4, 2, false)),
    ] {
        let path = folder().join(file);
        if is_update() {
            fs::write(&path, encoded(model, &settings)).unwrap();
        }
        let bytes = fs::read(&path).unwrap();
        for instructions in InstructionSet::available() {
            let model = model.clone().with_instructions(instructions);
            for threads in [1, 4] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let again = pool.build().unwrap().install(|| encoded(&model, &settings));
                assert!(
                    again == bytes,
                    "{file}, {instructions:?}, {threads} threads"
                );
            }
            let decoder = Decoder::new(&bytes[..], &model, &DecoderSettings::default()).unwrap();
            let read: Vec<_> = decoder.collect();
            assert!(is_whole(&read));
            assert!(
                read.iter()
                    .flatten()
                    .all(|chunk| is_right(chunk, settings.near))
            );
            let has_names = |chunk: &DecodedChunk| chunk.names.is_empty() != settings.has_names;
            assert!(read.iter().flatten().all(has_names));
        }
        let summary = ContainerSummary::read(&bytes[..]).unwrap();
        assert_eq!((summary.images, summary.shape), (COUNT as u64, None));
        let pixels: usize = (0..COUNT).map(|index| shape(index).pixels()).sum();
        assert_eq!(summary.image_bytes, pixels as u64);
    }
}

#[test]
fn a_file_holds_either_kind_of_model() {
    for (file, is_for_pictures) in [("pictures.aepixel", true), ("strokes.aepixel", false)] {
        let bytes = fs::read(folder().join(file)).unwrap();
        let model = LosslessModel::read(&mut &bytes[..]).unwrap();
        assert_eq!(model.shape().is_none(), is_for_pictures);
        assert_eq!(model.file_bytes(), bytes.len());
        let mut written = Vec::new();
        model.write(&mut written).unwrap();
        assert!(written == bytes);
    }
    let strokes = fs::read(folder().join("strokes.aepixel")).unwrap();
    let error = PictureModel::read(&mut &strokes[..]).unwrap_err();
    assert!(matches!(error, CodecError::ModelVersion { found: 1 }));
    let strokes = LosslessModel::read(&mut &strokes[..]).unwrap();
    let bytes = encoded(&MODEL, &settings(1, 0, false));
    let error = Decoder::new(&bytes[..], &strokes, &DecoderSettings::default()).unwrap_err();
    assert!(matches!(error, CodecError::OtherModel { .. }));
}

#[test]
fn what_is_no_picture_is_refused() {
    let mut encoder = Encoder::new(Vec::new(), &*MODEL, &settings(2, 0, false)).unwrap();
    let error = encoder.push(&[1, 2, 3], None).unwrap_err();
    assert!(matches!(error, CodecError::NoShape));
    let error = encoder
        .push_of_shape(&[1, 2, 3], shape(0), None)
        .unwrap_err();
    assert!(matches!(error, CodecError::NotWholeImages { bytes: 3, .. }));
    // Two of them would fit into what a chunk may take, not with the predictions that are made of them.
    let large = ImageShape::new(12_000, 12_000).unwrap();
    let pixels = vec![7; large.pixels()];
    let error = encoder.push_of_shape(&pixels, large, None).unwrap_err();
    assert!(
        matches!(error, CodecError::TooLarge { group: 1, .. }),
        "{error}"
    );
    encoder.push_of_shape(&[9], shape(1), None).unwrap();
    let file = encoder.finish().unwrap();
    assert_eq!(read(&file, false)[0].as_ref().unwrap().pixels, [9]);
    // A file of no pictures.
    let none = Encoder::new(Vec::new(), &*MODEL, &settings(1, 0, true)).unwrap();
    assert_eq!(read(&none.finish().unwrap(), false).len(), 0);
}

/// As many as `AE_BIT_FLIPS` says, else some.
fn flips(usual: usize, length: usize) -> impl Iterator<Item = (usize, u8)> {
    let asked = std::env::var("AE_BIT_FLIPS").ok();
    let count = asked.and_then(|count| count.parse().ok()).unwrap_or(usual);
    let mut stream = Draw {
        seed: 12,
        purpose: Purpose::Display,
        epoch: 0,
        index: length as u64,
    }
    .stream();
    (0..count).map(move |_| {
        (
            stream.uniform_below(length as u64) as usize,
            1 << stream.uniform_below(8),
        )
    })
}

#[test]
fn every_truncation_is_an_error_and_gives_what_is_whole() {
    for settings in [settings(1, 0, true), settings(4, 0, false)] {
        let bytes = encoded(&MODEL, &settings);
        assert!(is_whole(&read(&bytes, false)));
        for length in 0..bytes.len() {
            for keeps_going in [false, true] {
                let read = read(&bytes[..length], keeps_going);
                assert!(read.iter().any(Result::is_err), "{length} bytes");
                let mut chunks = read.iter().flatten();
                assert!(
                    chunks.all(|chunk| is_right(chunk, Near::LOSSLESS)),
                    "{length} bytes"
                );
            }
        }
    }
}

/// An error that names a chunk, the header or the trailer; and never a wrong picture.
#[test]
fn flipped_bits_give_an_error_or_the_right_pictures() {
    for settings in [settings(1, 0, true), settings(4, 0, false)] {
        let bytes = encoded(&MODEL, &settings);
        let (mut harmless, mut tried) = (0, 0);
        for (place, bit) in flips(800, bytes.len()) {
            let mut bytes = bytes.clone();
            bytes[place] ^= bit;
            let read = read(&bytes, false);
            let mut chunks = read.iter().flatten();
            assert!(
                chunks.all(|chunk| is_right(chunk, Near::LOSSLESS)),
                "{place} {bit}"
            );
            if read.iter().all(Result::is_ok) {
                assert!(is_whole(&read), "{place} {bit}");
                harmless += 1;
            }
            tried += 1;
        }
        // The last byte of a chunk's code may have bits that matter to no symbol.
        assert!(harmless * 100 < tried, "{harmless} of {tried}");
    }
}

/// One damaged chunk costs its own pictures and no others.
#[test]
fn the_chunks_around_a_damaged_one_are_saved() {
    let bytes = encoded(&MODEL, &settings(1, 0, true));
    // 23 bytes of header; a trailer of 9.
    for (place, bit) in flips(400, bytes.len() - 9).filter(|(place, _)| *place >= 23) {
        let mut bytes = bytes.clone();
        bytes[place] ^= bit;
        let read = read(&bytes, true);
        let mut chunks = read.iter().flatten();
        assert!(
            chunks.all(|chunk| is_right(chunk, Near::LOSSLESS)),
            "{place} {bit}"
        );
        assert!(read.iter().flatten().count() >= COUNT - 1, "{place} {bit}");
    }
}

#[test]
fn damaged_models_are_refused() {
    let bytes = fs::read(folder().join("pictures.aepixel")).unwrap();
    for length in 0..bytes.len() {
        assert!(
            LosslessModel::read(&mut &bytes[..length]).is_err(),
            "{length}"
        );
    }
    for (place, bit) in flips(2_000, bytes.len()) {
        let mut bytes = bytes.clone();
        bytes[place] ^= bit;
        assert!(
            LosslessModel::read(&mut &bytes[..]).is_err(),
            "{place} {bit}"
        );
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(LosslessModel::read(&mut &longer[..]).is_err());
}

/// Bytes whose checksum is right are checked all the same: nothing panics.
#[test]
fn models_that_were_changed_on_purpose_are_checked() {
    let bytes = fs::read(folder().join("pictures.aepixel")).unwrap();
    let (mut refused, mut tried) = (0, 0);
    for (place, bit) in flips(400, bytes.len() - 4) {
        let mut bytes = bytes.clone();
        bytes[place] ^= bit;
        let (content, checksum) = bytes.split_last_chunk_mut::<4>().unwrap();
        *checksum = crc32fast::hash(content).to_le_bytes();
        tried += 1;
        match PictureModel::read(&mut &bytes[..]) {
            Err(_) => refused += 1,
            Ok(model) => {
                let coded = model.encode_pictures(&picture(0), &[shape(0)], Near::LOSSLESS);
                let decoded = model.decode_pictures(&coded, &[shape(0)], Near::LOSSLESS);
                assert!(decoded == picture(0));
            }
        }
    }
    // What changes nothing of the tested picture, such as weights of inputs that are off there, is another model.
    assert!(refused * 2 > tried, "{refused} of {tried}");
}
