//! The convolutional autoencoder, as a user of candle writes it.

use candle_core::{Result, Tensor};
use candle_nn::{Conv2d, Conv2dConfig, Module as _, VarBuilder, conv2d, ops::sigmoid};

/// 28x28x1 -> 7x7x128 -> 28x28x1: 314,625 parameters with one channel.
pub struct Convolutional {
    encoder: Vec<Conv2d>,
    decoder: Vec<Conv2d>,
}

impl Convolutional {
    /// The model with the weights that `weights` has or makes.
    ///
    /// # Errors
    /// When it has others.
    pub fn new(channels: usize, weights: VarBuilder<'_>) -> Result<Self> {
        let convolutions = |part: &str, sizes: &[usize]| -> Result<Vec<Conv2d>> {
            let same = Conv2dConfig {
                padding: 1,
                ..Conv2dConfig::default()
            };
            let weights = weights.pp(part);
            sizes
                .windows(2)
                .enumerate()
                .map(|(index, pair)| conv2d(pair[0], pair[1], 3, same, weights.pp(index)))
                .collect()
        };
        Ok(Self {
            encoder: convolutions("encoder", &[channels, 32, 64, 128])?,
            decoder: convolutions("decoder", &[128, 128, 64, channels])?,
        })
    }

    /// Compresses images and draws them again.
    ///
    /// # Shapes
    /// - `images`, output: `[batch, channels, height, width]`
    ///
    /// # Errors
    /// When the shape does not fit.
    pub fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let mut x = images.clone();
        for (index, layer) in self.encoder.iter().enumerate() {
            x = layer.forward(&x)?.relu()?;
            if index < 2 {
                x = x.max_pool2d(2)?;
            }
        }
        for (index, layer) in self.decoder.iter().enumerate() {
            x = layer.forward(&x)?;
            if index < 2 {
                let (_, _, height, width) = x.dims4()?;
                x = x.relu()?.upsample_nearest2d(2 * height, 2 * width)?;
            }
        }
        sigmoid(&x)
    }
}
