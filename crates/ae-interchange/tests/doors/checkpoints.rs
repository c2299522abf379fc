//! Archives as `torch.save` writes them.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ae_interchange::{WeightsConfiguration, import};
use ae_models::{ModelConfig, Registry, named_tensors};
use burn::tensor::Device;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn configuration() -> WeightsConfiguration {
    let text = r#"{"kind": "dense", "widths": [], "latent": 2}"#;
    let model: ModelConfig = Registry::builtin().from_json(text).unwrap();
    WeightsConfiguration {
        model,
        input_shape: [1, 2, 3],
        noise: None,
        data_name: None,
        data_fingerprint: None,
        data: None,
    }
}

/// What PyTorch 2 wrote: `golden/dense.py` makes it, its weights being 0.5, 1.5, 2.5, … in the order of the `state_dict`,
/// the second one transposed in memory and the last one of 16 bits.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doors/golden/dense.pt")
}

fn refused(path: &Path, part: &str) {
    let error = import(path, &configuration(), &Device::flex()).unwrap_err();
    let error = error.to_string();
    assert!(error.contains(part), "{part} in {error}");
    assert!(error.contains(&path.display().to_string()), "{error}");
}

#[test]
fn a_state_dict_of_pytorch_is_read() {
    let (model, _) = import(&golden(), &configuration(), &Device::flex()).unwrap();
    let tensors = named_tensors(&model);
    let all: Vec<f32> = tensors
        .iter()
        .flat_map(|tensor| tensor.values.clone())
        .collect();
    let expected: Vec<f32> = (0..all.len()).map(|number| number as f32 + 0.5).collect();
    assert_eq!(all, expected);
    assert_eq!(all.len(), 2 * (2 * 6) + 2 + 6);
}

#[test]
fn an_archive_that_is_cut_off_is_refused() {
    let whole = fs::read(golden()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.pt");
    for part in 0..40 {
        fs::write(&path, &whole[..part * whole.len() / 40]).unwrap();
        refused(&path, "");
    }
}

/// Writes an archive with this pickle, and members of these names and lengths.
fn archive(path: &Path, pickle: &[u8], members: &[(&str, usize)]) {
    let mut archive = ZipWriter::new(File::create(path).unwrap());
    let stored = SimpleFileOptions::default();
    archive.start_file("archive/data.pkl", stored).unwrap();
    archive.write_all(pickle).unwrap();
    for (name, length) in members {
        archive.start_file(*name, stored).unwrap();
        archive.write_all(&vec![0; *length]).unwrap();
    }
    archive.finish().unwrap();
}

#[test]
fn code_in_a_checkpoint_is_named_and_not_executed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code.pt");
    let trace = folder.path().join("executed");
    let command = format!("touch {}", trace.display());
    let mut pickle = b"\x80\x02cposix\nsystem\nX".to_vec();
    pickle.extend((command.len() as u32).to_le_bytes());
    pickle.extend(command.as_bytes());
    pickle.extend(b"\x85R.");
    archive(&path, &pickle, &[]);
    refused(&path, "`posix.system`");
    refused(&path, "nothing of it was executed");
    assert!(!trace.exists());
}

#[test]
fn archives_of_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.pt");
    let mut other = ZipWriter::new(File::create(&path).unwrap());
    other
        .start_file("readme.txt", SimpleFileOptions::default())
        .unwrap();
    other.finish().unwrap();
    refused(&path, "none that torch.save has written");
    archive(&path, b"\x80\x02}.", &[]);
    refused(
        &path,
        "missing: encoder.0.weight, encoder.0.bias, decoder.0.weight, decoder.0.bias",
    );
    archive(&path, b"\x80\x02}.", &[("archive/byteorder", 3)]);
    refused(&path, "missing");
    // A bare pickle, as PyTorch wrote before 1.6.
    fs::write(&path, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.").unwrap();
    refused(&path, "since PyTorch 1.6");
    fs::write(&path, b"").unwrap();
    refused(&path, "empty file");
}
