//! The names of streams of random numbers.

use crate::stream::RandomStream;

/// What random numbers are drawn for.
///
/// The codes are part of what makes a seed mean the same thing in every release: they are never reused or renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u64)]
pub enum Purpose {
    /// Dividing a set into training and test images.
    Split = 1,
    /// The order of the training images.
    Shuffle = 2,
    /// Noise on training images.
    Noise = 3,
    /// Noise on images that are only measured.
    Validation = 4,
    /// A model's initial weights.
    Initialization = 5,
    /// Samples in the latent space.
    Latent = 6,
    /// Pictures and examples that show a set rather than train on it.
    Display = 7,
    /// Samples in the latent space for images that are only measured.
    LatentValidation = 8,
    /// Making training images black and white.
    Binarization = 9,
    /// Making a source's own test images black and white.
    TestBinarization = 10,
    /// Dividing a set by what its images are: epoch and index are the halves of an image's digest.
    Division = 11,
    /// Choosing a few images of a set by what they are, named as for [`Division`](Self::Division).
    Limit = 12,
    /// Making a source's own validation images black and white.
    ValidationBinarization = 13,
    /// Where patches of training pictures are cut, and how they are turned.
    Patch = 14,
    /// Where patches of pictures that are only measured are cut.
    MeasuredPatch = 15,
    /// Which neighboring pixels of a noisy image are taken for input and target of each other.
    Neighbors = 16,
    /// The same in images that are only measured.
    MeasuredNeighbors = 17,
}

impl Purpose {
    /// The number that stands for this purpose in the generator's key.
    #[must_use]
    pub const fn code(self) -> u64 {
        self as u64
    }
}

/// The name of one stream of random numbers.
///
/// ```
/// use ae_random::{Draw, Purpose};
///
/// let draw = Draw { seed: 1, purpose: Purpose::Noise, epoch: 0, index: 42 };
/// assert_eq!(draw.stream().uniform(), draw.stream().uniform());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Draw {
    /// The run's seed.
    pub seed: u64,
    /// What the numbers are for.
    pub purpose: Purpose,
    /// The epoch, counted from 0; 0 for what is drawn once.
    pub epoch: u64,
    /// The sample, parameter or image within the epoch.
    pub index: u64,
}

impl Draw {
    /// The stream, at its beginning.
    ///
    /// # References
    /// D. J. Bernstein (2008), *ChaCha, a variant of Salsa20*. Eight rounds are ample for what isn't secret.
    #[must_use]
    pub fn stream(&self) -> RandomStream {
        RandomStream::of_key(self.key())
    }

    /// Seed, purpose, epoch and index, each little-endian: distinct draws have distinct keys, so no hashing stands
    /// between them that could make two of them meet.
    fn key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        let numbers = [self.seed, self.purpose.code(), self.epoch, self.index];
        for (bytes, number) in key.chunks_exact_mut(8).zip(numbers) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(index: u64) -> Draw {
        Draw {
            seed: 7,
            purpose: Purpose::Noise,
            epoch: 3,
            index,
        }
    }

    #[test]
    fn the_key_is_the_four_numbers() {
        let draw = Draw {
            seed: 0x0102_0304_0506_0708,
            purpose: Purpose::Shuffle,
            epoch: u64::MAX,
            index: 1 << 63,
        };
        let expected: [u8; 32] = [
            8, 7, 6, 5, 4, 3, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
            0, 0, 0, 0, 0, 0, 0, 128,
        ];
        assert_eq!(draw.key(), expected);
    }

    #[test]
    fn purposes_keep_their_codes() {
        let codes = [
            (Purpose::Split, 1),
            (Purpose::Shuffle, 2),
            (Purpose::Noise, 3),
            (Purpose::Validation, 4),
            (Purpose::Initialization, 5),
            (Purpose::Latent, 6),
            (Purpose::Display, 7),
            (Purpose::LatentValidation, 8),
            (Purpose::Binarization, 9),
            (Purpose::TestBinarization, 10),
            (Purpose::Division, 11),
            (Purpose::Limit, 12),
            (Purpose::ValidationBinarization, 13),
            (Purpose::Patch, 14),
            (Purpose::MeasuredPatch, 15),
            (Purpose::Neighbors, 16),
            (Purpose::MeasuredNeighbors, 17),
        ];
        for (purpose, code) in codes {
            assert_eq!(purpose.code(), code, "{purpose:?}");
        }
    }

    #[test]
    fn each_of_the_four_numbers_changes_the_stream() {
        let base = draw(5);
        let others = [
            Draw { seed: 8, ..base },
            Draw {
                purpose: Purpose::Validation,
                ..base
            },
            Draw { epoch: 4, ..base },
            Draw { index: 6, ..base },
        ];
        for other in others {
            assert_ne!(
                base.stream().uniform_f64(),
                other.stream().uniform_f64(),
                "{other:?}"
            );
        }
    }
}
