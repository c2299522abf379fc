//! Every rule against its formula in plain `f64` numbers, written out here a second time.

use ae_models::NamedTensor;
use burn::module::Param;

use super::*;
use crate::optim::config::{
    AdamSettings, AdamWSettings, RmsPropForm, RmsPropSettings, SgdSettings,
};

#[derive(Module, Debug)]
struct TwoParameters {
    vector: Param<Tensor<1>>,
    matrix: Param<Tensor<2>>,
}

const START: [f64; 6] = [0.5, -0.25, 2.0, -1.0, 0.125, 3.0];
const LEARNING_RATE: f64 = 0.01;
const STEPS: usize = 6;

/// Gradients of very different sizes, among them those at which the place of an epsilon shows.
fn gradient(step: usize, index: usize) -> f64 {
    let size = [1.0, 1e-2, 1e-4, 3e-5, 0.3, 1e-6][index];
    let sign = if (step * 7 + index * 3) % 5 < 3 {
        1.0
    } else {
        -1.0
    };
    sign * size * (1.0 + 0.3 * step as f64)
}

fn model() -> TwoParameters {
    let device = Device::flex().autodiff();
    let start = START.map(|value| value as f32);
    TwoParameters {
        vector: Param::from_tensor(Tensor::from_floats([start[0], start[1]], &device)),
        matrix: Param::from_tensor(Tensor::from_floats(
            [[start[2], start[3]], [start[4], start[5]]],
            &device,
        )),
    }
}

fn gradients(model: &TwoParameters, step: usize) -> GradientsParams {
    let device = Device::flex();
    let g: Vec<f32> = (0..6).map(|index| gradient(step, index) as f32).collect();
    let mut gradients = GradientsParams::new();
    gradients.register(
        model.vector.id,
        Tensor::<1>::from_floats([g[0], g[1]], &device),
    );
    gradients.register(
        model.matrix.id,
        Tensor::<2>::from_floats([[g[2], g[3]], [g[4], g[5]]], &device),
    );
    gradients
}

fn values(model: &TwoParameters) -> Vec<f32> {
    let mut values = model.vector.val().into_data().try_to_vec::<f32>().unwrap();
    values.extend(model.matrix.val().into_data().try_to_vec::<f32>().unwrap());
    values
}

type MakeOptimizer = fn(&OptimizerConfig, &TwoParameters) -> ModelOptimizer;

/// Both ways to take a step. On flex it is one pass over memory unless operations are asked for.
const WAYS: [MakeOptimizer; 2] = [
    |config, model| {
        let optimizer = ModelOptimizer::new(config, model);
        assert!(matches!(optimizer, ModelOptimizer::Host(_)));
        optimizer
    },
    |config, model| {
        let optimizer = ModelOptimizer::on_device(config, model);
        assert!(matches!(optimizer, ModelOptimizer::Device(_)));
        optimizer
    },
];

/// Steps by formula and by either way, and compares after each. `rule(weight, gradient, memory, step)` returns the new weight; `memory`
/// begins as zeros and `step` at 1.
fn check(config: OptimizerConfig, rule: impl Fn(f64, f64, &mut [f64; 2], i32) -> f64) {
    for way in WAYS {
        check_way(way, config, &rule);
    }
}

fn check_way(
    way: MakeOptimizer,
    config: OptimizerConfig,
    rule: &impl Fn(f64, f64, &mut [f64; 2], i32) -> f64,
) {
    let mut model = model();
    let mut optimizer = way(&config, &model);
    let mut expected = START;
    let mut memory = [[0.0; 2]; 6];
    for step in 0..STEPS {
        let gradients = gradients(&model, step);
        model = optimizer.step(LEARNING_RATE, model, gradients, None).0;
        for index in 0..6 {
            expected[index] = rule(
                expected[index],
                gradient(step, index),
                &mut memory[index],
                step as i32 + 1,
            );
        }
        // The movement since the start, not the weight, whose size would hide it.
        for ((found, expected), start) in values(&model).into_iter().zip(expected).zip(START) {
            let (found, expected) = (f64::from(found) - start, expected - start);
            let tolerance = 2e-4 * expected.abs() + 1e-6 * start.abs();
            assert!(
                (found - expected).abs() < tolerance,
                "{config:?} step {step}: moved {found}, expected {expected}"
            );
        }
    }
}

#[test]
fn adam_follows_its_formula() {
    let AdamSettings {
        beta_1,
        beta_2,
        epsilon,
    } = AdamSettings::default();
    check(
        OptimizerConfig::Adam(AdamSettings::default()),
        |w, g, memory, step| {
            let [m, v] = memory;
            *m = beta_1 * *m + (1.0 - beta_1) * g;
            *v = beta_2 * *v + (1.0 - beta_2) * g * g;
            let m_hat = *m / (1.0 - beta_1.powi(step));
            let v_hat = *v / (1.0 - beta_2.powi(step));
            w - LEARNING_RATE * m_hat / (v_hat.sqrt() + epsilon)
        },
    );
}

#[test]
fn adamw_decays_weights_apart_from_gradients() {
    let settings = AdamWSettings {
        weight_decay: 0.1,
        ..AdamWSettings::default()
    };
    let AdamWSettings {
        beta_1,
        beta_2,
        epsilon,
        weight_decay,
    } = settings;
    check(OptimizerConfig::AdamW(settings), |w, g, memory, step| {
        let [m, v] = memory;
        *m = beta_1 * *m + (1.0 - beta_1) * g;
        *v = beta_2 * *v + (1.0 - beta_2) * g * g;
        let m_hat = *m / (1.0 - beta_1.powi(step));
        let v_hat = *v / (1.0 - beta_2.powi(step));
        w * (1.0 - LEARNING_RATE * weight_decay) - LEARNING_RATE * m_hat / (v_hat.sqrt() + epsilon)
    });
}

#[test]
fn rmsprop_is_keras_by_default() {
    let config: OptimizerConfig = "rmsprop".parse().unwrap();
    check(config, |w, g, [v, _], _| {
        *v = 0.9 * *v + 0.1 * g * g;
        w - LEARNING_RATE * g / (*v + 1e-7).sqrt()
    });
}

#[test]
fn rmsprop_of_keras_gathers_scaled_steps() {
    let settings = RmsPropSettings {
        momentum: 0.8,
        ..RmsPropSettings::default()
    };
    check(OptimizerConfig::RmsProp(settings), |w, g, [v, m], _| {
        *v = 0.9 * *v + 0.1 * g * g;
        *m = 0.8 * *m + LEARNING_RATE * g / (*v + 1e-7).sqrt();
        w - *m
    });
}

#[test]
fn rmsprop_of_torch_adds_epsilon_to_the_root() {
    for momentum in [0.0, 0.8] {
        let settings = RmsPropSettings {
            momentum,
            rho: 0.95,
            form: RmsPropForm::Torch,
            epsilon: 1e-6,
        };
        check(OptimizerConfig::RmsProp(settings), |w, g, [v, m], _| {
            *v = 0.95 * *v + 0.05 * g * g;
            *m = momentum * *m + g / (v.sqrt() + 1e-6);
            w - LEARNING_RATE * *m
        });
    }
}

#[test]
fn sgd_with_and_without_momentum() {
    for (momentum, nesterov, weight_decay) in [
        (0.0, false, 0.0),
        (0.9, false, 0.0),
        (0.9, true, 0.0),
        (0.9, false, 0.1),
    ] {
        let settings = SgdSettings {
            momentum,
            nesterov,
            weight_decay,
        };
        check(OptimizerConfig::Sgd(settings), |w, g, [m, _], step| {
            let g = g + weight_decay * w;
            // PyTorch begins with the gradient itself, and there is no dampening.
            *m = if step == 1 { g } else { momentum * *m + g };
            w - LEARNING_RATE * if nesterov { g + momentum * *m } else { *m }
        });
    }
}

const NAMES: [&str; 4] = ["adam", "adamw", "rmsprop", "sgd"];

/// A model and its optimizer after three steps.
fn three_steps(way: MakeOptimizer, config: &OptimizerConfig) -> (TwoParameters, ModelOptimizer) {
    let mut model = model();
    let mut optimizer = way(config, &model);
    for step in 0..3 {
        let gradients = gradients(&model, step);
        model = optimizer.step(LEARNING_RATE, model, gradients, None).0;
    }
    (model, optimizer)
}

/// The same weights in a model with other ids.
fn copy(model: &TwoParameters) -> TwoParameters {
    let copy = TwoParameters {
        vector: Param::from_tensor(model.vector.val().detach()),
        matrix: Param::from_tensor(model.matrix.val().detach()),
    };
    assert_ne!(copy.vector.id, model.vector.id);
    copy
}

/// Weights after steps 3 to 5.
fn three_more(mut model: TwoParameters, mut optimizer: ModelOptimizer) -> Vec<f32> {
    for step in 3..6 {
        let gradients = gradients(&model, step);
        model = optimizer.step(LEARNING_RATE, model, gradients, None).0;
    }
    values(&model)
}

#[test]
fn a_saved_state_goes_on_to_the_bit_in_a_model_with_other_ids() {
    for way in WAYS {
        for name in NAMES {
            let config = name.parse().unwrap();
            let (straight, optimizer) = three_steps(way, &config);
            let resumed = copy(&straight);
            let mut restored = way(&config, &resumed);
            restored
                .restore(optimizer.state(), &Device::flex())
                .unwrap();
            assert_eq!(restored.state(), optimizer.state(), "{name}");
            assert_eq!(
                three_more(straight, optimizer),
                three_more(resumed, restored),
                "{name}"
            );
        }
    }
}

#[test]
fn both_ways_agree_and_go_on_from_each_others_states() {
    for name in NAMES {
        let config = name.parse().unwrap();
        let close = |found: &[f32], expected: &[f32]| {
            for (found, expected) in found.iter().zip(expected) {
                let off = (found - expected).abs();
                assert!(
                    off < 1e-6 * expected.abs().max(1.0),
                    "{name}: {found}, {expected}"
                );
            }
        };
        let [by_memory, on_device] = WAYS.map(|way| three_steps(way, &config));
        close(&values(&by_memory.0), &values(&on_device.0));
        let states = [by_memory.1.state(), on_device.1.state()];
        assert_eq!(states[0].counters, states[1].counters, "{name}");
        assert_eq!(states[0].ranks, states[1].ranks, "{name}");
        for (one, other) in states[0].tensors.iter().zip(&states[1].tensors) {
            assert_eq!((&one.name, &one.shape), (&other.name, &other.shape));
            close(&one.values, &other.values);
        }
        let resumed = copy(&on_device.0);
        let mut changed = WAYS[0](&config, &resumed);
        changed
            .restore(on_device.1.state(), &Device::flex())
            .unwrap();
        close(
            &three_more(resumed, changed),
            &three_more(on_device.0, on_device.1),
        );
    }
}

#[test]
fn an_incomplete_state_is_refused_by_name() {
    for way in WAYS {
        let model = model();
        let mut optimizer = way(&OptimizerConfig::default(), &model);
        let gradients = gradients(&model, 0);
        let (model, _) = optimizer.step(LEARNING_RATE, model, gradients, None);
        let refused = |change: &dyn Fn(&mut OptimizerState)| {
            let mut state = optimizer.state();
            change(&mut state);
            let mut fresh = way(&OptimizerConfig::default(), &model);
            fresh.restore(state, &Device::flex()).unwrap_err()
        };
        let missing = refused(&|state| state.tensors.retain(|t| !t.name.starts_with("matrix.")));
        assert_eq!(missing, "matrix");
        refused(&|state| state.counters.clear());
        let stranger = refused(&|state| {
            state.ranks.insert("stranger".to_owned(), 1);
        });
        assert_eq!(stranger, "stranger");
    }
}

#[test]
fn a_state_of_another_shape_is_refused_by_name() {
    let model = model();
    let mut optimizer = WAYS[0](&OptimizerConfig::default(), &model);
    let gradients = gradients(&model, 0);
    let (model, _) = optimizer.step(LEARNING_RATE, model, gradients, None);
    for change in [
        |tensor: &mut NamedTensor| tensor.shape = vec![4, 1],
        |tensor: &mut NamedTensor| tensor.values.truncate(3),
    ] {
        let mut state = optimizer.state();
        let of_matrix = state
            .tensors
            .iter_mut()
            .find(|t| t.name.starts_with("matrix."));
        change(of_matrix.unwrap());
        let mut fresh = WAYS[0](&OptimizerConfig::default(), &model);
        let refused = fresh.restore(state, &Device::flex());
        assert_eq!(refused, Err("matrix".to_owned()));
    }
}

#[test]
fn a_parameter_without_a_gradient_stays_as_it_is() {
    for way in WAYS {
        let model = model();
        let mut optimizer = way(&OptimizerConfig::default(), &model);
        let before = values(&model);
        let mut some = GradientsParams::new();
        let mut all = gradients(&model, 0);
        some.register(model.vector.id, all.remove::<1>(model.vector.id).unwrap());
        let (model, norm) = optimizer.step(LEARNING_RATE, model, some, None);
        let after = values(&model);
        assert!(before[..2].iter().zip(&after[..2]).all(|(a, b)| a != b));
        assert_eq!(before[2..], after[2..]);
        assert!(norm.is_some());
        assert_eq!(optimizer.state().ranks.len(), 1);
        let (model, norm) = optimizer.step(LEARNING_RATE, model, GradientsParams::new(), None);
        assert!(norm.is_none());
        assert_eq!(values(&model), after);
    }
}

#[test]
fn the_norm_is_of_all_gradients_together_and_clipping_keeps_their_direction() {
    let settings = SgdSettings {
        momentum: 0.0,
        ..SgdSettings::default()
    };
    let norm = (0..6)
        .map(|index| gradient(1, index).powi(2))
        .sum::<f64>()
        .sqrt();
    for way in WAYS {
        for (limit, scale) in [
            (None, 1.0),
            (Some(norm / 4.0), 0.25),
            (Some(norm * 4.0), 1.0),
        ] {
            let model = model();
            let mut optimizer = way(&OptimizerConfig::Sgd(settings), &model);
            let gradients = gradients(&model, 1);
            let (stepped, found) = optimizer.step(1.0, model, gradients, limit);
            let found = f64::from(found.unwrap().into_scalar::<f32>());
            assert!(
                (found - norm).abs() < 1e-6 * norm,
                "{found}, expected {norm}"
            );
            for (index, (found, start)) in values(&stepped).into_iter().zip(START).enumerate() {
                let expected = start - scale * gradient(1, index);
                assert!(
                    (f64::from(found) - expected).abs() < 1e-6 * expected.abs().max(1.0),
                    "{found} {expected}"
                );
            }
        }
    }
}
