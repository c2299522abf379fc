//! The backends that the operations are implemented for.

#[cfg(feature = "wgpu")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "ndarray")]
#[expect(
    deprecated,
    reason = "Burn still ships the backend, and users still choose it"
)]
mod ndarray;
