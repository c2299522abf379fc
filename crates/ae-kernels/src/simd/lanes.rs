//! Rows of sixteen floats, and arithmetic on them for whatever vectors the machine has.
//!
//! A kernel is written once, generic over [`Lanes`]: sixteen channels at a time. The instruction set is
//! detected at run time ([`Isa::detect`]); [`with_lanes!`] then compiles the kernel's body for each, with one
//! 512-bit register a row, two of 256 bits, four of 128, or plain floats. Detection and the few unsafe
//! intrinsics behind it are those of the crate [`pulp`]; nothing here is unsafe.

use pulp::Simd;

/// How many channels stand side by side: the block of the blocked layout.
pub(crate) const BLOCK: usize = 16;

/// Sixteen channels of one pixel, or sixteen columns of a weight matrix: one cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Row(pub(crate) [f32; BLOCK]);

impl Row {
    pub(crate) const ZERO: Self = Self([0.0; BLOCK]);
}

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

    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }
}

/// [`Lanes`] of `N` vectors of the instruction set `S`.
#[derive(Clone, Copy)]
pub(crate) struct Wide<S, const N: usize>(pub(crate) S);

// The loops count, for iterators' methods are not always inlined, and what is not inlined is compiled without
// the instruction set.
impl<S: Simd, const N: usize> Lanes for Wide<S, N> {
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

/// The instruction set that the kernels run on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    Plain(pulp::Scalar),
}

impl Isa {
    /// The widest set that this machine has.
    pub(crate) fn detect() -> Self {
        Self::available()[0]
    }

    /// Every set that this machine has, the widest first; plain floats are always the last.
    pub(crate) fn available() -> Vec<Self> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(pulp::x86::V4::try_new().map(Self::Avx512));
            sets.extend(pulp::x86::V3::try_new().map(Self::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        sets.extend(pulp::aarch64::Neon::try_new().map(Self::Neon));
        sets.push(Self::Plain(pulp::Scalar));
        sets
    }

    /// Its name, as a person would say it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2 and FMA",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "NEON",
            Self::Plain(_) => "plain",
        }
    }
}

/// Makes a closure that consumes it one that can be called only once.
///
/// One that could be called again would be reached through a shim, which is not inlined, and its body would then
/// be compiled without the instruction set.
pub(crate) struct Once;

impl Once {
    /// Uses it up.
    #[inline(always)]
    pub(crate) fn consume(self) {}
}

/// Compiles `$body` once for every instruction set, with `$lanes` bound to its [`Lanes`], and runs the one
/// that `$isa` names. Everything that `$body` calls must be `#[inline(always)]`, or it would be compiled for
/// the lowest set.
macro_rules! with_lanes {
    ($isa:expr, $lanes:ident => $body:expr) => {{
        let once = $crate::simd::lanes::Once;
        match $isa {
            #[cfg(target_arch = "x86_64")]
            $crate::simd::lanes::Isa::Avx512(simd) => {
                with_lanes!(@run once, simd, $lanes: $crate::simd::lanes::Wide::<_, 1>(simd) => $body)
            }
            #[cfg(target_arch = "x86_64")]
            $crate::simd::lanes::Isa::Avx2(simd) => {
                with_lanes!(@run once, simd, $lanes: $crate::simd::lanes::Wide::<_, 2>(simd) => $body)
            }
            #[cfg(target_arch = "aarch64")]
            $crate::simd::lanes::Isa::Neon(simd) => {
                with_lanes!(@run once, simd, $lanes: $crate::simd::lanes::Wide::<_, 4>(simd) => $body)
            }
            $crate::simd::lanes::Isa::Plain(simd) => {
                with_lanes!(@run once, simd, $lanes: $crate::simd::lanes::Wide::<_, 16>(simd) => $body)
            }
        }
    }};
    (@run $once:ident, $simd:ident, $lanes:ident: $wide:expr => $body:expr) => {
        pulp::Simd::vectorize(
            $simd,
            #[inline(always)]
            || {
                $once.consume();
                let $lanes = $wide;
                $body
            },
        )
    };
}
pub(crate) use with_lanes;
