//! What removes noise from pictures of any size: a model that was trained to, or a filter that needs no training.
//!
//! Each filter is a file of its own, with all there is to say of it; [`FILTERS`] lists them. One more is a file beside the
//! others, its `mod` line here and its entry in the list.

mod bm3d;
pub(crate) mod denoiser;
mod median;
pub(crate) mod model;
mod non_local_means;
pub(crate) mod orientations;
pub(crate) mod photo;
mod reflected;
pub(crate) mod self_supervised;

use crate::denoisers::denoiser::NoiseFilter;

/// Every filter, in the order of help and tables.
pub const FILTERS: &[&dyn NoiseFilter] =
    &[&bm3d::Bm3d, &non_local_means::NonLocal, &median::Median];

/// The filter of this name.
#[must_use]
pub fn filter(name: &str) -> Option<&'static dyn NoiseFilter> {
    FILTERS.iter().copied().find(|filter| filter.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_every_filter() {
        let table: String = FILTERS
            .iter()
            .map(|filter| format!("| `{}` | {} |\n", filter.name(), filter.summary()))
            .collect();
        assert!(include_str!("../README.md").contains(&table), "{table}");
    }

    #[test]
    fn filters_are_found_by_their_names_alone() {
        for known in FILTERS {
            let found = filter(known.name()).expect("a filter of that name");
            assert_eq!(found.summary(), known.summary());
        }
        for name in ["", "BM3D", "./bm3d", "conv"] {
            assert!(filter(name).is_none(), "{name}");
        }
    }
}
