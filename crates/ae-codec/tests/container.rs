//! Images into a container and back.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use ae_codec::{
    CodecError, ContainerHeader, Decoder, DecoderSettings, Encoder, EncoderSettings, Near,
    PixelModel,
};
use ae_random::{Draw, Purpose};

#[path = "strokes/strokes.rs"]
mod strokes;

fn encoded(model: &PixelModel, images: &[u8], settings: &EncoderSettings) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), model, settings).unwrap();
    for image in images.chunks(64) {
        encoder.push(image, None).unwrap();
    }
    encoder.finish().unwrap()
}

fn decoded(model: &PixelModel, bytes: &[u8]) -> Vec<u8> {
    let decoder = Decoder::new(bytes, model, &DecoderSettings::default()).unwrap();
    let mut pixels = Vec::new();
    for (index, chunk) in decoder.enumerate() {
        let chunk = chunk.unwrap();
        assert_eq!(chunk.index, index as u64);
        assert_eq!(chunk.first_image, pixels.len() as u64 / 64);
        pixels.extend(chunk.pixels);
    }
    pixels
}

fn settings(group: usize, near: u8) -> EncoderSettings {
    EncoderSettings {
        group,
        near: Near::new(near).unwrap(),
        ..EncoderSettings::default()
    }
}

/// Every number of images around the chunks' and the threads', for every kind of chunk.
#[test]
fn images_come_back() {
    let model = strokes::model();
    for group in [1, 2, 7, 64] {
        for count in [0, 1, 2, 6, 7, 8, 13, 64, 65, 150] {
            let images = strokes::images(count);
            let bytes = encoded(&model, &images, &settings(group, 0));
            assert!(decoded(&model, &bytes) == images, "{count} by {group}");
        }
    }
}

#[test]
fn a_container_is_smaller_than_its_pixels_and_near_ones_are_smaller_still() {
    let model = strokes::model();
    let images = strokes::images(256);
    let mut before = images.len() / 2;
    for near in [0, 1, 2, 5, 20] {
        let bytes = encoded(&model, &images, &settings(64, near));
        assert!(bytes.len() < before, "{near}: {} and {before}", bytes.len());
        before = bytes.len();
        let decoded = decoded(&model, &bytes);
        let differences = images.iter().zip(&decoded).map(|(a, b)| a.abs_diff(*b));
        assert!(differences.max().unwrap() <= near);
    }
}

/// Noise, which the model cannot make smaller, takes its own bytes and 41 more.
#[test]
fn noise_is_stored_as_it_is() {
    let model = strokes::model();
    let mut stream = Draw {
        seed: 1,
        purpose: Purpose::Display,
        epoch: 0,
        index: 0,
    }
    .stream();
    let images: Vec<u8> = (0..640).map(|_| stream.uniform_below(256) as u8).collect();
    for near in [0, 9] {
        let bytes = encoded(&model, &images, &settings(10, near));
        // Header 23, the chunk's head 6 and checksum 4, trailer 8.
        assert!(near > 0 || bytes.len() == 640 + 41, "{}", bytes.len());
        let expected: Vec<u8> = images
            .iter()
            .map(|&level| settings(1, near).near.quantized(level))
            .collect();
        assert!(decoded(&model, &bytes) == expected);
    }
}

#[test]
fn threads_change_no_byte() {
    let model = strokes::model();
    let images = strokes::images(100);
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let bytes = encoded(&model, &images, &settings(9, 0));
            assert!(decoded(&model, &bytes) == images);
            bytes
        })
    };
    let one = with_threads(1);
    assert!(one == with_threads(2) && one == with_threads(5));
}

#[test]
fn the_header_says_what_is_inside() {
    let model = strokes::model();
    let mut settings = settings(5, 2);
    settings.has_names = true;
    let encoder = Encoder::new(Vec::new(), &model, &settings).unwrap();
    let bytes = encoder.finish().unwrap();
    let header = ContainerHeader::read(&bytes[..]).unwrap();
    assert_eq!(header.shape, Some(strokes::shape()));
    assert_eq!(
        (header.group, header.near, header.has_names),
        (5, settings.near, true)
    );
    assert_eq!(header.model, model.hash());
    assert_eq!(model.hash().to_string().len(), 16);
}

#[test]
fn names_are_asked_for_and_only_then_taken() {
    let model = strokes::model();
    let image = strokes::images(1);
    let mut encoder = Encoder::new(Vec::new(), &model, &settings(5, 0)).unwrap();
    encoder.push(&image, None).unwrap();
    let error = encoder.push(&image, Some("a")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "image 1: it has a name, others have none"
    );
    let error = encoder.push(&image[1..], None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "63 bytes are no whole number of images of 8x8"
    );

    let named = EncoderSettings {
        has_names: true,
        ..settings(5, 0)
    };
    let mut encoder = Encoder::new(Vec::new(), &model, &named).unwrap();
    let error = encoder.push(&image, None).unwrap_err();
    assert_eq!(error.to_string(), "image 0: it has no name");
    encoder.push(&image, Some(&"n".repeat(4096))).unwrap();
    let error = encoder.push(&image, Some(&"n".repeat(4097))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "image 1: its name is longer than 4096 bytes"
    );
    let bytes = encoder.finish().unwrap();
    let mut decoder = Decoder::new(&bytes[..], &model, &DecoderSettings::default()).unwrap();
    assert_eq!(decoder.next().unwrap().unwrap().names, ["n".repeat(4096)]);
    assert!(decoder.next().is_none());
}

#[test]
fn chunks_larger_than_allowed_are_refused_before_memory_is_taken() {
    let model = strokes::model();
    for group in [0, 1 << 19, usize::MAX] {
        assert!(
            Encoder::new(Vec::new(), &model, &settings(group, 0)).is_err(),
            "{group}"
        );
    }
    let bytes = encoded(&model, &strokes::images(3), &settings(1 << 18, 0));
    assert_eq!(decoded(&model, &bytes), strokes::images(3));
    let small = DecoderSettings {
        chunk_limit: 1 << 20,
        ..DecoderSettings::default()
    };
    let error = Decoder::new(&bytes[..], &model, &small).unwrap_err();
    assert_eq!(
        error.to_string(),
        "chunks of 262144 images of 8x8 take more than the 1048576 bytes that are allowed"
    );
}

#[test]
fn a_file_of_another_model_names_both() {
    let model = strokes::model();
    let mut bytes = encoded(&model, &strokes::images(1), &settings(1, 0));
    bytes[8..16].copy_from_slice(&[0xab; 8]);
    let checksum = crc32(&bytes[..19]);
    bytes[19..23].copy_from_slice(&checksum.to_le_bytes());
    let error = Decoder::new(&bytes[..], &model, &DecoderSettings::default()).unwrap_err();
    assert!(matches!(error, CodecError::OtherModel { .. }));
    let expected = format!(
        "coded with the model {}, not with {}",
        "ab".repeat(8),
        model.hash()
    );
    assert_eq!(error.to_string(), expected);
}

/// By the definition, bit by bit: ISO 3309, with the polynomial 0x04c11db7, reflected.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    !crc
}
