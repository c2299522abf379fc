//! Folders that people bring: the answer is checked, not only the message.
//!
//! Every case is the smallest member of a kind that somebody reported of a tool for this job. The pictures are those of
//! the integration tests' own folders.

use super::case::Case;

mod anomalies;
mod answers;
mod layouts;
mod parts;
mod preparation;
mod reading;
mod runs;
mod writing;

/// The synthetic pictures of `tests/integration/own_folders`, and the files that hold them.
#[path = "../../../tests/integration/own_folders/inputs"]
#[allow(dead_code, reason = "the integration tests use what is not used here")]
mod inputs {
    pub(super) mod draw;
    pub(super) mod gif;
    pub(super) mod jpeg;
    pub(super) mod npy;
    pub(super) mod picture;
    pub(super) mod plain;
    pub(super) mod png;
    pub(super) mod tiff;
    pub(super) mod zip;
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = parts::cases();
    cases.extend(preparation::cases());
    cases.extend(layouts::cases());
    cases.extend(reading::cases());
    cases.extend(writing::cases());
    cases.extend(anomalies::cases());
    cases.extend(runs::cases());
    cases
}

const FAMILY: &str = "own folders";
