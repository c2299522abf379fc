use ae_random::{Draw, Purpose, RandomStream};

use super::*;

fn stream(index: u64) -> RandomStream {
    Draw {
        seed: 5,
        purpose: Purpose::Display,
        epoch: 0,
        index,
    }
    .stream()
}

/// Solves `matrix * x = targets` by elimination with pivots.
fn solved(mut matrix: Vec<Vec<f64>>, mut targets: Vec<f64>) -> Vec<f64> {
    let count = targets.len();
    for column in 0..count {
        let pivot = (column..count)
            .max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))
            .unwrap();
        matrix.swap(column, pivot);
        targets.swap(column, pivot);
        for row in column + 1..count {
            let factor = matrix[row][column] / matrix[column][column];
            let (above, below) = matrix.split_at_mut(row);
            let pairs = below[0].iter_mut().zip(&above[column]);
            pairs.for_each(|(value, of_pivot)| *value -= factor * of_pivot);
            targets[row] -= factor * targets[column];
        }
    }
    let mut x = vec![0.0; count];
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count).map(|k| matrix[row][k] * x[k]).sum();
        x[row] = (targets[row] - known) / matrix[row][row];
    }
    x
}

/// Sums in integers against sums in floats, and after some sweeps their solution against elimination.
#[test]
fn coefficients_solve_the_weighted_normal_equations() {
    let mut stream = stream(0);
    let mut equations = LeastSquares::new();
    let mut above = LeastSquares::new();
    let zero = || (vec![vec![0.0; TERMS]; TERMS], vec![0.0; TERMS]);
    let (mut sums, mut targets) = zero();
    let (mut sums_above, mut targets_above) = zero();
    for term in 0..TERMS {
        sums[term][term] = f64::from(RIDGE);
        sums_above[term][term] = f64::from(RIDGE);
    }
    for _ in 0..400 {
        let mut pixel = || {
            let mut differences = [0; TERMS];
            differences.fill_with(|| stream.uniform_below(101) as i32 - 50);
            let value =
                differences[0] / 2 - differences[3] / 4 + stream.uniform_below(9) as i32 - 4;
            (differences, value, 1 + stream.uniform_below(64) as i32)
        };
        let learn = |sums: &mut Vec<Vec<f64>>,
                     targets: &mut Vec<f64>,
                     above: Option<(&Vec<Vec<f64>>, &Vec<f64>)>,
                     (differences, value, weight): ([i32; TERMS], i32, i32)| {
            let kept = |sum: f64, above: Option<f64>| {
                sum - sum / 64.0 + above.map_or(0.0, |above| (above - sum) / 8.0)
            };
            for a in 0..TERMS {
                for b in 0..TERMS {
                    let product = f64::from(weight * differences[a]) * f64::from(differences[b]);
                    sums[a][b] = kept(sums[a][b], above.map(|(sums, _)| sums[a][b])) + product;
                }
                targets[a] = kept(targets[a], above.map(|(_, targets)| targets[a]))
                    + f64::from(weight * differences[a]) * f64::from(value);
            }
        };
        let pixel_above = pixel();
        above.add(None, &pixel_above.0, pixel_above.1, pixel_above.2);
        learn(&mut sums_above, &mut targets_above, None, pixel_above);
        let own = pixel();
        equations.add(Some(&above), &own.0, own.1, own.2);
        learn(
            &mut sums,
            &mut targets,
            Some((&sums_above, &targets_above)),
            own,
        );
    }
    for _ in 0..60 {
        equations.sweep();
    }
    for (term, row) in sums.iter_mut().enumerate() {
        // Shifts round down, at most one each step, of which 64 count.
        for (sum, &integer) in row.iter().zip(&equations.products[term]) {
            assert!((sum - f64::from(integer)).abs() < 200.0, "{sum} {integer}");
        }
        row[term] += f64::from(RIDGE);
    }
    let expected = solved(sums, targets);
    for (expected, &found) in expected.iter().zip(&equations.coefficients) {
        let found = f64::from(found) / f64::from(1 << FRACTION);
        assert!((expected - found).abs() < 2e-3, "{expected} {found}");
    }
    assert!((expected[0] - 0.5).abs() < 0.05 && (expected[3] + 0.25).abs() < 0.05);
}

/// With differences, values and weights as large as they can be, for longer than anything is remembered.
#[test]
fn nothing_overflows_at_the_extremes() {
    let mut equations = LeastSquares::new();
    let mut above = LeastSquares::new();
    for step in 0..2000 {
        let sign = if step % 3 == 0 { -1 } else { 1 };
        let differences = [255 * sign; TERMS];
        above.add(None, &differences, -255 * sign, 64);
        equations.add(Some(&above), &differences, -255 * sign, 64);
        equations.sweep();
        let most = i32::MAX / 4;
        for sum in equations
            .products
            .as_flattened()
            .iter()
            .chain(&equations.targets)
        {
            assert!((-most..=most).contains(sum), "{sum}");
        }
        let predicted = equations.predict(&differences);
        assert!(predicted.abs() <= 16 * 8 * 255 * UNITS);
    }
    // It has learned that the pixel is its neighbors' mirror image.
    assert!((equations.predict(&[100; TERMS]) + 100 * UNITS).abs() < 2 * UNITS);
}
