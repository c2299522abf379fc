//! What is not exported, and weights that are not the model's.

use std::fs;
use std::path::Path;

use ae_interchange::{
    Half, ImagePreparation, InterchangeError, WeightsConfiguration, import, to_onnx, write_onnx,
    write_pytorch,
};
use ae_models::{
    Builder, ConvAutoencoderConfig, Graph, GraphBuilder, GraphValue, Inference, Model, ModelCard,
    ModelConfig, ModelError, ModelKind, NamedTensor, Objective, Operation, Outline, Reconstruct,
    Registry, Trainable, TrainingBatch, named_tensors,
};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};

/// A custom kind: every value of the image times a number.
#[derive(Module, Debug)]
struct Gain {
    gain: Param<Tensor<1>>,
    #[module(skip)]
    input_shape: [usize; 3],
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct GainConfig {
    describes: bool,
}

impl ModelKind for GainConfig {
    const NAME: &'static str = "gain";
    const SUMMARY: &'static str = "A number";
    type Model = Gain;

    fn check(&self, _: [usize; 3]) -> Result<Outline, ModelError> {
        Ok(Outline::new())
    }

    fn build(&self, builder: &mut Builder<'_>) -> Gain {
        Gain {
            gain: Param::from_data([1.0], builder.device()),
            input_shape: builder.input_shape(),
        }
    }

    fn inference(&self, _: [usize; 3]) -> Option<Inference> {
        self.describes.then(|| {
            let mut graph = GraphBuilder::new();
            let layer = "gain".to_owned();
            let x = graph.step(Operation::Linear { layer }, GraphValue::INPUT);
            let graph: Graph = graph.finish(x);
            Inference::whole(graph)
        })
    }
}

impl Trainable for Gain {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        self.reconstruction_objective(batch)
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }
}

impl Reconstruct for Gain {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        images * self.gain.val().reshape([1, 1, 1, 1])
    }
}

fn small() -> Model {
    let config = ModelConfig::from(ConvAutoencoderConfig {
        widths: vec![3, 4],
        ..ConvAutoencoderConfig::default()
    });
    config.init([1, 8, 8], 1, &Device::flex()).unwrap()
}

fn exported(model: &Model, half: Half) -> Result<Vec<u8>, InterchangeError> {
    let card = ModelCard::new(model);
    to_onnx(model, &card, &ImagePreparation::default(), half).map(|(bytes, _)| bytes)
}

#[test]
fn kinds_that_do_not_describe_themselves_are_refused_by_name() {
    for (describes, reason) in [
        (
            false,
            "a model of kind gain cannot be exported: the kind does not describe its inference",
        ),
        (
            true,
            "a model of kind gain cannot be exported: it names a tensor gain.weight, which the model does not have",
        ),
    ] {
        let config = ModelConfig::from(GainConfig { describes });
        let model = config.init([1, 4, 4], 1, &Device::flex()).unwrap();
        assert_eq!(
            exported(&model, Half::Both).unwrap_err().to_string(),
            reason
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let card = ModelCard::new(&model);
        let error = write_pytorch(&path, &model, &card, &ImagePreparation::default());
        assert_eq!(error.unwrap_err().to_string(), reason);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn halves_of_a_model_without_codes_are_refused() {
    let config = ModelConfig::from(ae_models::UnetConfig::default());
    let model = config.init([1, 8, 8], 1, &Device::flex()).unwrap();
    for half in [Half::Encoder, Half::Decoder] {
        assert_eq!(
            exported(&model, half).unwrap_err().to_string(),
            format!("a model of kind unet has no codes, and so no {half}")
        );
    }
    assert!("middle".parse::<Half>().is_err());
}

#[test]
fn nothing_is_left_where_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let model = small();
    let path = folder.path().join("missing/model.onnx");
    let card = ModelCard::new(&model);
    let error = write_onnx(
        &path,
        &model,
        &card,
        &ImagePreparation::default(),
        Half::Both,
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot write {}", path.display())),
        "{error}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Weights of the small model that `change` has changed, as a safetensors file.
fn weights(path: &Path, change: impl FnOnce(&mut Vec<NamedTensor>)) {
    let mut tensors = named_tensors(&small());
    change(&mut tensors);
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|tensor| {
            tensor
                .values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
        let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).unwrap();
        (tensor.name.clone(), view)
    });
    safetensors::serialize_to_file(views, None, path).unwrap();
}

#[test]
fn weights_that_are_not_the_models_are_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let configuration = WeightsConfiguration::of(small().config(), &ModelCard::new(&small()));
    let check = |part: &str| {
        let error = import(&path, &configuration, &Device::flex()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains(part), "{part} in {error}");
        assert!(
            error.contains("w.safetensors") && !error.contains('\n'),
            "{error}"
        );
    };
    weights(&path, |_| {});
    import(&path, &configuration, &Device::flex()).unwrap();
    weights(&path, |tensors| {
        tensors.remove(1);
        tensors[0].name = "features.0.weight".to_owned();
    });
    check("missing: encoder.0.weight, encoder.0.bias; unexpected: features.0.weight");
    weights(&path, |tensors| tensors[0].shape = vec![1, 3, 3, 3]);
    check("encoder.0.weight has shape [1, 3, 3, 3], the model needs [3, 1, 3, 3]");
    weights(&path, |tensors| tensors[2].values[5] = f32::NAN);
    check("value 5 is NaN, not a finite number");
    weights(&path, |tensors| {
        let name = |number| format!("layer.{number}\n");
        for (number, tensor) in tensors.iter_mut().enumerate() {
            tensor.name = name(number);
        }
    });
    check("and 2 more");
    weights(&path, |_| {});
    let whole = fs::read(&path).unwrap();
    for part in 0..20 {
        fs::write(&path, &whole[..part * whole.len() / 20]).unwrap();
        check("");
    }
    fs::write(&path, b"this is a text, and no weights at all").unwrap();
    check("neither safetensors nor what torch.save writes");
}

/// A kind that doesn't say its tensors is asked for them by building it.
#[test]
fn weights_of_a_custom_kind_are_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let registry = Registry::builtin().with::<GainConfig>();
    let text = "input_shape = [1, 4, 4]\n[model]\nkind = \"gain\"\ndescribes = false\n";
    let file = folder.path().join("model.toml");
    fs::write(&file, text).unwrap();
    let configuration = WeightsConfiguration::read(&file, &registry).unwrap();
    let bytes = 3.0_f32.to_le_bytes();
    for (name, is_good) in [("gain", true), ("loss", false)] {
        let view = TensorView::new(Dtype::F32, vec![1], &bytes).unwrap();
        safetensors::serialize_to_file([(name, view)], None, &path).unwrap();
        let imported = import(&path, &configuration, &Device::flex());
        assert_eq!(imported.is_ok(), is_good);
        if let Ok((model, _)) = imported {
            assert_eq!(named_tensors(&model)[0].values, [3.0]);
        }
    }
}
