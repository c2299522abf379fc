//! The model's configuration: its options over what a file says, or the defaults of its kind.

use ae_models::{ModelConfig, ModelError, Registry};

use crate::arguments::KindArguments;
use crate::error::CliError;

/// Puts the configuration together.
///
/// # Errors
/// An option is not for the kind of model, or its text says nothing.
pub(super) fn model_config(
    arguments: &KindArguments,
    base: ModelConfig,
    registry: &Registry,
) -> Result<ModelConfig, CliError> {
    let kind = arguments.kind.as_deref();
    let configured = registry.configure(base, kind, &arguments.given);
    configured.map_err(|error| match error {
        ModelError::Setting { name, reason } => CliError::usage(format!("--{name}"), reason)
            .hint("ae train --help says which kind has which option"),
        error => CliError::from(error),
    })
}

#[cfg(test)]
mod tests {
    use ae_models::{
        ConvAutoencoderConfig, DenseAutoencoderConfig, HiddenActivation, Likelihood, NetworkConfig,
        SparseAutoencoderConfig, Sparsity, Upsampling, VariationalAutoencoderConfig,
    };
    use clap::FromArgMatches as _;

    use super::*;
    use crate::arguments::with_model_options;

    fn configured(options: &str) -> Result<ModelConfig, String> {
        let parser = with_model_options(
            clap::Command::new("train").no_binary_name(true),
            &Registry::builtin(),
        );
        let matches = parser.get_matches_from(options.split_whitespace());
        let arguments = KindArguments::from_arg_matches(&matches).expect(options);
        model_config(&arguments, ModelConfig::default(), &Registry::builtin())
            .map_err(|error| error.lines().join("; "))
    }

    fn dense(widths: &[usize], latent: usize, tied: bool) -> DenseAutoencoderConfig {
        DenseAutoencoderConfig {
            widths: widths.to_vec(),
            latent,
            tied,
            ..DenseAutoencoderConfig::default()
        }
    }

    #[test]
    fn options_become_configurations() {
        let check = |options: &str, expected: ModelConfig| {
            assert_eq!(configured(options), Ok(expected), "{options}");
        };
        check("", ModelConfig::default());
        check(
            "--model dense --widths 256,32",
            ModelConfig::from(dense(&[256], 32, false)),
        );
        check(
            "--model dense --widths 256 --latent 8 --tied",
            ModelConfig::from(dense(&[256], 8, true)),
        );
        check(
            "--model dense --widths 256 --latent 8 --activation tanh",
            ModelConfig::from(DenseAutoencoderConfig {
                activation: HiddenActivation::Tanh,
                ..dense(&[256], 8, false)
            }),
        );
        check(
            "--model vae --latent 16 --beta 4 --likelihood gaussian:0.1",
            ModelConfig::from(VariationalAutoencoderConfig {
                beta: 4.0,
                likelihood: Likelihood::Gaussian { sigma: 0.1 },
                network: NetworkConfig::Conv(ConvAutoencoderConfig {
                    latent: Some(16),
                    ..ConvAutoencoderConfig::default()
                }),
                ..VariationalAutoencoderConfig::default()
            }),
        );
        check(
            "--widths 32,32 --upsampling transposed",
            ModelConfig::from(ConvAutoencoderConfig {
                widths: vec![32, 32],
                upsampling: Upsampling::Transposed,
                ..ConvAutoencoderConfig::default()
            }),
        );
        check(
            "--model sparse --network dense --widths 784,100 --sparsity top-k:8",
            ModelConfig::from(SparseAutoencoderConfig {
                sparsity: Sparsity::TopK { kept: 8 },
                network: NetworkConfig::Dense(dense(&[784], 100, false)),
            }),
        );
    }

    #[test]
    fn options_of_another_kind_are_refused() {
        let check = |options: &str, expected: &str| {
            let error = configured(options).unwrap_err();
            assert!(error.starts_with(expected), "{options}: {error}");
        };
        check("--beta 2", "error: --beta: not for a model of kind conv");
        check(
            "--model conv --tied",
            "error: --tied: not for a model of kind conv",
        );
        check(
            "--model dense --upsampling nearest",
            "error: --upsampling: not for a model of kind dense",
        );
        check(
            "--model vae --network dense --upsampling transposed",
            "error: --upsampling: not for a dense network",
        );
        check(
            "--model dense --network dense",
            "error: --network: not for a model of kind dense",
        );
        check(
            "--model vae --sparsity l1:1",
            "error: --sparsity: not for a model of kind vae",
        );
        check(
            "--model contractive --tied",
            "error: --tied: not for a convolutional network",
        );
        check(
            "--model vae --activation tanh",
            "error: --activation: not for a convolutional network",
        );
    }

    #[test]
    fn a_first_width_of_the_image_is_the_image() {
        let config = ModelConfig::from(dense(&[5], 3, false));
        assert_eq!(
            config.clone().without_image_width(5),
            ModelConfig::from(dense(&[], 3, false))
        );
        assert_eq!(config.clone().without_image_width(784), config);
    }
}
