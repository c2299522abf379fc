//! The model's configuration: its options over what a file says, or the defaults of its kind.

use ae_models::{
    ContractiveAutoencoderConfig, ConvAutoencoderConfig, DenseAutoencoderConfig, ModelConfig,
    NetworkConfig, SparseAutoencoderConfig, VariationalAutoencoderConfig,
};

use crate::arguments::{KindArguments, ModelKind, NetworkKind};
use crate::error::CliError;

/// Puts the configuration together.
///
/// # Errors
/// An option is not for the kind of model.
pub(super) fn model_config(
    arguments: &KindArguments,
    base: ModelConfig,
) -> Result<ModelConfig, CliError> {
    let mut config = match arguments.model {
        Some(kind) if name(kind) != base.kind() => default_of(kind),
        _ => base,
    };
    check_options(arguments, &config)?;
    match &mut config {
        ModelConfig::Conv(conv) => apply_to_conv(arguments, conv),
        ModelConfig::Dense(dense) => apply_to_dense(arguments, dense),
        ModelConfig::Vae(vae) => {
            apply_to_network(arguments, &mut vae.network)?;
            set(&mut vae.likelihood, arguments.likelihood);
            set(&mut vae.beta, arguments.beta);
            set(&mut vae.beta_schedule, arguments.beta_schedule);
            set(&mut vae.free_bits, arguments.free_bits);
            set(&mut vae.importance_samples, arguments.importance_samples);
        }
        ModelConfig::Sparse(sparse) => {
            apply_to_network(arguments, &mut sparse.network)?;
            set(&mut sparse.sparsity, arguments.sparsity);
        }
        ModelConfig::Contractive(contractive) => {
            apply_to_network(arguments, &mut contractive.network)?;
            set(&mut contractive.contraction, arguments.contraction);
        }
        _ => {}
    }
    Ok(config)
}

/// What a dense model's widths mean for images of `image_values`: a first layer as wide as the image is the image.
pub(super) fn without_image_width(mut config: ModelConfig, image_values: usize) -> ModelConfig {
    let dense = match &mut config {
        ModelConfig::Dense(dense) => Some(dense),
        ModelConfig::Vae(vae) => dense_network(&mut vae.network),
        ModelConfig::Sparse(sparse) => dense_network(&mut sparse.network),
        ModelConfig::Contractive(contractive) => dense_network(&mut contractive.network),
        _ => None,
    };
    if let Some(dense) = dense
        && dense.widths.first() == Some(&image_values)
    {
        dense.widths.remove(0);
    }
    config
}

fn dense_network(network: &mut NetworkConfig) -> Option<&mut DenseAutoencoderConfig> {
    match network {
        NetworkConfig::Dense(dense) => Some(dense),
        _ => None,
    }
}

fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

fn name(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Conv => "conv",
        ModelKind::Dense => "dense",
        ModelKind::Vae => "vae",
        ModelKind::Sparse => "sparse",
        ModelKind::Contractive => "contractive",
    }
}

fn default_of(kind: ModelKind) -> ModelConfig {
    match kind {
        ModelKind::Conv => ModelConfig::Conv(ConvAutoencoderConfig::default()),
        ModelKind::Dense => ModelConfig::Dense(DenseAutoencoderConfig::default()),
        ModelKind::Vae => ModelConfig::Vae(VariationalAutoencoderConfig::default()),
        ModelKind::Sparse => ModelConfig::Sparse(SparseAutoencoderConfig::default()),
        ModelKind::Contractive => ModelConfig::Contractive(ContractiveAutoencoderConfig::default()),
    }
}

/// Refuses an option that the kind of model does not have.
fn check_options(arguments: &KindArguments, config: &ModelConfig) -> Result<(), CliError> {
    let is_made_of_a_network = !matches!(config, ModelConfig::Conv(_) | ModelConfig::Dense(_));
    for (option, given) in arguments.given() {
        let fits = match option {
            "--network" => is_made_of_a_network,
            // Of a model that is made of a network, the network decides.
            "--tied" => !matches!(config, ModelConfig::Conv(_)),
            "--upsampling" => !matches!(config, ModelConfig::Dense(_)),
            "--likelihood"
            | "--beta"
            | "--beta-schedule"
            | "--free-bits"
            | "--importance-samples" => matches!(config, ModelConfig::Vae(_)),
            "--sparsity" => matches!(config, ModelConfig::Sparse(_)),
            "--contraction" => matches!(config, ModelConfig::Contractive(_)),
            _ => true,
        };
        if given && !fits {
            return Err(CliError::usage(
                option,
                format!("not for a model of kind {}", config.kind()),
            )
            .hint("ae train --help says which kind has it"));
        }
    }
    Ok(())
}

fn apply_to_network(
    arguments: &KindArguments,
    network: &mut NetworkConfig,
) -> Result<(), CliError> {
    match (arguments.network, &*network) {
        (Some(NetworkKind::Dense), NetworkConfig::Conv(_)) => {
            *network = NetworkConfig::Dense(DenseAutoencoderConfig::default());
        }
        (Some(NetworkKind::Conv), NetworkConfig::Dense(_)) => *network = NetworkConfig::default(),
        _ => {}
    }
    match network {
        NetworkConfig::Conv(_) if arguments.tied => {
            return Err(CliError::usage("--tied", "not for a convolutional network")
                .hint("--network dense"));
        }
        NetworkConfig::Conv(conv) => apply_to_conv(arguments, conv),
        NetworkConfig::Dense(_) if arguments.upsampling.is_some() => {
            return Err(
                CliError::usage("--upsampling", "not for a dense network").hint("--network conv")
            );
        }
        NetworkConfig::Dense(dense) => apply_to_dense(arguments, dense),
        _ => {}
    }
    Ok(())
}

fn apply_to_conv(arguments: &KindArguments, conv: &mut ConvAutoencoderConfig) {
    set(&mut conv.widths, arguments.widths.clone());
    conv.latent = arguments.latent.or(conv.latent);
    set(&mut conv.upsampling, arguments.upsampling);
}

fn apply_to_dense(arguments: &KindArguments, dense: &mut DenseAutoencoderConfig) {
    match (&arguments.widths, arguments.latent) {
        (Some(widths), None) => {
            let mut widths = widths.clone();
            if let Some(code) = widths.pop() {
                (dense.widths, dense.latent) = (widths, code);
            }
        }
        (widths, latent) => {
            set(&mut dense.widths, widths.clone());
            set(&mut dense.latent, latent);
        }
    }
    dense.tied |= arguments.tied;
}

#[cfg(test)]
mod tests {
    use ae_models::{Likelihood, Sparsity, Upsampling};
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn configured(options: &str) -> Result<ModelConfig, String> {
        let parser = KindArguments::augment_args(clap::Command::new("train").no_binary_name(true));
        let matches = parser.get_matches_from(options.split_whitespace());
        let arguments = KindArguments::from_arg_matches(&matches).expect(options);
        model_config(&arguments, ModelConfig::default()).map_err(|error| error.lines().join("; "))
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
            ModelConfig::Dense(dense(&[256], 32, false)),
        );
        check(
            "--model dense --widths 256 --latent 8 --tied",
            ModelConfig::Dense(dense(&[256], 8, true)),
        );
        check(
            "--model vae --latent 16 --beta 4 --likelihood gaussian:0.1",
            ModelConfig::Vae(VariationalAutoencoderConfig {
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
            ModelConfig::Conv(ConvAutoencoderConfig {
                widths: vec![32, 32],
                upsampling: Upsampling::Transposed,
                ..ConvAutoencoderConfig::default()
            }),
        );
        check(
            "--model sparse --network dense --widths 784,100 --sparsity top-k:8",
            ModelConfig::Sparse(SparseAutoencoderConfig {
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
    }

    #[test]
    fn a_first_width_of_the_image_is_the_image() {
        let config = ModelConfig::Dense(dense(&[5], 3, false));
        assert_eq!(
            without_image_width(config.clone(), 5),
            ModelConfig::Dense(dense(&[], 3, false))
        );
        assert_eq!(without_image_width(config.clone(), 784), config);
    }
}
