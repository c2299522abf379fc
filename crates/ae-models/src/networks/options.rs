//! The settings of the two networks as a person gives them, for every kind that is made of one.

use crate::error::ModelError;
use crate::networks::conv_config::ConvAutoencoderConfig;
use crate::networks::dense_config::DenseAutoencoderConfig;
use crate::networks::network::NetworkConfig;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};

/// Which of the two networks.
const NETWORK: SettingSpec = SettingSpec {
    name: "network",
    value: SettingValue::OneOf {
        value_name: "NETWORK",
        names: &["conv", "dense"],
    },
    help: "The network inside the model [default: conv]",
};

/// Channels or values, of whatever has several layers.
pub(crate) const WIDTHS: SettingSpec = SettingSpec {
    name: "widths",
    value: SettingValue::List("N,N,..."),
    help: "The encoder's widths, outermost first: channels (conv, unet; two of transform, vq and fsq), or values (dense), where without --latent the last \
           is the code, and the first may be the image itself",
};

const LATENT: SettingSpec = SettingSpec {
    name: "latent",
    value: SettingValue::Text("N"),
    help: "Squeeze the code to this many values",
};

const UPSAMPLING: SettingSpec = SettingSpec {
    name: "upsampling",
    value: SettingValue::OneOf {
        value_name: "HOW",
        names: &["nearest", "transposed"],
    },
    help: "How a convolutional decoder doubles the picture: by repeating pixels before a convolution, or by transposed \
           convolutions, with pooling after the encoder's last convolution, too, as in Keras' example",
};

const TIED: SettingSpec = SettingSpec {
    name: "tied",
    value: SettingValue::Switch,
    help: "Decode with a dense encoder's weights, transposed",
};

const ACTIVATION: SettingSpec = SettingSpec {
    name: "activation",
    value: SettingValue::OneOf {
        value_name: "NAME",
        names: &["relu", "tanh"],
    },
    help: "What a dense network's hidden layers do to their sums [default: relu]",
};

/// The settings of the convolutional network.
pub(crate) const CONV: [SettingSpec; 3] = [WIDTHS, LATENT, UPSAMPLING];
/// The settings of the fully connected network.
pub(crate) const DENSE: [SettingSpec; 4] = [WIDTHS, LATENT, TIED, ACTIVATION];
/// The settings of a kind that is made of either, but for its own.
pub(crate) const EITHER: [SettingSpec; 6] = [NETWORK, WIDTHS, LATENT, UPSAMPLING, TIED, ACTIVATION];

/// The widths that were given for a model of `kind` with convolutions at half the image's size and at a quarter.
///
/// # Errors
/// They are not two.
pub(crate) fn two_widths(
    kind: &str,
    given: &GivenSettings,
) -> Result<Option<[usize; 2]>, ModelError> {
    let widths = given.list_of_at_least_one(WIDTHS.name)?;
    let two = widths.map(|widths| {
        widths.try_into().map_err(|widths: Vec<usize>| {
            let reason = format!(
                "{} given: a {kind} model has two, at half the image's size and at a quarter",
                widths.len()
            );
            ModelError::setting(WIDTHS.name, reason)
        })
    });
    two.transpose()
}

/// Takes over what was given for a convolutional network.
pub(crate) fn apply_to_conv(
    config: &mut ConvAutoencoderConfig,
    given: &GivenSettings,
) -> Result<(), ModelError> {
    set(&mut config.widths, given.list_of_at_least_one(WIDTHS.name)?);
    config.latent = given.at_least_one(LATENT.name)?.or(config.latent);
    set(&mut config.upsampling, given.parsed(UPSAMPLING.name)?);
    Ok(())
}

/// Takes over what was given for a fully connected network.
pub(crate) fn apply_to_dense(
    config: &mut DenseAutoencoderConfig,
    given: &GivenSettings,
) -> Result<(), ModelError> {
    let latent = given.at_least_one(LATENT.name)?;
    let mut widths = given.list_of_at_least_one(WIDTHS.name)?;
    // Without a code of its own, the last of the widths is the code.
    let last = match (&mut widths, latent) {
        (Some(widths), None) => widths.pop(),
        _ => None,
    };
    set(&mut config.widths, widths);
    set(&mut config.latent, latent.or(last));
    config.tied |= given.has(TIED.name);
    set(&mut config.activation, given.parsed(ACTIVATION.name)?);
    Ok(())
}

/// Takes over what was given for the network inside a model of another kind.
pub(crate) fn apply_to_network(
    network: &mut NetworkConfig,
    given: &GivenSettings,
) -> Result<(), ModelError> {
    let wanted = given.text(NETWORK.name);
    if let Some(wanted) = wanted
        && wanted != network.kind()
    {
        *network = NetworkConfig::named(wanted).ok_or_else(|| {
            ModelError::setting(NETWORK.name, format!("{wanted}: expected conv or dense"))
        })?;
    }
    match network {
        NetworkConfig::Conv(config) => {
            let of_dense = [TIED, ACTIVATION];
            match of_dense.iter().find(|setting| given.has(setting.name)) {
                Some(setting) => Err(ModelError::setting(
                    setting.name,
                    "not for a convolutional network, but for a dense one",
                )),
                None => apply_to_conv(config, given),
            }
        }
        NetworkConfig::Dense(_) if given.has(UPSAMPLING.name) => Err(ModelError::setting(
            UPSAMPLING.name,
            "not for a dense network, but for a convolutional one",
        )),
        NetworkConfig::Dense(config) => apply_to_dense(config, given),
    }
}
