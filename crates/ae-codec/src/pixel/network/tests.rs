use super::*;
use crate::pixel::distribution::PowerTable;

/// A network with numbers of some kind, for contexts of three inputs and images of 2x2.
fn network() -> Network {
    let layer = |inputs: usize, outputs: usize, shift: u32| {
        let weights = (0..inputs * outputs)
            .map(|i| i16::from((i * 89 % 255) as u8 as i8))
            .collect();
        let multipliers = (0..outputs).map(|i| 1_000 + 37 * i as i32).collect();
        Layer::new(weights, multipliers, shift)
    };
    Network {
        layers: [layer(3, 5, 12), layer(5, 4, 18), layer(4, LEVELS, 16)],
        row_biases: (0..10).map(|i| i * 911 - 3000).collect(),
        column_biases: (0..10).map(|i| 2000 - i * 333).collect(),
        position_shift: 2,
        biases: [vec![5, -70_000, 90_000, 0], vec![-4; LEVELS]],
        powers: PowerTable::computed(),
    }
}

/// The definition, in 128 bits.
fn outputs_by_definition(network: &Network, context: &[u8], row: usize, column: usize) -> Vec<i32> {
    let dense = |layer: &Layer, inputs: &[i128], biases: &[i128], least: i128, largest: i128| {
        let rows = layer.weights.chunks(inputs.len()).zip(biases);
        let outputs = rows
            .zip(&layer.multipliers)
            .map(|((row, bias), &multiplier)| {
                let products = row.iter().zip(inputs).map(|(&w, &x)| i128::from(w) * x);
                let scaled = (products.sum::<i128>() + bias) * i128::from(multiplier);
                let rounded = (2 * scaled + (1 << layer.shift)).div_euclid(2 << layer.shift);
                rounded.clamp(least, largest)
            });
        outputs.collect::<Vec<_>>()
    };
    let most = i128::from(LARGEST_ACTIVATION);
    let position = (0..5).map(|unit| {
        let biases = [
            network.row_biases[row * 5 + unit],
            network.column_biases[column * 5 + unit],
        ];
        biases.map(i128::from).iter().sum::<i128>() << network.position_shift
    });
    let inputs: Vec<i128> = context.iter().map(|&x| x.into()).collect();
    let position: Vec<i128> = position.collect();
    let first = dense(&network.layers[0], &inputs, &position, 0, most);
    let [biases_2, biases_3] = network.biases.each_ref().map(|biases| {
        biases
            .iter()
            .map(|&bias| bias.into())
            .collect::<Vec<i128>>()
    });
    let second = dense(&network.layers[1], &first, &biases_2, 0, most);
    let largest = i128::from(LARGEST_OUTPUT);
    let outputs = dense(&network.layers[2], &second, &biases_3, -largest, largest);
    outputs.iter().map(|&output| output as i32).collect()
}

#[test]
fn outputs_are_those_of_the_definition_with_all_instructions() {
    let network = network();
    assert_eq!(network.check(3, 2, 2), Ok(()));
    let contexts = [
        [0, 0, 0],
        [255, 255, 255],
        [255, 0, 7],
        [1, 2, 3],
        [200, 255, 0],
    ];
    for instructions in InstructionSet::available() {
        let mut workspace = Workspace::default();
        for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let outputs = network.outputs(
                instructions,
                contexts.as_flattened(),
                (row, column),
                &mut workspace,
            );
            assert_eq!(outputs.len(), contexts.len());
            for (context, outputs) in contexts.iter().zip(outputs) {
                let expected = outputs_by_definition(&network, context, row, column);
                assert_eq!(outputs[..], expected, "{instructions:?}");
                assert!(expected.iter().any(|&output| output != expected[0]));
            }
        }
    }
}

#[test]
fn networks_that_cannot_be_computed_with_are_refused() {
    type Change = fn(&mut Network);
    let table: [(Change, Unsound); 8] = [
        (|network| network.row_biases.truncate(9), Unsound::Sizes),
        (|network| network.column_biases.push(0), Unsound::Sizes),
        (|network| network.biases[1].truncate(255), Unsound::Sizes),
        (|network| network.layers.swap(0, 1), Unsound::Sizes),
        (|network| network.position_shift = 16, Unsound::Sizes),
        (|network| network.biases[0][1] = i32::MIN, Unsound::Overflow),
        (
            |network| network.biases[1][255] = i32::MAX,
            Unsound::Overflow,
        ),
        (
            |network| {
                network.position_shift = 15;
                network.row_biases.fill(i16::MIN);
                network.column_biases.fill(i16::MIN);
            },
            Unsound::Overflow,
        ),
    ];
    for (change, why) in table {
        let mut network = network();
        change(&mut network);
        assert_eq!(network.check(3, 2, 2), Err(why));
    }
    assert_eq!(network().check(4, 2, 2), Err(Unsound::Sizes));
}
