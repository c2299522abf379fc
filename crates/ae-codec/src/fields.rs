//! The fields of a model's file, taken one after the other.

use crate::error::CodecError;

/// What is left of a file.
#[derive(Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// Takes so many bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let taken = self.0.split_off(..count);
        taken.ok_or(damaged("it ends too early"))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let taken = self.take(N)?.first_chunk();
        taken.copied().ok_or(damaged("it ends too early"))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// Takes `count` numbers of `N` bytes.
    pub(crate) fn numbers<const N: usize, T>(
        &mut self,
        count: usize,
        of: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, CodecError> {
        let bytes = count.checked_mul(N).ok_or(damaged("it ends too early"))?;
        let numbers = self.take(bytes)?.as_chunks::<N>().0.iter();
        Ok(numbers.map(|&bytes| of(bytes)).collect())
    }
}

/// The error of a model's file.
pub(crate) const fn damaged(reason: &'static str) -> CodecError {
    CodecError::Model { reason }
}
