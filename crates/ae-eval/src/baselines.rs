//! What an autoencoder has to beat, measured on the same images with the same noise.
//!
//! Each baseline is a file of its own, with all there is to say of it; [`BUILTIN`] lists them. One
//! more is a file beside the others, its `mod` line here and its entry in the list.

mod bench;
mod gaussian;
mod identity;
mod jpeg;
mod kind;
mod mean_image;
mod median;
mod non_local_means;
mod pca;
mod request;
mod tuning;

use crate::error::EvalError;

pub use bench::{Bench, StoredBytes};
pub use kind::BaselineKind;
pub use request::{Baseline, BaselineRequest};
pub use tuning::Filter;

/// Every baseline, in the order of results and tables.
pub const BUILTIN: &[&dyn BaselineKind] = &[
    &identity::Identity,
    &mean_image::MeanImage,
    &pca::PrincipalComponents,
    &median::Median,
    &gaussian::Gaussian,
    &non_local_means::NonLocal,
    &jpeg::Jpeg,
];

/// Measures every baseline of [`BUILTIN`] that applies, in that order; the crate's README says
/// what each one is.
///
/// Nothing is chosen on test images: means, components and strengths come from training images.
/// Results are clipped to `[0, 1]`, but for the input itself. They do not depend on the number of threads; images are read,
/// corrupted and measured on rayon's, and memory does not grow with the test set.
///
/// # Errors
/// A set without images, training and test images of different shapes, or an image that cannot be
/// read.
pub fn baselines(request: &BaselineRequest<'_>) -> Result<Vec<Baseline>, EvalError> {
    measure_baselines(request, BUILTIN)
}

/// Those of [`BUILTIN`] that learn nothing, for images beside which there are none to learn on: whatever a request
/// names as training images is not looked at.
#[must_use]
pub fn unlearned() -> Vec<&'static dyn BaselineKind> {
    let kinds = BUILTIN.iter().copied();
    kinds.filter(|kind| !kind.learns()).collect()
}

/// Measures those of `kinds` that apply, as [`baselines`](fn@baselines) does with [`BUILTIN`].
///
/// # Errors
/// As [`baselines`](fn@baselines).
pub fn measure_baselines(
    request: &BaselineRequest<'_>,
    kinds: &[&dyn BaselineKind],
) -> Result<Vec<Baseline>, EvalError> {
    let bench = Bench::new(request)?;
    let mut results = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.applies_to(request)) {
        results.extend(kind.measure(&bench)?);
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The README's table is made from the list, row for row.
    #[test]
    fn the_readme_lists_every_baseline() {
        let table: String = BUILTIN
            .iter()
            .map(|kind| format!("| `{}` | {} |\n", kind.name(), kind.description()))
            .collect();
        let readme = include_str!("../README.md");
        assert!(
            readme.contains(&format!("|---|---|\n{table}\n")),
            "README.md should say:\n{table}"
        );
    }

    #[test]
    fn what_copies_its_input_learns_nothing() {
        let names: Vec<_> = unlearned().iter().map(|kind| kind.name()).collect();
        assert_eq!(names, ["identity", "jpeg"]);
    }

    #[test]
    fn names_are_told_apart() {
        let names: std::collections::BTreeSet<_> = BUILTIN.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), BUILTIN.len());
    }
}
