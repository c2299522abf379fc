//! What the targets of the codec do with their input.

use std::sync::LazyLock;

use ae_codec::{
    ChunkCodec, ContainerHeader, ContainerSummary, Decoder, DecoderSettings, ImageShape,
    IndexTables, LosslessModel, Near, PictureTransformTables, TrainingState, TransformTables,
};

/// The models of the crate's golden files: for images of 8x8, and for pictures of any sizes.
static MODELS: LazyLock<[LosslessModel; 2]> = LazyLock::new(|| {
    let files: [&[u8]; 2] = [
        include_bytes!("../../crates/ae-codec/tests/golden/strokes.aepixel"),
        include_bytes!("../../crates/ae-codec/tests/golden/pictures.aepixel"),
    ];
    files.map(|mut bytes| LosslessModel::read(&mut bytes).expect("a golden file"))
});

/// The tables of the golden file of an autoencoder's symbols.
static TABLES: LazyLock<TransformTables> = LazyLock::new(|| {
    let file = include_bytes!("../../crates/ae-codec/tests/golden/transform.aetransform");
    TransformTables::read(&mut &file[..]).expect("a golden file")
});

/// The same of an autoencoder's indices.
static INDEX_TABLES: LazyLock<IndexTables> = LazyLock::new(|| {
    let file = include_bytes!("../../crates/ae-codec/tests/golden/indices.aetransform");
    IndexTables::read(&mut &file[..]).expect("a golden file")
});

/// The same of an autoencoder's symbols of pictures of any sizes.
static PICTURE_TABLES: LazyLock<PictureTransformTables> = LazyLock::new(|| {
    let file = include_bytes!("../../crates/ae-codec/tests/golden/picture_transform.aetransform");
    PictureTransformTables::read(&mut &file[..]).expect("a golden file")
});

const SETTINGS: DecoderSettings = DecoderSettings {
    keeps_going: true,
    chunk_limit: 1 << 16,
};

/// Reads a container: whatever its bytes are, what comes of it has as many bytes as its images' shapes say. Then the same bytes with
/// the model's name, and the checksums that they would have.
fn read(bytes: &[u8], codec: &dyn ChunkCodec) {
    for bytes in [bytes, &repaired(bytes, codec)] {
        let _ = ContainerHeader::read(bytes);
        let _ = ContainerSummary::read(bytes);
        for chunk in Decoder::new(bytes, codec, &SETTINGS).into_iter().flatten() {
            let Ok(chunk) = chunk else { continue };
            let shapes = chunk.shapes.iter();
            let expected: usize = shapes.map(|&shape| codec.bytes_of_image(shape)).sum();
            assert_eq!(chunk.pixels.len(), expected);
            assert!(codec.is_possible(&chunk.pixels));
            assert!(chunk.names.is_empty() || chunk.names.len() == chunk.shapes.len());
        }
    }
}

/// The bytes as a container of this codec: magic, version, codec and hash are set, and each checksum that is reached, but that of a
/// coded chunk.
fn repaired(bytes: &[u8], codec: &dyn ChunkCodec) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    repair(&mut bytes, codec);
    bytes
}

/// The same until the bytes end.
fn repair(bytes: &mut [u8], codec: &dyn ChunkCodec) -> Option<()> {
    let number = codec.codec().number();
    bytes.get_mut(..4)?.copy_from_slice(b"\x89AEZ");
    bytes.get_mut(4..6)?.copy_from_slice(&[1, number]);
    let has_names = bytes.get(6)? & 1 == 1;
    // 16 hexadecimal digits.
    let hash = u64::from_str_radix(&codec.hash().to_string(), 16).ok()?;
    bytes.get_mut(8..16)?.copy_from_slice(&hash.to_be_bytes());
    let mut at = 16;
    for _ in 0..if matches!(number, 2 | 4) { 4 } else { 3 } {
        varint(bytes, &mut at)?;
    }
    let checksum = crc32fast::hash(&bytes[..at]).to_le_bytes();
    bytes.get_mut(at..at + 4)?.copy_from_slice(&checksum);
    at += 4;
    for index in 0_u64.. {
        let start = at;
        let is_chunk = varint(bytes, &mut at)? > 0;
        let mut lengths = [0; 4];
        let count = match is_chunk {
            true => 1 + 2 * usize::from(codec.shape().is_none()) + usize::from(has_names),
            false => 1,
        };
        let is_raw = *bytes.get(at)? == 0;
        at += usize::from(is_chunk);
        for length in &mut lengths[..count] {
            *length = usize::try_from(varint(bytes, &mut at)?).ok()?;
        }
        let head = [&index.to_le_bytes()[..], &bytes[start..at]].concat();
        let check = crc32fast::hash(&head).to_le_bytes();
        bytes.get_mut(at..at + 2)?.copy_from_slice(&check[..2]);
        at += 2;
        // Not the pixels' number, which is the second where there are sizes.
        let content = match codec.shape() {
            _ if !is_chunk => 0,
            Some(_) => lengths[0].checked_add(lengths[1])?,
            None => lengths[0]
                .checked_add(lengths[2])?
                .checked_add(lengths[3])?,
        };
        let end = at.checked_add(content)?;
        let checksum = crc32fast::hash(bytes.get(at..end)?).to_le_bytes();
        if is_chunk && is_raw {
            bytes.get_mut(end..end + 4)?.copy_from_slice(&checksum);
        }
        at = end + 4;
    }
    None
}

/// An integer in groups of seven bits.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 127) << (7 * place);
        if byte < 128 {
            return Some(value);
        }
    }
    None
}

/// Reads the bytes as a chunk's payload, which no checksum guards: what they stand for is coded again.
fn payload(bytes: &[u8], codec: &dyn ChunkCodec, shape: ImageShape, near: Near) {
    let decoded = codec.decode(bytes, &[shape], near);
    assert_eq!(decoded.len(), codec.bytes_of_image(shape));
    assert!(codec.is_possible(&decoded));
    let again = codec.encode(&decoded, &[shape], near);
    assert_eq!(codec.decode(&again, &[shape], near), decoded);
}

/// A container of images by any codec but the next, and a chunk's payload.
pub(crate) fn container(bytes: &[u8]) {
    for model in &*MODELS {
        read(bytes, model);
        let near = Near::new(bytes.first().copied().unwrap_or(0) % 128).expect("below 128");
        let shape = model.shape().or(ImageShape::new(9, 13)).expect("a shape");
        payload(bytes, model, shape, near);
    }
    for coder in (1..=TABLES.qualities()).filter_map(|quality| TABLES.coder(quality)) {
        read(bytes, &coder);
        payload(bytes, &coder, TABLES.shape(), Near::LOSSLESS);
    }
    let coder = INDEX_TABLES.coder();
    read(bytes, &coder);
    payload(bytes, &coder, INDEX_TABLES.shape(), Near::LOSSLESS);
}

/// A container of an autoencoder's symbols of pictures, a chunk's payload, and the tables of such symbols; these also with the checksum
/// that they would have.
pub(crate) fn picture_transform(bytes: &[u8]) {
    for coder in (1..=PICTURE_TABLES.qualities()).filter_map(|q| PICTURE_TABLES.coder(q)) {
        read(bytes, &coder);
    }
    let [height, width, rest @ ..] = bytes else {
        return;
    };
    let side = |byte: &u8| 1 + u16::from(byte % 40);
    let shape = ImageShape::new(side(height), side(width)).expect("at least 1");
    let coder = PICTURE_TABLES.coder(1).expect("a first quality");
    payload(rest, &coder, shape, Near::LOSSLESS);
    for bytes in [bytes, &with_checksum(bytes)] {
        let Ok(tables) = PictureTransformTables::read(&mut &*bytes) else {
            continue;
        };
        let mut written = Vec::new();
        tables.write(&mut written).expect("memory takes everything");
        assert_eq!(written, bytes);
        if tables.channels() <= 64 {
            let coder = tables.coder(1).expect("a first quality");
            payload(rest, &coder, shape, Near::LOSSLESS);
        }
    }
}

/// The bytes with the checksum in the last four that they would have.
fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some((content, checksum)) = bytes.split_last_chunk_mut::<4>() {
        *checksum = crc32fast::hash(content).to_le_bytes();
    }
    bytes
}

/// A model, tables, or the state of a training; also with the checksum that the bytes would have: what is read codes, and is written as
/// it was.
pub(crate) fn codec_model(bytes: &[u8]) {
    for bytes in [bytes.to_vec(), with_checksum(bytes)] {
        if let Ok(state) = TrainingState::from_bytes(&bytes) {
            assert_eq!(state.to_bytes(), bytes);
        }
        if let Ok(model) = LosslessModel::read(&mut &bytes[..]) {
            let mut written = Vec::new();
            model.write(&mut written).expect("memory takes everything");
            assert_eq!(written, bytes);
            let shape = model.shape().or(ImageShape::new(9, 13)).expect("a shape");
            if shape.pixels() < 4096 {
                let pixels: Vec<u8> = (0..shape.pixels()).map(|i| (i * 37) as u8).collect();
                let coded = model.encode(&pixels, &[shape], Near::LOSSLESS);
                assert_eq!(model.decode(&coded, &[shape], Near::LOSSLESS), pixels);
            }
        }
        if let Ok(tables) = TransformTables::read(&mut &bytes[..]) {
            let mut written = Vec::new();
            tables.write(&mut written).expect("memory takes everything");
            assert_eq!(written, bytes);
            let symbols: Vec<u8> = (0..tables.code().symbols())
                .map(|i| (i * 37) as u8)
                .collect();
            let shapes = [tables.shape()];
            if let Some(coder) = tables.coder(1).filter(|_| symbols.len() < 4096) {
                let coded = coder.encode(&symbols, &shapes, Near::LOSSLESS);
                assert_eq!(coder.decode(&coded, &shapes, Near::LOSSLESS), symbols);
            }
        }
        if let Ok(tables) = IndexTables::read(&mut &bytes[..]) {
            let mut written = Vec::new();
            tables.write(&mut written).expect("memory takes everything");
            assert_eq!(written, bytes);
            let (code, shapes) = (tables.code(), [tables.shape()]);
            if code.symbols() < 4096 {
                let last = (code.codewords() - 1) as u16;
                let digits = code
                    .digits_of(&vec![last; code.places()])
                    .expect("the last codeword");
                let coded = tables.coder().encode(&digits, &shapes, Near::LOSSLESS);
                assert_eq!(
                    tables.coder().decode(&coded, &shapes, Near::LOSSLESS),
                    digits
                );
            }
        }
    }
}
