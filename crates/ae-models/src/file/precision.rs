//! The numbers that a model file is written in.

use half::f16;
use safetensors::Dtype;

/// The numbers that weights are written in. Read, they are `f32` whatever they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// IEEE 754 binary32: the weights as they are.
    #[default]
    Single,
    /// IEEE 754 binary16: the nearest number of 11 significant bits, in half the bytes. For files that are used and no
    /// longer trained.
    Half,
}

impl Precision {
    /// What it is in a header's words; `None` for a type that is not read here.
    pub(crate) fn of(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F32 => Some(Self::Single),
            Dtype::F16 => Some(Self::Half),
            _ => None,
        }
    }

    pub(crate) fn dtype(self) -> Dtype {
        match self {
            Self::Single => Dtype::F32,
            Self::Half => Dtype::F16,
        }
    }

    /// Bytes of a number.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Single => 4,
            Self::Half => 2,
        }
    }

    /// The numbers as the file has them.
    pub(crate) fn encode(self, values: &[f32]) -> Vec<u8> {
        let values = values.iter();
        match self {
            Self::Single => values.flat_map(|value| value.to_le_bytes()).collect(),
            Self::Half => values
                .flat_map(|&value| f16::from_f32(value).to_le_bytes())
                .collect(),
        }
    }

    /// The numbers that the file has.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::Single => {
                let (values, _) = bytes.as_chunks();
                values
                    .iter()
                    .map(|&bytes| f32::from_le_bytes(bytes))
                    .collect()
            }
            Self::Half => {
                let (values, _) = bytes.as_chunks();
                let values = values.iter().map(|&bytes| f16::from_le_bytes(bytes));
                values.map(f16::to_f32).collect()
            }
        }
    }

    /// The number as a reader of the file gets it.
    pub(crate) fn rounded(self, value: f32) -> f32 {
        match self {
            Self::Single => value,
            Self::Half => f16::from_f32(value).to_f32(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_numbers_come_back_and_half_ones_are_the_nearest() {
        // The largest, the least normal and the least number of binary16, and one third.
        let values = [
            0.0,
            -1.5,
            65_504.0,
            6.103_515_6e-5,
            5.960_464_5e-8,
            1.0 / 3.0,
        ];
        assert_eq!(
            Precision::Single.decode(&Precision::Single.encode(&values)),
            values
        );
        let bytes = Precision::Half.encode(&values);
        assert_eq!(bytes.len(), 12);
        let halves = Precision::Half.decode(&bytes);
        assert_eq!(halves[..5], values[..5]);
        // 1365/4096, the nearest of 11 significant bits.
        assert_eq!(halves[5], 1365.0 / 4096.0);
        assert_eq!(Precision::Half.rounded(values[5]), halves[5]);
        assert_eq!(Precision::Half.rounded(70_000.0), f32::INFINITY);
    }
}
