//! The order in which an epoch goes through its images.

use std::sync::Arc;

use ae_data::ImageSet;
use ae_random::{Draw, Purpose};

/// Images that lie one after the other and stay together until the buffer mixes them.
const RUN_IMAGES: usize = 256;

/// The order of an epoch over a set: any order is as likely as any other, but where images are read from shards, those that lie
/// near each other are read near each other.
pub(crate) fn epoch_order(set: &ImageSet, seed: u64, epoch: u64) -> Arc<[usize]> {
    match set.shuffle_buffer() {
        Some(buffer) => shuffled_in_runs(seed, epoch, set.len(), buffer),
        None => shuffled(seed, epoch, set.len()),
    }
}

/// Any order is as likely as any other.
pub(crate) fn shuffled(seed: u64, epoch: u64, images: usize) -> Arc<[usize]> {
    draw(seed, epoch, 0).permutation(images).into()
}

/// Runs of images in an order drawn from (seed, epoch), and in that the images of each buffer, one after the other, in orders
/// drawn from (seed, epoch, the buffer's number).
///
/// Each image comes once. Those of a buffer lie in a few runs, so that reading them touches a few places of the shards; and runs
/// come from all over the set, so that a set that is sorted by class is mixed as well as one that isn't.
fn shuffled_in_runs(seed: u64, epoch: u64, images: usize, buffer: usize) -> Arc<[usize]> {
    let runs = draw(seed, epoch, 0).permutation(images.div_ceil(RUN_IMAGES));
    let mut order = Vec::with_capacity(images);
    for run in runs {
        let start = run * RUN_IMAGES;
        order.extend(start..(start + RUN_IMAGES).min(images));
    }
    for (number, buffer) in order.chunks_mut(buffer.max(1)).enumerate() {
        let places = draw(seed, epoch, 1 + number as u64).permutation(buffer.len());
        let unmixed = buffer.to_vec();
        for (image, place) in buffer.iter_mut().zip(places) {
            *image = unmixed[place];
        }
    }
    order.into()
}

fn draw(seed: u64, epoch: u64, index: u64) -> ae_random::RandomStream {
    Draw {
        seed,
        purpose: Purpose::Shuffle,
        epoch,
        index,
    }
    .stream()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_comes_once_an_epoch_whatever_the_buffer() {
        for images in [1, 2, 255, 256, 257, 5_000] {
            for buffer in [1, 7, 256, 1_000, 5_000, 100_000] {
                let mut orders = Vec::new();
                for (seed, epoch) in [(1, 0), (1, 1), (2, 0)] {
                    let order = shuffled_in_runs(seed, epoch, images, buffer);
                    assert_eq!(order, shuffled_in_runs(seed, epoch, images, buffer));
                    let mut sorted = order.to_vec();
                    sorted.sort_unstable();
                    assert!(sorted.into_iter().eq(0..images), "{images} {buffer}");
                    assert!(
                        !orders.contains(&order) || images < 3 || buffer == 1,
                        "{images} {buffer}"
                    );
                    orders.push(order);
                }
            }
        }
    }

    #[test]
    fn a_buffer_s_images_lie_in_a_few_runs_from_all_over_the_set() {
        let (images, buffer) = (100_000, 2_560);
        let order = shuffled_in_runs(3, 1, images, buffer);
        let mut spans = Vec::new();
        for buffer in order.chunks_exact(buffer) {
            let mut runs: Vec<usize> = buffer.iter().map(|image| image / RUN_IMAGES).collect();
            let neighbors = runs.windows(2).filter(|two| two[0] == two[1]).count();
            assert!(
                neighbors < buffer.len() / 4,
                "mixed, not one run after the other"
            );
            runs.sort_unstable();
            runs.dedup();
            // Ten, and one that the one before has begun, and the set's last, which is not whole.
            assert!(runs.len() <= 12, "{}", runs.len());
            spans.push(runs[runs.len() - 1] - runs[0]);
        }
        let mean = spans.iter().sum::<usize>() / spans.len();
        assert!(mean > images / RUN_IMAGES / 2, "{mean}");
    }
}
