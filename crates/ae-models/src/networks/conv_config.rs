//! The settings of the convolutional network, and the layers that they describe.

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::limits;
use crate::networks::dense_config::check_latent;
use crate::networks::layer::{LayerKind, LayerSpec};
use crate::networks::upsampling::Upsampling;
use crate::parameters::initialization::Initialization;

/// Settings of [`ConvAutoencoder`](crate::ConvAutoencoder).
///
/// The default is the autoencoder of the classic notMNIST tutorial: for 28x28 gray pixels it has 314,625 parameters
/// and a code of 7x7x128 numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvAutoencoderConfig {
    /// Output channels of each convolution of the encoder. After each, but with nearest upsampling not after the last,
    /// pooling halves the picture.
    pub widths: Vec<usize>,
    /// A bottleneck of this many numbers: one dense layer from the last feature map to them, and one back. Without it
    /// the feature map is the code, and the model runs on pictures of any size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latent: Option<usize>,
    /// How the decoder doubles the picture.
    #[serde(skip_serializing_if = "Upsampling::is_nearest")]
    pub upsampling: Upsampling,
    /// The distribution of the initial weights.
    pub initialization: Initialization,
}

impl Default for ConvAutoencoderConfig {
    fn default() -> Self {
        Self {
            widths: vec![32, 64, 128],
            latent: None,
            upsampling: Upsampling::default(),
            initialization: Initialization::default(),
        }
    }
}

impl ConvAutoencoderConfig {
    /// What tells the network from others, in a few words.
    pub(crate) fn summary(&self) -> &'static str {
        match self.upsampling {
            Upsampling::Nearest => "convolutional",
            Upsampling::Transposed => "convolutional, the decoder by transposed convolutions",
        }
    }

    /// How many times the picture is halved.
    pub(crate) fn poolings(&self) -> usize {
        match self.upsampling {
            Upsampling::Nearest => self.widths.len() - 1,
            Upsampling::Transposed => self.widths.len(),
        }
    }

    /// How many of the decoder's layers are transposed convolutions: its first ones.
    pub(crate) fn transposed(&self) -> usize {
        match self.upsampling {
            Upsampling::Nearest => 0,
            Upsampling::Transposed => self.widths.len(),
        }
    }

    /// What height and width are padded to a multiple of.
    pub(crate) fn multiple(&self) -> usize {
        1 << self.poolings()
    }

    /// The side of the square of input pixels that one pixel of the output depends on, at most: the pixels are followed
    /// back through the layers, from each place that a pixel may have in a block of pooled ones.
    pub(crate) fn field_of_view(&self) -> usize {
        let poolings = self.poolings();
        // What 3x3 convolutions need more, to either side.
        let wider = |(first, last): (isize, isize)| (first - 1, last + 1);
        let side = |pixel: isize| {
            let mut seen = wider((pixel, pixel));
            for _ in 0..poolings {
                let (first, last) = seen;
                seen = match self.upsampling {
                    Upsampling::Nearest => wider((first.div_euclid(2), last.div_euclid(2))),
                    // Output o of a transposed convolution of stride 2 and padding 1 is made of (o - 1) / 2 to
                    // (o + 1) / 2, both inside.
                    Upsampling::Transposed => (first.div_euclid(2), (last + 1).div_euclid(2)),
                };
            }
            if self.upsampling == Upsampling::Nearest {
                seen = wider(seen);
            }
            for _ in 0..poolings {
                let (first, last) = seen;
                seen = wider((2 * first, 2 * last + 1));
            }
            (seen.1 - seen.0 + 1).unsigned_abs()
        };
        (0..1_isize << poolings).map(side).max().unwrap_or(1)
    }

    /// The shape of the encoder's last feature map.
    pub(crate) fn map_shape(&self, [_, height, width]: [usize; 3]) -> [usize; 3] {
        let multiple = self.multiple();
        [
            self.widths[self.widths.len() - 1],
            height.div_ceil(multiple),
            width.div_ceil(multiple),
        ]
    }

    pub(crate) fn code_shape(&self, input_shape: [usize; 3]) -> Vec<usize> {
        self.latent.map_or_else(
            || self.map_shape(input_shape).to_vec(),
            |latent| vec![latent],
        )
    }

    /// Checks the settings and lists the layers, with `outputs` numbers from the encoder for each of the code's.
    pub(crate) fn layers(
        &self,
        input_shape: [usize; 3],
        outputs: usize,
    ) -> Result<Vec<LayerSpec>, ModelError> {
        self.check(input_shape)?;
        let [channels, ..] = input_shape;
        let mut layers = Vec::with_capacity(2 * self.widths.len() + 3);
        let mut inputs = channels;
        for (index, &outputs) in self.widths.iter().enumerate() {
            layers.push(LayerSpec::new(
                format!("encoder.{index}"),
                LayerKind::Convolution,
                inputs,
                outputs,
            ));
            inputs = outputs;
        }
        if let Some(latent) = self.latent {
            let map_values = self.map_shape(input_shape).iter().product();
            layers.push(LayerSpec::new(
                "to_code",
                LayerKind::Linear,
                map_values,
                outputs * latent,
            ));
            layers.push(LayerSpec::new(
                "from_code",
                LayerKind::Linear,
                latent,
                map_values,
            ));
        }
        // The widths backwards; with nearest upsampling the picture is drawn from the second of them.
        let kept = match self.upsampling {
            Upsampling::Nearest => &self.widths[1..],
            Upsampling::Transposed => &self.widths[..],
        };
        let decoder_widths = kept.iter().rev().copied().chain(std::iter::once(channels));
        for (index, outputs) in decoder_widths.enumerate() {
            let kind = match index < self.transposed() {
                true => LayerKind::TransposedConvolution,
                false => LayerKind::Convolution,
            };
            layers.push(LayerSpec::new(
                format!("decoder.{index}"),
                kind,
                inputs,
                outputs,
            ));
            inputs = outputs;
        }
        Ok(layers)
    }

    fn check(&self, [_, height, width]: [usize; 3]) -> Result<(), ModelError> {
        let reject = |reason: String| Err(ModelError::config("widths", reason));
        if self.widths.is_empty() {
            return reject(
                "none given: a convolutional model has at least one convolution".to_owned(),
            );
        }
        if self.widths.len() > limits::CONV_DEPTH {
            return reject(format!(
                "{} convolutions: at most {}",
                self.widths.len(),
                limits::CONV_DEPTH
            ));
        }
        for &channels in &self.widths {
            if channels == 0 || channels > limits::CONV_WIDTH {
                return reject(format!(
                    "a convolution of {channels} channels: must be 1 to {}",
                    limits::CONV_WIDTH
                ));
            }
        }
        let multiple = self.multiple();
        if height.min(width) < multiple {
            return reject(format!(
                "{} convolutions halve the picture {} times, which takes at least {multiple}x{multiple} pixels, not {width}x{height}",
                self.widths.len(),
                self.poolings()
            ));
        }
        self.latent.map_or(Ok(()), check_latent)
    }
}
