//! The model file: what goes in comes out, and what is damaged is refused by name.

use std::fs;
use std::path::Path;

use ae_models::{
    ModelCard, Objective, Precision, Reconstruct, Registry, Trainable, TrainingBatch, load_model,
    load_tensors, named_tensors, read_model_card, read_tensors, save_model, save_model_in,
};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde_json::{Value, json};

use crate::{conv, dense, images, reconstructs, values, with_biases};

#[test]
fn a_loaded_model_draws_the_same_bits() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    for (config, input) in [
        (conv(&[3, 2, 4], None), [3, 9, 8]),
        (conv(&[3, 2], Some(5)), [1, 6, 4]),
        (dense(&[7], 3), [1, 2, 3]),
        (dense(&[], 1), [1, 1, 1]),
    ] {
        let config = with_biases(config);
        let path = folder.path().join("model.safetensors");
        let model = config.init(input, 11, &device).unwrap();
        let card = ModelCard {
            noise: Some("gaussian:0.5,masking:0.1".to_owned()),
            data_name: Some("lettres \"é\"\n".to_owned()),
            data_fingerprint: Some("00ff".to_owned()),
            ..ModelCard::new(&model)
        };
        save_model(&path, &model, &card).unwrap();
        let bytes = fs::read(&path).unwrap();
        let (loaded, found) = load_model(&path, &Registry::builtin(), &device).unwrap();
        assert_eq!(found, card);
        assert_eq!(found.config, Some(config));
        assert_eq!(found.library_version, env!("CARGO_PKG_VERSION"));
        assert_eq!(read_model_card(&path, &Registry::builtin()).unwrap(), card);
        assert_eq!(named_tensors(&loaded), named_tensors(&model));
        let batch = images([2, input[0], input[1], input[2]], &device);
        assert_eq!(
            values(reconstructs(&loaded).reconstruct(batch.clone())),
            values(reconstructs(&model).reconstruct(batch))
        );
        // The same model gives the same file, over the old one, and nothing is left beside it.
        save_model(&path, &loaded, &card).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn other_readers_of_safetensors_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = conv(&[2, 3], None)
        .init([1, 4, 4], 1, &Device::flex())
        .unwrap();
    save_model(&path, &model, &ModelCard::new(&model)).unwrap();
    let bytes = fs::read(&path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().as_ref().unwrap();
    assert_eq!(metadata["format"], "pt");
    assert_eq!(metadata["format_version"], "1");
    assert_eq!(metadata["input_shape"], "[1,4,4]");
    assert_eq!(
        metadata["model"],
        r#"{"kind":"conv","widths":[2,3],"initialization":"glorot-uniform"}"#
    );
    assert!(!metadata.contains_key("noise"));
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for tensor in named_tensors(&model) {
        let found = file.tensor(&tensor.name).unwrap();
        assert_eq!(found.shape(), tensor.shape);
        let expected: Vec<u8> = tensor
            .values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        assert_eq!(found.data(), expected);
    }
}

#[derive(Module, Debug)]
struct Own {
    encoder: Linear,
    decoder: Linear,
}

impl Own {
    fn new(device: &Device) -> Self {
        Self {
            encoder: LinearConfig::new(5, 3).init(device),
            decoder: LinearConfig::new(3, 5).init(device),
        }
    }
}

impl Trainable for Own {
    fn input_shape(&self) -> [usize; 3] {
        [1, 1, 5]
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        self.reconstruction_objective(batch)
    }
}

impl Reconstruct for Own {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        let [batch, ..] = images.dims();
        let codes = self.encoder.forward(images.flatten::<2>(1, 3));
        self.decoder.forward(codes).reshape([batch, 1, 1, 5])
    }
}

#[test]
fn a_model_of_ones_own_is_saved_and_read_by_its_tensors() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.safetensors");
    let model = Own::new(&device);
    save_model(&path, &model, &ModelCard::new(&model)).unwrap();
    let (tensors, card) = read_tensors(&path, &Registry::builtin()).unwrap();
    assert_eq!((card.config, card.input_shape), (None, [1, 1, 5]));
    let loaded = load_tensors(Own::new(&device), &tensors).unwrap();
    let image = images([1, 1, 1, 5], &device);
    assert_eq!(
        values(loaded.reconstruct(image.clone())),
        values(model.reconstruct(image))
    );

    let error = load_model(&path, &Registry::builtin(), &device)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        format!(
            "cannot load {}: model: none in the file: a custom model, to be read by the program that defines it",
            path.display()
        )
    );
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = dense(&[], 3).init([1, 1, 5], 1, &device).unwrap();
    let card = ModelCard::new(&model);
    save_model(&path, &model, &card).unwrap();
    let before = fs::read(&path).unwrap();

    let mut tensors = named_tensors(&model);
    tensors[2].values[4] = f32::NAN;
    let broken = load_tensors(model.clone(), &tensors).unwrap();
    let error = save_model(&path, &broken, &card).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tensor decoder.0.weight: value 4 is NaN, not a finite number"
    );

    let other = ModelCard {
        config: Some(dense(&[], 4)),
        ..card.clone()
    };
    let error = save_model(&path, &model, &other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tensor encoder.0.weight: shape [3, 5], the model needs [4, 5]"
    );

    let mut tensors = named_tensors(&model);
    tensors[2].values[4] = 70_000.0;
    let large = load_tensors(model.clone(), &tensors).unwrap();
    let error = save_model_in(Precision::Half, &path, &large, &card).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tensor decoder.0.weight: 70000 is beyond numbers of 16 bits"
    );

    let error = save_model(folder.path().join("none/model.safetensors"), &model, &card)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot write ") && error.contains("none/model.safetensors: "),
        "{error}"
    );
    let error = save_model(folder.path(), &model, &card)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("cannot write "), "{error}");

    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A file's header and the bytes after it.
fn split(bytes: &[u8]) -> (Value, Vec<u8>) {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    (
        serde_json::from_slice(&bytes[8..8 + length]).unwrap(),
        bytes[8 + length..].to_vec(),
    )
}

fn join(header: &str, data: &[u8]) -> Vec<u8> {
    [
        &(header.len() as u64).to_le_bytes(),
        header.as_bytes(),
        data,
    ]
    .concat()
}

/// Writes `bytes` and expects [`load_model`] to refuse them for `expected`.
#[track_caller]
fn check_refused(path: &Path, bytes: &[u8], expected: &str) {
    fs::write(path, bytes).unwrap();
    let error = load_model(path, &Registry::builtin(), &Device::flex())
        .unwrap_err()
        .to_string();
    let prefix = format!("cannot load {}: ", path.display());
    let reason = error
        .strip_prefix(&prefix)
        .unwrap_or_else(|| panic!("{error}"));
    assert!(
        reason.starts_with(expected),
        "`{reason}` instead of `{expected}`"
    );
}

#[test]
fn damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = dense(&[], 3).init([1, 1, 5], 1, &Device::flex()).unwrap();
    save_model(&path, &model, &ModelCard::new(&model)).unwrap();
    let bytes = fs::read(&path).unwrap();
    let length = bytes.len();
    let check = |bytes: &[u8], expected: &str| check_refused(&path, bytes, expected);

    check(b"", "file: 0 bytes are no safetensors file");
    check(&bytes[..7], "file: 7 bytes are no safetensors file");
    check(&bytes[..8], "header: ");
    check(&bytes[..40], "header: ");
    let whole = format!("file: {} bytes long, its header says {length}", length - 1);
    check(&bytes[..length - 1], &whole);
    check(
        &[&bytes[..], b"\0"].concat(),
        &format!("file: {} bytes long, its header says {length}", length + 1),
    );
    check(
        b"\x89PNG\r\n\x1a\n and so on",
        "header: 727905341920923785 bytes long by its first eight",
    );
    check(
        &[&u64::MAX.to_le_bytes()[..], &[b' '; 100]].concat(),
        "header: 18446744073709551615 bytes long",
    );
    check(
        &join("[1, 2]", b""),
        "header: invalid type: sequence, expected the header of a safetensors file",
    );
    check(
        &join("{}", b""),
        "format_version: missing from the metadata: not a model file of this library",
    );
    let mut not_text = join("{\"a?\"", b"");
    not_text[11] = 0xff;
    check(&not_text, "header: ");
    check(&join(&"[".repeat(100_000), b""), "header: ");
    check(
        &join(&format!("{{\"a\":{}", "[".repeat(100_000)), b""),
        "header: ",
    );

    // A value that is not a number, in the last tensor.
    let mut broken = bytes.clone();
    broken[length - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    check(
        &broken,
        "tensor decoder.0.bias: value 4 is inf, not a finite number",
    );
}

#[test]
fn headers_that_lie_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = dense(&[], 3).init([1, 1, 5], 1, &Device::flex()).unwrap();
    save_model(&path, &model, &ModelCard::new(&model)).unwrap();
    let (header, data) = split(&fs::read(&path).unwrap());
    let check = |change: &dyn Fn(&mut Value, &mut Vec<u8>), expected: &str| {
        let (mut header, mut data) = (header.clone(), data.clone());
        change(&mut header, &mut data);
        check_refused(&path, &join(&header.to_string(), &data), expected);
    };
    let metadata = |key: &'static str, value: &'static str| {
        move |header: &mut Value, _: &mut Vec<u8>| header["__metadata__"][key] = json!(value)
    };
    let without = |header: &mut Value, key: &str| {
        drop(header["__metadata__"].as_object_mut().unwrap().remove(key))
    };

    // The card.
    check(
        &|header, _| without(header, "format_version"),
        "format_version: missing from the metadata",
    );
    check(
        &|header, _| without(header, "input_shape"),
        "input_shape: missing from the metadata",
    );
    check(
        &|header, _| without(header, "library_version"),
        "library_version: missing from the metadata",
    );
    check(
        &|header, _| without(header, "model"),
        "model: none in the file",
    );
    check(
        &metadata("format_version", "3"),
        "format_version: `3`: this version of the library reads `1` and `2`",
    );
    check(
        &metadata("input_shape", "[1,1]"),
        "input_shape: invalid length 2",
    );
    check(
        &metadata("input_shape", "[1,-1,5]"),
        "input_shape: invalid value: integer `-1`",
    );
    check(
        &metadata("input_shape", "[1,0,5]"),
        "input_shape: an image of 5x0 pixels has none",
    );
    check(
        &metadata("input_shape", "[1,1,6]"),
        "tensor encoder.0.weight: shape [3, 5], the model needs [3, 6]",
    );
    check(&metadata("model", "{}"), "model: missing field `kind`");
    check(
        &metadata("model", r#"{"kind":"gan"}"#),
        "model: unknown kind `gan`",
    );
    check(
        &metadata("model", r#"{"kind":"conv"}"#),
        "widths: 3 convolutions halve the picture 2 times",
    );
    check(
        &metadata("model", r#"{"kind":"dense","widths":[],"latent":4}"#),
        "tensor encoder.0.weight: shape [3, 5]",
    );
    check(
        &metadata("model", r#"{"kind":"dense","widths":[3],"latent":3}"#),
        "tensor encoder.1.weight: missing",
    );
    // One that asks for terabytes, and one for more than memory can count.
    check(
        &metadata(
            "model",
            r#"{"kind":"dense","widths":[1048576,1048576],"latent":1048576}"#,
        ),
        "model: more than 268435456 parameters",
    );
    check(
        &metadata(
            "model",
            r#"{"kind":"dense","widths":[18446744073709551615],"latent":3}"#,
        ),
        "widths: a layer of 18446744073709551615 numbers",
    );
    check(
        &|header, _| header["__metadata__"]["noise"] = json!(1),
        "header: invalid type: integer `1`",
    );

    // The tensors.
    let tensor = |key: &'static str, value: Value| {
        move |header: &mut Value, _: &mut Vec<u8>| header["encoder.0.bias"][key] = value.clone()
    };
    check(
        &tensor("dtype", json!("I32")),
        "tensor encoder.0.bias: type I32, the library reads F32 and F16",
    );
    check(
        &tensor("dtype", json!("F33")),
        "header: unknown variant `F33`",
    );
    check(
        &tensor("shape", json!([1, 3])),
        "tensor encoder.0.bias: shape [1, 3], the model needs [3]",
    );
    check(
        &tensor("shape", json!([4])),
        "header: invalid shape, data type, or offset for tensor",
    );
    check(&tensor("shape", json!([1u64 << 62, 3])), "header: overflow");
    check(&tensor("shape", json!("3")), "header: invalid type");
    check(
        &tensor("data_offsets", json!([0, 12])),
        "header: invalid offset for tensor",
    );
    check(
        &tensor("data_offsets", json!([64, 76])),
        "header: invalid offset for tensor",
    );
    check(
        &tensor("data_offsets", json!([12, 0])),
        "header: invalid offset for tensor",
    );
    check(
        &|header, _| drop(header.as_object_mut().unwrap().remove("decoder.0.bias")),
        "file: ",
    );
    check(
        &|header, data| {
            let end = data.len();
            header["spare"] =
                json!({ "dtype": "F32", "shape": [1], "data_offsets": [end, end + 4] });
            data.extend([0; 4]);
        },
        "tensor spare: the model has no such tensor",
    );
    check(
        &|header, data| {
            let tensors = header.as_object_mut().unwrap();
            let bias = tensors.remove("decoder.0.bias").unwrap();
            let start = bias["data_offsets"][0].as_u64().unwrap() as usize;
            data.truncate(start);
        },
        "tensor decoder.0.bias: missing",
    );

    // A name twice, which maps would pass over in silence.
    let text = header.to_string();
    let entry = r#""encoder.0.bias":{"data_offsets":[60,72],"dtype":"F32","shape":[3]},"#;
    assert!(text.contains(entry.trim_end_matches(',')), "{text}");
    check_refused(
        &path,
        &join(&text.replacen('{', &format!("{{{entry}"), 1), &data),
        "header: `encoder.0.bias` is there twice",
    );
    let twice = text.replacen(r#""format":"pt""#, r#""format":"pt","format":"pt""#, 1);
    check_refused(
        &path,
        &join(&twice, &data),
        "header: `format` is there twice",
    );
    let twice = text.replacen('{', r#"{"__metadata__":{},"#, 1);
    check_refused(
        &path,
        &join(&twice, &data),
        "header: `__metadata__` is there twice",
    );
}

#[test]
fn a_path_that_is_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = load_model(
        folder.path().join("none.safetensors"),
        &Registry::builtin(),
        &Device::flex(),
    )
    .unwrap_err()
    .to_string();
    assert!(
        error.starts_with("cannot read ") && error.contains("none.safetensors: "),
        "{error}"
    );
    let error = load_model(folder.path(), &Registry::builtin(), &Device::flex())
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        format!("cannot load {}: file: not a file", folder.path().display())
    );
}
