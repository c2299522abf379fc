//! Random cases. A case is known by its number, which every message names.

use ae_data::{ImageShape, Noise, NoiseChain, NoiseKind, Strength};
use ae_random::{Draw, Purpose, RandomStream};

/// How many cases a property is tried on.
pub(crate) const CASES: u64 = 300;

/// Where a case's choices come from.
pub(crate) struct Random(RandomStream);

impl Random {
    pub(crate) fn of_case(case: u64) -> Self {
        let draw = Draw {
            seed: 0xca5e,
            purpose: Purpose::Display,
            epoch: 0,
            index: case,
        };
        Self(draw.stream())
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.0.uniform_below((high - low) as u64 + 1) as usize
    }

    pub(crate) fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.between(0, from.len() - 1)]
    }

    /// Any number, near 0 and of all its bits alike.
    pub(crate) fn number(&mut self) -> u64 {
        let bits = self.choose(&[2, 8, 33, 64]);
        self.0.uniform_below(u64::MAX) >> (64 - bits)
    }

    pub(crate) fn unit(&mut self) -> f32 {
        self.0.uniform()
    }

    pub(crate) fn shape(&mut self, longest_side: usize) -> ImageShape {
        ImageShape::new(
            self.choose(&[1, 2, 3]),
            self.between(1, longest_side),
            self.between(1, longest_side),
        )
    }

    /// Pixels in `[0, 1]`, black and white ones among them.
    pub(crate) fn pixels(&mut self, shape: ImageShape) -> Vec<f32> {
        let pixel = |_| match self.between(0, 5) {
            0 => 0.0,
            1 => 1.0,
            _ => self.unit(),
        };
        (0..shape.values()).map(pixel).collect()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.between(0, 255) as u8).collect()
    }

    /// Up to `longest` noises of any kind and strength that is accepted.
    pub(crate) fn chain(&mut self, longest: usize) -> NoiseChain {
        let noises = (0..self.between(0, longest)).map(|_| {
            let kind = self.choose(NoiseKind::ALL);
            self.noise(kind)
        });
        NoiseChain::new(noises.collect())
    }

    pub(crate) fn noise(&mut self, kind: NoiseKind) -> Noise {
        let (first, second) = (self.strength(kind), self.strength(kind));
        let strength = match self.between(0, 1) {
            0 => Strength::Fixed(first),
            _ => Strength::Range {
                low: first.min(second),
                high: first.max(second),
            },
        };
        Noise::new(kind, strength).expect("the strength is in range")
    }

    /// The ends, usual ones, and ones of every order of magnitude down to the smallest that there is.
    fn strength(&mut self, kind: NoiseKind) -> f32 {
        let most = kind.maximum_strength();
        match self.between(0, 5) {
            0 => 0.0,
            1 => most,
            2 => f32::from_bits(self.between(0, most.to_bits() as usize) as u32),
            _ => self.unit() * kind.example_strength(),
        }
    }
}
