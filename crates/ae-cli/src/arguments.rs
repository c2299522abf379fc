//! Groups of arguments that several commands have, and the parsers of single values.
//!
//! What is here is raw: it is checked where it is read, and each command checks what it needs together.

mod data;
mod device;
mod kind;
mod model;
mod noise;
mod output;
pub(crate) mod value;

pub(crate) use self::data::{DataArguments, DataPosition, known_sets, part};
pub(crate) use self::device::DeviceArguments;
pub(crate) use self::kind::{KindArguments, with_model_options};
pub(crate) use self::model::{ModelOption, ModelPosition, RUNS};
pub(crate) use self::noise::{NoiseArgument, read_noise, tell_scale, tell_unused_clip};
pub(crate) use self::output::OutputArguments;
