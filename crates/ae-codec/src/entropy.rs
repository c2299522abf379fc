//! Entropy coding: integer frequencies and the range coder.

mod range_coder;
mod table;

pub use range_coder::{RangeDecoder, RangeEncoder};
pub use table::FrequencyTable;
