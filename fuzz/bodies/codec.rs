//! What the targets of the codec do with their input.

use ae_codec::{
    ChunkCodec as _, ContainerHeader, ContainerSummary, Decoder, DecoderSettings, ImageShape,
    LosslessModel, Near, TrainingState, TransformTables,
};

/// The models of the crate's golden files: for images of 8x8, and for pictures of any sizes.
const MODELS: [&[u8]; 2] = [
    include_bytes!("../../crates/ae-codec/tests/golden/strokes.aepixel"),
    include_bytes!("../../crates/ae-codec/tests/golden/pictures.aepixel"),
];

/// The tables of the golden file of an autoencoder's symbols.
const TABLES: &[u8] = include_bytes!("../../crates/ae-codec/tests/golden/transform.aetransform");

fn models() -> [LosslessModel; 2] {
    MODELS.map(|mut bytes| LosslessModel::read(&mut bytes).expect("a golden file"))
}

/// A container: whatever its bytes are, what comes of it has as many pixels as it says; and the bytes as a chunk's payload, which
/// no checksum guards.
pub(crate) fn container(bytes: &[u8]) {
    let _ = ContainerHeader::read(bytes);
    let _ = ContainerSummary::read(bytes);
    let settings = DecoderSettings {
        keeps_going: true,
        chunk_limit: 1 << 16,
    };
    for model in models() {
        for chunk in Decoder::new(bytes, &model, &settings).into_iter().flatten() {
            let Ok(chunk) = chunk else { continue };
            let pixels: usize = chunk.shapes.iter().map(|shape| shape.pixels()).sum();
            assert_eq!(chunk.pixels.len(), pixels);
            assert!(chunk.names.is_empty() || chunk.names.len() == chunk.shapes.len());
        }
        let near = Near::new(bytes.first().copied().unwrap_or(0) % 128).expect("below 128");
        let shapes = [model.shape().or(ImageShape::new(9, 13)).expect("a shape")];
        let decoded = model.decode(bytes, &shapes, near);
        assert_eq!(decoded.len(), shapes[0].pixels());
        let again = model.encode(&decoded, &shapes, near);
        assert_eq!(model.decode(&again, &shapes, near), decoded);
    }
    symbols(bytes, &settings);
}

/// The same of a container of an autoencoder's symbols.
fn symbols(bytes: &[u8], settings: &DecoderSettings) {
    let tables = TransformTables::read(&mut &TABLES[..]).expect("a golden file");
    let symbols = tables.code().symbols();
    let coders = (1..=tables.qualities()).filter_map(|quality| tables.coder(quality));
    for coder in coders {
        for chunk in Decoder::new(bytes, &coder, settings).into_iter().flatten() {
            let Ok(chunk) = chunk else { continue };
            assert_eq!(chunk.pixels.len(), chunk.shapes.len() * symbols);
        }
        let shapes = [tables.shape()];
        let decoded = coder.decode(bytes, &shapes, Near::LOSSLESS);
        assert_eq!(decoded.len(), symbols);
        let again = coder.encode(&decoded, &shapes, Near::LOSSLESS);
        assert_eq!(coder.decode(&again, &shapes, Near::LOSSLESS), decoded);
    }
}

/// A model, tables, or the state of a training; also with the checksum that the bytes would have: what is read codes, and is written as
/// it was.
pub(crate) fn codec_model(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    for _ in 0..2 {
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
        if let Some((content, checksum)) = bytes.split_last_chunk_mut::<4>() {
            *checksum = crc32fast::hash(content).to_le_bytes();
        }
    }
}
