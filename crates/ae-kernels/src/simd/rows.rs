//! The row of sixteen floats, which everything here is made of.

/// How many channels stand side by side: the block of the blocked layout.
pub(crate) const BLOCK: usize = 16;

/// Sixteen channels of one pixel, or sixteen columns of a weight matrix: one cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Row(pub(crate) [f32; BLOCK]);

impl Row {
    pub(crate) const ZERO: Self = Self([0.0; BLOCK]);
}

/// The first `N` of a slice, which has at least as many.
#[inline(always)]
pub(crate) fn fixed<T, const N: usize>(items: &[T]) -> &[T; N] {
    items
        .first_chunk()
        .expect("the caller's slice is long enough")
}

/// The first `N` of a slice, which has at least as many.
#[inline(always)]
pub(crate) fn fixed_mut<T, const N: usize>(items: &mut [T]) -> &mut [T; N] {
    items
        .first_chunk_mut()
        .expect("the caller's slice is long enough")
}
