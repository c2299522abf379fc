//! What a model file says of its data, and the two versions of the card.

use std::fs;

use ae_models::{
    ModelCard, ModelError, Registry, load_model, read_model_card, read_model_data, save_model,
};
use burn::tensor::Device;
use serde_json::{Value, json};

use crate::dense;

/// The strings of a file's header.
fn metadata(bytes: &[u8]) -> Value {
    let (length, rest) = bytes.split_first_chunk().unwrap();
    let header = &rest[..u64::from_le_bytes(*length) as usize];
    serde_json::from_slice::<Value>(header).unwrap()["__metadata__"].clone()
}

#[test]
fn a_file_without_data_is_of_version_1_and_one_with_it_of_version_2() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = dense(&[], 3).init([1, 1, 5], 1, &device).unwrap();
    let data = json!({"fit": "pad", "size": [3, 4], "classes": ["é", "\"b\""], "seed": u64::MAX});
    for (data, version) in [(None, "1"), (Some(data), "2")] {
        let card = ModelCard {
            data: data.clone(),
            ..ModelCard::new(&model)
        };
        save_model(&path, &model, &card).unwrap();
        let found = metadata(&fs::read(&path).unwrap());
        assert_eq!(found["format_version"], version);
        assert_eq!(found.get("data").is_some(), data.is_some());
        let registry = Registry::builtin();
        assert_eq!(read_model_card(&path, &registry).unwrap(), card);
        assert_eq!(load_model(&path, &registry, &device).unwrap().1, card);
        // Which takes no registry.
        assert_eq!(read_model_data(&path).unwrap(), data);
    }
}

#[test]
fn a_card_of_version_1_has_no_data_whatever_else_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = dense(&[], 3).init([1, 1, 5], 1, &Device::flex()).unwrap();
    save_model(
        &path,
        &model,
        &ModelCard {
            data: Some(json!({})),
            ..ModelCard::new(&model)
        },
    )
    .unwrap();
    let text = fs::read(&path).unwrap();
    let change = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = text
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .unwrap();
        let mut changed = text.clone();
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        fs::write(&path, changed).unwrap();
    };
    change(r#""format_version":"2""#, r#""format_version":"1""#);
    assert_eq!(read_model_data(&path).unwrap(), None);
    change(r#""data":"{}""#, r#""data":"{,""#);
    let error = read_model_data(&path).unwrap_err().to_string();
    let expected = format!("cannot load {}: data: ", path.display());
    assert!(error.starts_with(&expected), "{error}");
    change(r#""format_version":"2""#, r#""format_version":"9""#);
    let error = read_model_data(&path).unwrap_err().to_string();
    assert!(error.ends_with("reads `1` and `2`"), "{error}");
}

#[test]
fn a_header_that_no_reader_would_take_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = dense(&[], 3).init([1, 1, 5], 1, &Device::flex()).unwrap();
    let card = |bytes: usize| ModelCard {
        data: Some(Value::String("x".repeat(bytes))),
        ..ModelCard::new(&model)
    };
    save_model(&path, &model, &card(1_000_000)).unwrap();
    load_model(&path, &Registry::builtin(), &Device::flex()).unwrap();
    let before = fs::read(&path).unwrap();
    let error = save_model(&path, &model, &card(1 << 20)).unwrap_err();
    assert!(
        matches!(error, ModelError::Config { field: "data", .. }),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}
