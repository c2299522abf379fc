//! Every rule against its formula in plain `f64` numbers, written out here a second time.

use super::*;
use crate::{AdamSettings, AdamWSettings, RmsPropForm, RmsPropSettings};

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

/// Steps both ways and compares after each. `rule(weight, gradient, memory, step)` returns the new weight; `memory`
/// begins as zeros and `step` at 1.
fn check(config: OptimizerConfig, rule: impl Fn(f64, f64, &mut [f64; 2], i32) -> f64) {
    let mut model = model();
    let mut optimizer = ModelOptimizer::new(&config, &model);
    let mut expected = START;
    let mut memory = [[0.0; 2]; 6];
    for step in 0..STEPS {
        let gradients = gradients(&model, step);
        model = optimizer.step(LEARNING_RATE, model, gradients, None);
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

#[test]
fn a_saved_state_goes_on_to_the_bit_in_a_model_with_other_ids() {
    for name in ["adam", "adamw", "rmsprop", "sgd"] {
        let config = name.parse().unwrap();
        let mut straight = model();
        let mut optimizer = ModelOptimizer::new(&config, &straight);
        for step in 0..3 {
            let gradients = gradients(&straight, step);
            straight = optimizer.step(LEARNING_RATE, straight, gradients, None);
        }
        let mut resumed = TwoParameters {
            vector: Param::from_tensor(straight.vector.val().detach()),
            matrix: Param::from_tensor(straight.matrix.val().detach()),
        };
        assert_ne!(resumed.vector.id, straight.vector.id);
        let mut restored = ModelOptimizer::new(&config, &resumed);
        restored
            .restore(optimizer.state(), &Device::flex())
            .unwrap();
        assert_eq!(restored.state(), optimizer.state(), "{name}");
        for step in 3..6 {
            let own = gradients(&straight, step);
            straight = optimizer.step(LEARNING_RATE, straight, own, None);
            let own = gradients(&resumed, step);
            resumed = restored.step(LEARNING_RATE, resumed, own, None);
        }
        assert_eq!(values(&straight), values(&resumed), "{name}");
    }
}

#[test]
fn an_incomplete_state_is_refused_by_name() {
    let model = model();
    let mut optimizer = ModelOptimizer::new(&OptimizerConfig::default(), &model);
    let gradients = gradients(&model, 0);
    let model = optimizer.step(LEARNING_RATE, model, gradients, None);
    let fresh = || ModelOptimizer::new(&OptimizerConfig::default(), &model);
    let mut state = optimizer.state();
    state
        .tensors
        .retain(|tensor| !tensor.name.starts_with("matrix."));
    assert_eq!(
        fresh().restore(state, &Device::flex()),
        Err("matrix".to_owned())
    );
    let mut state = optimizer.state();
    state.counters.clear();
    assert!(fresh().restore(state, &Device::flex()).is_err());
    let mut state = optimizer.state();
    state.ranks.insert("stranger".to_owned(), 1);
    assert_eq!(
        fresh().restore(state, &Device::flex()),
        Err("stranger".to_owned())
    );
}

#[test]
fn the_norm_is_of_all_gradients_together_and_clipping_keeps_their_direction() {
    let settings = SgdSettings {
        momentum: 0.0,
        ..SgdSettings::default()
    };
    let model = model();
    let norm = gradient_norm(&model, &gradients(&model, 1)).unwrap();
    let expected = (0..6)
        .map(|index| gradient(1, index).powi(2))
        .sum::<f64>()
        .sqrt();
    let found = f64::from(norm.clone().into_scalar::<f32>());
    assert!(
        (found - expected).abs() < 1e-6 * expected,
        "{found}, expected {expected}"
    );

    for (limit, scale) in [(expected / 4.0, 0.25), (expected * 4.0, 1.0)] {
        let mut optimizer = ModelOptimizer::new(&OptimizerConfig::Sgd(settings), &model);
        let factor = clipping_factor(norm.clone(), limit);
        let stepped = optimizer.step(1.0, model.clone(), gradients(&model, 1), Some(factor));
        for (index, (found, start)) in values(&stepped).into_iter().zip(START).enumerate() {
            let expected = start - scale * gradient(1, index);
            assert!(
                (f64::from(found) - expected).abs() < 1e-6 * expected.abs().max(1.0),
                "{found} {expected}"
            );
        }
    }
}
