//! Which noise is added.

use std::str::FromStr as _;

use ae_data::NoiseChain;
use clap::Args;

/// `--noise`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct NoiseArgument {
    /// Noise in pixel units, where 1 is the full range: gaussian:0.5, masking:0.3,
    /// gaussian:0.1..0.6 (a range), gaussian:0.2,cutout:0.3 (a chain), none.
    #[arg(long, value_name = "CHAIN", value_parser = read_noise, help_heading = "Data")]
    pub noise: Option<NoiseChain>,
}

/// Reads `--noise`.
pub(crate) fn read_noise(text: &str) -> Result<NoiseChain, String> {
    NoiseChain::from_str(text).map_err(|error| error.to_string())
}
