//! Ours beside what crates have, on codes of 32 principal components of notMNIST's letters.
//!
//! ```sh
//! cargo run --release -- DIR/notmnist-8k
//! ```
//!
//! `printed.txt` beside this package is what it printed.

use std::time::Instant;

use ae_data::{ImageSet, OpenOptions};
use ae_eval::tsne::tsne;
use ae_eval::{GaussianMixture, LabeledRows, Pca, neighbor_accuracy};
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::GaussianMixtureModel;
use linfa_nn::distance::L2Dist;
use linfa_nn::{BallTree, KdTree, LinearSearch, NearestNeighbour};
use ndarray::{Array2, ArrayView2, Axis};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

/// Numbers in a code.
const VALUES: usize = 32;

/// Codes and their labels.
struct Codes {
    rows: Vec<f32>,
    labels: Vec<u8>,
}

impl Codes {
    fn labelled(&self) -> LabeledRows<'_> {
        LabeledRows::new(&self.rows, VALUES, &self.labels).expect("a label a row")
    }

    fn in_double(&self) -> Array2<f64> {
        let values = self.rows.iter().map(|&value| value.into()).collect();
        Array2::from_shape_vec((self.labels.len(), VALUES), values).expect("whole rows")
    }
}

fn main() {
    let path = std::env::args().nth(1).expect("a folder of letters");
    let set = ae_data::open(&path, &OpenOptions::default()).expect("it opens");
    let pca = Pca::fit_images(&set.train, VALUES).expect("it fits");
    let train = codes(&set.train, &pca);
    let test = codes(set.test.as_ref().expect("it has test images"), &pca);
    for count in [1_000, 4_000] {
        planes(&train.rows[..count * VALUES], &train.labels[..count]);
    }
    mixtures(&train, &test);
    neighbours(&train, &test);
}

fn codes(set: &ImageSet, pca: &Pca) -> Codes {
    let mut pixels = vec![0.0; set.shape().values()];
    let rows = (0..set.len()).flat_map(|index| {
        set.read_unit_into(index, &mut pixels).expect("it reads");
        pca.encode(&pixels)
    });
    Codes {
        rows: rows.collect(),
        labels: (0..set.len()).filter_map(|index| set.label(index)).collect(),
    }
}

fn planes(rows: &[f32], labels: &[u8]) {
    let samples: Vec<&[f32]> = rows.chunks(VALUES).collect();
    let count = samples.len();
    let report = |name: &str, begin: Instant, points: &[[f64; 2]]| {
        println!(
            "t-SNE of {count}, {name}: {:.2} s, labels told {:.3}, neighbours kept {:.3}",
            begin.elapsed().as_secs_f64(),
            labels_told(points, labels),
            neighbours_kept(rows, points),
        );
    };
    let begin = Instant::now();
    let points = tsne(rows, VALUES, 30.0).expect("it fits");
    report("ours", begin, &points);

    let distance = |a: &&[f32], b: &&[f32]| {
        let squares = a.iter().zip(b.iter()).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f32>().sqrt()
    };
    let pca = Pca::fit(rows, VALUES, 2).expect("it fits");
    let start: Vec<f32> = rows
        .chunks(VALUES)
        .flat_map(|row| pca.encode(row))
        .map(|value| 1e-4 * value)
        .collect();
    let mut before: Option<Vec<f32>> = None;
    for name in ["exact", "fit_sne", "barnes_hut 0.5", "barnes_hut 0.5 again"] {
        let begin = Instant::now();
        let mut plane = bhtsne::tSNE::<f32, &[f32], 2>::new(&samples);
        plane.perplexity(30.0).epochs(750).initial_embedding(start.clone());
        match name {
            "exact" => plane.exact(distance),
            "fit_sne" => plane.fit_sne(distance),
            _ => plane.barnes_hut(0.5, distance),
        };
        let found = plane.embedding();
        let points: Vec<[f64; 2]> = found
            .chunks(2)
            .map(|point| [point[0].into(), point[1].into()])
            .collect();
        report(&format!("bhtsne {name}"), begin, &points);
        if name.ends_with("again") {
            let is_same = before.as_ref() == Some(&found);
            println!("t-SNE of {count}, bhtsne barnes_hut twice: the same bits: {is_same}");
        }
        before = Some(found);
    }
}

/// How often the label of a point of the second half is that of its five neighbours in the first.
fn labels_told(points: &[[f64; 2]], labels: &[u8]) -> f64 {
    let flat: Vec<f32> = points.iter().flatten().map(|&value| value as f32).collect();
    let half = labels.len() / 2;
    let part = |flat, labels| LabeledRows::new(flat, 2, labels).expect("a label a point");
    neighbor_accuracy(
        &part(&flat[..2 * half], &labels[..half]),
        &part(&flat[2 * half..], &labels[half..]),
        5,
    )
}

/// The share of the ten nearest rows that are among the ten nearest points.
fn neighbours_kept(rows: &[f32], points: &[[f64; 2]]) -> f64 {
    let nearest = |of: usize, distance: &dyn Fn(usize, usize) -> f64| {
        let mut others: Vec<usize> = (0..points.len()).filter(|&other| other != of).collect();
        others.select_nth_unstable_by(10, |&a, &b| distance(of, a).total_cmp(&distance(of, b)));
        others.truncate(10);
        others
    };
    let in_rows = |a: usize, b: usize| {
        let (a, b) = (&rows[a * VALUES..][..VALUES], &rows[b * VALUES..][..VALUES]);
        a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
    };
    let in_plane = |a: usize, b: usize| {
        (points[a][0] - points[b][0]).powi(2) + (points[a][1] - points[b][1]).powi(2)
    };
    let kept = (0..points.len()).map(|of| {
        let rows = nearest(of, &in_rows);
        nearest(of, &in_plane).iter().filter(|other| rows.contains(other)).count()
    });
    kept.sum::<usize>() as f64 / (10 * points.len()) as f64
}

fn mixtures(train: &Codes, test: &Codes) {
    let report = |name: &str, begin: Instant, log_density: &dyn Fn() -> f64| {
        let seconds = begin.elapsed().as_secs_f64();
        println!("mixture of 10, {name}: {seconds:.2} s, test log-density {:.3}", log_density());
    };
    let begin = Instant::now();
    let ours = GaussianMixture::fit(&train.rows, VALUES, 10, 1).expect("it fits");
    report("ours", begin, &|| {
        let rows = test.rows.chunks(VALUES);
        rows.map(|row| ours.log_density(row)).sum::<f64>() / test.labels.len() as f64
    });
    let rows = DatasetBase::from(train.in_double());
    let begin = Instant::now();
    let theirs = GaussianMixtureModel::params_with_rng(10, Xoshiro256Plus::seed_from_u64(1))
        .n_runs(1)
        .tolerance(1e-4)
        .max_n_iterations(100)
        .fit(&rows)
        .expect("it fits");
    report("linfa", begin, &|| mean_log_density(&theirs, &test.in_double()));
}

/// By weights, means and precisions, as linfa gives no density.
fn mean_log_density(mixture: &GaussianMixtureModel<f64>, rows: &Array2<f64>) -> f64 {
    let components = mixture.weights().len();
    let log_weights: Vec<f64> = (0..components)
        .map(|component| {
            let precision = mixture.precisions().index_axis(Axis(0), component);
            let constant = VALUES as f64 * (2.0 * std::f64::consts::PI).ln();
            mixture.weights()[component].ln() + 0.5 * (log_determinant(precision) - constant)
        })
        .collect();
    let of_row = |row: ndarray::ArrayView1<'_, f64>| {
        let logs = (0..components).map(|component| {
            let difference = &row - &mixture.means().row(component);
            let precision = mixture.precisions().index_axis(Axis(0), component);
            log_weights[component] - 0.5 * difference.dot(&precision.dot(&difference))
        });
        let logs: Vec<f64> = logs.collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + logs.iter().map(|log| (log - largest).exp()).sum::<f64>().ln()
    };
    rows.axis_iter(Axis(0)).map(of_row).sum::<f64>() / rows.nrows() as f64
}

/// By Cholesky's triangle.
fn log_determinant(matrix: ArrayView2<'_, f64>) -> f64 {
    let mut root = matrix.to_owned();
    let mut sum = 0.0;
    for row in 0..VALUES {
        for column in 0..=row {
            let products = (0..column).map(|k| root[[row, k]] * root[[column, k]]);
            let rest = root[[row, column]] - products.sum::<f64>();
            if row == column {
                root[[row, row]] = rest.sqrt();
                sum += rest.ln();
            } else {
                root[[row, column]] = rest / root[[column, column]];
            }
        }
    }
    sum
}

fn neighbours(train: &Codes, test: &Codes) {
    let begin = Instant::now();
    let accuracy = neighbor_accuracy(&train.labelled(), &test.labelled(), 5);
    let report = |name: &str, begin: Instant, accuracy: f64| {
        println!(
            "five neighbours, {name}: {:.3} s, labels told {accuracy:.4}",
            begin.elapsed().as_secs_f64()
        );
    };
    report("ours", begin, accuracy);
    let (rows, asked) = (train.in_double(), test.in_double());
    let by = |name: &str, algorithm: &dyn Fn() -> f64| {
        let begin = Instant::now();
        let accuracy = algorithm();
        report(name, begin, accuracy);
    };
    by("linfa linear", &|| told(&LinearSearch::new(), &rows, &asked, train, test));
    by("linfa k-d tree", &|| told(&KdTree::new(), &rows, &asked, train, test));
    by("linfa ball tree", &|| told(&BallTree::new(), &rows, &asked, train, test));
}

/// The share of rows whose label the majority of their five neighbours has; a tie goes to the nearest.
fn told(
    algorithm: &impl NearestNeighbour,
    rows: &Array2<f64>,
    asked: &Array2<f64>,
    train: &Codes,
    test: &Codes,
) -> f64 {
    let index = algorithm.from_batch(rows, L2Dist).expect("it builds");
    let is_told = |(row, label): (ndarray::ArrayView1<'_, f64>, &u8)| {
        let nearest = index.k_nearest(row, 5).expect("rows of that length");
        let labels: Vec<u8> = nearest.iter().map(|&(_, at)| train.labels[at]).collect();
        let votes = |label: &u8| labels.iter().filter(|other| *other == label).count();
        let most = labels.iter().map(votes).max();
        labels.iter().find(|label| Some(votes(label)) == most) == Some(label)
    };
    let rows = asked.axis_iter(Axis(0)).zip(&test.labels);
    rows.filter(|&pair| is_told(pair)).count() as f64 / test.labels.len() as f64
}
