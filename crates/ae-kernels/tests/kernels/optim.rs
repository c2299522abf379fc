//! Optimizers' updates against their formulas in double precision.

use ae_kernels::{Parameter, UpdateRule, gradient_norm, update};

use crate::reference::Random;

const RATE: f64 = 0.01;
const FACTOR: f32 = 0.5;

fn rules() -> Vec<UpdateRule> {
    let mut rules = Vec::new();
    for weight_decay in [0.0, 0.1] {
        rules.push(UpdateRule::Adam {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            weight_decay,
        });
    }
    for momentum in [0.0, 0.8] {
        for epsilon_in_root in [false, true] {
            rules.push(UpdateRule::RmsProp {
                rho: 0.95,
                momentum,
                epsilon: 1e-6,
                epsilon_in_root,
            });
        }
        for nesterov in [false, true] {
            rules.push(UpdateRule::Sgd {
                momentum,
                nesterov,
                weight_decay: 0.1,
            });
        }
    }
    rules
}

/// A value's update as the papers have it; the new value and what is remembered of it.
fn expected(rule: UpdateRule, w: f64, g: f64, memory: &mut [f64; 2], step: i32) -> f64 {
    match rule {
        UpdateRule::Adam {
            beta_1,
            beta_2,
            epsilon,
            weight_decay,
        } => {
            let [m, v] = memory;
            *m = beta_1 * *m + (1.0 - beta_1) * g;
            *v = beta_2 * *v + (1.0 - beta_2) * g * g;
            let (m, v) = (
                *m / (1.0 - beta_1.powi(step)),
                *v / (1.0 - beta_2.powi(step)),
            );
            w - RATE * weight_decay * w - RATE * m / (v.sqrt() + epsilon)
        }
        UpdateRule::RmsProp {
            rho,
            momentum,
            epsilon,
            epsilon_in_root,
        } => {
            let [v, last] = memory;
            *v = rho * *v + (1.0 - rho) * g * g;
            let root = if epsilon_in_root {
                (*v + epsilon).sqrt()
            } else {
                v.sqrt() + epsilon
            };
            // With a constant rate it makes no difference where the rate is applied.
            *last = momentum * *last + RATE * g / root;
            w - *last
        }
        UpdateRule::Sgd {
            momentum,
            nesterov,
            weight_decay,
        } => {
            let g = g + weight_decay * w;
            let last = &mut memory[0];
            *last = momentum * *last + g;
            w - RATE
                * if nesterov {
                    g + momentum * *last
                } else {
                    *last
                }
        }
    }
}

/// A gradient whose values differ by orders of magnitude.
fn gradient(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count)
        .map(|index| random.values(1, 10.0_f32.powi(-((index % 7) as i32)))[0])
        .collect()
}

/// Parameters of these lengths after three steps: values, then all memories.
fn run(rule: UpdateRule, lengths: &[usize]) -> Vec<Vec<f32>> {
    let mut random = Random::new(5);
    let mut all: Vec<Vec<f32>> = lengths
        .iter()
        .map(|&length| random.values(length, 1.0))
        .collect();
    let mut memories = vec![Vec::new(); lengths.len()];
    for (memory, &length) in memories.iter_mut().zip(lengths) {
        *memory = vec![vec![0.0; length]; rule.memories()];
    }
    for step in 1..=3 {
        let mut gradients: Vec<_> = lengths.iter().map(|&n| gradient(&mut random, n)).collect();
        let parameters = all.iter().zip(&mut gradients).zip(&mut memories);
        let parameters = parameters
            .map(|((values, gradient), memories)| Parameter {
                values,
                gradient,
                memories: memories.iter_mut().map(Vec::as_mut_slice).collect(),
                step,
            })
            .collect();
        update(rule, RATE, FACTOR, parameters).expect("the lengths fit");
        all = gradients;
    }
    all.extend(memories.into_iter().flatten());
    all
}

#[test]
fn every_rule_follows_its_formula() {
    // More than a run, and lengths that no vector divides.
    let lengths = [1, 13, 20_001];
    for rule in rules() {
        let found = run(rule, &lengths);
        let mut random = Random::new(5);
        let starts: Vec<_> = lengths.iter().map(|&n| random.values(n, 1.0)).collect();
        let gradients: Vec<Vec<_>> = (0..3)
            .map(|_| lengths.iter().map(|&n| gradient(&mut random, n)).collect())
            .collect();
        for (parameter, start) in starts.iter().enumerate() {
            for (index, &start) in start.iter().enumerate() {
                let start = f64::from(start);
                let (mut value, mut memory) = (start, [0.0; 2]);
                for (step, gradients) in (1..).zip(&gradients) {
                    let g = f64::from(gradients[parameter][index]) * f64::from(FACTOR);
                    value = expected(rule, value, g, &mut memory, step);
                }
                let moved = f64::from(found[parameter][index]) - start;
                let tolerance = 1e-5 * (value - start).abs() + 2e-7;
                assert!(
                    (moved - (value - start)).abs() < tolerance,
                    "{rule:?}, value {index} of {parameter}: moved {moved} instead of {}",
                    value - start
                );
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let lengths = [100_003, 5, 70_000];
    for rule in rules() {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads start").install(|| {
                let all = run(rule, &lengths);
                let slices: Vec<&[f32]> = all.iter().map(Vec::as_slice).collect();
                (gradient_norm(&slices).to_bits(), all)
            })
        };
        let expected = on(1);
        for threads in [2, 3] {
            assert!(on(threads) == expected, "{rule:?} on {threads} threads");
        }
    }
}

#[test]
fn the_norm_is_of_all_gradients_together() {
    let mut random = Random::new(9);
    let gradients = [
        random.values(33, 1e-3),
        Vec::new(),
        random.values(200_000, 2.0),
    ];
    let slices: Vec<&[f32]> = gradients.iter().map(Vec::as_slice).collect();
    let squares = gradients.iter().flatten().map(|&g| f64::from(g).powi(2));
    let expected = squares.sum::<f64>().sqrt();
    assert!((gradient_norm(&slices) / expected - 1.0).abs() < 1e-12);
    assert_eq!(gradient_norm(&[]), 0.0);
    assert!(gradient_norm(&[&[1.0, f32::NAN]]).is_nan());
    // Squares that single precision has no room for.
    assert!((gradient_norm(&[&[3e30, 4e30]]) / 5e30 - 1.0).abs() < 1e-6);
}

#[test]
fn lengths_that_do_not_fit_are_errors() {
    let rule = rules()[0];
    let refused = |gradient: usize, memories: &mut [Vec<f32>]| {
        let parameter = Parameter {
            values: &[0.0; 3],
            gradient: &mut vec![0.0; gradient],
            memories: memories.iter_mut().map(Vec::as_mut_slice).collect(),
            step: 1,
        };
        let error = update(rule, RATE, 1.0, vec![parameter]).expect_err("it does not fit");
        error.to_string()
    };
    assert_eq!(refused(2, &mut []), "the gradient has 2 values, expected 3");
    assert_eq!(
        refused(3, &mut [vec![0.0; 3]]),
        "what the rule remembers has 1 values, expected 2"
    );
    assert_eq!(
        refused(3, &mut [vec![0.0; 3], vec![0.0; 4]]),
        "a memory of the rule has 4 values, expected 3"
    );
}
