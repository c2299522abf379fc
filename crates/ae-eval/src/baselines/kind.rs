//! The trait of a baseline: name, description, when it applies, how it is measured.

use crate::baselines::bench::Bench;
use crate::baselines::request::{Baseline, BaselineRequest};
use crate::error::EvalError;

/// A method that a model has to beat: its name, when it applies, and how it is measured.
pub trait BaselineKind: Sync {
    /// The name in tables and in JSON.
    fn name(&self) -> &'static str;

    /// One sentence for help and documentation: what it does, what is fitted on training images,
    /// and what it stores.
    fn description(&self) -> &'static str;

    /// Whether it has something to say about a request; always, where a kind does not say
    /// otherwise.
    fn applies_to(&self, _request: &BaselineRequest<'_>) -> bool {
        true
    }

    /// Whether something of it is fitted to or chosen on training images; so it is, where a kind does not say otherwise.
    fn learns(&self) -> bool {
        true
    }

    /// Measures it on the test images: one result for each of its settings.
    ///
    /// # Errors
    /// An image that cannot be read or, for a codec, not be coded.
    fn measure(&self, bench: &Bench<'_>) -> Result<Vec<Baseline>, EvalError>;
}
