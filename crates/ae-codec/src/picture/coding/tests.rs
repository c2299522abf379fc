use ae_random::{Draw, Purpose};

use super::super::network::tests::network;
use super::*;
use crate::simd::InstructionSet;

fn model() -> PictureModel {
    PictureModel::of_network(network(1)).unwrap()
}

/// Pictures of many shapes: black, noise, slopes, and both of the last beside each other.
fn pictures() -> (Vec<ImageShape>, Vec<u8>) {
    let mut stream = Draw {
        seed: 8,
        purpose: Purpose::Display,
        epoch: 0,
        index: 0,
    }
    .stream();
    let shapes = [(1, 1), (1, 30), (30, 1), (2, 7), (8, 8), (21, 33), (40, 9)];
    let shapes = shapes.map(|(height, width)| ImageShape::new(height, width).unwrap());
    let mut all = Vec::new();
    let mut pixels = Vec::new();
    for kind in 0..4 {
        for shape in shapes {
            all.push(shape);
            for place in 0..shape.pixels() {
                let noise = stream.uniform_below(256) as u8;
                let slope = (place / shape.width() * 5 + place % shape.width() * 3) as u8;
                pixels.push(match kind {
                    0 => 0,
                    1 => noise,
                    2 => slope,
                    _ if place % shape.width() < 5 => noise,
                    _ => slope,
                });
            }
        }
    }
    (all, pixels)
}

#[test]
fn pictures_come_back_within_the_error() {
    let (shapes, pixels) = pictures();
    let model = model();
    for near in [0, 1, 3, 127].map(|levels| Near::new(levels).unwrap()) {
        let bytes = model.encode_pictures(&pixels, &shapes, near);
        let expected: Vec<u8> = pixels.iter().map(|&level| near.quantized(level)).collect();
        assert!(model.decode_pictures(&bytes, &shapes, near) == expected);
    }
}

#[test]
fn every_instruction_set_gives_the_same_bytes() {
    let (shapes, pixels) = pictures();
    let bytes = model().encode_pictures(&pixels, &shapes, Near::LOSSLESS);
    for instructions in InstructionSet::available() {
        let model = model().with_instructions(instructions);
        assert!(model.encode_pictures(&pixels, &shapes, Near::LOSSLESS) == bytes);
        assert!(model.decode_pictures(&bytes, &shapes, Near::LOSSLESS) == pixels);
    }
}

/// Bytes that no encoder wrote give pictures of some kind, and models of some kind code what they are given.
#[test]
fn nothing_panics_on_other_bytes() {
    let mut stream = Draw {
        seed: 8,
        purpose: Purpose::Display,
        epoch: 0,
        index: 1,
    }
    .stream();
    let shapes = [ImageShape::new(17, 19).unwrap(); 2];
    for seed in 0..8 {
        let Ok(model) = PictureModel::of_network(network(seed)) else {
            continue;
        };
        let mut bytes = vec![0; 60 * seed as usize];
        bytes.fill_with(|| stream.uniform_below(256) as u8);
        for near in [0, 5, 127].map(|levels| Near::new(levels).unwrap()) {
            let pixels = model.decode_pictures(&bytes, &shapes, near);
            let again = model.encode_pictures(&pixels, &shapes, near);
            assert!(model.decode_pictures(&again, &shapes, near) == pixels);
        }
    }
}
