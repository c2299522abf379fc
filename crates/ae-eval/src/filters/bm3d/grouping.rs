//! Block matching: the blocks of a plane that are most like a reference block.

use crate::filters::bm3d::profile::{MOST_BLOCKS, StageSettings};

/// Reference blocks that are matched at once: `rows` by `columns` of them, `STEP` pixels apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) column: usize,
    pub(super) columns: usize,
}

impl Tile {
    /// Most rows of reference blocks.
    pub(super) const MOST_ROWS: usize = 8;
    /// Most columns: two vectors of them, but for what the last ones take from columns further right.
    pub(super) const MOST_COLUMNS: usize = 2 * LANES - 2;
}

/// Reference blocks side by side whose distances are one vector.
const LANES: usize = 16;
type Lanes = [f32; LANES];

/// The blocks found for one reference block: the nearest first, ties in the order of the search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Distance in the upper half, the number of the offset in the lower.
    keys: [u64; MOST_BLOCKS],
    len: usize,
}

impl Group {
    const EMPTY: Self = Self {
        keys: [0; MOST_BLOCKS],
        len: 0,
    };

    /// Inserts a block in order; the last falls out where there are `most`. Gives the distance from which on a block does not get
    /// in any more.
    #[inline(always)]
    fn insert(&mut self, distance: f32, offset: usize, most: usize, limit: f32) -> f32 {
        // Distances are not negative, so their bits have their order.
        let key = (u64::from(distance.to_bits()) << 32) | offset as u64;
        let mut place = self.len.min(most - 1);
        self.len = (self.len + 1).min(most);
        while place > 0 && self.keys[place - 1] > key {
            self.keys[place] = self.keys[place - 1];
            place -= 1;
        }
        self.keys[place] = key;
        if self.len < most {
            limit
        } else {
            f32::from_bits((self.keys[most - 1] >> 32) as u32)
        }
    }
}

/// Finds groups in one plane by exhaustive search, for reference blocks `STEP` pixels apart.
///
/// Columns are kept by their remainder modulo `STEP`, so that those which neighboring reference blocks have at one place of
/// theirs lie side by side. A row of `SIDE` pixels is `SIDE / STEP` runs of `STEP` and a part of one more; blocks share
/// the sums of their runs, in both directions.
pub(super) struct Matcher<const SIDE: usize, const STEP: usize> {
    /// `[row, remainder, column / STEP]`, not a number beyond the edges: no distance to there is near.
    plane: Vec<f32>,
    /// Values of one remainder in a row.
    line: usize,
    /// Columns to the left of the first, in `STEP`s.
    margin: usize,
    height: usize,
    width: usize,
    search_radius: usize,
    most_blocks: usize,
    threshold: f32,
    /// All (down, right), the nearest first: the reference block itself, then those that are likely to be most like it.
    offsets: Vec<(isize, isize)>,
}

impl<const SIDE: usize, const STEP: usize> Matcher<SIDE, STEP> {
    /// Whole runs in a block's side.
    const RUNS: usize = SIDE / STEP;
    /// Pixels of the part of a run after them.
    const REST: usize = SIDE % STEP;

    pub(super) fn new(
        plane: &[f32],
        height: usize,
        width: usize,
        settings: &StageSettings,
    ) -> Self {
        let radius = settings.search_radius;
        let margin = radius.div_ceil(STEP);
        let line = 2 * margin + width.div_ceil(STEP) + 2 * LANES;
        let rows = height + 2 * radius + STEP;
        let mut by_remainder = vec![f32::NAN; rows * STEP * line];
        for (row, values) in plane.chunks_exact(width).enumerate() {
            for (column, value) in values.iter().enumerate() {
                let place = (row + radius) * STEP + column % STEP;
                by_remainder[place * line + margin + column / STEP] = *value;
            }
        }
        let reach = radius as isize;
        let mut offsets: Vec<(isize, isize)> = (-reach..=reach)
            .flat_map(|down| (-reach..=reach).map(move |right| (down, right)))
            .collect();
        offsets.sort_by_key(|&(down, right)| (down * down + right * right, down, right));
        Self {
            plane: by_remainder,
            line,
            margin,
            height,
            width,
            search_radius: radius,
            most_blocks: settings.most_blocks,
            threshold: settings.match_threshold,
            offsets,
        }
    }

    /// Finds the groups of a tile's reference blocks, row by row; `groups` is overwritten.
    #[inline(always)]
    pub(super) fn find(&self, tile: Tile, groups: &mut Vec<Group>) {
        // The largest mean is allowed itself.
        let limit = (self.threshold * (SIDE * SIDE) as f32).next_up();
        let mut worst = [[-1.0; 2 * LANES]; Tile::MOST_ROWS];
        groups.clear();
        for row in 0..tile.rows {
            for column in 0..tile.columns {
                let mut group = Group::EMPTY;
                worst[row][column] = group.insert(0.0, 0, self.most_blocks, limit);
                groups.push(group);
            }
        }
        let last_row = tile.row + STEP * (tile.rows - 1);
        let mut distances = [[0.0; 2 * LANES]; Tile::MOST_ROWS];
        for number in 1..self.offsets.len() {
            let (down, right) = self.offsets[number];
            let first = tile.row as isize + down;
            if last_row as isize + down < 0 || first > (self.height - SIDE) as isize {
                continue;
            }
            self.measure(tile, (down, right), &mut distances);
            for row in 0..tile.rows {
                for start in (0..tile.columns).step_by(LANES) {
                    let mut nearer = 0_u32;
                    for lane in 0..LANES {
                        let is_nearer = distances[row][start + lane] < worst[row][start + lane];
                        nearer |= u32::from(is_nearer) << lane;
                    }
                    while nearer != 0 {
                        let column = start + nearer.trailing_zeros() as usize;
                        nearer &= nearer - 1;
                        worst[row][column] = groups[row * tile.columns + column].insert(
                            distances[row][column],
                            number,
                            self.most_blocks,
                            limit,
                        );
                    }
                }
            }
        }
    }

    /// The sums of squared differences between the tile's reference blocks and the blocks at an offset from each.
    #[inline(always)]
    fn measure(
        &self,
        tile: Tile,
        (down, right): (isize, isize),
        distances: &mut [[f32; 2 * LANES]; Tile::MOST_ROWS],
    ) {
        // Sums over a block's rows: of whole runs of columns, and of the first columns of runs.
        let mut whole = [[0.0; 3 * LANES]; Tile::MOST_ROWS];
        let mut partial = [[0.0; 3 * LANES]; Tile::MOST_ROWS];
        let lanes = tile.columns + SIDE.div_ceil(STEP) - 1;
        for start in (0..lanes).step_by(LANES) {
            self.sum_rows(tile, (down, right), start, &mut whole, &mut partial);
        }
        for row in 0..tile.rows {
            for start in (0..tile.columns).step_by(LANES) {
                let mut sums = [0.0; LANES];
                for run in 0..Self::RUNS {
                    add(&mut sums, lanes_at(&whole[row], start + run));
                }
                if Self::REST > 0 {
                    add(&mut sums, lanes_at(&partial[row], start + Self::RUNS));
                }
                distances[row][start..start + LANES].copy_from_slice(&sums);
            }
        }
    }

    /// The part of [`measure`](Self::measure) that adds up rows, for the runs of columns from `start` on.
    #[inline(always)]
    fn sum_rows(
        &self,
        tile: Tile,
        (down, right): (isize, isize),
        start: usize,
        whole: &mut [[f32; 3 * LANES]; Tile::MOST_ROWS],
        partial: &mut [[f32; 3 * LANES]; Tile::MOST_ROWS],
    ) {
        const MOST_RUNS: usize = Tile::MOST_ROWS + 2;
        // Of each run of rows: (all its rows, its first) by (all the columns of a run, its first).
        let mut all_all = [[0.0; LANES]; MOST_RUNS];
        let mut all_first = [[0.0; LANES]; MOST_RUNS];
        let mut first_all = [[0.0; LANES]; MOST_RUNS];
        let mut first_first = [[0.0; LANES]; MOST_RUNS];
        let runs = tile.rows - 1 + SIDE.div_ceil(STEP);
        let here = tile.column + self.margin * STEP;
        let there = here.wrapping_add_signed(right);
        let other_row = (tile.row + self.search_radius).wrapping_add_signed(down);
        for run in 0..runs {
            let mut all = [0.0; LANES];
            let mut first = [0.0; LANES];
            for row in 0..STEP {
                if Self::REST > 0 && row == Self::REST {
                    first_all[run] = all;
                    first_first[run] = first;
                }
                let below = run * STEP + row;
                for column in 0..STEP {
                    let a = self.lanes(tile.row + self.search_radius + below, here + column, start);
                    let b = self.lanes(other_row + below, there + column, start);
                    for lane in 0..LANES {
                        let difference = a[lane] - b[lane];
                        let square = difference * difference;
                        all[lane] += square;
                        if column < Self::REST {
                            first[lane] += square;
                        }
                    }
                }
            }
            all_all[run] = all;
            all_first[run] = first;
        }
        for row in 0..tile.rows {
            let mut all = [0.0; LANES];
            let mut first = [0.0; LANES];
            for run in row..row + Self::RUNS {
                add(&mut all, &all_all[run]);
                add(&mut first, &all_first[run]);
            }
            if Self::REST > 0 {
                add(&mut all, &first_all[row + Self::RUNS]);
                add(&mut first, &first_first[row + Self::RUNS]);
            }
            whole[row][start..start + LANES].copy_from_slice(&all);
            partial[row][start..start + LANES].copy_from_slice(&first);
        }
    }

    /// The pixels of a row (counted from the margin) at `column` and then every `STEP`-th, from the `start`-th of those on.
    #[inline(always)]
    fn lanes(&self, row: usize, column: usize, start: usize) -> &Lanes {
        let line = row * STEP + column % STEP;
        lanes_at(&self.plane, line * self.line + column / STEP + start)
    }

    /// Where the blocks of a group lie in the plane, the reference block first: as many as the largest power of two that
    /// the group has.
    #[inline(always)]
    pub(super) fn starts<'a>(
        &self,
        (row, column): (usize, usize),
        group: &Group,
        starts: &'a mut [usize; MOST_BLOCKS],
    ) -> &'a [usize] {
        let count = 1 << group.len.ilog2();
        let reference = row * self.width + column;
        for place in 0..count {
            let (down, right) = self.offsets[group.keys[place] as u32 as usize];
            starts[place] = reference.wrapping_add_signed(down * self.width as isize + right);
        }
        &starts[..count]
    }
}

#[inline(always)]
fn lanes_at(values: &[f32], start: usize) -> &Lanes {
    values[start..start + LANES].as_array().expect("so many")
}

#[inline(always)]
fn add(sums: &mut Lanes, values: &Lanes) {
    for lane in 0..LANES {
        sums[lane] += values[lane];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values whose differences and their sums have no rounding.
    fn plane(height: usize, width: usize) -> Vec<f32> {
        (0..height * width)
            .map(|index| ((index * index * 7 + index * 31) % 64) as f32 / 64.0)
            .collect()
    }

    fn settings(most_blocks: usize, match_threshold: f32) -> StageSettings {
        StageSettings {
            search_radius: 5,
            most_blocks,
            match_threshold,
            kaiser_beta: 2.0,
        }
    }

    /// Every candidate's distance, sorted.
    fn naive<const SIDE: usize>(
        plane: &[f32],
        (height, width): (usize, usize),
        (row, column): (usize, usize),
        settings: &StageSettings,
    ) -> Vec<(f64, usize)> {
        let mut found = Vec::new();
        for other_row in 0..=height - SIDE {
            for other_column in 0..=width - SIDE {
                if other_row.abs_diff(row) > settings.search_radius
                    || other_column.abs_diff(column) > settings.search_radius
                {
                    continue;
                }
                let mut sum = 0.0;
                for y in 0..SIDE {
                    for x in 0..SIDE {
                        let a = plane[(row + y) * width + column + x];
                        let b = plane[(other_row + y) * width + other_column + x];
                        sum += f64::from(a - b).powi(2);
                    }
                }
                let mean = sum / (SIDE * SIDE) as f64;
                if mean <= f64::from(settings.match_threshold) {
                    found.push((mean, other_row * width + other_column));
                }
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found
    }

    fn check<const SIDE: usize, const STEP: usize>(
        height: usize,
        width: usize,
        settings: &StageSettings,
    ) {
        let plane = plane(height, width);
        let matcher = Matcher::<SIDE, STEP>::new(&plane, height, width, settings);
        let mut groups = Vec::new();
        let mut starts = [0; MOST_BLOCKS];
        let fitting = |length: usize| (length - SIDE) / STEP + 1;
        // From the upper left corner on, and the last one alone.
        let corner = Tile {
            row: 0,
            rows: fitting(height).min(Tile::MOST_ROWS),
            column: 0,
            columns: fitting(width).min(Tile::MOST_COLUMNS),
        };
        let last = Tile {
            row: height - SIDE,
            rows: 1,
            column: width - SIDE,
            columns: 1,
        };
        for tile in [corner, last] {
            matcher.find(tile, &mut groups);
            assert_eq!(groups.len(), tile.rows * tile.columns);
            for (index, group) in groups.iter().enumerate() {
                let row = tile.row + STEP * (index / tile.columns);
                let column = tile.column + STEP * (index % tile.columns);
                let found = matcher.starts((row, column), group, &mut starts);
                let expected = naive::<SIDE>(&plane, (height, width), (row, column), settings);
                let what = format!("{height}x{width}, {settings:?}, {row}, {column}");
                let kept = expected.len().min(settings.most_blocks);
                assert_eq!(group.len, kept, "{what}");
                assert_eq!(found.len(), 1 << kept.ilog2(), "{what}");
                assert_eq!(found[0], row * width + column, "{what}");
                // Ties are free: what must agree is the distance at each place.
                for (place, start) in found.iter().enumerate() {
                    let own = expected.iter().find(|(_, other)| other == start);
                    let (distance, _) = own.unwrap_or_else(|| panic!("{what}: {start}"));
                    assert_eq!(*distance, expected[place].0, "{what}");
                }
                let different: std::collections::BTreeSet<_> = found.iter().collect();
                assert_eq!(different.len(), found.len(), "{what}");
            }
        }
    }

    #[test]
    fn finds_what_sorting_all_candidates_finds() {
        for most_blocks in [1, 16, 32] {
            for threshold in [0.0, 0.12, 0.17, 100.0] {
                let settings = settings(most_blocks, threshold);
                check::<8, 3>(8, 8, &settings);
                check::<8, 3>(34, 30, &settings);
                check::<8, 4>(17, 135, &settings);
                check::<11, 6>(14, 100, &settings);
            }
        }
    }

    #[test]
    fn a_distance_at_the_threshold_is_near_enough() {
        // Two blocks that differ by 1/8 in every pixel: the mean squared difference is 1/64 exactly.
        let plane: Vec<f32> = (0..128).map(|index| [0.25, 0.375][index / 64]).collect();
        for (threshold, expected) in [(1.0 / 64.0, 2), (0.015, 1)] {
            let settings = StageSettings {
                search_radius: 8,
                ..settings(16, threshold)
            };
            let matcher = Matcher::<8, 3>::new(&plane, 16, 8, &settings);
            let mut groups = Vec::new();
            matcher.find(ONE, &mut groups);
            let near: Vec<_> = naive::<8>(&plane, (16, 8), (0, 0), &settings);
            assert_eq!(groups[0].len, near.len());
            assert_eq!(near.iter().any(|&(_, start)| start == 64), expected == 2);
        }
    }

    #[test]
    fn the_reference_itself_is_there_where_nothing_compares() {
        let plane = vec![f32::NAN; 256];
        let matcher = Matcher::<8, 3>::new(&plane, 16, 16, &settings(16, 1.0));
        let mut groups = Vec::new();
        matcher.find(ONE, &mut groups);
        let mut starts = [0; MOST_BLOCKS];
        assert_eq!(matcher.starts((3, 3), &groups[0], &mut starts), [51]);
    }

    const ONE: Tile = Tile {
        row: 0,
        rows: 1,
        column: 0,
        columns: 1,
    };
}
