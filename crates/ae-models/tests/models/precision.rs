//! Model files with weights in half precision.

use std::fs;

use ae_models::{
    ModelCard, Precision, Registry, load_model, load_model_from_bytes, named_tensors, save_model,
    save_model_in,
};
use burn::tensor::Device;

use crate::conv;

#[test]
fn a_file_of_half_precision_has_the_nearest_weights_in_half_the_bytes() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = conv(&[3, 2], None).init([1, 8, 8], 11, &device).unwrap();
    let card = ModelCard::new(&model);
    save_model(&path, &model, &card).unwrap();
    let single = fs::metadata(&path).unwrap().len();
    save_model_in(Precision::Half, &path, &model, &card).unwrap();
    let bytes = fs::read(&path).unwrap();
    let weights: usize = named_tensors(&model)
        .iter()
        .map(|tensor| tensor.values.len())
        .sum();
    assert!(single - bytes.len() as u64 >= 2 * weights as u64 - 64);

    let (loaded, found) = load_model(&path, &Registry::builtin(), &device).unwrap();
    assert_eq!(found, card);
    for (before, after) in named_tensors(&model).iter().zip(named_tensors(&loaded)) {
        assert_eq!((&before.name, &before.shape), (&after.name, &after.shape));
        for (before, after) in before.values.iter().zip(&after.values) {
            // Half a unit in the last of 11 bits; below the normal numbers, half the least number.
            let bound = before.abs() / 2048.0 + 3e-8;
            assert!((before - after).abs() <= bound, "{before} {after}");
        }
    }
    let (again, found) =
        load_model_from_bytes(&bytes, "built in", &Registry::builtin(), &device).unwrap();
    assert_eq!(found, card);
    assert_eq!(named_tensors(&again), named_tensors(&loaded));
    let cut = &bytes[..bytes.len() - 1];
    let error = load_model_from_bytes(cut, "built in", &Registry::builtin(), &device).unwrap_err();
    assert!(error.to_string().contains("built in: file: "), "{error}");
}
