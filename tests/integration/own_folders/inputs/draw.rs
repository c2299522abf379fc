//! What is drawn: parts, parts with a defect, scenes.

use ae_random::{Draw, Purpose, RandomStream};

use super::picture::Picture;

const SIDE: usize = 32;

/// The random numbers of a drawing.
pub(crate) fn random(kind: u64, number: u64) -> RandomStream {
    let draw = Draw {
        seed: kind,
        purpose: Purpose::Display,
        epoch: 0,
        index: number,
    };
    draw.stream()
}

fn byte(value: f64) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

/// A bright disc on a dark ground with a little noise, 32 x 32 gray: a normal part.
pub(crate) fn disc(number: u64) -> Picture {
    let mut random = random(1, number);
    let mut within = |bound| f64::from(random.uniform_within(bound));
    let (radius, center_x, center_y) = (10.0 + within(1.0), 16.0 + within(1.0), 16.0 + within(1.0));
    let values = (0..SIDE * SIDE).map(|pixel| {
        let (x, y) = ((pixel % SIDE) as f64, (pixel / SIDE) as f64);
        let inside = (y - center_y).powi(2) + (x - center_x).powi(2) < radius * radius;
        let level = if inside { 180.0 } else { 40.0 };
        byte(level + 6.0 * f64::from(random.standard_normal()))
    });
    let values = values.collect();
    Picture::new(SIDE, SIDE, 1, values)
}

/// The disc of this number with a square of 5 x 5 in it, bright or black, and the mask of the square.
pub(crate) fn defect(number: u64) -> (Picture, Picture) {
    let mut random = random(2, number);
    let (x, y) = (
        8 + random.uniform_below(12) as usize,
        8 + random.uniform_below(12) as usize,
    );
    let level = if random.uniform() < 0.5 { 250 } else { 0 };
    let mut values = disc(number).bytes().to_vec();
    let mut mask = vec![0; SIDE * SIDE];
    for row in y..y + 5 {
        values[row * SIDE + x..][..5].fill(level);
        mask[row * SIDE + x..][..5].fill(255);
    }
    (
        Picture::new(SIDE, SIDE, 1, values),
        Picture::new(SIDE, SIDE, 1, mask),
    )
}

/// Something with edges, gradients and texture.
pub(crate) fn scene(width: usize, height: usize, channels: usize, number: u64) -> Picture {
    let mut random = random(3, number);
    let phase = number as f64;
    let mut values = Vec::with_capacity(width * height * channels);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..channels {
                let wave = (x as f64 / (9.0 + 2.0 * channel as f64) + phase).sin()
                    * (y as f64 / 13.0).cos();
                let tiles = ((x / 24 + y / 24) % 2) as f64;
                let noise = 3.0 * f64::from(random.standard_normal());
                values.push(byte(
                    90.0 + 60.0 * wave + 0.2 * x as f64 + 20.0 * tiles + noise,
                ));
            }
        }
    }
    Picture::new(width, height, channels, values)
}
