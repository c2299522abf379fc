//! Images that are read from shards while they are trained on: the same bits for any number of ranks and after any end, and
//! never more images read than are needed.

use std::fs;
use std::path::Path;

use ae_data::{
    ImageSet, ImageShape, OpenOptions, Split, SplitOptions, Streaming, open, shard_name,
    write_shard,
};
use ae_models::{ConvAutoencoderConfig, ModelConfig, NamedTensor, named_tensors};
use burn::tensor::Device;

use crate::batches::loader::BatchLoader;
use crate::batches::order::epoch_order;
use crate::batches::plan::BatchPlan;
use crate::config::TrainConfig;
use crate::distributed::batch_parts::RankShare;
use crate::distributed::communicator::{Alone, Communicator};
use crate::distributed::threads::with_ranks;
use crate::error::TrainError;
use crate::run::directory::RunDirectory;
use crate::trainer::Trainer;
use crate::trainer::observer::Observer;
use crate::trainer::trained::Outcome;

/// 90 different images in 6 shards, sorted by class.
fn shards() -> tempfile::TempDir {
    shards_of(8)
}

/// The same with images of so many rows and columns.
fn shards_of(side: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let values = (side * side) as u32;
    let pixels = (0..90).flat_map(|image| (0..values).map(move |pixel| image * 37 + pixel * 11));
    let pixels = pixels.map(|value| value as u8).collect();
    let labels = Some((0..90).map(|image| image / 30).collect());
    let shape = ImageShape::new(1, side, side);
    let set = ImageSet::from_images("s", shape, pixels, labels, Vec::new()).unwrap();
    for number in 0..6 {
        let path = folder.path().join(shard_name(number));
        write_shard(&set, number * 15..(number + 1) * 15, &path).unwrap();
    }
    folder
}

fn split(folder: &Path, shuffle_buffer: usize) -> Split {
    let options = OpenOptions {
        stream: Some(Streaming {
            shuffle_buffer,
            indexes: None,
        }),
        ..OpenOptions::default()
    };
    let source = format!("{}/*.tar", folder.display());
    let dataset = open(&source, &options).unwrap();
    dataset.split(&SplitOptions::default()).unwrap()
}

fn config() -> TrainConfig {
    TrainConfig {
        epochs: 3,
        batch_size: 8,
        batch_parts: 4,
        warmup_steps: 2.into(),
        noise: "gaussian:0.2".parse().unwrap(),
        ..TrainConfig::default()
    }
}

fn train(
    split: &Split,
    config: &TrainConfig,
    communicator: &dyn Communicator,
    run: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<(Vec<NamedTensor>, Outcome), TrainError> {
    let device = Device::flex();
    let checked = config.check().unwrap();
    let run = match run {
        Some(path) if communicator.rank() == 0 => Some(match path.exists() {
            true => RunDirectory::open(path)?,
            false => RunDirectory::create(path, config, false)?,
        }),
        _ => None,
    };
    let mut trainer = Trainer::new(&checked, &device)
        .observer(observer)
        .communicator(communicator);
    if let Some(run) = &run {
        trainer = trainer.run_directory(run);
    }
    let model = ModelConfig::from(ConvAutoencoderConfig {
        widths: vec![4, 8],
        ..ConvAutoencoderConfig::default()
    });
    let trained = trainer.train(model.init([1, 8, 8], 1, &device)?, split)?;
    Ok((named_tensors(&trained.last), trained.outcome))
}

#[test]
fn any_number_of_ranks_and_any_buffer_goes_through_all_images_to_the_same_bits() {
    let folder = shards();
    let mut found = Vec::new();
    // Smaller than a batch, smaller than the set, and larger than it.
    for buffer in [3, 20, 10_000] {
        let split_of = || split(folder.path(), buffer);
        let alone = train(&split_of(), &config(), &Alone, None, &mut ()).unwrap();
        for size in [2, 4] {
            let ranks = with_ranks(size, |communicator| {
                train(&split_of(), &config(), communicator, None, &mut ()).unwrap()
            });
            assert!(ranks.into_iter().all(|rank| rank == alone), "{size} ranks");
        }
        assert!(
            !found.contains(&alone.0),
            "a buffer of {buffer} is another order"
        );
        found.push(alone.0);
    }
}

/// Asks to stop after some steps.
struct StoppedAfter(usize, std::cell::Cell<usize>);

impl Observer for StoppedAfter {
    fn stop_requested(&self) -> bool {
        self.1.set(self.1.get() + 1);
        self.1.get() == self.0
    }
}

#[test]
fn a_run_that_is_stopped_is_resumed_by_other_ranks_to_the_same_bytes() {
    let folder = shards();
    let runs = tempfile::tempdir().unwrap();
    let (straight, stopped) = (runs.path().join("straight"), runs.path().join("stopped"));
    let split = split(folder.path(), 20);
    train(&split, &config(), &Alone, Some(&straight), &mut ()).unwrap();
    for (size, steps) in [(2, 4), (1, 9), (3, 2)] {
        let outcomes = with_ranks(size, |communicator| {
            let mut observer = StoppedAfter(steps, std::cell::Cell::new(0));
            train(
                &split,
                &config(),
                communicator,
                Some(&stopped),
                &mut observer,
            )
            .unwrap()
            .1
        });
        assert!(
            outcomes
                .iter()
                .all(|outcome| *outcome == Outcome::Interrupted)
        );
    }
    train(&split, &config(), &Alone, Some(&stopped), &mut ()).unwrap();
    let model = |run: &Path| fs::read(run.join("model.safetensors")).unwrap();
    assert!(model(&straight) == model(&stopped));
}

#[test]
fn a_shard_that_is_damaged_within_an_epoch_costs_no_step_before_it() {
    let folder = shards();
    let runs = tempfile::tempdir().unwrap();
    let (straight, ended) = (runs.path().join("straight"), runs.path().join("ended"));
    let split = split(folder.path(), 20);
    train(&split, &config(), &Alone, Some(&straight), &mut ()).unwrap();
    // An image of the second epoch's last batch, and of the first's, too.
    let mut observer = StoppedAfter(1_000, std::cell::Cell::new(0));
    let order = epoch_order(&split.train, config().seed, 0);
    let last = *order.last().unwrap();
    let pixel = split.train.image(last).unwrap().pixels()[0];
    let path = (0..6)
        .map(|number| folder.path().join(shard_name(number)))
        .find(|path| {
            let set = open(path.to_str().unwrap(), &OpenOptions::default())
                .unwrap()
                .train;
            set.iter()
                .any(|image| image.read().unwrap().pixels()[0] == pixel)
        })
        .unwrap();
    let whole = fs::read(&path).unwrap();
    let set = open(path.to_str().unwrap(), &OpenOptions::default())
        .unwrap()
        .train;
    let index = (0..15).find(|&index| set.image(index).unwrap().pixels()[0] == pixel);
    let name = set.file(index.unwrap()).unwrap().display().to_string();
    let mut damaged = whole.clone();
    let header = whole
        .windows(name.len())
        .position(|found| found == name.as_bytes());
    damaged[header.unwrap() + 512 + 60] ^= 0xff;
    fs::write(&path, damaged).unwrap();
    let told = train(&split, &config(), &Alone, Some(&ended), &mut observer).unwrap_err();
    let told = told.to_string();
    let shard = path.file_name().unwrap().to_str().unwrap();
    assert!(told.contains(shard) && told.contains(&name), "{told}");
    fs::write(&path, whole).unwrap();
    struct Resumed(Option<usize>);
    impl Observer for Resumed {
        fn started(&mut self, report: &crate::run::reports::StartReport) {
            self.0 = report.resumed.as_ref().map(|resumed| resumed.steps_done);
        }
    }
    let mut resumed = Resumed(None);
    train(&split, &config(), &Alone, Some(&ended), &mut resumed).unwrap();
    assert_eq!(
        resumed.0,
        Some(split.train.len().div_ceil(8) - 1),
        "all steps but that of the damaged image"
    );
    let model = |run: &Path| fs::read(run.join("model.safetensors")).unwrap();
    assert!(model(&straight) == model(&ended));
}

fn plan(set: &ImageSet, share: Option<RankShare>, threads: usize) -> BatchPlan {
    BatchPlan {
        order: Some(epoch_order(set, 1, 0)),
        set: set.clone(),
        batch_size: 2,
        share,
        first_batch: 0,
        end_batch: None,
        noise: None,
        neighbors: None,
        threads,
    }
}

#[test]
fn no_more_images_are_held_than_a_few_groups_of_batches() {
    // As many values as make two batches of two a group.
    let folder = shards_of(128);
    for threads in [1, 2] {
        let set = split(folder.path(), 20).train;
        let plan = plan(&set, None, threads);
        assert_eq!(plan.group(), 2);
        // Of each thread what waits and what it makes, and the group that is being taken.
        let most = (threads * (2 + 1) + 1) * 2 * 2;
        assert!(most < set.len(), "{}", set.len());
        let mut taken = 0;
        for batch in BatchLoader::start(plan).unwrap() {
            taken += batch.unwrap().indices.len();
            let read = set.images_read().unwrap() as usize;
            assert!(read <= taken + most, "{read} read when {taken} are taken");
        }
        assert_eq!(set.images_read(), Some(set.len() as u64), "each once");
    }
}

#[test]
fn a_rank_decodes_its_own_images_alone() {
    let folder = shards();
    let images = split(folder.path(), 20).train.len();
    let mut all = 0;
    for rank in 0..2 {
        // A set of its own, as a process has.
        let set = split(folder.path(), 20).train;
        let share = RankShare {
            parts: 2,
            rank,
            size: 2,
        };
        let batches = BatchLoader::start(plan(&set, Some(share), 1)).unwrap();
        let own: usize = batches.map(|batch| batch.unwrap().indices.len()).sum();
        assert_eq!(set.images_read(), Some(own as u64));
        all += own;
    }
    assert_eq!(all, images);
}
