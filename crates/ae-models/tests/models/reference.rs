//! The same files in PyTorch: outputs of `tests/reference/conv_forward.py`, which loads what this test writes.
//!
//! To make the numbers again:
//!
//! ```text
//! AE_REFERENCE_DIR=/tmp/reference cargo test -p ae-models --test models reference
//! python tests/reference/conv_forward.py /tmp/reference
//! ```

use std::path::PathBuf;

use ae_models::{ModelCard, ModelConfig, save_model};
use burn::tensor::Device;

use crate::{conv, dense, images, lively, reconstructs, transposed, values};

/// Builds a model, draws two images with it, and compares the mean and every `count / 8`th value with PyTorch's.
#[track_caller]
fn check(name: &str, config: ModelConfig, input: [usize; 3], mean: f64, expected: [f64; 8]) {
    let device = Device::flex();
    let model = lively(config, input, 42, &device);
    if let Some(folder) = std::env::var_os("AE_REFERENCE_DIR") {
        let folder = PathBuf::from(folder);
        std::fs::create_dir_all(&folder).unwrap();
        save_model(
            folder.join(format!("{name}.safetensors")),
            &model,
            &ModelCard::new(&model),
        )
        .unwrap();
        return;
    }
    let outputs = values(
        reconstructs(&model).reconstruct(images([2, input[0], input[1], input[2]], &device)),
    );
    let found_mean =
        outputs.iter().map(|&value| f64::from(value)).sum::<f64>() / outputs.len() as f64;
    assert!(
        (found_mean - mean).abs() < 1e-6,
        "{name}: mean {found_mean} instead of {mean}"
    );
    for (index, expected) in expected.into_iter().enumerate() {
        let found = outputs[index * outputs.len() / 8];
        assert!(
            (f64::from(found) - expected).abs() < 1e-6,
            "{name}: value {index} is {found} instead of {expected}"
        );
    }
}

#[test]
fn pytorch_draws_the_same_pictures() {
    check(
        "conv",
        ModelConfig::default(),
        [1, 28, 28],
        0.742587350,
        [
            0.45983383, 0.48403850, 0.47142658, 0.53998125, 0.45692208, 0.47767407, 0.45079118,
            0.55644023,
        ],
    );
    check(
        "conv-colour-latent",
        conv(&[8, 16], Some(10)),
        [3, 12, 8],
        0.610690221,
        [
            0.70942003, 0.19407979, 0.47389314, 0.53744054, 0.70883423, 0.20186092, 0.49870160,
            0.53880715,
        ],
    );
    check(
        "conv-transposed",
        transposed(conv(&[8, 16], Some(10))),
        [3, 12, 8],
        0.591261037,
        [
            0.26711673, 0.68660843, 0.46050444, 0.63520175, 0.27218330, 0.67408115, 0.45955592,
            0.63298172,
        ],
    );
    check(
        "dense",
        dense(&[16, 9], 4),
        [1, 7, 5],
        0.532675515,
        [
            0.36742744, 0.24149305, 0.53182423, 0.87925428, 0.32297105, 0.37268597, 0.70784789,
            0.75360119,
        ],
    );
}
