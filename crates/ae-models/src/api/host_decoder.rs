//! A decoder and its likelihood as numbers in this process's memory.

use ae_kernels::{DenseStack, KernelError, Loss, RowBuffers, Weights};

/// Weight and bias of each layer.
pub(crate) type LayerValues = Vec<(Vec<f32>, Vec<f32>)>;

/// A fully connected decoder with its weights, and what the likelihood of an image is by what it draws: what threads
/// share that each have many codes to decode.
#[derive(Clone, Debug)]
pub struct HostDecoder {
    stack: DenseStack,
    weights: LayerValues,
    loss: Loss,
    scale: f64,
    constant: f64,
}

impl HostDecoder {
    /// A decoder with the weight and bias of each layer, whose likelihood is `-(scale * sum + constant)` by the sum of
    /// `loss` over an image's values.
    pub(crate) fn new(
        stack: DenseStack,
        weights: LayerValues,
        loss: Loss,
        [scale, constant]: [f64; 2],
    ) -> Self {
        Self {
            stack,
            weights,
            loss,
            scale,
            constant,
        }
    }

    /// Numbers in a code.
    #[must_use]
    pub fn latent(&self) -> usize {
        self.stack.inputs()
    }

    /// The log-likelihood `ln p(x | z)` of one image given each of some codes: summed over its values, in nats. On the
    /// calling thread, in buffers that serve again.
    ///
    /// # Shapes
    /// - `codes`: `[codes, latent]`, the last axis fastest
    /// - `image`: as many values as the model takes
    /// - output: `[codes]`
    ///
    /// # Errors
    /// When a length does not fit, there are no codes, or there is no memory for the buffers.
    pub fn log_likelihoods(
        &self,
        codes: &[f32],
        image: &[f32],
        buffers: &mut RowBuffers,
    ) -> Result<Vec<f64>, KernelError> {
        let weights: Vec<Weights<'_>> = self
            .weights
            .iter()
            .map(|(weight, bias)| Weights { weight, bias })
            .collect();
        let mut values = self
            .stack
            .row_losses(codes, &weights, image, self.loss, buffers)?;
        for value in &mut values {
            *value = -(self.scale * *value + self.constant);
        }
        Ok(values)
    }
}
