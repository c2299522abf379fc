//! Parameters by name, and what stays when they are replaced.

use ae_models::{
    ConvAutoencoder, ConvAutoencoderConfig, Initialization, ModelConfig, NamedTensor, Upsampling,
    load_tensors, named_tensors, parameter_names, with_parameter_ids,
};
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, LinearLayout};
use burn::tensor::{Device, Tensor, TensorData};

use crate::{conv, dense, images, reconstructs, values};

fn numbers(name: &str, shape: &[usize], first: f32) -> NamedTensor {
    let values = (0..shape.iter().product())
        .map(|index| first + index as f32)
        .collect();
    NamedTensor {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values,
    }
}

/// A module of Burn's own layers, in the places that names go by.
#[derive(Module, Debug)]
struct Foreign {
    layers: Vec<Linear>,
    column: Option<Linear>,
    convolution: Conv2d,
    choice: Choice,
}

#[derive(Module, Debug)]
enum Choice {
    Only(Linear),
}

impl Foreign {
    fn new(device: &Device) -> Self {
        Self {
            layers: vec![
                LinearConfig::new(2, 3).init(device),
                LinearConfig::new(3, 1).with_bias(false).init(device),
            ],
            column: Some(
                LinearConfig::new(2, 3)
                    .with_layout(LinearLayout::Col)
                    .init(device),
            ),
            convolution: Conv2dConfig::new([2, 3], [1, 2]).init(device),
            choice: Choice::Only(LinearConfig::new(1, 1).init(device)),
        }
    }
}

#[test]
fn burns_own_layers_are_named_and_laid_out_as_pytorchs() {
    let device = Device::flex();
    let tensors = [
        numbers("layers.0.weight", &[3, 2], 1.0),
        numbers("layers.0.bias", &[3], 10.0),
        numbers("layers.1.weight", &[1, 3], 20.0),
        numbers("column.weight", &[3, 2], 1.0),
        numbers("column.bias", &[3], 10.0),
        numbers("convolution.weight", &[3, 2, 1, 2], 30.0),
        numbers("convolution.bias", &[3], 50.0),
        numbers("choice.weight", &[1, 1], 60.0),
        numbers("choice.bias", &[1], 70.0),
    ];
    let model = load_tensors(Foreign::new(&device), &tensors).unwrap();
    assert_eq!(named_tensors(&model), tensors);

    // y = x W^T + b with W = [[1, 2], [3, 4], [5, 6]], as torch.nn.Linear has it, and so in both of Burn's layouts.
    let x = Tensor::<2>::from_data([[1.0, 100.0]], &device);
    assert_eq!(
        values(model.layers[0].forward(x.clone())),
        [211.0, 414.0, 617.0]
    );
    assert_eq!(
        values(model.column.as_ref().unwrap().forward(x)),
        [211.0, 414.0, 617.0]
    );
}

#[test]
fn tensors_that_are_not_the_modules_are_refused() {
    let device = Device::flex();
    let model = || dense(&[], 3).init([1, 1, 5], 1, &device).unwrap();
    let check = |change: &dyn Fn(&mut Vec<NamedTensor>), expected: &str| {
        let mut tensors = named_tensors(&model());
        change(&mut tensors);
        assert_eq!(
            load_tensors(model(), &tensors).unwrap_err().to_string(),
            expected
        );
    };

    check(
        &|tensors| drop(tensors.remove(2)),
        "tensor decoder.0.weight: missing",
    );
    check(
        &|tensors| tensors.clear(),
        "tensor encoder.0.weight: missing",
    );
    check(
        &|tensors| tensors.push(numbers("code", &[3], 0.0)),
        "tensor code: the model has no such tensor",
    );
    check(
        &|tensors| tensors.push(tensors[1].clone()),
        "tensor encoder.0.bias: present twice",
    );
    check(
        &|tensors| tensors[0].shape = vec![5, 3],
        "tensor encoder.0.weight: shape [5, 3], the model needs [3, 5]",
    );
    check(
        &|tensors| tensors[1].values.truncate(2),
        "tensor encoder.0.bias: shape [3] holds 3 values, not 2",
    );
}

#[test]
fn loading_keeps_ids_and_gradients() {
    let device = Device::flex().autodiff();
    let config = conv(&[2, 3], Some(4));
    let model = config.init([1, 4, 4], 1, &device).unwrap();
    let names = parameter_names(&model);
    let other = named_tensors(&config.init([1, 4, 4], 2, &device).unwrap());
    let model = load_tensors(model, &other).unwrap();
    assert_eq!(parameter_names(&model), names);
    assert_eq!(named_tensors(&model), other);

    let loss = reconstructs(&model)
        .reconstruct(images([1, 1, 4, 4], &device))
        .mean();
    let gradients = loss.backward();
    let conv = model.get::<ConvAutoencoder>().unwrap();
    // Every parameter is still one: each has a gradient.
    let found = burn_gradients(conv, &gradients);
    assert_eq!(found, names.len());
}

fn burn_gradients<M: Module>(module: &M, gradients: &burn::tensor::Gradients) -> usize {
    struct Count<'a>(&'a burn::tensor::Gradients, usize);
    impl burn::module::ModuleVisitor for Count<'_> {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            self.1 += usize::from(param.grad(self.0).is_some());
        }
    }
    let mut count = Count(gradients, 0);
    module.visit(&mut count);
    count.1
}

#[test]
fn a_model_built_again_takes_the_ids_of_the_first() {
    let device = Device::flex();
    let config = conv(&[2, 3], Some(4));
    let first = config.init([1, 4, 4], 1, &device).unwrap();
    let again = config.init([1, 4, 4], 1, &device).unwrap();
    let names = parameter_names(&first);
    assert_ne!(parameter_names(&again), names);
    let renamed = with_parameter_ids(again, &names).unwrap();
    assert_eq!(parameter_names(&renamed), names);
    assert_eq!(named_tensors(&renamed), named_tensors(&first));
    // What was to be trained on an autodiff device still is.
    let trained = renamed.train();
    let gradients = reconstructs(&trained)
        .reconstruct(images([1, 1, 4, 4], &device.autodiff()))
        .mean()
        .backward();
    assert_eq!(burn_gradients(&trained, &gradients), names.len());

    let error = with_parameter_ids(first, &names[1..]).unwrap_err();
    assert_eq!(error.to_string(), "tensor encoder.0.weight: missing");
}

#[test]
fn names_leave_the_kind_out() {
    let model = conv(&[2, 3], Some(4))
        .init([1, 4, 4], 1, &Device::flex())
        .unwrap();
    let names: Vec<_> = parameter_names(&model)
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    assert_eq!(
        names[..4],
        [
            "encoder.0.weight",
            "encoder.0.bias",
            "encoder.1.weight",
            "encoder.1.bias"
        ]
    );
    assert_eq!(
        names[4..8],
        [
            "to_code.weight",
            "to_code.bias",
            "from_code.weight",
            "from_code.bias"
        ]
    );
    assert_eq!(
        names[8..],
        [
            "decoder.0.weight",
            "decoder.0.bias",
            "decoder.1.weight",
            "decoder.1.bias"
        ]
    );
}

/// Mean, variance and largest absolute value.
fn statistics(values: &[f32]) -> (f64, f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance = values
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2))
        .sum::<f64>()
        / count;
    (
        mean,
        variance,
        values
            .iter()
            .fold(0.0, |max, &value| f64::from(value.abs()).max(max)),
    )
}

#[test]
fn initial_weights_have_the_stated_distribution() {
    // The second convolution of the default model: 288 inputs and 576 outputs a weight, 18,432 weights.
    for (initialization, bound, bias_bound) in [
        (Initialization::GlorotUniform, (6.0f64 / 864.0).sqrt(), 0.0),
        (Initialization::HeUniform, (6.0f64 / 288.0).sqrt(), 0.0),
        (
            Initialization::KaimingUniform,
            (1.0f64 / 288.0).sqrt(),
            (1.0f64 / 288.0).sqrt(),
        ),
    ] {
        let config = ModelConfig::from(ConvAutoencoderConfig {
            initialization,
            ..Default::default()
        });
        let tensors = named_tensors(&config.init([1, 28, 28], 7, &Device::flex()).unwrap());
        let weight = &tensors[2];
        assert_eq!(
            (weight.name.as_str(), weight.values.len()),
            ("encoder.1.weight", 18_432)
        );
        let (mean, variance, largest) = statistics(&weight.values);
        // Four standard errors of a uniform distribution's mean and variance.
        assert!(
            mean.abs() < 4.0 * bound / (3.0f64 * 18_432.0).sqrt(),
            "{initialization:?}: mean {mean}"
        );
        let expected = bound * bound / 3.0;
        let error = 4.0 * bound * bound * (4.0f64 / 45.0 / 18_432.0).sqrt();
        assert!(
            (variance - expected).abs() < error,
            "{initialization:?}: {variance} instead of {expected}"
        );
        assert!(
            largest <= bound && largest > 0.999 * bound,
            "{initialization:?}: {largest} of {bound}"
        );
        let (_, _, largest_bias) = statistics(&tensors[3].values);
        assert!(
            largest_bias <= bias_bound && largest_bias >= 0.9 * bias_bound,
            "{initialization:?}"
        );
    }
}

#[test]
fn a_transposed_convolution_begins_like_the_one_it_is_the_transpose_of() {
    // PyTorch's `ConvTranspose2d` of 8 to 32 channels counts the second axis of its weight, `[8, 32, 3, 3]`, as inputs.
    let config = ModelConfig::from(ConvAutoencoderConfig {
        widths: vec![32, 8],
        upsampling: Upsampling::Transposed,
        initialization: Initialization::KaimingUniform,
        ..Default::default()
    });
    let tensors = named_tensors(&config.init([1, 28, 28], 7, &Device::flex()).unwrap());
    let weight = &tensors[6];
    assert_eq!(
        (weight.name.as_str(), weight.shape.as_slice()),
        ("decoder.1.weight", &[8, 32, 3, 3][..])
    );
    let bound = (1.0f64 / 288.0).sqrt();
    for tensor in &tensors[6..8] {
        let (_, _, largest) = statistics(&tensor.values);
        assert!(largest <= bound && largest > 0.9 * bound, "{}", tensor.name);
    }
}

#[test]
fn initial_weights_depend_on_seed_and_tensor_alone() {
    let weights = |config: &ModelConfig, seed| {
        named_tensors(&config.init([1, 8, 8], seed, &Device::flex()).unwrap())
    };
    let one = weights(&conv(&[4, 4, 4], None), 1);
    assert_eq!(one, weights(&conv(&[4, 4, 4], None), 1));
    let two = weights(&conv(&[4, 4, 4], None), 2);
    assert!(
        one.iter()
            .zip(&two)
            .all(|(one, two)| one.name.ends_with("bias") || one.values != two.values)
    );
    // Two tensors of one shape and seed differ, and a tensor does not depend on what follows it.
    assert_eq!(one[2].shape, one[4].shape);
    assert_ne!(one[2].values, one[4].values);
    assert_eq!(one[0], weights(&conv(&[4, 3], None), 1)[0]);
    // These bits are everybody's runs: if they change, no run of an earlier version can be repeated.
    let bits: Vec<u32> = one[0].values[..3]
        .iter()
        .map(|value| value.to_bits())
        .collect();
    assert_eq!(bits, [1_052_134_588, 1_050_102_520, 3_182_740_873]);
}

#[test]
fn weights_are_the_same_on_an_autodiff_device() {
    let config = dense(&[4], 3);
    let plain = config.init([1, 1, 5], 1, &Device::flex()).unwrap();
    let tracked = config
        .init([1, 1, 5], 1, &Device::flex().autodiff())
        .unwrap();
    assert_eq!(named_tensors(&plain), named_tensors(&tracked));
    let image = TensorData::from([[[[0.0f32, 0.25, 0.5, 0.75, 1.0]]]]);
    let output = |model: &ae_models::Model, device| {
        values(reconstructs(model).reconstruct(Tensor::from_data(image.clone(), device)))
    };
    assert_eq!(
        output(&plain, &Device::flex()),
        output(&tracked, &Device::flex().autodiff())
    );
}
