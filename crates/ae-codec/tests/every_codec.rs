//! Containers and models of every codec, damaged: each truncation and 10,000 flipped bits give an error that names the place, or the
//! right images.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use ae_codec::{ChunkCodec, CodecError, DecodedChunk};
use ae_random::{Draw, Purpose};

#[path = "samples/samples.rs"]
mod samples;

use samples::{GOLDEN, Model, read, small_container};

/// Bits that are flipped of each file.
const FLIPS: usize = 10_000;

/// Where an error says that the damage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Chunk(u64),
    Trailer,
}

/// The place that an error names.
fn place(error: &CodecError, group: u64) -> Place {
    match error {
        CodecError::NotAContainer | CodecError::Version { .. } | CodecError::Header { .. } => {
            Place::Header
        }
        CodecError::Chunk {
            chunk, first_image, ..
        } => {
            assert_eq!(*first_image, chunk * group);
            Place::Chunk(*chunk)
        }
        CodecError::Trailer { .. } => Place::Trailer,
        other => panic!("no place: {other}"),
    }
}

/// What is read of damaged bytes: how many chunks, which are the right ones, and the place of the error behind them.
fn chunks_and_place(
    codec: &dyn ChunkCodec,
    damaged: &[u8],
    whole: &[DecodedChunk],
) -> (usize, Option<Place>) {
    let group = whole[0].shapes.len() as u64;
    let mut found = read(codec, damaged);
    let error = found.pop_if(|last| last.is_err());
    let place = error.map(|error| place(&error.unwrap_err(), group));
    for (chunk, whole) in found.iter().zip(whole) {
        assert_eq!(chunk.as_ref().unwrap(), whole);
    }
    assert!(found.len() <= whole.len());
    (found.len(), place)
}

fn flips(length: usize, count: usize) -> impl Iterator<Item = (usize, u8)> {
    let mut stream = Draw {
        seed: 21,
        purpose: Purpose::Display,
        epoch: 0,
        index: length as u64,
    }
    .stream();
    std::iter::repeat_with(move || {
        (
            stream.uniform_below(length as u64) as usize,
            1 << stream.uniform_below(8),
        )
    })
    .take(count)
}

/// The place of each byte of a container, as truncations show them: where a file ends too early is where the next byte belongs.
fn places(codec: &dyn ChunkCodec, bytes: &[u8], whole: &[DecodedChunk]) -> Vec<Place> {
    let of_length = |length: usize| {
        let (chunks, place) = chunks_and_place(codec, &bytes[..length], whole);
        let place = place.unwrap_or_else(|| panic!("the first {length} bytes are whole"));
        match place {
            // Nothing is there of the next chunk, or something of the trailer's head.
            Place::Trailer if chunks < whole.len() => Place::Chunk(chunks as u64),
            Place::Chunk(chunk) if chunk == whole.len() as u64 => Place::Trailer,
            place => place,
        }
    };
    (0..bytes.len()).map(of_length).collect()
}

#[test]
fn damaged_containers_are_errors_that_name_the_place_or_the_right_images() {
    for (name, file, golden) in GOLDEN {
        let model = Model::read(file).unwrap();
        let codec = &*model.coder();
        let bytes = small_container(codec, golden);
        let whole: Vec<DecodedChunk> = read(codec, &bytes).into_iter().flatten().collect();
        assert_eq!(whole.len(), 3, "{name}");
        let places = places(codec, &bytes, &whole);
        assert_eq!(
            (places[0], places.last()),
            (Place::Header, Some(&Place::Trailer))
        );
        let chunks = (0..3).map(Place::Chunk);
        assert!(
            chunks.clone().all(|chunk| places.contains(&chunk)),
            "{name}"
        );

        let mut harmless = 0;
        for (at, bit) in flips(bytes.len(), FLIPS) {
            let mut damaged = bytes.clone();
            damaged[at] ^= bit;
            let (chunks, found) = chunks_and_place(codec, &damaged, &whole);
            let found = match found {
                // The trailer's first byte says that it is no chunk.
                Some(Place::Chunk(3)) => Some(Place::Trailer),
                found => found,
            };
            match found {
                Some(found) => assert_eq!(found, places[at], "{name}: byte {at}, bit {bit}"),
                None => {
                    assert_eq!(chunks, whole.len(), "{name}: byte {at}, bit {bit}");
                    harmless += 1;
                }
            }
        }
        // The last byte of a chunk's code may have bits that matter to no symbol: of three chunks some.
        assert!(harmless < FLIPS / 20, "{name}: {harmless}");
        let longer = [&bytes[..], &[0]].concat();
        let (_, found) = chunks_and_place(codec, &longer, &whole);
        assert_eq!(found, Some(Place::Trailer), "{name}");
    }
}

#[test]
fn damaged_models_are_refused() {
    for (name, file, _) in GOLDEN {
        for length in 0..file.len() {
            assert!(Model::read(&file[..length]).is_err(), "{name}: {length}");
        }
        for (at, bit) in flips(file.len(), FLIPS) {
            let mut damaged = file.to_vec();
            damaged[at] ^= bit;
            assert!(Model::read(&damaged).is_err(), "{name}: byte {at}, {bit}");
        }
        assert!(Model::read(&[file, &[0]].concat()).is_err(), "{name}");
    }
}
