//! Batches, made ahead of the loop that uses them.
//!
//! Each thread makes every `threads`-th group of batches and hands it over through a short channel of its own, so they
//! are taken in order without sorting, however the threads are scheduled, and no more than a few wait in memory. A group
//! is one batch, or several that are small: waking the thread for each would take longer than making it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use ae_data::DataError;

use crate::batches::plan::{Batch, BatchPlan};
use crate::error::TrainError;

/// Finished groups that wait per thread.
const GROUPS_AHEAD: usize = 2;

/// Batches that follow one another; after an error nothing follows.
type Group = VecDeque<Result<Batch, DataError>>;

/// The batches of a plan, in order.
pub(crate) struct BatchLoader {
    receivers: Vec<Receiver<Group>>,
    threads: Vec<JoinHandle<()>>,
    /// What is left of the group taken last.
    group: Group,
    groups_taken: usize,
    remaining: usize,
}

impl BatchLoader {
    pub(crate) fn start(plan: BatchPlan) -> Result<Self, TrainError> {
        let remaining = plan.batches().saturating_sub(plan.first_batch);
        let groups = remaining.div_ceil(plan.group());
        let thread_count = plan.threads.clamp(1, groups.max(1));
        let plan = Arc::new(plan);
        let mut loader = Self {
            receivers: Vec::new(),
            threads: Vec::new(),
            group: Group::new(),
            groups_taken: 0,
            remaining,
        };
        for thread in 0..thread_count {
            let (sender, receiver) = sync_channel(GROUPS_AHEAD);
            let plan = Arc::clone(&plan);
            let spawned = Builder::new()
                .name(format!("ae-loader-{thread}"))
                .spawn(move || make_batches(&plan, thread, thread_count, &sender));
            match spawned {
                Ok(handle) => loader.threads.push(handle),
                // The threads that did start end when `loader` is dropped.
                Err(error) => {
                    return Err(TrainError::Device {
                        action: "starting a loader thread",
                        reason: error.to_string(),
                    });
                }
            }
            loader.receivers.push(receiver);
        }
        Ok(loader)
    }
}

fn make_batches(plan: &BatchPlan, thread: usize, threads: usize, sender: &SyncSender<Group>) {
    let size = plan.group();
    for first in (plan.first_batch + thread * size..plan.batches()).step_by(threads * size) {
        let mut group = Group::with_capacity(size);
        let mut failed = false;
        for number in first..plan.batches().min(first + size) {
            let batch = plan.make(number);
            failed = batch.is_err();
            group.push_back(batch);
            if failed {
                break;
            }
        }
        // Nobody listens any more when the loop has ended early.
        if sender.send(group).is_err() || failed {
            return;
        }
    }
}

impl Iterator for BatchLoader {
    type Item = Result<Batch, TrainError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.remaining = self.remaining.checked_sub(1)?;
        if self.group.is_empty() {
            let receiver = &self.receivers[self.groups_taken % self.receivers.len()];
            self.groups_taken += 1;
            match receiver.recv() {
                Ok(group) => self.group = group,
                Err(_) => return Some(Err(TrainError::Loader)),
            }
        }
        let batch = self.group.pop_front()?;
        Some(batch.map_err(TrainError::from))
    }
}

impl Drop for BatchLoader {
    fn drop(&mut self) {
        // A thread that waits for room in its channel wakes up when the channel is gone.
        self.receivers.clear();
        for thread in self.threads.drain(..) {
            // A thread that panicked was noticed as a closed channel.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use ae_data::{ImageSet, ImageShape, NoiseChain};
    use ae_random::{Draw, Purpose};

    use super::*;
    use crate::batches::order::shuffled;
    use crate::batches::plan::BatchNoise;

    fn draw(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> Draw {
        Draw {
            seed,
            purpose,
            epoch,
            index,
        }
    }

    fn set(images: usize) -> ImageSet {
        let shape = ImageShape::new(1, 2, 3);
        let pixels = (0..images * shape.values())
            .map(|value| (value * 7 % 256) as u8)
            .collect();
        ImageSet::from_images("test", shape, pixels, None, Vec::new()).unwrap()
    }

    fn plan(images: usize, batch_size: usize, threads: usize) -> BatchPlan {
        BatchPlan {
            set: set(images),
            order: Some(shuffled(3, 5, images)),
            batch_size,
            share: None,
            first_batch: 0,
            end_batch: None,
            noise: Some(BatchNoise {
                chain: "gaussian:0.5".parse().unwrap(),
                seed: 3,
                purpose: Purpose::Noise,
                epoch: 5,
            }),
            neighbors: None,
            threads,
        }
    }

    fn batches(plan: BatchPlan) -> Vec<Batch> {
        BatchLoader::start(plan)
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn any_number_of_threads_gives_the_same_batches() {
        let expected = batches(plan(1037, 5, 1));
        assert_eq!(expected.len(), 208);
        assert_eq!(
            expected[207].indices.len(),
            2,
            "the last batch takes what is left"
        );
        for threads in [2, 3, 4, 8, 20] {
            assert_eq!(
                batches(plan(1037, 5, threads)),
                expected,
                "{threads} threads"
            );
        }
    }

    #[test]
    fn every_image_comes_once_with_its_own_pixels() {
        let mut seen = Vec::new();
        for batch in batches(plan(37, 5, 2)) {
            for (&index, pixels) in batch.indices.iter().zip(batch.target.chunks_exact(6)) {
                let expected: Vec<f32> = (0..6)
                    .map(|value| ((index as usize * 6 + value) * 7 % 256) as f32 / 255.0)
                    .collect();
                assert_eq!(pixels, expected);
                seen.push(index);
            }
        }
        assert_ne!(seen, (0..37).collect::<Vec<u64>>(), "shuffled");
        seen.sort_unstable();
        assert_eq!(seen, (0..37).collect::<Vec<u64>>());
    }

    #[test]
    fn an_images_noise_does_not_depend_on_the_batch_it_is_in() {
        let by_index = |batch_size| {
            let mut inputs = vec![Vec::new(); 37];
            for batch in batches(plan(37, batch_size, 2)) {
                let input = batch.input.unwrap();
                assert_ne!(input, batch.target);
                for (&index, pixels) in batch.indices.iter().zip(input.chunks_exact(6)) {
                    inputs[index as usize] = pixels.to_vec();
                }
            }
            inputs
        };
        assert_eq!(by_index(5), by_index(37));
    }

    #[test]
    fn epochs_and_seeds_shuffle_differently() {
        assert_ne!(shuffled(1, 0, 50), shuffled(1, 1, 50));
        assert_ne!(shuffled(1, 0, 50), shuffled(2, 0, 50));
        assert_eq!(shuffled(1, 0, 50), shuffled(1, 0, 50));
    }

    #[test]
    fn a_plan_can_begin_in_the_middle() {
        let all = batches(plan(37, 5, 1));
        for threads in [1, 2, 4] {
            assert_eq!(
                batches(BatchPlan {
                    first_batch: 3,
                    ..plan(37, 5, threads)
                }),
                all[3..]
            );
        }
        for threads in [1, 3] {
            assert_eq!(
                batches(BatchPlan {
                    first_batch: 2,
                    end_batch: Some(5),
                    ..plan(37, 5, threads)
                }),
                all[2..5]
            );
        }
        assert!(
            batches(BatchPlan {
                first_batch: 8,
                ..plan(37, 5, 2)
            })
            .is_empty()
        );
    }

    #[test]
    fn small_batches_come_in_groups_and_large_ones_alone() {
        // The images have 6 values each.
        for (batch_size, expected) in [
            (1, 64),
            (1 << 8, 42),
            (1 << 12, 2),
            (1 << 13, 1),
            (1 << 20, 1),
        ] {
            assert_eq!(plan(37, batch_size, 1).group(), expected, "{batch_size}");
        }
        let one_by_one = batches(plan(300, 1, 1));
        assert_eq!(one_by_one.len(), 300);
        assert_eq!(
            one_by_one[150..],
            batches(BatchPlan {
                first_batch: 150,
                ..plan(300, 1, 3)
            })
        );
        let indices = |batches: &[Batch]| -> Vec<u64> {
            batches
                .iter()
                .flat_map(|batch| batch.indices.clone())
                .collect()
        };
        assert_eq!(indices(&one_by_one), indices(&batches(plan(300, 300, 1))));
    }

    #[test]
    fn a_loader_that_is_dropped_early_ends_its_threads() {
        let mut loader = BatchLoader::start(plan(1000, 1, 3)).unwrap();
        loader.next().unwrap().unwrap();
        drop(loader);
    }

    /// Against the definition: an image's pixels, and its noise from (seed, purpose, epoch, index).
    #[test]
    fn whatever_the_plan_an_image_has_the_noise_of_its_own_numbers() {
        for case in 0..150 {
            let mut rng = draw(99, Purpose::Display, 0, case).stream();
            let mut between =
                |low: usize, high: usize| low + rng.uniform_below((high - low + 1) as u64) as usize;
            let images = between(1, 60);
            let (seed, epoch) = (between(0, 1000) as u64, between(0, 50) as u64);
            let chain: NoiseChain = ["none", "gaussian:0.1..0.6", "masking:0.3,speckle:0.2"]
                [between(0, 2)]
            .parse()
            .unwrap();
            let purpose = [Purpose::Noise, Purpose::Validation][between(0, 1)];
            let order = match between(0, 1) {
                0 => None,
                _ => Some(shuffled(seed, epoch, images)),
            };
            let batch_size = between(1, images + 3);
            let first_batch = between(0, images.div_ceil(batch_size));
            let plan = BatchPlan {
                set: set(images),
                order: order.clone(),
                batch_size,
                share: None,
                first_batch,
                end_batch: None,
                noise: Some(BatchNoise {
                    chain: chain.clone(),
                    seed,
                    purpose,
                    epoch,
                }),
                neighbors: None,
                threads: between(1, 5),
            };
            let what = format!("case {case}: {batch_size} of {images} images, {chain}");
            let left_out = (first_batch * batch_size).min(images);
            let expected: Vec<u64> = (0..images)
                .map(|place| order.as_ref().map_or(place, |order| order[place]) as u64)
                .skip(left_out)
                .collect();
            let batches = batches(plan);
            let found = batches.iter().flat_map(|batch| batch.indices.clone());
            assert!(found.eq(expected), "{what}");
            for batch in batches {
                let input = batch.input.unwrap();
                assert!((1..=batch_size).contains(&batch.indices.len()), "{what}");
                for (place, &index) in batch.indices.iter().enumerate() {
                    let values = place * 6..place * 6 + 6;
                    let mut pixels = vec![0.0; 6];
                    set(images)
                        .read_unit_into(index as usize, &mut pixels)
                        .unwrap();
                    assert_eq!(batch.target[values.clone()], pixels, "{what}");
                    let draw = draw(seed, purpose, epoch, index);
                    chain.apply(ImageShape::new(1, 2, 3), &mut pixels, &mut draw.stream());
                    assert_eq!(input[values], pixels, "{what}");
                }
            }
        }
    }
}
