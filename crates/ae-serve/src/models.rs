//! The models that are served: what is said of each, its thread, and the requests that wait for it.

pub(crate) mod calibration;
pub(crate) mod catalog;
pub(crate) mod coder;
pub(crate) mod description;
pub(crate) mod load;
pub(crate) mod served;
pub(crate) mod stop;
pub(crate) mod worker;
