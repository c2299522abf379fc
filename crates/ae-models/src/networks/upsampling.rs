//! How a decoder makes a picture larger.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// How the decoder of a [`ConvAutoencoder`](crate::ConvAutoencoder) doubles the picture, and how often the encoder has
/// halved it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Upsampling {
    /// Each pixel is repeated before the next convolution. The encoder halves the picture after each convolution but
    /// the last, which has its counterpart in the decoder. Runs on the kernels as a whole.
    ///
    /// # References
    /// A. Odena, V. Dumoulin and C. Olah (2016), *Deconvolution and checkerboard artifacts*: why to prefer it.
    #[default]
    Nearest,
    /// Transposed 3x3 convolutions of stride 2 with ReLU, as many as the encoder has convolutions, each of which is
    /// followed by pooling; one convolution more draws the picture. With widths 32 and 32 and 28x28 gray pixels it is
    /// the model of Keras' example, 28,353 parameters. The transposed convolutions are Burn's own operations.
    ///
    /// # References
    /// S. L. Valdarrama (2021), *Convolutional autoencoder for image denoising*, Keras' code examples. V. Dumoulin and
    /// F. Visin (2016), *A guide to convolution arithmetic for deep learning*, section 4.
    Transposed,
}

impl Upsampling {
    /// Whether it is the default.
    pub(crate) fn is_nearest(&self) -> bool {
        *self == Self::Nearest
    }
}

impl fmt::Display for Upsampling {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Nearest => "nearest",
            Self::Transposed => "transposed",
        })
    }
}

impl FromStr for Upsampling {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "nearest" => Ok(Self::Nearest),
            "transposed" => Ok(Self::Transposed),
            _ => Err(ModelError::unknown(
                "upsampling",
                text,
                "nearest, transposed",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for upsampling in [Upsampling::Nearest, Upsampling::Transposed] {
            assert_eq!(
                upsampling.to_string().parse::<Upsampling>().unwrap(),
                upsampling
            );
        }
        assert_eq!(
            "bilinear".parse::<Upsampling>().unwrap_err().to_string(),
            "unknown upsampling `bilinear`: expected one of nearest, transposed"
        );
    }
}
