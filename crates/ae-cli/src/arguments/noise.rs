//! Which noise is added.

use std::str::FromStr as _;

use ae_data::{NoiseChain, NoiseKind};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgMatches, Args};

use crate::terminal::Terminal;

/// `--noise`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct NoiseArgument {
    #[arg(
        long,
        value_name = "CHAIN",
        value_parser = read_noise,
        help = noise_help(),
        help_heading = "Data"
    )]
    pub noise: Option<NoiseChain>,
    /// Clip what comes of the noise to black and white; off is the literature's, and the noise's mean is then 0 in dark
    /// and bright parts, too [default: on].
    #[arg(long, value_name = "WHETHER", value_parser = clipping(), help_heading = "Data")]
    pub noise_clip: Option<bool>,
}

fn clipping() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["on", "off"]).map(|text| text == "on")
}

impl NoiseArgument {
    /// The noise that was asked for, else `usual`, clipped where that was asked for.
    pub(crate) fn or(&self, usual: Option<NoiseChain>) -> Option<NoiseChain> {
        let noise = self.noise.clone().or(usual);
        match self.noise_clip {
            Some(clips) => noise.map(|noise| noise.with_clipping(clips)),
            None => noise,
        }
    }
}

/// Warns of `--noise-clip` where no noise is added.
pub(crate) fn tell_unused_clip(
    argument: &NoiseArgument,
    noise: Option<&NoiseChain>,
    terminal: &Terminal,
) {
    if argument.noise_clip.is_some() && noise.is_none_or(NoiseChain::is_empty) {
        terminal.warning(
            "--noise-clip is for noise, and none is added: --noise gaussian:25/255 adds some",
        );
    }
}

fn noise_help() -> String {
    let examples: Vec<String> = NoiseKind::ALL.iter().map(|kind| kind.example()).collect();
    format!(
        "Noise, its strength in pixel units, where 1 is the full range: {}; gaussian:25/255 (a fraction), \
         gaussian:0.1..0.6 (a range), gaussian:0.2,cutout:0.3 (a chain), none",
        examples.join(", ")
    )
}

/// Reads `--noise`.
pub(crate) fn read_noise(text: &str) -> Result<NoiseChain, String> {
    NoiseChain::from_str(text).map_err(|error| error.to_string())
}

/// Warns of strengths that seem to be on another scale, in whichever command's `--noise` they stand.
pub(crate) fn tell_scale(matches: &ArgMatches, terminal: &Terminal) {
    let Ok(Some(chains)) = matches.try_get_many::<NoiseChain>("noise") else {
        return;
    };
    for hint in chains.flat_map(NoiseChain::scale_hints) {
        terminal.warning(format!("--noise {hint}"));
    }
}
