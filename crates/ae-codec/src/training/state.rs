//! A training that is interrupted: what it has come to, as bytes.

use sha2::{Digest, Sha256};

use crate::error::CodecError;

const MAGIC: [u8; 8] = *b"\x89AETRAIN";
const VERSION: u16 = 1;

/// Where a training is after a step: what the steps after it follow from.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingState {
    /// Steps done.
    pub(super) step: usize,
    /// What settings it is of.
    pub(super) identity: [u8; 32],
    pub(super) parameters: Vec<f32>,
    /// The optimizer's two means for each parameter.
    pub(super) means: Vec<[f32; 2]>,
}

impl TrainingState {
    /// How many steps are done.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }

    /// The bytes that stand for it: magic, version, identity, step, number of parameters, those, their means, CRC-32.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.identity);
        bytes.extend((self.step as u64).to_le_bytes());
        bytes.extend((self.parameters.len() as u64).to_le_bytes());
        let values = self.parameters.iter().chain(self.means.as_flattened());
        bytes.extend(values.flat_map(|value| value.to_le_bytes()));
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// The state for which `bytes` stand.
    ///
    /// # Errors
    /// [`CodecError::State`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let (content, checksum) = bytes.split_last_chunk().ok_or(damaged("it is empty"))?;
        let mut left = content
            .strip_prefix(&MAGIC)
            .ok_or(damaged("it is no state of a training"))?;
        let mut take = |count: usize| left.split_off(..count).ok_or(damaged("it ends too early"));
        let version = take(2)?;
        if version != VERSION.to_le_bytes() {
            return Err(damaged("it is of another version"));
        }
        if crc32fast::hash(content).to_le_bytes() != *checksum {
            return Err(damaged("its checksum is wrong"));
        }
        let identity: [u8; 32] = std::array::from_fn(|_| 0);
        let identity = take(32)?.first_chunk().copied().unwrap_or(identity);
        let mut number = || -> Result<usize, CodecError> {
            let bytes = take(8)?.first_chunk().copied().unwrap_or_default();
            usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| damaged("a number is too large"))
        };
        let (step, parameters) = (number()?, number()?);
        let (values, rest) = left.as_chunks::<4>();
        if !rest.is_empty() || parameters.checked_mul(3) != Some(values.len()) {
            return Err(damaged("it has another length than it says"));
        }
        let mut values = values.iter().map(|&bytes| f32::from_le_bytes(bytes));
        let parameters = values.by_ref().take(parameters).collect();
        let values: Vec<f32> = values.collect();
        Ok(Self {
            step,
            identity,
            parameters,
            means: values.as_chunks().0.to_vec(),
        })
    }

    /// Whether the training of this identity, of so many parameters and steps, can be resumed from it.
    pub(super) fn check(
        &self,
        identity: &[u8; 32],
        parameters: usize,
        steps: usize,
    ) -> Result<(), CodecError> {
        if self.identity != *identity || self.parameters.len() != parameters {
            return Err(damaged("it is of a training with other settings or images"));
        }
        if self.step > steps {
            return Err(damaged("it is of a longer training"));
        }
        Ok(())
    }
}

/// What a training is known by: its settings, as text.
pub(super) fn identity(settings: &str) -> [u8; 32] {
    Sha256::digest(settings.as_bytes()).into()
}

const fn damaged(reason: &'static str) -> CodecError {
    CodecError::State { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_and_a_damaged_one_does_not() {
        let state = TrainingState {
            step: 70_000,
            identity: identity("settings"),
            parameters: vec![1.5, -0.0, f32::MIN_POSITIVE],
            means: vec![[0.25, 1e-30], [-1.0, 2.0], [3.0, 4.0]],
        };
        let bytes = state.to_bytes();
        assert_eq!(TrainingState::from_bytes(&bytes).unwrap(), state);
        for length in 0..bytes.len() {
            assert!(TrainingState::from_bytes(&bytes[..length]).is_err());
        }
        for place in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[place] ^= 4;
            assert!(TrainingState::from_bytes(&bytes).is_err(), "{place}");
        }
        assert!(state.check(&identity("settings"), 3, 70_000).is_ok());
        for refused in [
            state.check(&identity("others"), 3, 70_000),
            state.check(&identity("settings"), 4, 70_000),
            state.check(&identity("settings"), 3, 69_999),
        ] {
            assert!(matches!(refused, Err(CodecError::State { .. })));
        }
    }
}
