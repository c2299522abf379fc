//! Dense layers against their definition in double precision, and their gradients against its finite differences.

use ae_kernels::{
    Activation, DenseLayer, DenseStack, KernelError, Loss, RowBuffers, WeightOrder, Weights,
};

use crate::reference::{Random, error};

/// Weight and bias of each layer.
type Parameters = Vec<(Vec<f32>, Vec<f32>)>;

fn layer(inputs: usize, outputs: usize, activation: Activation, order: WeightOrder) -> DenseLayer {
    DenseLayer {
        inputs,
        outputs,
        activation,
        order,
    }
}

/// Six layers with every activation and both orders; widths that no tile divides.
pub(crate) fn lively() -> Vec<DenseLayer> {
    use WeightOrder::{InputsFirst, OutputsFirst};
    vec![
        layer(19, 33, Activation::Relu, InputsFirst),
        layer(33, 7, Activation::None, OutputsFirst),
        layer(7, 21, Activation::Tanh, OutputsFirst),
        layer(21, 1, Activation::LeakyRelu(0.2), InputsFirst),
        layer(1, 18, Activation::Relu, OutputsFirst),
        layer(18, 19, Activation::Sigmoid, InputsFirst),
    ]
}

/// The dense autoencoder of the benchmarks.
fn autoencoder() -> Vec<DenseLayer> {
    let sizes = [784, 128, 64, 32, 64, 128, 784];
    let activations = [
        Activation::Relu,
        Activation::Relu,
        Activation::None,
        Activation::Relu,
        Activation::Relu,
        Activation::Sigmoid,
    ];
    let pairs = sizes.windows(2).zip(activations);
    pairs
        .map(|(pair, activation)| DenseLayer::new(pair[0], pair[1], activation))
        .collect()
}

pub(crate) fn parameters(random: &mut Random, layers: &[DenseLayer]) -> Parameters {
    layers
        .iter()
        .map(|layer| {
            let bound = (3.0 / layer.inputs as f32).sqrt();
            (
                random.values(layer.inputs * layer.outputs, bound),
                random.values(layer.outputs, 0.3),
            )
        })
        .collect()
}

fn borrowed(parameters: &Parameters) -> Vec<Weights<'_>> {
    parameters
        .iter()
        .map(|(weight, bias)| Weights { weight, bias })
        .collect()
}

/// The layers as they are defined.
fn forward(layers: &[DenseLayer], parameters: &[(Vec<f64>, Vec<f64>)], values: &[f64]) -> Vec<f64> {
    let mut x = values.to_vec();
    for (layer, (weight, bias)) in layers.iter().zip(parameters) {
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        x = x
            .chunks(inputs)
            .flat_map(|row| {
                (0..outputs).map(|to| {
                    let sum = (0..inputs).fold(bias[to], |sum, from| {
                        let at = match layer.order {
                            WeightOrder::InputsFirst => from * outputs + to,
                            WeightOrder::OutputsFirst => to * inputs + from,
                        };
                        sum + row[from] * weight[at]
                    });
                    match layer.activation {
                        Activation::None => sum,
                        Activation::Relu => sum.max(0.0),
                        Activation::LeakyRelu(slope) if sum < 0.0 => sum * f64::from(slope),
                        Activation::LeakyRelu(_) => sum,
                        Activation::Sigmoid => 1.0 / (1.0 + (-sum).exp()),
                        Activation::Tanh => sum.tanh(),
                    }
                })
            })
            .collect();
    }
    x
}

/// The mean loss of outputs.
fn mean_loss(loss: Loss, output: &[f64], target: &[f32]) -> f64 {
    let of_value = |(&y, &t): (&f64, &f32)| {
        let t = f64::from(t);
        match loss {
            Loss::Mse => (y - t) * (y - t),
            Loss::L1 => (y - t).abs(),
            Loss::Charbonnier => (y - t).hypot(1e-3),
            Loss::Bce => -(t * y.ln() + (1.0 - t) * (1.0 - y).ln()),
        }
    };
    output.iter().zip(target).map(of_value).sum::<f64>() / output.len() as f64
}

fn double(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

#[test]
fn outputs_and_losses_are_those_of_the_definition() {
    for layers in [lively(), autoencoder(), autoencoder()[5..].to_vec()] {
        let stack = DenseStack::new(layers.clone()).expect("the layers fit");
        for batch in [1, 2, 31, 33, 130, 300] {
            let mut random = Random::new(batch as u64);
            let parameters = parameters(&mut random, &layers);
            let values = random.values(batch * stack.inputs(), 1.0);
            let target: Vec<f32> = (0..batch * stack.outputs())
                .map(|_| random.unit())
                .collect();
            let exact: Vec<_> = parameters
                .iter()
                .map(|(weight, bias)| (double(weight), double(bias)))
                .collect();
            let expected = forward(&layers, &exact, &double(&values));
            let found = stack
                .infer(&values, &borrowed(&parameters))
                .expect("it runs");
            let off = error(&found, &expected);
            assert!(off < 3e-6, "batch {batch}: output is off by {off:e}");
            for loss in [Loss::Mse, Loss::Bce, Loss::L1, Loss::Charbonnier] {
                let (found, _) = stack
                    .train(&values, &borrowed(&parameters), &target, loss, false)
                    .expect("it runs");
                let expected = mean_loss(loss, &expected, &target);
                assert!(
                    (found / expected - 1.0).abs() < 1e-6,
                    "{loss:?}, batch {batch}: {found} instead of {expected}"
                );
            }
        }
    }
}

#[test]
fn losses_of_rows_are_those_of_the_definition() {
    // With buffers that served another stack and other numbers of rows before.
    let mut buffers = RowBuffers::default();
    for layers in [lively(), autoencoder(), lively()[..1].to_vec()] {
        let stack = DenseStack::new(layers.clone()).expect("the layers fit");
        for rows in [1, 67, 5] {
            let mut random = Random::new(rows as u64);
            let parameters = parameters(&mut random, &layers);
            let values = random.values(rows * stack.inputs(), 1.0);
            let target: Vec<f32> = (0..stack.outputs()).map(|_| random.unit()).collect();
            let exact: Vec<_> = parameters
                .iter()
                .map(|(weight, bias)| (double(weight), double(bias)))
                .collect();
            let outputs = forward(&layers, &exact, &double(&values));
            for loss in [Loss::Mse, Loss::Bce] {
                if loss == Loss::Bce && layers.len() == 1 {
                    // Its outputs are no probabilities.
                    continue;
                }
                let weights = borrowed(&parameters);
                let found = stack
                    .row_losses(&values, &weights, &target, loss, &mut buffers)
                    .expect("it runs");
                assert_eq!(found.len(), rows);
                for (found, output) in found.iter().zip(outputs.chunks(stack.outputs())) {
                    let expected = mean_loss(loss, output, &target) * output.len() as f64;
                    assert!(
                        (found / expected - 1.0).abs() < 2e-6,
                        "{loss:?}, {rows} rows: {found} instead of {expected}"
                    );
                }
            }
            let short = &target[1..];
            let weights = borrowed(&parameters);
            let error = stack.row_losses(&values, &weights, short, Loss::Mse, &mut buffers);
            assert!(error.is_err());
        }
    }
}

/// Where a finite difference is taken.
#[derive(Clone, Copy, Debug)]
enum Place {
    Input(usize),
    Weight(usize, usize),
    Bias(usize, usize),
}

#[test]
fn gradients_are_finite_differences_of_the_definition() {
    // Both steps fall on the same side of every kink, but for a few of which the test would tell.
    const STEP: f64 = 1e-6;
    let layers = lively();
    let stack = DenseStack::new(layers.clone()).expect("the layers fit");
    for (batch, loss) in [(3, Loss::Mse), (37, Loss::Bce), (70, Loss::L1)] {
        let mut random = Random::new(77);
        let parameters = parameters(&mut random, &layers);
        let values = random.values(batch * stack.inputs(), 1.0);
        let target: Vec<f32> = (0..batch * stack.outputs())
            .map(|_| random.unit())
            .collect();
        let (_, found) = stack
            .train(&values, &borrowed(&parameters), &target, loss, true)
            .expect("it runs");
        let input = found.input.expect("it was asked for");

        let exact: Vec<_> = parameters
            .iter()
            .map(|(weight, bias)| (double(weight), double(bias)))
            .collect();
        let at = |place: Place, step: f64| {
            let (mut moved, mut x) = (exact.clone(), double(&values));
            match place {
                Place::Input(index) => x[index] += step,
                Place::Weight(layer, index) => moved[layer].0[index] += step,
                Place::Bias(layer, index) => moved[layer].1[index] += step,
            }
            mean_loss(loss, &forward(&layers, &moved, &x), &target)
        };
        let mut places: Vec<_> = (0..12)
            .map(|_| Place::Input(random.pick(0..=values.len() - 1)))
            .collect();
        for (layer, (weight, bias)) in parameters.iter().enumerate() {
            places.extend((0..25).map(|_| Place::Weight(layer, random.pick(0..=weight.len() - 1))));
            places.extend((0..bias.len()).map(|index| Place::Bias(layer, index)));
        }
        for place in places {
            let expected = (at(place, STEP) - at(place, -STEP)) / (2.0 * STEP);
            let found = f64::from(match place {
                Place::Input(index) => input[index],
                Place::Weight(layer, index) => found.weights[layer].0[index],
                Place::Bias(layer, index) => found.weights[layer].1[index],
            });
            assert!(
                (found - expected).abs() < 1e-7 + 2e-5 * expected.abs(),
                "{loss:?} {place:?}: {found} instead of {expected}"
            );
        }
    }
}

#[test]
fn a_given_gradient_goes_back_as_a_losss_does() {
    let layers = lively();
    let stack = DenseStack::new(layers.clone()).expect("the layers fit");
    let mut random = Random::new(3);
    let parameters = parameters(&mut random, &layers);
    let values = random.values(40 * stack.inputs(), 1.0);
    let target: Vec<f32> = (0..40 * stack.outputs()).map(|_| random.unit()).collect();
    let weights = borrowed(&parameters);
    let (_, of_loss) = stack
        .train(&values, &weights, &target, Loss::Mse, true)
        .expect("it runs");
    let output = stack.infer(&values, &weights).expect("it runs");
    let gradient: Vec<f32> = output
        .iter()
        .zip(&target)
        .map(|(y, t)| 2.0 * (y - t) / output.len() as f32)
        .collect();
    let given = stack
        .differentiate(&values, &weights, &gradient, true)
        .expect("it runs");
    let close = |found: &[f32], expected: &[f32]| {
        assert!(error(found, &double(expected)) < 1e-6);
    };
    close(
        &given.input.expect("asked for"),
        &of_loss.input.expect("asked for"),
    );
    for (given, of_loss) in given.weights.iter().zip(&of_loss.weights) {
        close(&given.0, &of_loss.0);
        close(&given.1, &of_loss.1);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let layers = autoencoder();
    for batch in [128, 300] {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads start").install(|| {
                let stack = DenseStack::new(layers.clone()).expect("the layers fit");
                let mut random = Random::new(8);
                let parameters = parameters(&mut random, &layers);
                let values = random.values(batch * stack.inputs(), 1.0);
                let weights = borrowed(&parameters);
                let output = stack.infer(&values, &weights).expect("it runs");
                let target: Vec<f32> = values.iter().map(|value| value.abs()).collect();
                let (loss, gradients) = stack
                    .train(&values, &weights, &target, Loss::Mse, true)
                    .expect("it runs");
                let mut bits: Vec<u64> = vec![loss.to_bits()];
                let all = gradients
                    .weights
                    .iter()
                    .flat_map(|(w, b)| w.iter().chain(b));
                let input = gradients.input.iter().flatten();
                bits.extend(
                    all.chain(input)
                        .chain(&output)
                        .map(|v| u64::from(v.to_bits())),
                );
                bits
            })
        };
        let expected = run(1);
        for threads in [2, 3, 5] {
            assert!(run(threads) == expected, "{threads} threads, batch {batch}");
        }
    }
}

#[test]
fn buffers_are_of_this_pass_only() {
    // A large batch, then a smaller one, then the first again: what an earlier pass left must not show.
    let layers = lively();
    let stack = DenseStack::new(layers.clone()).expect("the layers fit");
    let mut random = Random::new(1);
    let parameters = parameters(&mut random, &layers);
    let weights = borrowed(&parameters);
    let mut first = None;
    for batch in [90, 12, 90] {
        let values = Random::new(batch as u64).values(batch * stack.inputs(), 1.0);
        let target = vec![0.25; batch * stack.outputs()];
        let (loss, gradients) = stack
            .train(&values, &weights, &target, Loss::Bce, true)
            .expect("it runs");
        let fresh = DenseStack::new(layers.clone()).expect("the layers fit");
        let (expected, fresh) = fresh
            .train(&values, &weights, &target, Loss::Bce, true)
            .expect("it runs");
        assert_eq!(loss, expected);
        assert_eq!(gradients.weights, fresh.weights);
        assert_eq!(gradients.input, fresh.input);
        if batch == 90 {
            assert_eq!(*first.get_or_insert(loss), loss);
        }
    }
}

#[test]
fn kept_activations_give_the_same_bits() {
    for layers in [lively(), autoencoder()] {
        let stack = DenseStack::new(layers.clone()).expect("the layers fit");
        let mut random = Random::new(3);
        let parameters = parameters(&mut random, &layers);
        let weights = borrowed(&parameters);
        for batch in [1, 33, 300] {
            let values = random.values(batch * stack.inputs(), 1.0);
            let other = random.values(batch * stack.inputs(), 1.0);
            let given = random.values(batch * stack.outputs(), 1.0);
            let expected = stack
                .differentiate(&values, &weights, &given, true)
                .expect("it runs");
            // Two graphs at once, and passes between them, must not take each other's activations.
            let (output, kept) = stack.infer_keeping(&values, &weights).expect("it runs");
            let (_, others) = stack.infer_keeping(&other, &weights).expect("it runs");
            stack
                .differentiate(&other, &weights, &given, false)
                .expect("it runs");
            assert_eq!(output, stack.infer(&values, &weights).expect("it runs"));
            for _ in 0..2 {
                let found = stack
                    .differentiate_kept(&values, &weights, &kept, &given, true)
                    .expect("it runs");
                assert_eq!(found.weights, expected.weights, "batch {batch}");
                assert_eq!(found.input, expected.input, "batch {batch}");
            }
            drop(others);
            let (_, fewer) = stack
                .infer_keeping(&values[..stack.inputs()], &weights)
                .expect("it runs");
            let wrong = stack.differentiate_kept(&values, &weights, &fewer, &given, true);
            assert_eq!(wrong.is_err(), batch > 1, "activations of one row");
        }
    }
}

#[test]
fn what_is_not_a_number_stays_visible() {
    let layers = lively();
    let stack = DenseStack::new(layers.clone()).expect("the layers fit");
    let mut random = Random::new(1);
    let parameters = parameters(&mut random, &layers);
    let mut values = random.values(2 * stack.inputs(), 1.0);
    values[3] = f32::NAN;
    let weights = borrowed(&parameters);
    let output = stack.infer(&values, &weights).expect("it runs");
    assert!(output[..19].iter().all(|value| value.is_nan()));
    assert!(output[19..].iter().all(|value| value.is_finite()));
    let (loss, _) = stack
        .train(&values, &weights, &[0.5; 38], Loss::Mse, false)
        .expect("it runs");
    assert!(loss.is_nan());
}

#[test]
fn what_does_not_fit_is_an_error() {
    let refused = |layers: Vec<DenseLayer>| {
        let error = DenseStack::new(layers).expect_err("it does not fit");
        error.to_string()
    };
    let relu = |inputs, outputs| DenseLayer::new(inputs, outputs, Activation::Relu);
    assert_eq!(refused(Vec::new()), "a stack needs at least one stage");
    assert_eq!(refused(vec![relu(3, 0)]), "stage 0: 0 output channels");
    assert_eq!(
        refused(vec![relu(3, 4), relu(5, 1)]),
        "stage 1 takes 5 channels but the stage before gives 4"
    );
    assert_eq!(
        refused(vec![DenseLayer::new(1, 1, Activation::LeakyRelu(2.0))]),
        "stage 0: the slope of a leaky ReLU must lie in [0, 1]"
    );

    let stack = DenseStack::new(vec![relu(3, 2)]).expect("it fits");
    let (weight, bias) = ([0.0; 6], [0.0; 2]);
    let weights = [Weights {
        weight: &weight,
        bias: &bias,
    }];
    let message = |error: KernelError| error.to_string();
    assert_eq!(
        stack.infer(&[], &weights).map_err(message),
        Err("a batch of no images".to_owned())
    );
    assert_eq!(
        stack.infer(&[0.0; 4], &weights).map_err(message),
        Err("the batch has 4 values, expected 3".to_owned())
    );
    assert_eq!(
        stack.infer(&[0.0; 3], &[]).map_err(message),
        Err("0 pairs of weight and bias for 1 stages".to_owned())
    );
    let short = [Weights {
        weight: &weight[..5],
        bias: &bias,
    }];
    assert_eq!(
        stack.infer(&[0.0; 3], &short).map_err(message),
        Err("the weight of layer 0 has 5 values, expected 6".to_owned())
    );
    let error = stack
        .train(&[0.0; 3], &weights, &[0.0; 3], Loss::Mse, false)
        .expect_err("it does not fit");
    assert_eq!(message(error), "the target has 3 values, expected 2");
}
