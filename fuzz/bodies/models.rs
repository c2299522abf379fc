//! What the targets that need Burn do with their input.

use std::fs;

use ae_train::RunConfig;

/// A model file: its card and its tensors.
pub(crate) fn model_file(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("x.safetensors");
    fs::write(&path, bytes).expect("a temporary file");
    let registry = ae_models::Registry::builtin();
    let _ = ae_models::read_model_card(&path, &registry);
    if let Ok((tensors, _)) = ae_models::read_tensors(&path, &registry) {
        for tensor in tensors {
            assert_eq!(tensor.values.len(), tensor.shape.iter().product::<usize>());
            assert!(tensor.values.iter().all(|value| value.is_finite()));
        }
    }
}

/// A run's configuration: what is understood is checked, and written as it can be read again.
pub(crate) fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let read = |text: &str| RunConfig::from_toml(text, &ae_models::Registry::builtin());
    let Ok(config) = read(text) else {
        return;
    };
    if config.train.check().is_ok() {
        let write = |config| toml::to_string(config).expect("a checked configuration is TOML");
        let written = write(&config);
        let again = read(&written).expect("it is a configuration");
        // As text, for NaN is not equal to itself.
        assert_eq!(write(&again), written);
    }
}
