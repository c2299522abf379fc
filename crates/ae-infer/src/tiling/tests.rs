use std::convert::Infallible;

use super::*;

fn picture(shape: ImageShape) -> Vec<f32> {
    (0..shape.values())
        .map(|index| (index * 7919 % 1009) as f32 / 1009.0)
        .collect()
}

fn tilings() -> Vec<Tiling> {
    vec![
        Tiling::of_any_size(16, 4),
        Tiling::of_any_size(37, 4),
        Tiling::of_any_size(40, 1).seeing(17),
        Tiling::of_any_size(64, 2).seeing(31),
        Tiling::of_any_size(1, 1),
        Tiling::of_fixed_size(Size {
            height: 28,
            width: 28,
        }),
        Tiling::of_fixed_size(Size {
            height: 5,
            width: 9,
        }),
        Tiling::of_fixed_size(Size {
            height: 1,
            width: 1,
        }),
    ]
}

const SHAPES: [(usize, usize, usize); 7] = [
    (1, 1, 1),
    (1, 28, 28),
    (3, 17, 90),
    (1, 100, 3),
    (3, 29, 31),
    (1, 64, 64),
    (2, 5, 120),
];

#[test]
fn a_model_that_changes_nothing_changes_nothing() {
    for tiling in tilings() {
        for (channels, height, width) in SHAPES {
            let shape = ImageShape::new(channels, height, width);
            let values = picture(shape);
            let output = tiling
                .run(shape, &values, |_, _, input| Ok::<_, Infallible>(input))
                .unwrap();
            let furthest = values
                .iter()
                .zip(&output)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(furthest < 1e-6, "{tiling:?} {shape}: {furthest}");
        }
    }
}

#[test]
fn the_model_sees_tiles_of_its_size_and_few_at_once() {
    for tiling in tilings() {
        for (channels, height, width) in SHAPES {
            let shape = ImageShape::new(channels, height, width);
            tiling
                .run(shape, &picture(shape), |tile, count, input| {
                    assert_eq!(input.len(), count * tile.values());
                    assert!((1..=64).contains(&count));
                    if tiling.is_fixed {
                        assert_eq!(tile.size(), tiling.tile);
                    } else {
                        assert!(tile.height <= tiling.tile.height);
                        assert!(tile.width <= tiling.tile.width);
                    }
                    Ok::<_, Infallible>(input)
                })
                .unwrap();
        }
    }
}

/// Every tile gets a brightness of its own; where tiles meet, no step may be larger than what
/// fading over the overlap allows.
#[test]
fn seams_fade() {
    let shape = ImageShape::new(1, 40, 200);
    let tiling = Tiling::of_any_size(64, 4);
    let mut tile_number = 0;
    let output = tiling
        .run(shape, &vec![0.0; shape.values()], |tile, count, _| {
            let mut output = Vec::new();
            for _ in 0..count {
                tile_number += 1;
                output.resize(output.len() + tile.values(), (tile_number % 2) as f32);
            }
            Ok::<_, Infallible>(output)
        })
        .unwrap();
    assert!(tile_number >= 4);
    let steepest = output
        .chunks(shape.width)
        .flat_map(|line| line.windows(2).map(|pair| (pair[0] - pair[1]).abs()))
        .fold(0.0, f32::max);
    assert!(steepest > 0.0 && steepest < 0.15, "{steepest}");
}

#[test]
fn tiles_cover_an_axis_from_end_to_end() {
    let fixed = Tiling::of_fixed_size(Size {
        height: 28,
        width: 28,
    });
    let any = Tiling::of_any_size(64, 4);
    for (tiling, tile, length, expected) in [
        (fixed, 28, 10, vec![(0, 10)]),
        (fixed, 28, 28, vec![(0, 28)]),
        (fixed, 28, 29, vec![(0, 28), (1, 28)]),
        (fixed, 28, 56, vec![(0, 28), (14, 28), (28, 28)]),
        (any, 64, 64, vec![(0, 64)]),
        (any, 64, 65, vec![(0, 52), (16, 49)]),
        (any, 64, 130, vec![(0, 60), (28, 60), (56, 60), (72, 58)]),
    ] {
        let spans = tiling.spans(length, tile);
        let found: Vec<_> = spans
            .iter()
            .map(|span| (span.start, span.length()))
            .collect();
        assert_eq!(found, expected, "{length}");
        let least = weight_sums(length, &spans)
            .into_iter()
            .fold(f32::INFINITY, f32::min);
        assert!(least > 0.3, "{length}: {least}");
    }
}

/// A model that sees 15 pixels to each side, or 27, and pools: its result depends on where the 4x4 blocks lie.
#[test]
fn tiles_give_what_the_picture_as_a_whole_gives() {
    let any = Tiling::of_any_size;
    assert!(furthest_of_tiles(12, any(128, 4)) < 1e-5);
    assert!(furthest_of_tiles(24, any(128, 4).seeing(55)) < 1e-5);
    // Without being told what the model sees it is off.
    assert!(furthest_of_tiles(24, any(128, 4)) > 1e-5);
}

/// How far what comes of tiles is from what comes of the whole picture, of a model that sees `reach` pixels around a block.
fn furthest_of_tiles(reach: usize, tiling: Tiling) -> f32 {
    let of_image = |shape: ImageShape, input: &[f32]| {
        let (height, width) = (shape.height, shape.width);
        let block = |row: usize, column: usize| {
            let (top, left) = (row / 4 * 4, column / 4 * 4);
            let rows = top.saturating_sub(reach)..(top + reach + 4).min(height);
            let sum: f32 = rows
                .flat_map(|row| {
                    (left.saturating_sub(reach)..(left + reach + 4).min(width))
                        .map(move |column| (row, column))
                })
                .map(|(row, column)| input[row * width + column])
                .sum();
            sum / (2 * reach + 4).pow(2) as f32
        };
        let output = (0..height * width).map(|pixel| block(pixel / width, pixel % width));
        output.collect::<Vec<_>>()
    };
    let model = |shape: ImageShape, _count: usize, input: Vec<f32>| {
        let images = input.chunks(shape.values());
        Ok::<_, Infallible>(images.flat_map(|image| of_image(shape, image)).collect())
    };
    let shape = ImageShape::new(1, 150, 203);
    let values = picture(shape);
    let whole = Tiling::of_any_size(400, 4)
        .run(shape, &values, model)
        .unwrap();
    let tiles = tiling.run(shape, &values, model).unwrap();
    whole
        .iter()
        .zip(&tiles)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

/// The model halves what it sees; the channels are 0.2, 0.4 and 0.6.
#[test]
fn channels_are_brought_together() {
    let pixels = 40 * 50;
    let color: Vec<f32> = [0.2, 0.4, 0.6]
        .iter()
        .flat_map(|&v| vec![v; pixels])
        .collect();
    let tiling = Tiling::of_any_size(32, 4);
    for (picture_channels, model_channels) in [(3, 1), (1, 3), (3, 3), (1, 1)] {
        let shape = ImageShape::new(picture_channels, 40, 50);
        let values = &color[..shape.values()];
        let output = run_over_picture(&tiling, model_channels, shape, values, |tile, _, input| {
            assert_eq!(tile.channels, model_channels);
            Ok::<_, InferError>(input.iter().map(|value| value / 2.0).collect())
        })
        .unwrap();
        assert_eq!(output.len(), values.len());
        for (output, value) in output.iter().zip(values) {
            assert!((output - value / 2.0).abs() < 1e-6);
        }
    }
    let shape = ImageShape::new(2, 4, 4);
    let refused = run_over_picture(&tiling, 3, shape, &[0.0; 32], |_, _, input| Ok(input));
    let is_refused = matches!(
        refused,
        Err(InferError::Channels {
            picture: 2,
            model: 3
        })
    );
    assert!(is_refused, "{refused:?}");
}

#[test]
fn an_error_of_the_model_is_passed_on() {
    let shape = ImageShape::new(1, 8, 8);
    let result = Tiling::of_any_size(4, 4).run(shape, &picture(shape), |_, _, _| Err("broken"));
    assert_eq!(result, Err("broken"));
}

/// Numbers from a seed, for choices of no consequence.
struct Random(u64);

impl Random {
    /// From `low` to `high`, both included.
    fn between(&mut self, low: usize, high: usize) -> usize {
        // SplitMix64: G. Steele, D. Lea and C. Flood (2014), Fast splittable pseudorandom number generators.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + ((z ^ (z >> 31)) % (high - low + 1) as u64) as usize
    }

    fn tiling(&mut self) -> Tiling {
        match self.between(0, 1) {
            0 => Tiling::of_any_size(self.between(1, 80), self.between(1, 6)),
            _ => Tiling::of_fixed_size(Size {
                height: self.between(1, 30),
                width: self.between(1, 30),
            }),
        }
    }
}

/// Whatever the sizes: every pixel belongs to a tile that counts, and what the tiles count for together is one.
#[test]
fn tiles_cover_every_pixel_and_their_shares_sum_to_one() {
    for case in 0..400 {
        let mut random = Random(case);
        let tiling = random.tiling();
        let (length, side) = (random.between(1, 200), tiling.tile.height);
        let what = format!("case {case}: {length} pixels in {tiling:?}");
        let spans = tiling.spans(length, side);
        let sums = weight_sums(length, &spans);
        assert!(
            sums.iter().all(|sum| sum.is_normal() && *sum > 0.0),
            "{what}"
        );
        let mut shares = vec![0.0; length];
        let mut covered = vec![false; length];
        for span in &spans {
            assert!(span.start.is_multiple_of(tiling.multiple), "{what}");
            assert!((1..=side).contains(&span.length()), "{what}");
            for (index, weight) in span.weights.iter().enumerate() {
                let place = span.start + index;
                assert!((0.0..=1.0).contains(weight), "{what}");
                shares[place] += weight / sums[place];
                covered[place] = true;
            }
        }
        assert!(covered.iter().all(|&covered| covered), "{what}");
        assert!(
            shares.iter().all(|share: &f32| (share - 1.0).abs() < 1e-6),
            "{what}"
        );
        // No tile is there for nothing.
        let starts: Vec<_> = spans.iter().map(|span| span.start).collect();
        assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "{what}");
    }
}

/// The mean of the pixels at most `reach` away, as far as there are any.
fn local_mean(reach: usize, shape: ImageShape, values: &[f32]) -> Vec<f32> {
    let (height, width) = (shape.height, shape.width);
    let at = |plane: &[f32], row: usize, column: usize| {
        let rows = row.saturating_sub(reach)..(row + reach + 1).min(height);
        let columns = column.saturating_sub(reach)..(column + reach + 1).min(width);
        let count = rows.len() * columns.len();
        let sum: f32 = rows
            .map(|row| plane[row * width..][columns.clone()].iter().sum::<f32>())
            .sum();
        sum / count as f32
    };
    values
        .chunks(shape.pixels())
        .flat_map(|plane| {
            (0..shape.pixels()).map(move |pixel| at(plane, pixel / width, pixel % width))
        })
        .collect()
}

/// What a model sees of a tile's surroundings ends at the tile; within `context` pixels of its edge nothing counts.
#[test]
fn a_local_operation_gives_in_tiles_what_it_gives_on_the_whole() {
    for case in 0..150 {
        let mut random = Random(case);
        let tiling = random.tiling();
        let shape = ImageShape::new(
            random.between(1, 3),
            random.between(1, 120),
            random.between(1, 120),
        );
        let reach = random.between(0, tiling.context.min(6));
        let values: Vec<f32> = (0..shape.values())
            .map(|_| random.between(0, 255) as f32 / 255.0)
            .collect();
        let tiles = tiling
            .run(shape, &values, |tile, count, input| {
                let of_tile = |values: &[f32]| local_mean(reach, tile, values);
                assert_eq!(input.len(), count * tile.values());
                Ok::<_, Infallible>(input.chunks(tile.values()).flat_map(of_tile).collect())
            })
            .unwrap();
        let whole = local_mean(reach, shape, &values);
        let furthest = whole
            .iter()
            .zip(&tiles)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(
            furthest < 1e-5,
            "case {case}: {shape}, reach {reach}, {tiling:?}: {furthest}"
        );
    }
}
