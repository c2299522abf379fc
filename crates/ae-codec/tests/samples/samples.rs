//! A model of each codec, and containers by it: those of `golden`, and small ones for tests that read them many times.

use ae_codec::{
    ChunkCodec, CodecError, DecodedChunk, Decoder, DecoderSettings, Encoder, EncoderSettings,
    ImageShape, LosslessModel, LossyTables,
};

/// A codec's name, its model's file and a container by it.
type Golden = (&'static str, &'static [u8], &'static [u8]);

/// One of each codec.
pub(crate) const GOLDEN: [Golden; 5] = [
    (
        "pixel",
        include_bytes!("../golden/strokes.aepixel"),
        include_bytes!("../golden/lossless.aez"),
    ),
    (
        "transform",
        include_bytes!("../golden/transform.aetransform"),
        include_bytes!("../golden/transform.aez"),
    ),
    (
        "picture",
        include_bytes!("../golden/pictures.aepixel"),
        include_bytes!("../golden/pictures.aez"),
    ),
    (
        "indices",
        include_bytes!("../golden/indices.aetransform"),
        include_bytes!("../golden/indices.aez"),
    ),
    (
        "picture-transform",
        include_bytes!("../golden/picture_transform.aetransform"),
        include_bytes!("../golden/picture_transform.aez"),
    ),
];

/// A model of any codec.
#[derive(Debug)]
pub(crate) enum Model {
    Lossless(Box<LosslessModel>),
    Lossy(LossyTables),
}

impl Model {
    /// Reads a model's file, of whichever codec.
    pub(crate) fn read(file: &[u8]) -> Result<Self, CodecError> {
        match LosslessModel::read(&mut &*file) {
            Ok(model) => Ok(Self::Lossless(Box::new(model))),
            Err(CodecError::NotAModel) => LossyTables::read(&mut &*file).map(Self::Lossy),
            Err(error) => Err(error),
        }
    }

    /// What codes by it, at the last of its qualities.
    pub(crate) fn coder(&self) -> Box<dyn ChunkCodec + '_> {
        match self {
            Self::Lossless(model) => Box::new((**model).clone()),
            Self::Lossy(LossyTables::Images(tables)) => {
                Box::new(tables.coder(tables.qualities()).unwrap())
            }
            Self::Lossy(LossyTables::Pictures(tables)) => {
                Box::new(tables.coder(tables.qualities()).unwrap())
            }
            Self::Lossy(LossyTables::Indices(tables)) => Box::new(tables.coder()),
            Self::Lossy(other) => panic!("a codec without samples: {other:?}"),
        }
    }
}

/// What is read of a container: its chunks, up to the first error.
pub(crate) fn read(codec: &dyn ChunkCodec, bytes: &[u8]) -> Vec<Result<DecodedChunk, CodecError>> {
    match Decoder::new(bytes, codec, &DecoderSettings::default()) {
        Ok(decoder) => decoder.collect(),
        Err(error) => vec![Err(error)],
    }
}

/// Sizes of the pictures of small containers, where each has its own.
const SIZES: [[u16; 2]; 5] = [[5, 7], [1, 1], [9, 4], [1, 11], [6, 6]];

/// A small container with names, of five images that are like those of the golden one, in three chunks.
pub(crate) fn small_container(codec: &dyn ChunkCodec, golden: &[u8]) -> Vec<u8> {
    let chunks = read(codec, golden);
    let usual: Vec<u8> = chunks
        .into_iter()
        .flat_map(|chunk| chunk.unwrap().pixels)
        .collect();
    let settings = EncoderSettings {
        group: 2,
        has_names: true,
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Vec::new(), codec, &settings).unwrap();
    let mut usual = usual.into_iter().cycle();
    for (index, [height, width]) in SIZES.into_iter().enumerate() {
        let shape = codec.shape().or(ImageShape::new(height, width)).unwrap();
        let image: Vec<u8> = usual.by_ref().take(codec.bytes_of_image(shape)).collect();
        let name = format!("folder/{index}.png");
        encoder.push_of_shape(&image, shape, Some(&name)).unwrap();
    }
    encoder.finish().unwrap()
}
