//! Models with codewords: their moving averages are in checkpoints, and no number of threads changes a byte.

use std::fs;

use ae_models::{FiniteScalarConfig, ModelConfig, VectorQuantizedConfig, named_tensors};
use ae_train::{CodeReport, MetricsLine, RunDirectory, TrainConfig, Trainer, read_metrics};
use burn::tensor::Device;

use crate::support::{Watcher, quick, split};

/// A codebook that forgets so fast that codewords die and begin anew all the time.
fn vq() -> ModelConfig {
    ModelConfig::from(VectorQuantizedConfig {
        codewords: 32,
        code_channels: 2,
        decay: 0.5,
        widths: [4, 6],
        shift: 1,
        ..VectorQuantizedConfig::default()
    })
}

fn fsq() -> ModelConfig {
    ModelConfig::from(FiniteScalarConfig {
        levels: vec![4, 3],
        widths: [4, 6],
        shift: 1,
        ..FiniteScalarConfig::default()
    })
}

/// Trains to the end, with stops on the way, and gives the files of both models and the log's steps.
fn trained(model: &ModelConfig, stops: &[usize], threads: usize) -> (Vec<u8>, Vec<u8>, String) {
    let device = Device::flex();
    let split = split(50, 10);
    let config = TrainConfig {
        ema: Some(0.8),
        ..quick(3, 7)
    };
    let folder = tempfile::tempdir().expect("the run works");
    let run =
        RunDirectory::create(folder.path().join("run"), &config, false).expect("the run works");
    let checked = config.check().expect("the run works");
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("the run works");
    pool.install(|| {
        for &stop in stops {
            Trainer::new(&checked, &device)
                .run_directory(&run)
                .observer(&mut Watcher::stopping_after(stop))
                .train(
                    model.init([1, 8, 8], 5, &device).expect("the run works"),
                    &split,
                )
                .expect("the run works");
        }
        let seed = if stops.is_empty() { 5 } else { 99 };
        Trainer::new(&checked, &device)
            .run_directory(&run)
            .train(
                model.init([1, 8, 8], seed, &device).expect("the run works"),
                &split,
            )
            .expect("the run works");
    });
    let lines = read_metrics(&run.metrics_file())
        .expect("the run works")
        .into_iter();
    let steps: Vec<MetricsLine> = lines
        .filter(|line| matches!(line, MetricsLine::Step(_)))
        .collect();
    (
        fs::read(run.model_file()).expect("the run works"),
        fs::read(run.last_model_file()).expect("the run works"),
        format!("{steps:?}"),
    )
}

#[test]
fn stops_and_threads_change_no_byte() {
    for model in [vq(), fsq()] {
        let straight = trained(&model, &[], 1);
        for (stops, threads) in [(&[1, 5, 17][..], 1), (&[8, 9], 4), (&[], 4)] {
            let other = trained(&model, stops, threads);
            let same = [
                straight.0 == other.0,
                straight.1 == other.1,
                straight.2 == other.2,
            ];
            let kind = model.kind();
            assert_eq!(same, [true; 3], "{kind}, {stops:?}, {threads} threads");
        }
    }
}

#[test]
fn codebooks_learn_and_the_log_tells_how_they_are_used() {
    let device = Device::flex();
    let split = split(50, 10);
    let config = quick(4, 7).check().unwrap();
    for (model, codewords) in [(vq(), 32), (fsq(), 12)] {
        let before = model.init([1, 8, 8], 5, &device).unwrap();
        let trained = Trainer::new(&config, &device)
            .train(before.clone(), &split)
            .unwrap();
        let sums = |model: &ae_models::Model| {
            let tensors = named_tensors(model).into_iter();
            let of_codebook = tensors.filter(|tensor| tensor.name.starts_with("quantizer"));
            of_codebook.map(|tensor| tensor.values).collect::<Vec<_>>()
        };
        if model == vq() {
            assert_ne!(sums(&before), sums(&trained.last));
            let terms = &trained.epochs[0].terms;
            assert_eq!(
                terms.keys().collect::<Vec<_>>(),
                ["commitment", "reconstruction"]
            );
        }
        for epoch in &trained.epochs {
            let Some(CodeReport::Codewords(report)) = &epoch.codes else {
                panic!("{:?}", epoch.codes)
            };
            // Ten images of 2x2 places.
            assert_eq!((report.codewords, report.indices), (codewords, 40));
            assert!((1..=40).contains(&report.used), "{report:?}");
            assert!((1.0..=report.used as f64 + 1e-9).contains(&report.perplexity));
            let line = serde_json::to_string(&epoch.codes).unwrap();
            assert!(line.contains(r#""kind":"codewords""#), "{line}");
        }
    }
}
