//! Arithmetic on rows, for whatever vectors the machine has.
//!
//! A kernel is written once, generic over [`Lanes`]: sixteen channels at a time, in one 512-bit register a row, two of 256
//! bits, four of 128, or plain floats.

use pulp::Simd;

use crate::simd::rows::Row;

/// Arithmetic on [`Row`]s held in registers.
pub(crate) trait Lanes: Copy {
    /// A row in registers.
    type V: Copy;
    /// Whether an accumulator tile may be two rows wide and fourteen high (thirty-two wide registers), or
    /// only one wide and six high.
    const WIDE: bool;

    fn splat(self, value: f32) -> Self::V;
    fn load(self, row: &Row) -> Self::V;
    fn store(self, row: &mut Row, value: Self::V);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, in one rounding where the machine can.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `yes` where `a > b`, else `no`; also `no` where either is not a number.
    fn if_greater(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// `yes` where `a == b`, else `no`.
    fn if_equal(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// `value` where it is above zero (or not a number), else `value * slope`.
    fn leaky(self, value: Self::V, slope: Self::V) -> Self::V;
    /// Puts `value` into `best`, and `number` into `which`, where it is above `bar`; a value that is not a
    /// number goes into `best` and stays there.
    fn keep_larger(
        self,
        best: &mut Self::V,
        which: &mut Self::V,
        value: Self::V,
        bar: Self::V,
        number: f32,
    );

    /// Has a row fetched into the first cache, where the machine can be asked to, without waiting for it.
    fn prefetch(self, row: &Row);

    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }
}

/// An instruction set that can be asked to fetch a row ahead of its use.
pub(crate) trait Prefetch {
    #[inline(always)]
    fn prefetch(self, _row: &Row)
    where
        Self: Sized,
    {
    }
}

impl Prefetch for pulp::Scalar {}

#[cfg(target_arch = "aarch64")]
impl Prefetch for pulp::aarch64::Neon {}

#[cfg(target_arch = "x86_64")]
impl Prefetch for pulp::x86::V3 {
    #[inline(always)]
    fn prefetch(self, row: &Row) {
        fetch(self.sse, row);
    }
}

#[cfg(target_arch = "x86_64")]
impl Prefetch for pulp::x86::V4 {
    #[inline(always)]
    fn prefetch(self, row: &Row) {
        fetch(self.sse, row);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fetch(sse: pulp::core_arch::x86::Sse, row: &Row) {
    use std::arch::x86_64::_MM_HINT_T0;
    sse._mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(row).cast());
}

/// [`Lanes`] of `N` vectors of the instruction set `S`.
#[derive(Clone, Copy)]
pub(crate) struct Wide<S, const N: usize>(pub(crate) S);

// The loops count, for iterators' methods are not always inlined, and what is not inlined is compiled without
// the instruction set.
impl<S: Simd + Prefetch, const N: usize> Lanes for Wide<S, N> {
    type V = [S::f32s; N];
    const WIDE: bool = N == 1;

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [self.0.splat_f32s(value); N]
    }

    #[inline(always)]
    fn load(self, row: &Row) -> Self::V {
        let (vectors, _) = S::as_simd_f32s(&row.0);
        let vectors: &[S::f32s; N] = vectors.first_chunk().expect("N vectors make a row");
        *vectors
    }

    #[inline(always)]
    fn prefetch(self, row: &Row) {
        self.0.prefetch(row);
    }

    #[inline(always)]
    fn store(self, row: &mut Row, value: Self::V) {
        let (vectors, _) = S::as_mut_simd_f32s(&mut row.0);
        let vectors: &mut [S::f32s; N] = vectors.first_chunk_mut().expect("N vectors make a row");
        *vectors = value;
    }

    #[inline(always)]
    fn add(self, mut a: Self::V, b: Self::V) -> Self::V {
        for i in 0..N {
            a[i] = self.0.add_f32s(a[i], b[i]);
        }
        a
    }

    #[inline(always)]
    fn sub(self, mut a: Self::V, b: Self::V) -> Self::V {
        for i in 0..N {
            a[i] = self.0.sub_f32s(a[i], b[i]);
        }
        a
    }

    #[inline(always)]
    fn mul(self, mut a: Self::V, b: Self::V) -> Self::V {
        for i in 0..N {
            a[i] = self.0.mul_f32s(a[i], b[i]);
        }
        a
    }

    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, mut c: Self::V) -> Self::V {
        for i in 0..N {
            c[i] = self.0.mul_add_e_f32s(a[i], b[i], c[i]);
        }
        c
    }

    #[inline(always)]
    fn if_greater(self, a: Self::V, b: Self::V, yes: Self::V, mut no: Self::V) -> Self::V {
        for i in 0..N {
            let greater = self.0.greater_than_f32s(a[i], b[i]);
            no[i] = self.0.select_f32s(greater, yes[i], no[i]);
        }
        no
    }

    #[inline(always)]
    fn if_equal(self, a: Self::V, b: Self::V, yes: Self::V, mut no: Self::V) -> Self::V {
        for i in 0..N {
            no[i] = self
                .0
                .select_f32s(self.0.equal_f32s(a[i], b[i]), yes[i], no[i]);
        }
        no
    }

    #[inline(always)]
    fn leaky(self, mut value: Self::V, slope: Self::V) -> Self::V {
        let zero = self.0.splat_f32s(0.0);
        for i in 0..N {
            let low = self.0.mul_f32s(value[i], slope[i]);
            let is_low = self.0.less_than_or_equal_f32s(value[i], zero);
            value[i] = self.0.select_f32s(is_low, low, value[i]);
        }
        value
    }

    #[inline(always)]
    fn keep_larger(
        self,
        best: &mut Self::V,
        which: &mut Self::V,
        value: Self::V,
        bar: Self::V,
        number: f32,
    ) {
        let s = self.0;
        let number = s.splat_f32s(number);
        for i in 0..N {
            let larger = s.greater_than_f32s(value[i], bar[i]);
            which[i] = s.select_f32s(larger, number, which[i]);
            let kept = s.select_f32s(larger, value[i], best[i]);
            let is_number = s.equal_f32s(value[i], value[i]);
            best[i] = s.select_f32s(is_number, kept, value[i]);
        }
    }
}

/// How many of `left` pixels or rows the next tile takes: nearly equal tiles, none above what the registers
/// hold.
#[inline(always)]
pub(crate) fn tile_height<L: Lanes>(left: usize) -> usize {
    let most = if L::WIDE { 14 } else { 6 };
    left.div_ceil(left.div_ceil(most))
}
