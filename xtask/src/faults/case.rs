//! A case: one thing that goes wrong, and what has to come of it.

use super::bench::Bench;
use super::options::FaultsOptions;
use super::trouble::Trouble;

/// What a passed case has to say beyond that, such as how many places a sweep tried; often nothing.
pub(super) type Passed = String;
pub(super) type Body = Box<dyn Fn(&Bench<'_>) -> Result<Passed, Trouble>>;

/// One thing that goes wrong.
pub(super) struct Case {
    pub(super) family: &'static str,
    pub(super) name: String,
    /// Whether it belongs to the subset that CI runs.
    pub(super) quick: bool,
    pub(super) body: Body,
}

impl Case {
    pub(super) fn new(
        family: &'static str,
        name: impl Into<String>,
        body: impl Fn(&Bench<'_>) -> Result<(), Trouble> + 'static,
    ) -> Self {
        Self::telling(family, name, move |bench| {
            body(bench).map(|()| String::new())
        })
    }

    /// A case with figures to tell.
    pub(super) fn telling(
        family: &'static str,
        name: impl Into<String>,
        body: impl Fn(&Bench<'_>) -> Result<Passed, Trouble> + 'static,
    ) -> Self {
        Self {
            family,
            name: name.into(),
            quick: true,
            body: Box::new(body),
        }
    }

    pub(super) fn slow(mut self) -> Self {
        self.quick = false;
        self
    }

    pub(super) fn is_chosen(&self, options: &FaultsOptions) -> bool {
        let named = options
            .only
            .as_ref()
            .is_none_or(|only| self.family.contains(only) || self.name.contains(only));
        named && (self.quick || !options.quick)
    }
}
