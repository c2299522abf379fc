//! What the algorithms by transformed tiles share.

pub(crate) mod on_the_fly;
pub(crate) mod overlap_add;
pub(crate) mod tie_break;
pub(crate) mod tiles;
pub(crate) mod transforms;
pub(crate) mod zero_windows;
