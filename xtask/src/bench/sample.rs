//! What is measured, as numbers.

use super::cases::Task;

/// One number: what a contender did in one round of a case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) case: String,
    pub(crate) task: Task,
    pub(crate) contender: String,
    pub(crate) round: usize,
    /// In the task's unit.
    pub(crate) value: f64,
}
