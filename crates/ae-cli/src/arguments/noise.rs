//! Which noise is added.

use std::str::FromStr as _;

use ae_data::{NoiseChain, NoiseKind};
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
