//! One stage: groups of all reference blocks, filtered and aggregated, by tiles.

use rayon::prelude::*;

use crate::filters::bm3d::aggregation::{Sums, kaiser_window};
use crate::filters::bm3d::blocks::Block;
use crate::filters::bm3d::grouping::{Matcher, Tile};
use crate::filters::bm3d::profile::{MOST_BLOCKS, StageSettings};

/// Tiles whose sums are held at once, for each thread.
const TILES_PER_THREAD: usize = 4;

/// Channels and sides of the planes that a stage works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Extent {
    pub(super) fn pixels(&self) -> usize {
        self.height * self.width
    }

    pub(super) fn values(&self) -> usize {
        self.channels * self.pixels()
    }
}

/// What a stage does to a group.
pub(super) trait GroupFilter<const SIDE: usize>: Sync {
    /// Estimates the blocks that lie at `starts` of a channel; the first `starts.len()` of `estimates` are overwritten, `memory` is
    /// room to work in. Gives the weight of all of them.
    fn estimate(
        &self,
        channel: usize,
        starts: &[usize],
        estimates: &mut [Block<SIDE>],
        memory: &mut [Block<SIDE>],
    ) -> f32;
}

/// Finds groups on the first channel of `guide`, filters them in every channel and brings the estimates together; reference
/// blocks are `STEP` pixels apart, and the last of a side is at its end.
///
/// Tiles' sums are added in the order of the tiles, so that the result does not depend on threads.
///
/// # Shapes
/// - `guide`, output: `[channels, height, width]`, sides of at least `SIDE`
pub(super) fn filter_stage<const SIDE: usize, const STEP: usize>(
    extent: Extent,
    guide: &[f32],
    settings: &StageSettings,
    filter: &impl GroupFilter<SIDE>,
) -> Vec<f32> {
    const {
        assert!(STEP <= SIDE, "every pixel lies in some reference block");
    }
    let stage = Stage::<SIDE, STEP, _> {
        extent,
        matcher: Matcher::new(
            &guide[..extent.pixels()],
            extent.height,
            extent.width,
            settings,
        ),
        search_radius: settings.search_radius,
        window: kaiser_window(settings.kaiser_beta),
        filter,
    };
    let columns = runs(extent.width - SIDE, STEP, Tile::MOST_COLUMNS);
    let tiles: Vec<Tile> = runs(extent.height - SIDE, STEP, Tile::MOST_ROWS)
        .into_iter()
        .flat_map(|(row, rows)| {
            columns.iter().map(move |&(column, columns)| Tile {
                row,
                rows,
                column,
                columns,
            })
        })
        .collect();
    let mut sums = Sums::new(extent.channels, 0..extent.height, 0..extent.width);
    for tiles in tiles.chunks(TILES_PER_THREAD * rayon::current_num_threads()) {
        let parts: Vec<Sums> = tiles
            .par_iter()
            .map(|&tile| stage.filter_tile(tile))
            .collect();
        for part in &parts {
            sums.add(part);
        }
    }
    sums.into_means()
}

/// Positions `0, step, 2 step, ...` up to `last`, and `last` itself, in runs of at most `most`: the first position and the
/// count of each.
fn runs(last: usize, step: usize, most: usize) -> Vec<(usize, usize)> {
    let count = last / step + 1;
    let mut runs: Vec<(usize, usize)> = (0..count)
        .step_by(most)
        .map(|first| (first * step, most.min(count - first)))
        .collect();
    if !last.is_multiple_of(step) {
        runs.push((last, 1));
    }
    runs
}

struct Stage<'a, const SIDE: usize, const STEP: usize, F> {
    extent: Extent,
    matcher: Matcher<SIDE, STEP>,
    search_radius: usize,
    window: Block<SIDE>,
    filter: &'a F,
}

impl<const SIDE: usize, const STEP: usize, F: GroupFilter<SIDE>> Stage<'_, SIDE, STEP, F> {
    /// The tile compiled for the machine's widest vectors; without fused products, so that all give the same bits.
    fn filter_tile(&self, tile: Tile) -> Sums {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || self.filter_tile_inline(tile),
        )
    }

    // The loops count, for what iterators don't inline is compiled without the instruction set.
    #[inline(always)]
    fn filter_tile_inline(&self, tile: Tile) -> Sums {
        let reach = |first: usize, count: usize, length: usize| {
            let last = first + STEP * (count - 1) + self.search_radius + SIDE;
            first.saturating_sub(self.search_radius)..last.min(length)
        };
        let mut sums = Sums::new(
            self.extent.channels,
            reach(tile.row, tile.rows, self.extent.height),
            reach(tile.column, tile.columns, self.extent.width),
        );
        let mut groups = Vec::with_capacity(tile.rows * tile.columns);
        self.matcher.find(tile, &mut groups);
        let mut estimates = [[[0.0; SIDE]; SIDE]; MOST_BLOCKS];
        let mut memory = [[[0.0; SIDE]; SIDE]; MOST_BLOCKS];
        let mut starts = [0; MOST_BLOCKS];
        for index in 0..groups.len() {
            let row = tile.row + STEP * (index / tile.columns);
            let column = tile.column + STEP * (index % tile.columns);
            let starts = self
                .matcher
                .starts((row, column), &groups[index], &mut starts);
            for channel in 0..self.extent.channels {
                let weight = self
                    .filter
                    .estimate(channel, starts, &mut estimates, &mut memory);
                let mut weights = self.window;
                for line in 0..SIDE {
                    for place in 0..SIDE {
                        weights[line][place] *= weight;
                    }
                }
                for block in 0..starts.len() {
                    let start = starts[block];
                    let at = (start / self.extent.width, start % self.extent.width);
                    sums.add_block(channel, at, &estimates[block], &weights);
                }
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_blocks_reach_the_end() {
        assert_eq!(runs(0, 3, 2), [(0, 1)]);
        assert_eq!(runs(7, 3, 2), [(0, 2), (6, 1), (7, 1)]);
        assert_eq!(runs(9, 3, 2), [(0, 2), (6, 2)]);
    }

    /// Copies blocks: what comes together is the image.
    struct Copy<'a>(Extent, &'a [f32]);

    impl GroupFilter<8> for Copy<'_> {
        fn estimate(
            &self,
            channel: usize,
            starts: &[usize],
            estimates: &mut [Block<8>],
            _: &mut [Block<8>],
        ) -> f32 {
            for (start, estimate) in starts.iter().zip(estimates) {
                for (row, line) in estimate.iter_mut().enumerate() {
                    let from = channel * self.0.pixels() + start + row * self.0.width;
                    line.copy_from_slice(&self.1[from..from + 8]);
                }
            }
            0.5
        }
    }

    #[test]
    fn copied_blocks_make_the_image_in_tiles_of_any_number() {
        for (channels, height, width) in [(1, 8, 8), (2, 50, 9), (1, 20, 230)] {
            let extent = Extent {
                channels,
                height,
                width,
            };
            let values: Vec<f32> = (0..extent.values())
                .map(|index| ((index * index * 7 + index * 31) % 251) as f32 / 250.0)
                .collect();
            let settings = StageSettings {
                search_radius: 4,
                most_blocks: 16,
                match_threshold: 1.0,
                kaiser_beta: 2.0,
            };
            let found = filter_stage::<8, 3>(extent, &values, &settings, &Copy(extent, &values));
            for (found, expected) in found.iter().zip(&values) {
                assert!((found - expected).abs() < 1e-5, "{extent:?}");
            }
        }
    }
}
