//! What `ae info` says of the models that are built in, by their names.

use ae_codec::PixelModel;
use ae_infer::{PHOTO, PhotoDenoiser};
use ae_models::{ModelConfig, Registry};
use ae_report::thousands;
use serde::Serialize;

use crate::codec::model::BUILT_IN;
use crate::error::CliError;
use crate::terminal::Terminal;

/// What there is to say of the codec's model for letters.
const GLYPHS_CARD: [(&str, &str); 4] = [
    (
        "what it is for",
        "gray images of letters of 28x28, white on black: ae compress takes it where no run under runs/ fits",
    ),
    (
        "what it was trained on",
        "the built-in set glyphs, letters A to J from fonts of Debian 12",
    ),
    ("how", "ae train --model pixel --data glyphs --steps 5000"),
    ("license", "that of this program, MIT OR Apache-2.0"),
];

#[derive(Serialize)]
struct GlyphsInformation {
    model: &'static str,
    kind: &'static str,
    model_hash: String,
    /// Facts and what they are about.
    card: [(&'static str, &'static str); 4],
}

/// Says what the codec's model for letters is.
///
/// # Errors
/// This machine computes something else than the one that it was trained on.
pub(super) fn glyphs(terminal: &Terminal) -> Result<(), CliError> {
    let information = GlyphsInformation {
        model: BUILT_IN,
        kind: crate::codec::PIXEL,
        model_hash: PixelModel::glyphs()?.hash().to_string(),
        card: GLYPHS_CARD,
    };
    terminal.result(&information, || {
        let mut text = format!(
            "{:<14} {}, built in\n{:<14} {}, a codec\n{:<14} {}\n",
            "model", information.model, "kind", information.kind, "hash", information.model_hash
        );
        for (name, value) in information.card {
            text.push_str(&format!("\n{name}:\n  {value}\n"));
        }
        text
    })
}

#[derive(Serialize)]
struct PhotoInformation {
    model: &'static str,
    kind: Option<&'static str>,
    description: Option<String>,
    config: Option<ModelConfig>,
    parameters: Option<usize>,
    bytes: usize,
    noise: Option<String>,
    /// Facts and what they are about, in the page's words.
    card: Vec<(String, String)>,
}

/// Says what the denoiser for photographs is, what it was trained on and under which license it is.
///
/// # Errors
/// Nothing can be printed.
pub(super) fn photo(registry: &Registry, terminal: &Terminal) -> Result<(), CliError> {
    let card = PhotoDenoiser::card(registry)?;
    let config = card.config;
    let parameters = match &config {
        Some(config) => config.check(card.input_shape)?.parameter_count(),
        None => None,
    };
    let information = PhotoInformation {
        model: PHOTO,
        kind: config.as_ref().map(ModelConfig::kind),
        description: config.as_ref().map(ModelConfig::description),
        parameters,
        config,
        bytes: PhotoDenoiser::FILE_BYTES,
        noise: card.noise,
        card: first_table(PhotoDenoiser::PAGE),
    };
    terminal.result(&information, || information.text())
}

impl PhotoInformation {
    fn text(&self) -> String {
        let mut lines = vec![
            ("model", format!("{}, built in", self.model)),
            ("kind", self.kind.unwrap_or_default().to_owned()),
        ];
        lines.extend(self.description.clone().map(|text| ("", text)));
        let parameters = self.parameters.map(|count| thousands(count as u64));
        lines.extend(parameters.map(|count| ("parameters", count)));
        lines.push(("bytes", thousands(self.bytes as u64)));
        let lines = lines
            .into_iter()
            .map(|(name, value)| format!("{name:<14} {value}\n"));
        let card = self.card.iter();
        let card = card.map(|(name, value)| format!("\n{name}:\n  {value}\n"));
        lines.chain(card).collect()
    }
}

/// The rows of two columns of a page's first table, without marks of emphasis and of links.
fn first_table(page: &str) -> Vec<(String, String)> {
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    rows.filter_map(|line| {
        let line = line.strip_prefix('|')?.strip_suffix('|')?;
        let (name, value) = line.split_once('|')?;
        let [name, value] = [name, value].map(|text| plain(text.trim()));
        let is_row = !name.is_empty() && !name.starts_with('-');
        is_row.then_some((name, value))
    })
    .collect()
}

/// `[a name](where/it/is)` as `a name (where/it/is)`, and no marks around words.
fn plain(text: &str) -> String {
    text.replace("](", " (").replace(['[', '`', '*'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_s_card_says_what_it_has_to() {
        let card = first_table(PhotoDenoiser::PAGE);
        for about in ["what it is", "what it was trained on", "license"] {
            let found = card.iter().find(|(name, _)| name == about);
            let (_, text) = found.unwrap_or_else(|| panic!("{about}: {card:?}"));
            assert!(text.len() > 20 && !text.contains("]("), "{text}");
        }
        let table = "text\n\n| | |\n|---|---|\n| a `b` | see [the list](c/d.toml) |\n\n| e | f |\n";
        let expected = ("a b".to_owned(), "see the list (c/d.toml)".to_owned());
        assert_eq!(first_table(table), [expected]);
    }
}
