//! Files that were written once and are decoded by every later build, with every instruction set of the machine.
//!
//! `AE_UPDATE_GOLDEN=1 cargo test -p ae-codec --test golden` writes them anew, which only a new version of the format may
//! ask for.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ae_codec::{
    Decoder, DecoderSettings, Encoder, EncoderSettings, InstructionSet, Near, PixelModel,
    TrainingSettings,
};

#[path = "strokes/strokes.rs"]
mod strokes;

/// Images in the files: chunks of 16, and one of 5.
const COUNT: usize = 37;

/// The files and how their images were put in.
fn files() -> [(&'static str, EncoderSettings); 3] {
    let settings = |group, near, has_names| EncoderSettings {
        group,
        near: Near::new(near).unwrap(),
        has_names,
        is_verified: true,
    };
    [
        ("lossless.aez", settings(16, 0, false)),
        ("named.aez", settings(1, 0, true)),
        ("near.aez", settings(16, 3, true)),
    ]
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn name(index: usize) -> String {
    format!("strokes/{}/{index:03}.png", index % 3)
}

fn encoded(model: &PixelModel, settings: &EncoderSettings) -> Vec<u8> {
    let images = strokes::images(COUNT);
    let mut encoder = Encoder::new(Vec::new(), model, settings).unwrap();
    for (index, image) in images.chunks(64).enumerate() {
        let name = settings.has_names.then(|| name(index));
        encoder.push(image, name.as_deref()).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn files_of_before_are_decoded_and_written_again_to_the_same_bytes() {
    let file = folder().join("strokes.aepixel");
    let update = std::env::var_os("AE_UPDATE_GOLDEN").is_some_and(|value| value == "1");
    if update {
        let settings = TrainingSettings {
            batch: 256,
            steps: 1000,
            learning_rate: 5e-3,
            neighbors: 14,
            marked: 5,
            graded: 2,
            units: [12, 7],
            ..TrainingSettings::default()
        };
        let others = strokes::images(2000).split_off(1000 * 64);
        let go = |_| ControlFlow::Continue(());
        let model = PixelModel::train(strokes::shape(), &others, &settings, go).unwrap();
        let mut bytes = Vec::new();
        model.write(&mut bytes).unwrap();
        fs::write(&file, bytes).unwrap();
    }
    let bytes = fs::read(&file).unwrap();
    let model = PixelModel::read(&mut &bytes[..]).unwrap();
    let mut written = Vec::new();
    model.write(&mut written).unwrap();
    assert!(written == bytes);

    let images = strokes::images(COUNT);
    for (name_of_file, settings) in files() {
        let file = folder().join(name_of_file);
        if update {
            fs::write(&file, encoded(&model, &settings)).unwrap();
        }
        let bytes = fs::read(&file).unwrap();
        for instructions in InstructionSet::available() {
            let model = model.clone().with_instructions(instructions);
            assert!(
                encoded(&model, &settings) == bytes,
                "{name_of_file}, {instructions:?}"
            );
            let decoder = Decoder::new(&bytes[..], &model, &DecoderSettings::default()).unwrap();
            let (mut pixels, mut names) = (Vec::new(), Vec::new());
            for chunk in decoder {
                let chunk = chunk.unwrap();
                pixels.extend(chunk.pixels);
                names.extend(chunk.names);
            }
            let expected: Vec<u8> = images
                .iter()
                .map(|&level| settings.near.quantized(level))
                .collect();
            assert!(pixels == expected, "{name_of_file}, {instructions:?}");
            let expected: Vec<String> = (0..COUNT).map(name).collect();
            assert_eq!(
                names,
                if settings.has_names {
                    expected
                } else {
                    Vec::new()
                }
            );
        }
    }
}
