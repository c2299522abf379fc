//! BM3D written down again for the tests: in `f64`, one plane, every sum from its definition, matrices for all transforms.

use crate::filters::bm3d::profile::StageSettings;

/// A plane and its width.
#[derive(Clone)]
pub(super) struct Plane {
    pub(super) values: Vec<f64>,
    pub(super) width: usize,
}

impl Plane {
    fn height(&self) -> usize {
        self.values.len() / self.width
    }

    fn block(&self, side: usize, (row, column): (usize, usize)) -> Vec<f64> {
        (0..side * side)
            .map(|place| self.values[(row + place / side) * self.width + column + place % side])
            .collect()
    }
}

/// A matrix by rows.
type Matrix = Vec<Vec<f64>>;

/// Both stages.
pub(super) fn bm3d(
    noisy: &Plane,
    sigma: f64,
    threshold: f64,
    (first, second): (&StageSettings, &StageSettings),
    (first_side, second_side): (usize, usize),
    (first_step, second_step): (usize, usize),
) -> Plane {
    let wavelets = biorthogonal(first_side);
    let basic = stage(
        noisy,
        noisy,
        first,
        (first_side, first_step),
        &|noisy, _| {
            let haar = haar(noisy.len());
            let mut group = transformed(noisy, &wavelets, &haar);
            let mut kept = 0;
            for value in group.iter_mut().flatten() {
                if value.abs() > threshold * sigma {
                    kept += 1;
                } else {
                    *value = 0.0;
                }
            }
            let back = transformed(&group, &inverse(&wavelets), &inverse(&haar));
            (back, 1.0 / f64::from(kept.max(1)))
        },
    );
    let cosines = cosine(second_side);
    stage(
        noisy,
        &basic,
        second,
        (second_side, second_step),
        &|noisy, basic| {
            let haar = haar(noisy.len());
            let mut group = transformed(noisy, &cosines, &haar);
            let pilots = transformed(basic, &cosines, &haar);
            let mut energy = 0.0;
            for (value, pilot) in group.iter_mut().flatten().zip(pilots.iter().flatten()) {
                let share = pilot * pilot / (pilot * pilot + sigma * sigma);
                *value *= share;
                energy += share * share;
            }
            let back = transformed(&group, &inverse(&cosines), &inverse(&haar));
            (back, 1.0 / energy.max(1.0))
        },
    )
}

/// Blocks of a group to estimates of them and their weight.
type Shrink<'a> = &'a dyn Fn(&[Vec<f64>], &[Vec<f64>]) -> (Vec<Vec<f64>>, f64);

fn stage(
    noisy: &Plane,
    guide: &Plane,
    settings: &StageSettings,
    (side, step): (usize, usize),
    shrink: Shrink<'_>,
) -> Plane {
    let (last_row, last_column) = (noisy.height() - side, noisy.width - side);
    let along = |last: usize| (0..=last).filter(move |at| at % step == 0 || *at == last);
    let mut sums = vec![0.0; noisy.values.len()];
    let mut weights = vec![0.0; noisy.values.len()];
    for row in along(last_row) {
        for column in along(last_column) {
            let reference = guide.block(side, (row, column));
            let mut candidates = Vec::new();
            for y in 0..=last_row {
                for x in 0..=last_column {
                    if y.abs_diff(row) <= settings.search_radius
                        && x.abs_diff(column) <= settings.search_radius
                    {
                        let pairs = reference.iter().zip(guide.block(side, (y, x)));
                        let distance =
                            pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>() / (side * side) as f64;
                        if distance <= f64::from(settings.match_threshold) {
                            // Ties as the search meets them: by how far away they are.
                            let (down, right) = (y as i64 - row as i64, x as i64 - column as i64);
                            candidates.push((distance, down * down + right * right, y, x));
                        }
                    }
                }
            }
            candidates.sort_by(|a, b| a.partial_cmp(b).unwrap());
            candidates.truncate(settings.most_blocks);
            candidates.truncate(1 << candidates.len().ilog2());
            let blocks = |plane: &Plane| -> Vec<Vec<f64>> {
                let places = candidates.iter();
                places
                    .map(|&(_, _, y, x)| plane.block(side, (y, x)))
                    .collect()
            };
            let (estimates, weight) = shrink(&blocks(noisy), &blocks(guide));
            for (estimate, &(_, _, y, x)) in estimates.iter().zip(&candidates) {
                for (place, value) in estimate.iter().enumerate() {
                    let (down, right) = (place / side, place % side);
                    let weight = weight
                        * kaiser(down, side, settings.kaiser_beta)
                        * kaiser(right, side, settings.kaiser_beta);
                    sums[(y + down) * noisy.width + x + right] += weight * value;
                    weights[(y + down) * noisy.width + x + right] += weight;
                }
            }
        }
    }
    let values = sums
        .iter()
        .zip(&weights)
        .map(|(sum, weight)| sum / weight)
        .collect();
    Plane {
        values,
        width: noisy.width,
    }
}

/// The 2-D transform of every block as one sum over the block, then the sum over the group.
fn transformed(group: &[Vec<f64>], spatial: &Matrix, along: &Matrix) -> Vec<Vec<f64>> {
    let side = spatial.len();
    let in_blocks: Vec<Vec<f64>> = group
        .iter()
        .map(|block| {
            (0..side * side)
                .map(|place| {
                    let (u, v) = (place / side, place % side);
                    let terms = block.iter().enumerate();
                    terms
                        .map(|(from, value)| {
                            spatial[u][from / side] * spatial[v][from % side] * value
                        })
                        .sum()
                })
                .collect()
        })
        .collect();
    along
        .iter()
        .map(|row| {
            (0..side * side)
                .map(|place| {
                    row.iter()
                        .zip(&in_blocks)
                        .map(|(w, block)| w * block[place])
                        .sum()
                })
                .collect()
        })
        .collect()
}

/// Haar's matrix from its functions: +1 on the first half of an interval, -1 on the second.
fn haar(length: usize) -> Matrix {
    let mut rows = vec![vec![(length as f64).sqrt().recip(); length]];
    let mut interval = length;
    while interval > 1 {
        for start in (0..length).step_by(interval) {
            let height = (interval as f64).sqrt().recip();
            let mut row = vec![0.0; length];
            row[start..start + interval / 2].fill(height);
            row[start + interval / 2..start + interval].fill(-height);
            rows.push(row);
        }
        interval /= 2;
    }
    rows
}

fn cosine(side: usize) -> Matrix {
    let mut rows: Matrix = (0..side)
        .map(|frequency| {
            (0..side)
                .map(|at| {
                    (std::f64::consts::PI * (2 * at + 1) as f64 * frequency as f64
                        / (2 * side) as f64)
                        .cos()
                })
                .collect()
        })
        .collect();
    normalize(&mut rows);
    rows
}

/// Analysis functions of the wavelet 1.5 by going up from each coefficient: a level's functions are sums of the finer
/// level's.
fn biorthogonal(side: usize) -> Matrix {
    let taps = [3.0, -3.0, -22.0, 22.0, 128.0, 128.0, 22.0, -22.0, -3.0, 3.0];
    let mut finer: Matrix = (0..side)
        .map(|at| {
            (0..side)
                .map(|other| f64::from(u8::from(at == other)))
                .collect()
        })
        .collect();
    let mut rows = Vec::new();
    while finer.len() > 1 {
        let length = finer.len() as i64;
        let combined = |pair: usize, weights: &dyn Fn(i64) -> f64| -> Vec<f64> {
            let mut sum = vec![0.0; side];
            for shift in -4..6 {
                let function = &finer[(2 * pair as i64 + shift).rem_euclid(length) as usize];
                for (sum, value) in sum.iter_mut().zip(function) {
                    *sum += weights(shift) * value;
                }
            }
            sum
        };
        for pair in 0..finer.len() / 2 {
            rows.push(combined(pair, &|shift| match shift {
                0 => 1.0,
                1 => -1.0,
                _ => 0.0,
            }));
        }
        finer = (0..finer.len() / 2)
            .map(|pair| combined(pair, &|shift| taps[(shift + 4) as usize]))
            .collect();
    }
    rows.extend(finer);
    normalize(&mut rows);
    rows
}

fn normalize(rows: &mut Matrix) {
    for row in rows {
        let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
        row.iter_mut().for_each(|value| *value /= length);
    }
}

/// The inverse by solving for each unit vector with conjugate gradients on the normal equations.
fn inverse(matrix: &Matrix) -> Matrix {
    let length = matrix.len();
    let times = |x: &[f64]| -> Vec<f64> {
        let product = |row: &Vec<f64>| row.iter().zip(x).map(|(a, b)| a * b).sum();
        matrix.iter().map(product).collect()
    };
    let transposed_times = |y: &[f64]| -> Vec<f64> {
        (0..length)
            .map(|column| matrix.iter().zip(y).map(|(row, b)| row[column] * b).sum())
            .collect()
    };
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let mut inverse = vec![vec![0.0; length]; length];
    for unit in 0..length {
        let mut solution = vec![0.0; length];
        let mut target = vec![0.0; length];
        target[unit] = 1.0;
        let mut residual = transposed_times(&target);
        let mut direction = residual.clone();
        for _ in 0..10 * length {
            let norm = dot(&residual, &residual);
            if norm < 1e-28 {
                break;
            }
            let image = transposed_times(&times(&direction));
            let step = norm / dot(&direction, &image);
            for place in 0..length {
                solution[place] += step * direction[place];
                residual[place] -= step * image[place];
            }
            let share = dot(&residual, &residual) / norm;
            for place in 0..length {
                direction[place] = residual[place] + share * direction[place];
            }
        }
        for (row, value) in inverse.iter_mut().zip(solution) {
            row[unit] = value;
        }
    }
    inverse
}

/// One value of a Kaiser window; the Bessel function as the mean of exp(x cos t) over a circle.
fn kaiser(at: usize, side: usize, beta: f64) -> f64 {
    let bessel = |x: f64| -> f64 {
        let steps = 64;
        let angle = |step: i32| 2.0 * std::f64::consts::PI * f64::from(step) / f64::from(steps);
        (0..steps)
            .map(|step| (x * angle(step).cos()).exp())
            .sum::<f64>()
            / f64::from(steps)
    };
    let place = 2.0 * at as f64 / (side - 1) as f64 - 1.0;
    bessel(beta * (1.0 - place * place).max(0.0).sqrt()) / bessel(beta)
}
