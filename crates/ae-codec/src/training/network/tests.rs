use super::*;

const SIZES: Sizes = Sizes {
    inputs: 5,
    height: 2,
    width: 3,
    units: [7, 4],
};

fn targets() -> Vec<Target> {
    let target = |row, column, level| Target {
        row,
        column,
        level,
        weight: [1.0, 4.0][column / 2],
    };
    vec![
        target(0, 0, 3),
        target(1, 2, 255),
        target(1, 0, 0),
        target(0, 2, 3),
    ]
}

fn inputs() -> Vec<f32> {
    (0..20).map(|i| (i * 7 % 11) as f32 / 11.0).collect()
}

fn cost(parameters: &[f32]) -> f64 {
    let mut pass = Pass::new(SIZES, 4);
    pass.forward(parameters, &inputs(), &targets());
    let mut gradient = vec![0.0; parameters.len()];
    pass.backward(parameters, &inputs(), &targets(), 1.0, &mut gradient)
}

/// The cost from its definition, in double precision.
fn cost_by_definition(parameters: &[f32]) -> f64 {
    let parts = SIZES.parts(parameters);
    let dense = |inputs: &[f64], weights: &[f32], biases: Vec<f64>| -> Vec<f64> {
        let outputs = biases.len();
        let weight = |i: usize, o: usize| f64::from(weights[i * outputs + o]);
        let sum = |o: usize| {
            inputs
                .iter()
                .enumerate()
                .map(|(i, x)| x * weight(i, o))
                .sum::<f64>()
        };
        biases
            .iter()
            .enumerate()
            .map(|(o, bias)| bias + sum(o))
            .collect()
    };
    let rectified = |units: Vec<f64>| units.iter().map(|unit| unit.max(0.0)).collect::<Vec<_>>();
    let doubles = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    let all_inputs = inputs();
    let costs = targets()
        .into_iter()
        .zip(all_inputs.chunks(5).map(doubles))
        .map(|(target, x)| {
            let rows = doubles(&parts.row_biases[target.row * 7..][..7]);
            let columns = doubles(&parts.column_biases[target.column * 7..][..7]);
            let position = rows
                .iter()
                .zip(columns)
                .map(|(row, column)| row + column)
                .collect();
            let first = rectified(dense(&x, parts.weights[0], position));
            let second = rectified(dense(&first, parts.weights[1], doubles(parts.biases[0])));
            let outputs = dense(&second, parts.weights[2], doubles(parts.biases[1]));
            let sum: f64 = outputs.iter().map(|output| output.exp()).sum();
            f64::from(target.weight) * (sum.ln() - outputs[usize::from(target.level)])
        });
    costs.sum()
}

fn parameters() -> Vec<f32> {
    let mut parameters = SIZES.initial(4);
    for (index, parameter) in parameters.iter_mut().enumerate() {
        *parameter += (index * 13 % 17) as f32 * 0.01;
    }
    parameters
}

#[test]
fn the_cost_is_that_of_its_definition() {
    let (found, expected) = (cost(&parameters()), cost_by_definition(&parameters()));
    assert!((found - expected).abs() < 1e-4, "{found} {expected}");
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    let parameters = parameters();
    let mut pass = Pass::new(SIZES, 4);
    pass.forward(&parameters, &inputs(), &targets());
    let mut gradient = vec![f32::NAN; parameters.len()];
    pass.backward(&parameters, &inputs(), &targets(), 0.5, &mut gradient);
    let mut changed = 0;
    for index in (0..parameters.len()).filter(|index| index % 3 == 0 || *index < 70) {
        let differing = |by: f32| {
            let mut others = parameters.clone();
            others[index] += by;
            cost_by_definition(&others)
        };
        let expected = (differing(1e-3) - differing(-1e-3)) / 2e-3 * 0.5;
        let found = f64::from(gradient[index]);
        assert!(
            (found - expected).abs() < 1e-4 + 1e-3 * expected.abs(),
            "{index}: {found} {expected}"
        );
        changed += usize::from(expected.abs() > 1e-3);
    }
    assert!(changed > 100, "{changed}");
}

#[test]
fn exponentials_are_those_of_the_library() {
    for step in 0..8_000 {
        let x = -(step as f32) / 100.0;
        let (found, expected) = (f64::from(exponential(x)), f64::from(x).exp());
        assert!(
            (found - expected).abs() <= 5e-6 * expected,
            "{x}: {found} {expected}"
        );
    }
    assert_eq!(exponential(0.0), 1.0);
    assert!(exponential(-1e9) < 1e-37);
}
