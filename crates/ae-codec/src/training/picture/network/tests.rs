use super::*;
use crate::picture::context::Expected;

/// The gradient of a small network against finite differences, in every kind of parameter.
#[test]
fn the_gradient_is_that_of_finite_differences() {
    let sizes = Sizes { units: [7, 5] };
    let mut parameters = sizes.initial(4);
    // Far from the kinks of the rectifiers, and outputs that are of some size.
    for (index, parameter) in parameters.iter_mut().enumerate() {
        *parameter += 0.05 * ((index * 37 % 11) as f32 - 5.0) / 5.0;
    }
    let count = 6;
    let inputs: Vec<f32> = (0..count * INPUTS)
        .map(|i| ((i * 53 % 97) as f32 - 48.0) / 48.0)
        .collect();
    let targets: Vec<Target> = (0..count)
        .map(|i| Target {
            level: (100 + 9 * i) as u8,
            expected: Expected {
                center: 1700 + 100 * i as i32,
                scale: 60 + 20 * i as i32,
            },
        })
        .collect();
    let mut pass = Pass::new(sizes, count);
    let mut cost = |parameters: &[f32], gradient: &mut [f32]| {
        pass.forward(parameters, &inputs);
        pass.backward(parameters, &inputs, &targets, 1.0, gradient)
    };
    let mut gradient = vec![0.0; sizes.parameters()];
    cost(&parameters, &mut gradient);
    let mut unused = gradient.clone();
    let mut worst: f64 = 0.0;
    for index in (0..parameters.len())
        .step_by(11)
        .chain(parameters.len() - 27..parameters.len())
    {
        let value = parameters[index];
        let step = 2e-3;
        parameters[index] = value + step;
        let above = cost(&parameters, &mut unused);
        parameters[index] = value - step;
        let below = cost(&parameters, &mut unused);
        parameters[index] = value;
        let expected = (above - below) / (2.0 * f64::from(step));
        worst = worst.max((expected - f64::from(gradient[index])).abs() / (1.0 + expected.abs()));
    }
    assert!(worst < 0.02, "{worst}");
}
