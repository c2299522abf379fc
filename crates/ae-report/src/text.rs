//! What is printed, not drawn: numbers and tables.

pub(crate) mod number;
pub(crate) mod table;
