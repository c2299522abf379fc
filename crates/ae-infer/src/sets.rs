//! Which images a model sees, how they are brought to it, and how they stand to those that it was trained on.

pub(crate) mod no_part;
mod open_set;
mod opened_set;
pub(crate) mod own_set;
mod preparation;
mod relation;
mod set_request;

pub use no_part::NoPartReason;
pub use opened_set::OpenedSet;
pub use own_set::DataOrigin;
pub use preparation::Preparation;
pub use relation::Relation;
pub use set_request::SetRequest;
