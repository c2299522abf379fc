//! Charts: axes with ticks at round numbers, and what is drawn along them.

pub(crate) mod axis;
pub(crate) mod bars;
pub(crate) mod chart;
pub(crate) mod curves;
pub(crate) mod plot;
pub(crate) mod point_labels;
pub(crate) mod rate_distortion;
pub(crate) mod series;
pub(crate) mod ticks;
