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
