//! The kinds with codewords: indices and codes that agree, moving averages and gradients by plain numbers.

use ae_models::{
    ComputePath, FiniteScalarConfig, Model, ModelConfig, Objective, ReconstructionLoss, Registry,
    Trainable, TrainingBatch, VectorQuantizedConfig, named_tensors, parameter_names,
};
use burn::module::{Module as _, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor};

use crate::definitions::Fixed;
use crate::{changed, values};

const SHAPE: [usize; 3] = [1, 8, 12];
/// Places of a code of such an image.
const PLACES: usize = 6;

fn vq() -> VectorQuantizedConfig {
    VectorQuantizedConfig {
        codewords: 16,
        code_channels: 3,
        widths: [4, 8],
        shift: 0,
        ..VectorQuantizedConfig::default()
    }
}

fn fsq(levels: &[usize]) -> FiniteScalarConfig {
    FiniteScalarConfig {
        levels: levels.to_vec(),
        widths: [4, 8],
        shift: 0,
        ..FiniteScalarConfig::default()
    }
}

fn images(count: usize, [channels, height, width]: [usize; 3], device: &Device) -> Tensor<4> {
    crate::images([count, channels, height, width], device)
}

fn objective(model: &Model, images: Tensor<4>) -> Objective {
    model.objective(TrainingBatch {
        input: images.clone(),
        target: images,
        loss: ReconstructionLoss::Mse,
        step: 0,
        random: &Fixed,
    })
}

fn tensor(model: &Model, name: &str) -> Vec<f32> {
    let tensors = named_tensors(model);
    let found = tensors.into_iter().find(|tensor| tensor.name == name);
    found.unwrap().values
}

/// A model whose encoder gives this vector whatever the image.
fn constant(model: Model, vector: &[f32]) -> Model {
    changed(model, |name, values| match name {
        "network.analysis_quarter.3.weight" => values.fill(0.0),
        "network.analysis_quarter.3.bias" => *values = vector.to_vec(),
        _ => {}
    })
}

/// A parameter's gradient, where it has one.
fn gradient(model: &Model, gradients: &Gradients, name: &str) -> Option<Vec<f32>> {
    struct Collect<'a> {
        gradients: &'a Gradients,
        found: Vec<Option<Vec<f32>>>,
    }
    impl ModuleVisitor for Collect<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.grad(self.gradients);
            let values = gradient.map(|gradient| gradient.into_data().iter::<f32>().collect());
            self.found.push(values);
        }
    }
    let mut collect = Collect {
        gradients,
        found: Vec::new(),
    };
    model.visit(&mut collect);
    let names = parameter_names(model).into_iter();
    let mut named = names.zip(collect.found);
    named.find(|((_, found), _)| found == name).unwrap().1
}

fn nearest(vector: &[f32], codewords: &[f32]) -> usize {
    let distance = |codeword: &[f32]| -> f32 {
        let pairs = vector.iter().zip(codeword);
        pairs.map(|(one, other)| (one - other).powi(2)).sum()
    };
    let codewords = codewords.chunks_exact(vector.len()).enumerate();
    codewords
        .min_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)))
        .map(|(index, _)| index)
        .unwrap()
}

#[test]
fn codes_indices_and_images_agree() {
    let device = Device::flex();
    for config in [
        ModelConfig::from(vq()),
        ModelConfig::from(fsq(&[8, 5, 5, 5])),
        ModelConfig::from(fsq(&[3, 4])),
    ] {
        for shape in [SHAPE, [3, 7, 10]] {
            let model = config.init(shape, 3, &device).unwrap();
            let discrete = model.as_discrete_codes().unwrap();
            let codes = model.as_codes().unwrap();
            let [rows, columns] = discrete.grid();
            let places = rows * columns;
            let [channels, ..] = codes.code_shape()[..] else {
                panic!("a feature map")
            };
            assert_eq!(codes.code_shape(), [channels, rows, columns]);
            let bits = places as f64 * (discrete.codewords() as f64).log2();
            assert_eq!(codes.bits_per_code(), bits.ceil() as u64);
            assert_eq!(codes.bits_per_code(), discrete.index_bits());
            let checked = config.check(shape).unwrap();
            assert_eq!(checked.code_bits().unwrap(), model.code_bits().unwrap());

            let input = images(4, shape, &device);
            let codewords = values(discrete.codeword_vectors());
            let indices: Vec<i32> = discrete.indices(input.clone()).into_data().iter().collect();
            assert_eq!(indices.len(), 4 * places);
            let encoded = values(codes.encode(input.clone()));
            for (place, &index) in indices.iter().enumerate() {
                let (image, place) = (place / places, place % places);
                let vector: Vec<f32> = (0..channels)
                    .map(|channel| encoded[(image * channels + channel) * places + place])
                    .collect();
                let index = usize::try_from(index).unwrap();
                assert_eq!(vector, codewords[index * channels..(index + 1) * channels]);
                assert_eq!(nearest(&vector, &codewords), index);
            }
            let reconstructed = model.as_reconstruct().unwrap().reconstruct(input.clone());
            assert_eq!(reconstructed.dims(), input.dims());
            let reconstructed = values(reconstructed);
            let of_codes = values(codes.decode(codes.encode(input.clone())));
            let of_indices = values(discrete.decode_indices(discrete.indices(input)));
            assert_eq!(of_codes, reconstructed);
            assert_eq!(of_indices, reconstructed);
        }
    }
}

/// Two images, whose vectors are all the same: what becomes of the codebook follows from its definition.
#[test]
fn averages_follow_their_definition_from_the_first_step_on() {
    let device = Device::flex();
    let vector = [0.4_f32, -0.2, 0.1];
    let model = constant(
        ModelConfig::from(vq()).init(SHAPE, 1, &device).unwrap(),
        &vector,
    );
    assert_eq!(tensor(&model, "quantizer.sizes"), [1.0; 16]);
    let sums = tensor(&model, "quantizer.sums");
    // The first sums are the codewords.
    let discrete = model.as_discrete_codes().unwrap();
    assert_eq!(values(discrete.codeword_vectors()), sums);
    let chosen = nearest(&vector, &sums);
    let objective = objective(&model, images(2, SHAPE, &device));
    let [("reconstruction", _), ("commitment", commitment)] = &objective.terms[..] else {
        panic!("{:?}", objective.terms)
    };
    let squares = vector.iter().zip(&sums[3 * chosen..]);
    let expected: f32 = squares.map(|(one, other)| (one - other).powi(2)).sum();
    let found = commitment.clone().into_scalar::<f32>();
    assert!((found - 0.25 * expected / 3.0).abs() < 1e-6, "{found}");

    let after = model.after_step(1, &objective.observed);
    let count = 2.0 * PLACES as f32;
    let sizes = tensor(&after, "quantizer.sizes");
    let found = tensor(&after, "quantizer.sums");
    assert_eq!(sizes.len(), 16);
    for (index, &size_found) in sizes.iter().enumerate() {
        let size = match index == chosen {
            true => 0.99 + 0.01 * count,
            false => 0.99,
        };
        assert!((size_found - size).abs() < 1e-6, "{index}: {size_found}");
        for (channel, &value) in vector.iter().enumerate() {
            let place = 3 * index + channel;
            let own = match index == chosen {
                true => 0.01 * count * value,
                false => 0.0,
            };
            let sum = 0.99 * sums[place] + own;
            assert!(
                (found[place] - sum).abs() < 1e-6,
                "{place}: {}",
                found[place]
            );
        }
    }
    // A codeword that nothing chose stays where it was.
    let codewords = values(after.as_discrete_codes().unwrap().codeword_vectors());
    let other = usize::from(chosen == 0);
    for (found, before) in codewords[3 * other..3 * other + 3]
        .iter()
        .zip(&sums[3 * other..])
    {
        assert!((found - before).abs() < 1e-6);
    }
}

#[test]
fn dead_codewords_begin_anew_at_vectors_of_the_batch() {
    let device = Device::flex();
    let model = ModelConfig::from(vq()).init(SHAPE, 1, &device).unwrap();
    let model = changed(model, |name, values| match name {
        "quantizer.sizes" => {
            values[3] = 1e-3;
            values[9] = 1e-3;
        }
        "quantizer.sums" => {
            // Far from everything.
            values[9..12].fill(1.0);
            values[27..30].fill(-1.0);
        }
        _ => {}
    });
    let input = images(2, SHAPE, &device);
    let objective = objective(&model, input);
    let after = model.after_step(1, &objective.observed);
    let sizes = tensor(&after, "quantizer.sizes");
    assert_eq!(sizes[3], sizes[9]);
    let others = (0..16).filter(|index| ![3, 9].contains(index));
    let fair = (others.map(|index| sizes[index]).sum::<f32>() + 2.0 * 0.99e-3) / 16.0;
    assert!((sizes[3] - fair).abs() < 1e-5, "{} of {fair}", sizes[3]);
    let codewords = values(after.as_discrete_codes().unwrap().codeword_vectors());
    let [anew, another] = [3, 9].map(|index| codewords[3 * index..3 * index + 3].to_vec());
    assert_ne!(anew, another);
    let candidates = values(objective.observed[1].clone());
    assert_eq!(candidates.len(), 3 * 12);
    for (anew, candidate) in [anew, another].iter().zip(candidates.chunks_exact(3)) {
        for (found, expected) in anew.iter().zip(candidate) {
            assert!((found - expected).abs() < 1e-6, "{found} of {expected}");
        }
    }
    // What is drawn for the images decides the order, and another batch's images draw otherwise.
    let unmoved = TrainingBatch {
        input: images(2, SHAPE, &device),
        target: images(2, SHAPE, &device),
        loss: ReconstructionLoss::Mse,
        step: 0,
        random: &(),
    };
    let model = after;
    assert_ne!(
        values(model.objective(unmoved).observed[1].clone()),
        candidates
    );
}

/// The gradient of an encoder's vector is that of its codeword, which a finite difference of the codeword shows.
#[test]
fn gradients_pass_straight_through() {
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    let config = VectorQuantizedConfig {
        commitment: 0.0,
        ..vq()
    };
    let vector = [0.4_f32, -0.2, 0.1];
    let build = |device: &Device| {
        constant(
            // Burn's operations, whose rounding is less than what a small step changes.
            ModelConfig::from(config.clone())
                .init(SHAPE, 1, ComputePath::Reference.on(device))
                .unwrap(),
            &vector,
        )
    };
    let model = build(&device);
    let chosen = nearest(&vector, &tensor(&model, "quantizer.sums"));
    let gradients = objective(&model, images(2, SHAPE, &device)).loss.backward();
    let bias = "network.analysis_quarter.3.bias";
    let found = gradient(&model, &gradients, bias).unwrap();
    let moved = |channel: usize, by: f32| {
        let model = changed(build(&plain), |name, values| {
            if name == "quantizer.sums" {
                values[3 * chosen + channel] += by;
            }
        });
        f64::from(
            objective(&model, images(2, SHAPE, &plain))
                .loss
                .into_scalar::<f32>(),
        )
    };
    const STEP: f32 = 3e-4;
    for (channel, &found) in found.iter().enumerate() {
        let expected = (moved(channel, STEP) - moved(channel, -STEP)) / f64::from(2.0 * STEP);
        let found = f64::from(found);
        assert!(
            (found - expected).abs() < 0.05 * expected.abs() + 2e-6,
            "{channel}: {found} of {expected}"
        );
    }
    // The codebook itself has none.
    assert_eq!(gradient(&model, &gradients, "quantizer.sums"), None);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |config: ModelConfig| config.check(SHAPE).unwrap_err().to_string();
    let check = |change: &dyn Fn(&mut VectorQuantizedConfig), expected: &str| {
        let mut config = vq();
        change(&mut config);
        let error = refused(config.into());
        assert!(error.contains(expected), "{error}");
    };
    check(
        &|config| config.codewords = 1000,
        "power of two from 2 to 4096",
    );
    check(&|config| config.codewords = 1, "power of two");
    check(&|config| config.codewords = 8192, "power of two");
    check(&|config| config.code_channels = 9, "at most 8");
    check(&|config| config.code_channels = 0, "must be 1 to");
    check(&|config| config.commitment = -1.0, "commitment");
    check(&|config| config.decay = 1.0, "decay");
    check(&|config| config.shift = 65, "shift");
    check(&|config| config.widths = [2048, 8], "widths");
    for (levels, expected) in [
        (&[][..], "0 numbers"),
        (&[8, 2], "2: must be 3 to 256"),
        (&[257], "257: must be"),
        (&[256, 256, 3], "196608 codewords in all"),
        (&[2; 17], "17 numbers"),
    ] {
        let error = refused(fsq(levels).into());
        assert!(error.contains(expected), "{error}");
    }
    assert!(ModelConfig::from(fsq(&[256, 256])).check(SHAPE).is_ok());
}

#[test]
fn settings_come_as_text_and_from_files() {
    let registry = Registry::builtin();
    let given = ae_models::GivenSettings::default()
        .with("codewords", "64")
        .with("code-channels", "4")
        .with("commitment", "0.5")
        .with("widths", "8,16")
        .with("shift", "0");
    let config = registry
        .configure(ModelConfig::default(), Some("vq"), &given)
        .unwrap();
    let expected = VectorQuantizedConfig {
        codewords: 64,
        code_channels: 4,
        commitment: 0.5,
        widths: [8, 16],
        shift: 0,
        ..VectorQuantizedConfig::default()
    };
    assert_eq!(config, ModelConfig::from(expected));
    let config = registry
        .from_json(r#"{"kind": "fsq", "levels": [4, 4], "shift": 1}"#)
        .unwrap();
    let expected = FiniteScalarConfig {
        levels: vec![4, 4],
        shift: 1,
        ..FiniteScalarConfig::default()
    };
    assert_eq!(config, ModelConfig::from(expected));
    let given = ae_models::GivenSettings::default().with("widths", "8");
    let error = registry
        .configure(ModelConfig::default(), Some("fsq"), &given)
        .unwrap_err();
    assert!(error.to_string().contains("a fsq model has two"), "{error}");
}
