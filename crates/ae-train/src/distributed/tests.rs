//! Several ranks train what one trains, to the bit.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use ae_data::{ImageSet, ImageShape, Split};
use ae_models::{
    ConvAutoencoderConfig, DenseAutoencoderConfig, ModelConfig, NamedTensor, NetworkConfig,
    SparseAutoencoderConfig, Sparsity, VariationalAutoencoderConfig, named_tensors,
};
use ae_random::{Draw, Purpose};
use burn::tensor::Device;

use crate::config::TrainConfig;
use crate::distributed::communicator::{Alone, Communicator};
use crate::distributed::threads::with_ranks;
use crate::error::TrainError;
use crate::run::directory::RunDirectory;
use crate::run::metrics::{MetricsLine, read_metrics};
use crate::trainer::Trainer;
use crate::trainer::observer::Observer;
use crate::trainer::trained::Outcome;

fn images(count: usize, seed: u64) -> ImageSet {
    let mut stream = Draw {
        seed,
        purpose: Purpose::Display,
        epoch: 0,
        index: 0,
    }
    .stream();
    let pixels = (0..count * 64).map(|_| (stream.uniform() * 255.0) as u8);
    let shape = ImageShape::new(1, 8, 8);
    ImageSet::from_images("noise", shape, pixels.collect(), None, Vec::new()).unwrap()
}

/// Batches of 8 and one of 6, which 5 parts do not divide.
fn split() -> Split {
    Split {
        train: images(22, 1),
        validation: images(5, 2),
        test: images(4, 3),
        shared: 0,
        dropped: 0,
    }
}

fn config(parts: usize) -> TrainConfig {
    TrainConfig {
        epochs: 2,
        batch_size: 8,
        batch_parts: parts,
        warmup_steps: 2.into(),
        ..TrainConfig::default()
    }
}

fn conv(latent: Option<usize>) -> ConvAutoencoderConfig {
    ConvAutoencoderConfig {
        widths: vec![4, 8],
        latent,
        ..ConvAutoencoderConfig::default()
    }
}

fn dense() -> ModelConfig {
    ModelConfig::from(DenseAutoencoderConfig {
        widths: vec![16],
        latent: 4,
        ..DenseAutoencoderConfig::default()
    })
}

fn sparse(sparsity: &str) -> ModelConfig {
    ModelConfig::from(SparseAutoencoderConfig {
        sparsity: sparsity.parse::<Sparsity>().unwrap(),
        network: NetworkConfig::Conv(conv(Some(6))),
    })
}

/// Asks one rank to stop after some steps.
struct StoppedAfter {
    steps: Option<usize>,
    asked: Cell<usize>,
}

impl Observer for StoppedAfter {
    fn stop_requested(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.steps == Some(self.asked.get())
    }
}

/// The weights, and per epoch the mean loss, of a run; kept in a folder by rank 0 and stopped where rank `asked` is told to.
fn train(
    model: &ModelConfig,
    config: &TrainConfig,
    communicator: &dyn Communicator,
    run: Option<&Path>,
    stop: Option<(usize, usize)>,
) -> Result<(Vec<NamedTensor>, Vec<f64>, Outcome), TrainError> {
    let device = Device::flex();
    let split = split();
    let checked = config.check().unwrap();
    let run = match run {
        Some(path) if communicator.rank() == 0 => Some(match path.exists() {
            true => RunDirectory::open(path)?,
            false => RunDirectory::create(path, config, false)?,
        }),
        _ => None,
    };
    let mut observer = StoppedAfter {
        steps: stop.and_then(|(rank, steps)| (rank == communicator.rank()).then_some(steps)),
        asked: Cell::new(0),
    };
    let mut trainer = Trainer::new(&checked, &device)
        .observer(&mut observer)
        .communicator(communicator);
    if let Some(run) = &run {
        trainer = trainer.run_directory(run);
    }
    let model = model.init([1, 8, 8], 1, &device)?;
    let trained = trainer.train(model, &split)?;
    let losses = trained.epochs.iter().map(|epoch| epoch.train_loss);
    Ok((
        named_tensors(&trained.last),
        losses.collect(),
        trained.outcome,
    ))
}

#[test]
fn any_number_of_ranks_trains_to_the_same_bits() {
    let noisy = TrainConfig {
        noise: "gaussian:0.3".parse().unwrap(),
        ema: Some(0.9),
        ..config(5)
    };
    let variational = VariationalAutoencoderConfig {
        network: NetworkConfig::Conv(conv(Some(3))),
        ..VariationalAutoencoderConfig::default()
    };
    for (name, model, config) in [
        ("conv", ModelConfig::from(conv(None)), config(5)),
        ("conv with a list", ModelConfig::from(conv(Some(4))), noisy),
        ("dense", dense(), config(8)),
        ("variational", ModelConfig::from(variational), config(3)),
        ("sparse", sparse("l1:1e-3"), config(4)),
        ("in one part", ModelConfig::from(conv(None)), config(1)),
    ] {
        let alone = train(&model, &config, &Alone, None, None).unwrap();
        for size in [2, 3, 4] {
            let ranks = with_ranks(size, |communicator| {
                train(&model, &config, communicator, None, None).unwrap()
            });
            for rank in ranks {
                assert!(rank == alone, "{name} on {size} ranks");
            }
        }
    }
}

#[test]
fn parts_are_the_whole_but_for_rounding() {
    for model in [ModelConfig::from(conv(None)), dense()] {
        let of = |parts| {
            let config = TrainConfig {
                optimizer: "sgd".parse().unwrap(),
                learning_rate: 0.1,
                gradient_clip_norm: None,
                ..config(parts)
            };
            train(&model, &config, &Alone, None, None).unwrap()
        };
        let (whole, whole_losses, _) = of(1);
        let (parted, parted_losses, _) = of(3);
        for (whole, parted) in whole.iter().zip(&parted) {
            for (a, b) in whole.values.iter().zip(&parted.values) {
                assert!((a - b).abs() < 1e-5, "{}: {a} and {b}", whole.name);
            }
        }
        for (a, b) in whole_losses.iter().zip(&parted_losses) {
            assert!((a - b).abs() < 1e-6, "{a} and {b}");
        }
    }
}

/// Without what is measured of time.
fn log_of(run: &Path) -> Vec<String> {
    let lines = read_metrics(&run.join("metrics.jsonl")).unwrap();
    lines
        .into_iter()
        .map(|line| match line {
            MetricsLine::Step(step) => {
                format!("{} {} {}", step.step, step.loss, step.gradient_norm)
            }
            MetricsLine::Epoch(epoch) => format!("{} {:?}", epoch.epoch, epoch.validation),
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_run_is_stopped_by_any_rank_and_resumed_by_any_number() {
    let folder = tempfile::tempdir().unwrap();
    let model = ModelConfig::from(conv(Some(4)));
    let config = TrainConfig {
        optimizer: "rmsprop".parse().unwrap(),
        ema: Some(0.5),
        ..config(4)
    };
    let straight = folder.path().join("straight");
    let expected = train(&model, &config, &Alone, Some(&straight), None).unwrap();
    let file = |run: &Path| fs::read(run.join("model.safetensors")).unwrap();
    for (case, sizes) in [[2, 3, 1], [1, 4, 2], [3, 1, 4]].into_iter().enumerate() {
        let run = folder.path().join(format!("run-{case}"));
        for (attempt, size) in sizes.into_iter().enumerate() {
            // The last rank is asked after two more steps, and at last none.
            let stop = (attempt < 2).then_some((size - 1, 2));
            let results = with_ranks(size, |communicator| {
                train(&model, &config, communicator, Some(&run), stop).unwrap()
            });
            for (weights, losses, outcome) in results {
                let is_last = attempt == 2;
                assert_eq!(outcome == Outcome::Finished, is_last, "{case} {attempt}");
                if is_last {
                    assert!((weights, losses) == (expected.0.clone(), expected.1.clone()));
                }
            }
        }
        assert_eq!(file(&run), file(&straight), "{sizes:?}");
        assert_eq!(log_of(&run), log_of(&straight), "{sizes:?}");
    }
}

#[test]
fn what_is_not_alike_is_refused_on_every_rank() {
    let model = ModelConfig::from(conv(None));
    let refusals = with_ranks(3, |communicator| {
        let seed = if communicator.rank() == 2 { 7 } else { 1 };
        let config = TrainConfig { seed, ..config(4) };
        let refused = train(&model, &config, communicator, None, None);
        refused.unwrap_err().to_string()
    });
    assert_eq!(refusals, ["rank 2 has settings other than rank 0's"; 3]);

    let refused = train(&sparse("kl:0.05:1"), &config(2), &Alone, None, None);
    assert!(matches!(refused, Err(TrainError::BatchParts)));
}

#[test]
fn a_run_that_rank_0_cannot_begin_ends_on_all() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let model = ModelConfig::from(conv(None));
    train(&model, &config(2), &Alone, Some(&run), None).unwrap();
    let other = TrainConfig {
        learning_rate: 0.5,
        ..config(2)
    };
    let ends = with_ranks(2, |communicator| {
        train(&model, &other, communicator, Some(&run), None).unwrap_err()
    });
    assert!(matches!(ends[0], TrainError::Changed { .. }), "{}", ends[0]);
    assert!(
        matches!(ends[1], TrainError::OtherRank { rank: 0 }),
        "{}",
        ends[1]
    );
}
