//! Rate and distortion: what images lose at how many bits, for a codec and for those that it is compared with.

pub(crate) mod bd_rate;
pub(crate) mod curve;
pub(crate) mod mosaic;
mod pchip;
pub(crate) mod peers;
