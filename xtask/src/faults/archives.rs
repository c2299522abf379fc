//! Archives and IDX files that are not what they say.

mod files;
mod labels;
mod refusal;
mod tars;
mod truncations;

use super::case::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = files::cases();
    cases.extend(truncations::cases());
    cases.extend(labels::cases());
    cases.extend(tars::cases());
    cases
}
