//! Makes the file of a built-in model from a run: the weights in half precision, without what the run's file says of its set.
//!
//! `cargo run -p ae-infer --example pack_photo_model -- RUN NAME FILE`; `cargo xtask photo-model` does it.

use std::error::Error;

use ae_infer::{Device, ModelPath, Registry};
use ae_models::{ModelCard, Precision, load_model, save_model_in};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [run, name, file] = arguments.as_slice() else {
        return Err("usage: pack_photo_model RUN NAME FILE".into());
    };
    let path = ModelPath::find(run)?;
    let (model, card) = load_model(path.file(), &Registry::builtin(), &Device::flex())?;
    let card = ModelCard {
        data_name: Some(name.clone()),
        data_fingerprint: None,
        data: None,
        ..card
    };
    save_model_in(Precision::Half, file, &model, &card)?;
    Ok(())
}
