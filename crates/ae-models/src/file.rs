//! A model as a file: [safetensors](https://github.com/huggingface/safetensors) with a card in its metadata.

pub(crate) mod card;
pub(crate) mod header;
pub(crate) mod load;
pub(crate) mod precision;
pub(crate) mod save;
