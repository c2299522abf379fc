//! Checkpoints that were damaged, and directories that several want.

mod damage;
mod full_disks;
mod long_run;
mod one_writer;
mod refusals;
mod signals;

use super::case::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = damage::cases();
    cases.extend(refusals::cases());
    cases.extend(one_writer::cases());
    cases.extend(signals::cases());
    cases.extend(full_disks::cases());
    cases
}
