//! Containers and models that are damaged: an error that says where, or the right images; what is whole is saved.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::LazyLock;

use ae_codec::{
    CodecError, DecodedChunk, Decoder, DecoderSettings, Encoder, EncoderSettings, PixelModel,
};
use ae_random::{Draw, Purpose, RandomStream};

#[path = "strokes/strokes.rs"]
mod strokes;

/// Images of a chunk.
const GROUP: usize = 2;
/// Images in all: eight chunks, the last one with one image less.
const COUNT: usize = 15;

static IMAGES: LazyLock<Vec<u8>> = LazyLock::new(|| strokes::images(COUNT));

fn name(image: usize) -> String {
    format!("folder/{image:04}.png")
}

fn container(model: &PixelModel, has_names: bool) -> Vec<u8> {
    let settings = EncoderSettings {
        group: GROUP,
        has_names,
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Vec::new(), model, &settings).unwrap();
    for (index, image) in IMAGES.chunks(64).enumerate() {
        let name = has_names.then(|| name(index));
        encoder.push(image, name.as_deref()).unwrap();
    }
    encoder.finish().unwrap()
}

fn read(
    model: &PixelModel,
    bytes: &[u8],
    keeps_going: bool,
) -> Vec<Result<DecodedChunk, CodecError>> {
    let settings = DecoderSettings {
        keeps_going,
        ..DecoderSettings::default()
    };
    match Decoder::new(bytes, model, &settings) {
        Ok(decoder) => decoder.collect(),
        Err(error) => vec![Err(error)],
    }
}

/// Whether a chunk has the images, and the names, that belong where it says it lies.
fn is_right(chunk: &DecodedChunk) -> bool {
    let first = chunk.first_image as usize;
    let count = chunk.pixels.len() / 64;
    let names = (first..first + count).map(name);
    first + count <= COUNT
        && chunk.first_image == chunk.index * GROUP as u64
        && chunk.pixels == IMAGES[first * 64..][..count * 64]
        && (chunk.names.is_empty() || chunk.names.iter().cloned().eq(names))
}

fn is_whole(read: &[Result<DecodedChunk, CodecError>]) -> bool {
    let images = read.iter().flatten().map(|chunk| chunk.pixels.len() / 64);
    read.iter().all(Result::is_ok) && images.sum::<usize>() == COUNT
}

#[test]
fn every_truncation_is_an_error_and_gives_what_is_whole() {
    let model = strokes::model();
    for has_names in [false, true] {
        let bytes = container(&model, has_names);
        assert!(is_whole(&read(&model, &bytes, false)));
        for length in 0..bytes.len() {
            for keeps_going in [false, true] {
                let read = read(&model, &bytes[..length], keeps_going);
                assert!(read.iter().any(Result::is_err), "{length} bytes");
                assert!(read.iter().flatten().all(is_right), "{length} bytes");
            }
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(
            read(&model, &longer, false).last(),
            Some(Err(CodecError::Trailer { .. }))
        ));
    }
}

fn flips(count: usize, length: usize) -> impl Iterator<Item = (usize, u8)> {
    let mut stream: RandomStream = Draw {
        seed: 11,
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

/// An error that names a chunk, the header or the trailer; and never a wrong image.
#[test]
fn flipped_bits_give_an_error_or_the_right_images() {
    let model = strokes::model();
    for (has_names, count) in [(false, 2_000), (true, 10_000)] {
        let bytes = container(&model, has_names);
        let mut harmless = 0;
        for (place, bit) in flips(count, bytes.len()) {
            let mut bytes = bytes.clone();
            bytes[place] ^= bit;
            let read = read(&model, &bytes, false);
            assert!(read.iter().flatten().all(is_right), "{place} {bit}");
            if read.iter().all(Result::is_ok) {
                assert!(is_whole(&read), "{place} {bit}");
                harmless += 1;
            }
        }
        // The last byte of a chunk's code may have bits that matter to no symbol.
        assert!(harmless < 100, "{harmless}");
    }
}

/// One damaged chunk costs its own images and no others, wherever in it the damage is.
#[test]
fn the_chunks_around_a_damaged_one_are_saved() {
    let model = strokes::model();
    let bytes = container(&model, true);
    for (place, bit) in flips(1000, bytes.len() - 8).filter(|(place, _)| *place >= 23) {
        let mut bytes = bytes.clone();
        bytes[place] ^= bit;
        let read = read(&model, &bytes, true);
        assert!(read.iter().flatten().all(is_right), "{place} {bit}");
        let saved = read.iter().flatten().count();
        assert!(saved >= 7, "{place} {bit}: {saved} chunks");
        if saved == 7 {
            let error = read.iter().find_map(|chunk| chunk.as_ref().err()).unwrap();
            let CodecError::Chunk {
                chunk, first_image, ..
            } = error
            else {
                panic!("{error}");
            };
            assert_eq!(*first_image, chunk * GROUP as u64);
            assert!(read.iter().flatten().all(|other| other.index != *chunk));
        }
    }
}

#[test]
fn chunks_that_are_missing_or_in_another_order_are_errors() {
    let model = strokes::model();
    let settings = EncoderSettings {
        group: 1,
        ..EncoderSettings::default()
    };
    let parts = |count: usize| {
        let mut encoder = Encoder::new(Vec::new(), &model, &settings).unwrap();
        for image in strokes::images(count).chunks(64) {
            encoder.push(image, None).unwrap();
        }
        encoder.finish().unwrap()
    };
    let trailer = parts(0).len() - 23;
    let ends: Vec<usize> = (0..4).map(|count| parts(count).len() - trailer).collect();
    let bytes = parts(3);
    let chunk = |index: usize| &bytes[ends[index]..ends[index + 1]];
    let (header, trailer) = (&bytes[..23], &bytes[ends[3]..]);
    assert_eq!(
        [header, chunk(0), chunk(1), chunk(2), trailer].concat(),
        bytes
    );
    for others in [
        [header, chunk(0), chunk(1), trailer].concat(),
        [header, chunk(1), chunk(2), trailer].concat(),
        [header, chunk(0), chunk(2), chunk(1), trailer].concat(),
        [header, chunk(0), chunk(1), chunk(1), chunk(2), trailer].concat(),
        [header, trailer].concat(),
    ] {
        let read = read(&model, &others, false);
        assert!(read.iter().any(Result::is_err));
    }
}

#[test]
fn what_is_no_container_is_told_so() {
    let model = strokes::model();
    let bytes = container(&model, false);
    let table: [(&[u8], &str); 4] = [
        (&[], "not an aez file"),
        (b"\x89PNG\r\n\x1a\n", "not an aez file"),
        (&bytes[..15], "the header is damaged: it ends too early"),
        (&bytes[..22], "the header is damaged: it ends too early"),
    ];
    for (bytes, expected) in table {
        let error = Decoder::new(bytes, &model, &DecoderSettings::default()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let mut newer = bytes;
    newer[4] = 2;
    let error = Decoder::new(&newer[..], &model, &DecoderSettings::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an aez file of version 2, this program reads version 1"
    );
}

#[test]
fn damaged_models_are_refused() {
    let bytes = include_bytes!("golden/strokes.aepixel");
    for length in 0..bytes.len() {
        assert!(
            PixelModel::read(&mut &bytes[..length]).is_err(),
            "{length} bytes"
        );
    }
    for (place, bit) in flips(10_000, bytes.len()) {
        let mut bytes = *bytes;
        bytes[place] ^= bit;
        assert!(PixelModel::read(&mut &bytes[..]).is_err(), "{place} {bit}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(PixelModel::read(&mut &longer[..]).is_err());
}

/// Bytes whose checksum is right are checked all the same: nothing panics, and what a model says that computes otherwise
/// than its maker is refused by the self-test.
#[test]
fn models_that_were_changed_on_purpose_are_checked() {
    let bytes = include_bytes!("golden/strokes.aepixel");
    let mut refused = 0;
    for (place, bit) in flips(2_000, bytes.len() - 4) {
        let mut bytes = *bytes;
        bytes[place] ^= bit;
        let (content, checksum) = bytes.split_last_chunk_mut::<4>().unwrap();
        *checksum = crc32fast::hash(content).to_le_bytes();
        match PixelModel::read(&mut &bytes[..]) {
            Err(_) => refused += 1,
            Ok(model) => {
                let images = strokes::images(2);
                if model.shape() == strokes::shape() {
                    let coded = model.encode_images(&images, Default::default());
                    assert!(model.decode_images(&coded, 2, Default::default()) == images);
                }
            }
        }
    }
    // What changes no frequency of the tested contexts, such as weights of units that are off there, is another model.
    assert!(refused > 1_000, "{refused}");
}
