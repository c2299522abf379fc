//! What is accepted, what is refused and in which words.

use super::*;
use crate::optim::config::{AdamSettings, RmsPropSettings, SgdSettings};

#[test]
fn the_defaults_are_accepted_and_survive_a_round_trip() {
    let config = TrainConfig::default();
    assert_eq!(config.check().unwrap().get(), &config);
    let text = toml::to_string(&config).unwrap();
    assert_eq!(text.parse::<TrainConfig>().unwrap(), config);
}

#[test]
fn every_optimizer_schedule_and_option_survives_a_round_trip() {
    for optimizer in ["adam", "adamw", "rmsprop", "sgd"] {
        for schedule in ["constant", "cosine", "step"] {
            let config = TrainConfig {
                optimizer: optimizer.parse().unwrap(),
                schedule: schedule.parse().unwrap(),
                noise: "gaussian:0.5,masking:0.1".parse().unwrap(),
                noise_draw: NoiseDraw::Once,
                gradient_clip_norm: Some(0.1),
                early_stopping: Some(EarlyStopping {
                    patience_epochs: 3,
                    min_delta: 1e-7,
                }),
                checkpoint_every_steps: Some(7),
                seed: i64::MAX as u64,
                ..TrainConfig::default()
            };
            let text = toml::to_string(&config).unwrap();
            assert_eq!(text.parse::<TrainConfig>().unwrap(), config, "{text}");
        }
    }
}

#[test]
fn what_is_on_by_default_can_be_switched_off_in_a_file() {
    let config = TrainConfig {
        gradient_clip_norm: None,
        checkpoint_every_seconds: None,
        ..TrainConfig::default()
    };
    let text = toml::to_string(&config).unwrap();
    assert_eq!(text.parse::<TrainConfig>().unwrap(), config, "{text}");
    let error = "gradient_clip_norm = \"no\"".parse::<TrainConfig>();
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("a number or \"off\"")
    );
}

#[test]
fn absent_fields_take_their_defaults_and_unknown_ones_are_refused() {
    let config: TrainConfig = "epochs = 3\n[optimizer]\nkind = \"sgd\"".parse().unwrap();
    assert_eq!(config.epochs, 3);
    assert_eq!(
        config.optimizer,
        OptimizerConfig::Sgd(SgdSettings::default())
    );
    assert!(
        "epoch = 3"
            .parse::<TrainConfig>()
            .unwrap_err()
            .to_string()
            .contains("unknown field `epoch`")
    );
    assert!(
        "[optimizer]\nkind = \"adam\"\nbeta = 1"
            .parse::<TrainConfig>()
            .is_err()
    );
}

#[test]
fn what_cannot_be_run_is_refused_by_name() {
    type Change = fn(&mut TrainConfig);
    let cases: &[(Change, &str)] = &[
        (|c| c.epochs = 0, "epochs = 0: must be at least 1"),
        (|c| c.batch_size = 0, "batch_size = 0: must be at least 1"),
        (
            |c| c.learning_rate = 0.0,
            "learning_rate = 0: must be a finite number above 0",
        ),
        (
            |c| c.learning_rate = -1e-3,
            "learning_rate = -0.001: must be a finite number above 0",
        ),
        (
            |c| c.learning_rate = f64::NAN,
            "learning_rate = NaN: must be a finite number above 0",
        ),
        (
            |c| c.learning_rate = f64::INFINITY,
            "learning_rate = inf: must be a finite number above 0",
        ),
        (
            |c| c.loader_threads = 0,
            "loader_threads = 0: must be at least 1",
        ),
        (
            |c| c.loader_threads = 1000,
            "loader_threads = 1000: must be at most 256",
        ),
        (
            |c| c.seed = u64::MAX,
            "seed = 18446744073709551615: must be at most 9223372036854775807",
        ),
        (
            |c| c.gradient_clip_norm = Some(0.0),
            "gradient_clip_norm = 0: must be a finite number above 0",
        ),
        (
            |c| c.checkpoint_every_steps = Some(0),
            "checkpoint_every_steps = 0: must be at least 1",
        ),
        (
            |c| c.checkpoint_every_seconds = Some(-1.0),
            "checkpoint_every_seconds = -1: must be a finite number above 0",
        ),
        (
            |c| {
                c.early_stopping = Some(EarlyStopping {
                    patience_epochs: 0,
                    min_delta: 0.0,
                })
            },
            "early_stopping.patience_epochs = 0: must be at least 1",
        ),
        (
            |c| {
                c.early_stopping = Some(EarlyStopping {
                    patience_epochs: 1,
                    min_delta: f64::NAN,
                })
            },
            "early_stopping.min_delta = NaN: must be a finite number of at least 0",
        ),
        (
            |c| {
                c.optimizer = OptimizerConfig::Adam(AdamSettings {
                    beta_2: 1.0,
                    ..AdamSettings::default()
                })
            },
            "optimizer.beta_2 = 1: must be at least 0 and below 1",
        ),
        (
            |c| {
                c.optimizer = OptimizerConfig::RmsProp(RmsPropSettings {
                    epsilon: 0.0,
                    ..RmsPropSettings::default()
                })
            },
            "optimizer.epsilon = 0: must be a finite number above 0",
        ),
        (
            |c| {
                c.optimizer = OptimizerConfig::Sgd(SgdSettings {
                    nesterov: true,
                    momentum: 0.0,
                    ..SgdSettings::default()
                })
            },
            "optimizer.nesterov = true: must come with a momentum above 0",
        ),
        (
            |c| c.schedule = ScheduleConfig::Cosine { final_share: 2.0 },
            "schedule.final_share = 2: must be between 0 and 1",
        ),
        (
            |c| {
                c.schedule = ScheduleConfig::Step {
                    every_steps: 0,
                    factor: 0.5,
                }
            },
            "schedule.every_steps = 0: must be at least 1",
        ),
    ];
    for (change, expected) in cases {
        let mut config = TrainConfig::default();
        change(&mut config);
        assert_eq!(config.check().unwrap_err().to_string(), *expected);
    }
}

#[test]
fn unknown_names_are_refused_with_the_known_ones() {
    assert_eq!(
        "adamax".parse::<OptimizerConfig>().unwrap_err().to_string(),
        "optimizer = adamax: must be adam, adamw, rmsprop or sgd"
    );
    assert_eq!(
        "linear".parse::<ScheduleConfig>().unwrap_err().to_string(),
        "schedule = linear: must be constant, cosine or step"
    );
}
