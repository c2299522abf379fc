//! Where the fit of a mixture begins: some rounds of k-means.

use ae_random::{Draw, Purpose};

/// Rounds of nearest centers.
const ROUNDS: usize = 10;

/// The squared Euclidean distance.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Each component's first share of each row, `[rows, components]`: a row belongs wholly to the nearest center.
///
/// # References
/// D. Arthur and S. Vassilvitskii (2007), *k-means++: the advantages of careful seeding*, section 2.2.
pub(super) fn first_shares(rows: &[Vec<f64>], components: usize, seed: u64) -> Vec<f64> {
    let mut rng = Draw {
        seed,
        purpose: Purpose::Latent,
        epoch: 0,
        index: u64::MAX,
    }
    .stream();
    let first = rng.uniform_below(rows.len() as u64) as usize;
    let mut centers = vec![rows[first].clone()];
    let mut nearest: Vec<f64> = rows.iter().map(|row| distance(row, &centers[0])).collect();
    while centers.len() < components {
        let mut point = rng.uniform_f64() * nearest.iter().sum::<f64>();
        let next = nearest
            .iter()
            .position(|&distance| {
                point -= distance;
                point < 0.0
            })
            .unwrap_or(rows.len() - 1);
        for (nearest, row) in nearest.iter_mut().zip(rows) {
            *nearest = nearest.min(distance(row, &rows[next]));
        }
        centers.push(rows[next].clone());
    }
    let closest = |row: &[f64], centers: &[Vec<f64>]| {
        (0..components)
            .min_by(|&a, &b| distance(row, &centers[a]).total_cmp(&distance(row, &centers[b])))
            .unwrap_or(0)
    };
    for _ in 0..ROUNDS {
        let mut sums = vec![(0.0, vec![0.0; rows[0].len()]); components];
        for row in rows {
            let (count, sum) = &mut sums[closest(row, &centers)];
            *count += 1.0;
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += value;
            }
        }
        for (center, (count, sum)) in centers.iter_mut().zip(sums) {
            if count > 0.0 {
                *center = sum.into_iter().map(|sum| sum / count).collect();
            }
        }
    }
    let mut shares = vec![0.0; rows.len() * components];
    for (row, shares) in rows.iter().zip(shares.chunks_exact_mut(components)) {
        shares[closest(row, &centers)] = 1.0;
    }
    shares
}
