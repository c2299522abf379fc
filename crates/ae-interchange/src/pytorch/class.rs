//! The text of `model.py`.

use ae_models::Graph;

use super::forward::{ImageSize, lines};
use super::layers::Layers;
use crate::description::Description;

/// The file that defines the module and loads its weights from `weights`, beside it.
pub(super) fn text(
    description: &Description,
    preparation: &str,
    weights: &str,
    configuration: &str,
) -> String {
    let (whole, _) = description.inference.reconstruction();
    let layers = Layers::of(&whole, &description.tensors);
    let mut body: Vec<String> = vec!["def __init__(self):".to_owned()];
    body.extend(indented(["super().__init__()".to_owned()]));
    body.extend(indented(layers.lines()));
    for method in methods(description, &whole) {
        body.push(String::new());
        body.extend(method);
    }
    let class: Vec<String> = indented(body).collect();
    let class = class.join("\n");
    let functional = match class.contains("F.") {
        true => "import torch.nn.functional as F\n",
        false => "",
    };
    let [channels, height, width] = description.input_shape;
    let codes = match description.inference.encoder() {
        Some(_) => {
            "\n        codes = model.encode(images)        # decode(codes) gives the reconstructions"
        }
        None => "",
    };
    format!(
        "\"\"\"{summary}.\n\
         \n\
         {origin}\n\
         \n\
         In this folder, with torch and safetensors installed:\n\
         \n\
         \x20   import torch\n\
         \x20   from model import load\n\
         \n\
         \x20   model = load()\n\
         \x20   images = torch.rand(16, {channels}, {height}, {width})\n\
         \x20   with torch.no_grad():\n\
         \x20       reconstructions = model(images){codes}\n\
         \n\
         Weights that were trained further go back by\n\
         \n\
         \x20   safetensors.torch.save_file(model.state_dict(), \"new.safetensors\")\n\
         \n\
         \x20   ae import new.safetensors --config {configuration} -o runs/new\n\
         \"\"\"\n\
         \n\
         from pathlib import Path\n\
         \n\
         import torch\n\
         {functional}\
         from safetensors.torch import load_file\n\
         from torch import nn\n\
         \n\
         \n\
         class {NAME}(nn.Module):\n\
         {class}\n\
         \n\
         \n\
         def load(path=Path(__file__).with_name(\"{weights}\")):\n\
         \x20   model = {NAME}()\n\
         \x20   model.load_state_dict(load_file(path), strict=True)\n\
         \x20   return model.eval()\n",
        summary = quotable(&description.summary),
        origin = wrapped(&format!(
            "Written by ae {}. {}{}",
            env!("CARGO_PKG_VERSION"),
            quotable(preparation),
            quotable(&notes(description))
        )),
    )
}

const NAME: &str = "Autoencoder";

/// The methods, each as its lines.
fn methods(description: &Description, whole: &Graph) -> Vec<Vec<String>> {
    let inference = &description.inference;
    let [_, height, width] = description.input_shape;
    let fixed = ImageSize::Fixed([height, width]);
    let (Some(encoder), Some(decoder)) = (inference.encoder(), inference.decoder()) else {
        let size = match inference.takes_any_size() {
            true => ImageSize::Said("images.shape[-2]", "images.shape[-1]"),
            false => fixed,
        };
        return vec![method(
            "forward(self, images)",
            lines(whole, "images", size),
        )];
    };
    let said = ImageSize::Said("height", "width");
    let (size, decode, forward) = match inference.takes_any_size() {
        true => (
            said,
            format!("decode(self, codes, height={height}, width={width})"),
            "return self.decode(self.encode(images), *images.shape[-2:])",
        ),
        false => (
            fixed,
            "decode(self, codes)".to_owned(),
            "return self.decode(self.encode(images))",
        ),
    };
    vec![
        method("encode(self, images)", lines(encoder, "images", size)),
        method(&decode, lines(decoder, "codes", size)),
        method("forward(self, images)", vec![forward.to_owned()]),
    ]
}

fn method(signature: &str, lines: Vec<String>) -> Vec<String> {
    let mut method = vec![format!("def {signature}:")];
    method.extend(indented(lines));
    method
}

fn indented(lines: impl IntoIterator<Item = String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| match line.is_empty() {
        true => line,
        false => format!("    {line}"),
    })
}

/// What else has to be known, in sentences.
fn notes(description: &Description) -> String {
    let notes = description.inference.notes().iter();
    notes
        .map(|(name, note)| format!(" {name}: {note}."))
        .collect()
}

/// Text that may stand between three quotes.
fn quotable(text: &str) -> String {
    text.replace('\\', "/").replace('"', "'")
}

/// Text in lines of at most 100 characters.
fn wrapped(text: &str) -> String {
    const MOST: usize = 100;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is one at least");
        if !line.is_empty() && line.len() + 1 + word.len() > MOST {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
