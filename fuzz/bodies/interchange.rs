//! What the target that reads weights does with its input.

use std::fs;
use std::io::{Cursor, Write as _};

use ae_interchange::{WeightsConfiguration, import};
use ae_models::{DenseAutoencoderConfig, ModelConfig, named_tensors};
use burn::tensor::Device;

/// Weights of another program: the input as a file, and as the pickle of an archive that `torch.save` might have written.
/// What is taken for a model's weights has its shapes, and finite values alone.
pub(crate) fn weights(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights");
    let configuration = WeightsConfiguration {
        model: ModelConfig::from(DenseAutoencoderConfig {
            widths: Vec::new(),
            latent: 2,
            ..DenseAutoencoderConfig::default()
        }),
        input_shape: [1, 2, 3],
        noise: None,
        data_name: None,
        data_fingerprint: None,
        data: None,
    };
    for content in [bytes.to_vec(), archive(bytes)] {
        fs::write(&path, content).expect("a temporary file");
        if let Ok((model, _)) = import(&path, &configuration, &Device::flex()) {
            for tensor in named_tensors(&model) {
                assert!(tensor.values.iter().all(|value| value.is_finite()));
            }
        }
    }
}

/// An archive with this pickle, and numbers for four tensors.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let numbers = [0x3f; 64];
    let members: [(&str, &[u8]); 5] = [
        ("a/data.pkl", pickle),
        ("a/data/0", &numbers),
        ("a/data/1", &numbers),
        ("a/data/2", &numbers),
        ("a/data/3", &numbers),
    ];
    for (name, content) in members {
        archive.start_file(name, stored).expect("in memory");
        archive.write_all(content).expect("in memory");
    }
    archive.finish().expect("in memory").into_inner()
}
