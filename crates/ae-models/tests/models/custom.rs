//! A kind that this crate does not define: in a registry, built of Burn's own layers, saved and loaded by name.

use ae_models::{
    Builder, Codes, ComputePath, GivenSettings, Initialization, ModelCard, ModelConfig, ModelError,
    ModelKind, Objective, Outline, Reconstruct, Registry, SettingSpec, SettingValue, Trainable,
    TrainingBatch, ValidationMeasure, load_model, named_tensors, read_model_card, save_model,
};
use burn::module::{Flag, Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use crate::{images, values};

/// Layers of every sort that `Builder::draw` has to tell apart, and parameters that are no floats.
#[derive(Module, Debug)]
pub(crate) struct Odd {
    convolution: Conv2d,
    norm: LayerNorm,
    encoder: Linear,
    decoder: Linear,
    pub(crate) counts: Param<Tensor<1, Int>>,
    pub(crate) is_on: Param<Flag>,
    #[module(skip)]
    shape: [usize; 3],
    #[module(skip)]
    pub(crate) steps: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OddConfig {
    pub(crate) waist: usize,
    note: Option<String>,
    form: Form,
    scale: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    Plain,
    Sized { bits: u64 },
}

impl Default for OddConfig {
    fn default() -> Self {
        Self {
            waist: 3,
            note: None,
            form: Form::Plain,
            scale: 1.0,
        }
    }
}

const WAIST: SettingSpec = SettingSpec {
    name: "waist",
    value: SettingValue::Text("N"),
    help: "Values in the middle",
};

impl ModelKind for OddConfig {
    const NAME: &'static str = "odd";
    const SUMMARY: &'static str = "Layers of every sort";
    type Model = Odd;

    fn check(&self, _input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        if self.waist == 0 {
            return Err(ModelError::config("waist", "0: must be at least 1"));
        }
        let outline = Outline::new().with_code([self.waist]);
        Ok(match self.form {
            Form::Plain => outline,
            Form::Sized { bits } => outline.with_code_bits(bits),
        })
    }

    fn build(&self, builder: &mut Builder<'_>) -> Odd {
        let shape = builder.input_shape();
        let device = builder.device().clone();
        let pixels = shape.iter().product();
        let convolution = Conv2dConfig::new([shape[0], shape[0]], [3, 3])
            .with_padding(PaddingConfig2d::Same)
            .init(&device);
        let mut draw =
            |layer: LinearConfig| builder.draw(layer.init(&device), Initialization::KaimingUniform);
        let encoder = draw(LinearConfig::new(pixels, self.waist));
        let decoder = draw(LinearConfig::new(self.waist, pixels));
        Odd {
            convolution: builder.draw(convolution, Initialization::GlorotUniform),
            norm: builder.draw(
                LayerNormConfig::new(self.waist).init(&device),
                Initialization::default(),
            ),
            encoder,
            decoder,
            counts: Param::initialized(
                burn::module::ParamId::new(),
                Tensor::<1, Int>::zeros([2], &device),
            ),
            is_on: Param::<Flag>::from_bool(true),
            shape,
            steps: 0,
        }
    }

    fn options() -> Vec<SettingSpec> {
        vec![WAIST]
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        if let Some(waist) = given.at_least_one(WAIST.name)? {
            self.waist = waist;
        }
        Ok(())
    }
}

impl Trainable for Odd {
    fn input_shape(&self) -> [usize; 3] {
        self.shape
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        self.reconstruction_objective(batch)
    }

    fn after_step(mut self, step: u64, _observed: &[Tensor<2>]) -> Self {
        self.steps = step;
        self
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }
}

impl Reconstruct for Odd {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        self.decode(self.encode(images))
    }
}

impl Codes for Odd {
    fn code_shape(&self) -> Vec<usize> {
        vec![self.decoder.weight.dims()[0]]
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        let rows = self.convolution.forward(images).flatten(1, 3);
        self.norm.forward(self.encoder.forward(rows))
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let [batch, _] = codes.dims();
        let [channels, height, width] = self.shape;
        self.decoder
            .forward(codes)
            .reshape([batch, channels, height, width])
    }
}

pub(crate) fn registry() -> Registry {
    Registry::builtin().with::<OddConfig>()
}

#[test]
fn a_custom_kind_is_read_built_saved_and_loaded_by_name() {
    let device = Device::flex();
    let registry = registry();
    let text = r#"{"kind":"odd","waist":2,"note":"mine","form":{"sized":{"bits":7}},"scale":0.1}"#;
    let config = registry.from_json(text).unwrap();
    // `kind` first, then the settings in the order of their fields.
    assert_eq!(serde_json::to_string(&config).unwrap(), text);
    let checked = config.check([1, 4, 4]).unwrap();
    assert_eq!(checked.code_bits().unwrap().code_bits, 7);
    assert_eq!(checked.parameter_count(), None);

    let model = config.init([1, 4, 4], 5, &device).unwrap();
    assert_eq!(
        model.validation_measure(),
        ValidationMeasure::MeanSquaredError
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.safetensors");
    save_model(&path, &model, &ModelCard::new(&model)).unwrap();
    let card = read_model_card(&path, &registry).unwrap();
    assert_eq!(card.config.as_ref(), Some(&config));
    let (loaded, _) = load_model(&path, &registry, &device).unwrap();
    assert_eq!(named_tensors(&loaded), named_tensors(&model));
    let outputs = |model: &ae_models::Model| {
        let images = images([2, 1, 4, 4], &device);
        values(model.as_reconstruct().unwrap().reconstruct(images))
    };
    assert_eq!(outputs(&loaded), outputs(&model));

    let error = load_model(&path, &Registry::builtin(), &device).unwrap_err();
    let expected = "model: unknown kind `odd`: expected one of conv, dense, vae, sparse, contractive, unet, transform";
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_file_of_other_tensors_is_refused_by_a_kind_that_lists_none() {
    let device = Device::flex();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.safetensors");
    let config = |waist: usize| {
        ModelConfig::from(OddConfig {
            waist,
            ..OddConfig::default()
        })
    };
    let model = config(2).init([1, 4, 4], 5, &device).unwrap();
    let card = ModelCard {
        config: Some(config(3)),
        ..ModelCard::new(&model)
    };
    save_model(&path, &model, &card).unwrap();
    let error = load_model(&path, &registry(), &device)
        .unwrap_err()
        .to_string();
    assert!(error.contains("shape [2], the model needs [3]"), "{error}");
}

#[test]
fn weights_of_burns_layers_are_drawn_from_the_seed() {
    let device = Device::flex();
    let model = |seed| {
        let config = ModelConfig::from(OddConfig::default());
        named_tensors(&config.init([1, 4, 4], seed, &device).unwrap())
    };
    assert_eq!(model(1), model(1));
    let (first, second) = (model(1), model(2));
    for (first, second) in first.iter().zip(&second) {
        let name = first.name.as_str();
        match name {
            // A normalization begins as it does, and Glorot's biases at 0.
            "norm.gamma" => assert!(first.values.iter().all(|value| *value == 1.0)),
            "norm.beta" | "convolution.bias" => {
                assert!(first.values.iter().all(|value| *value == 0.0), "{name}");
            }
            _ => assert_ne!(first.values, second.values, "{name}"),
        }
        // Kaiming's bound is the same for the weight and the bias: 1 over the root of the inputs.
        if name.starts_with("encoder.") {
            assert!(
                first.values.iter().all(|value| value.abs() <= 0.25),
                "{name}"
            );
        }
    }
}

#[test]
fn kinds_are_listed_once_and_unknown_ones_refused_with_those_there_are() {
    let registry = registry();
    let names: Vec<_> = registry.kinds().iter().map(|kind| kind.name()).collect();
    assert_eq!(
        names,
        [
            "conv",
            "dense",
            "vae",
            "sparse",
            "contractive",
            "unet",
            "transform",
            "picture-transform",
            "vq",
            "fsq",
            "odd"
        ]
    );
    for kind in registry.kinds() {
        assert_eq!(kind.default_config().kind(), kind.name());
        assert!(!kind.summary().is_empty());
        let written = serde_json::to_string(&kind.default_config()).unwrap();
        assert_eq!(registry.from_json(&written).unwrap(), kind.default_config());
    }
    let error = registry.kind("gan").unwrap_err().to_string();
    assert_eq!(
        error,
        "unknown kind `gan`: expected one of conv, dense, vae, sparse, contractive, unet, transform, picture-transform, vq, fsq, odd"
    );
}

#[test]
#[should_panic(expected = "two kinds of models are called odd")]
fn two_kinds_of_one_name_are_a_programmers_error() {
    let _ = registry().with::<OddConfig>();
}

#[test]
fn every_option_is_listed_once_with_the_kinds_that_have_it() {
    let check = |option: &str, kinds: &[&str]| {
        let options = registry().options();
        let found: Vec<_> = options
            .iter()
            .filter(|found| found.spec.name == option)
            .collect();
        assert_eq!(found.len(), 1, "{option}");
        assert_eq!(found[0].kinds, kinds, "{option}");
    };
    const NETWORKS: [&str; 3] = ["vae", "sparse", "contractive"];
    check("network", &NETWORKS);
    check(
        "widths",
        &[
            "conv",
            "dense",
            "vae",
            "sparse",
            "contractive",
            "unet",
            "transform",
            "picture-transform",
            "vq",
            "fsq",
        ],
    );
    check("latent", &["conv", "dense", "vae", "sparse", "contractive"]);
    check("upsampling", &["conv", "vae", "sparse", "contractive"]);
    check("tied", &["dense", "vae", "sparse", "contractive"]);
    check("activation", &["dense", "vae", "sparse", "contractive"]);
    for option in [
        "likelihood",
        "beta",
        "beta-schedule",
        "free-bits",
        "importance-samples",
    ] {
        check(option, &["vae"]);
    }
    check("sparsity", &["sparse"]);
    check("contraction", &["contractive"]);
    for option in [
        "convolutions",
        "bias",
        "skip",
        "residual",
        "chrominance-only",
    ] {
        check(option, &["unet"]);
    }
    check("lambda", &["transform", "picture-transform"]);
    check("code-channels", &["transform", "picture-transform", "vq"]);
    check("shift", &["transform", "vq", "fsq"]);
    for option in ["codewords", "commitment"] {
        check(option, &["vq"]);
    }
    check("levels", &["fsq"]);
    check("waist", &["odd"]);
    assert_eq!(registry().options().len(), 25);
}

#[test]
fn options_change_the_settings_of_their_kind_alone() {
    let registry = registry();
    let given = |name: &str, text: &str| GivenSettings::default().with(name, text);
    let configure = |kind: &str, given: &GivenSettings| {
        registry.configure(ModelConfig::default(), Some(kind), given)
    };
    let config = configure("odd", &given("waist", "9")).unwrap();
    assert_eq!(config.get::<OddConfig>().unwrap().waist, 9);
    let refused = |kind: &str, name: &str, text: &str, expected: &str| {
        let error = configure(kind, &given(name, text)).unwrap_err().to_string();
        assert_eq!(error, expected);
    };
    refused("conv", "waist", "9", "waist: not for a model of kind conv");
    refused("odd", "waist", "0", "waist: 0: must be at least 1");
    refused("vae", "beta", "-1", "beta: -1: must be at least 0");
    refused(
        "vae",
        "beta-schedule",
        "up",
        "beta-schedule: unknown beta schedule `up`: expected one of constant, linear:STEPS, cyclical:STEPS, cyclical:STEPS:SHARE",
    );
    refused(
        "gan",
        "waist",
        "9",
        "unknown kind `gan`: expected one of conv, dense, vae, sparse, contractive, unet, transform, picture-transform, vq, fsq, odd",
    );
}

#[test]
fn the_path_is_chosen_where_a_model_is_built() {
    let device = Device::flex();
    let config = ModelConfig::default();
    let outputs = |path: ComputePath| {
        let model = config.init([1, 8, 8], 3, path.on(&device)).unwrap();
        let images = images([2, 1, 8, 8], &device);
        values(model.as_reconstruct().unwrap().reconstruct(images))
    };
    let (kernels, reference) = (
        outputs(ComputePath::Kernels),
        outputs(ComputePath::Reference),
    );
    // Were they one and the same computation, this would show nothing.
    assert_ne!(kernels, reference);
    for (kernels, reference) in kernels.iter().zip(&reference) {
        assert!((kernels - reference).abs() < 1e-5);
    }
}
