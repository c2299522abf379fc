//! The instruction set, found when the program runs, and a kernel's body compiled for each.
//!
//! Detection and the few unsafe intrinsics behind it are those of the crate [`pulp`]; nothing here is unsafe.

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

/// Compiles `$body` once for every instruction set, with `$lanes` bound to its [`crate::simd::Lanes`], and runs the one
/// that `$isa` names. Everything that `$body` calls must be `#[inline(always)]`, or it would be compiled for
/// the lowest set.
macro_rules! with_lanes {
    ($isa:expr, $lanes:ident => $body:expr) => {{
        let once = $crate::simd::isa::Once;
        match $isa {
            #[cfg(target_arch = "x86_64")]
            $crate::simd::isa::Isa::Avx512(simd) => {
                with_lanes!(@run once, simd, $lanes: $crate::simd::lanes::Wide::<_, 1>(simd) => $body)
            }
            #[cfg(target_arch = "x86_64")]
            $crate::simd::isa::Isa::Avx2(simd) => {
                with_lanes!(@run once, simd, $lanes: $crate::simd::lanes::Wide::<_, 2>(simd) => $body)
            }
            #[cfg(target_arch = "aarch64")]
            $crate::simd::isa::Isa::Neon(simd) => {
                with_lanes!(@run once, simd, $lanes: $crate::simd::lanes::Wide::<_, 4>(simd) => $body)
            }
            $crate::simd::isa::Isa::Plain(simd) => {
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
