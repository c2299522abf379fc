use super::*;

/// A network with numbers of some kind.
pub(crate) fn network(seed: i32) -> Network {
    let layer = |inputs: usize, outputs: usize, shift: u32| {
        let weights = (0..inputs * outputs)
            .map(|i| (i as i32 * 8_191 + seed * 97).rem_euclid(401) as i16 - 200)
            .collect();
        let multipliers = (0..outputs).map(|i| 1_000 + 37 * i as i32).collect();
        Layer::new(weights, multipliers, shift)
    };
    let powers = PowerTable::computed();
    Network {
        layers: [
            layer(INPUTS, 13, 15),
            layer(13, 9, 16),
            layer(9, OUTPUTS, 20),
        ],
        biases: [
            vec![5_000; 13],
            vec![-40_000; 9],
            (0..OUTPUTS as i32).map(|i| 900 * i).collect(),
        ],
        logistic: LogisticTable::new(&powers),
        powers,
    }
}

/// The definition, in 128 bits, and the same by every instruction set.
#[test]
fn outputs_are_those_of_the_definition() {
    let network = network(1);
    network.check().unwrap();
    let contexts: Vec<[i16; INPUTS]> = (0..7i32)
        .map(|row| {
            std::array::from_fn(|i| {
                let value = (row * 7919 + i as i32 * 6151) % 4095 - 2047;
                value as i16
            })
        })
        .chain([[LARGEST_INPUT; INPUTS], [-LARGEST_INPUT; INPUTS]])
        .collect();
    let pairs = contexts.as_flattened().as_chunks().0;
    for instructions in InstructionSet::available() {
        let mut workspace = Workspace::default();
        let outputs = network.outputs(instructions, pairs, &mut workspace);
        for (context, outputs) in contexts.iter().zip(outputs) {
            let mut values: Vec<i128> = context.iter().map(|&input| input.into()).collect();
            for (index, layer) in network.layers.iter().enumerate() {
                let (least, largest) = match index {
                    2 => (-LARGEST_OUTPUT, LARGEST_OUTPUT),
                    _ => (0, LARGEST_ACTIVATION.into()),
                };
                let rows = layer.weights.chunks(layer.inputs()).enumerate();
                values = rows
                    .map(|(output, weights)| {
                        let products = weights.iter().zip(&values);
                        let sum: i128 = products.map(|(&w, &v)| i128::from(w) * v).sum();
                        let sum = sum + i128::from(network.biases[index][output]);
                        let product = sum * i128::from(layer.multipliers[output]);
                        let rounded =
                            (2 * product + (1 << layer.shift)).div_euclid(2 << layer.shift);
                        rounded.clamp(least.into(), largest.into())
                    })
                    .collect();
            }
            let found: Vec<i128> = outputs.iter().map(|&output| output.into()).collect();
            assert_eq!(found, values, "{instructions:?}");
        }
    }
}

#[test]
fn unsound_networks_are_refused() {
    let mut other = network(1);
    other.biases[1].pop();
    assert_eq!(other.check(), Err(Unsound::Sizes));
    let mut other = network(1);
    other.layers[0] = Layer::new(vec![i16::MAX; INPUTS * 13], vec![1; 13], 1);
    assert_eq!(other.check(), Err(Unsound::Overflow));
    let mut other = network(1);
    other.biases[2][0] = i32::MAX;
    assert_eq!(other.check(), Err(Unsound::Overflow));
}
