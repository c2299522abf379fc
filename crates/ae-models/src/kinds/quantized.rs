//! What the kinds with codewords on a grid have in common: the network, and between its halves what makes codewords of vectors.

pub(crate) mod codebook;
pub(crate) mod finite_scalar;
pub(crate) mod quantizer;

use ae_kernels::Activation;
use burn::module::Module;
use burn::tensor::{Int, Tensor};

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::discrete_codes::DiscreteCodes;
use crate::api::objective::{Objective, TrainingBatch};
use crate::error::ModelError;
use crate::kind::Outline;
use crate::kinds::quantized::quantizer::{Quantized, Quantizer};
use crate::kinds::transform::draws::shifts;
use crate::networks::layer::LayerSpec;
use crate::networks::quarter::{QuarterLayers, QuarterNetwork, check_channels, map_size};
use crate::networks::rearranging::shifted;
use crate::parameters::builder::Builder;
use crate::parameters::initialization::Initialization;
use crate::parameters::tensors::TensorShape;

/// The most codewords: an index has 16 bits.
pub(crate) const MOST_CODEWORDS: usize = 1 << 16;
/// The most pixels that images are moved by.
const MOST_SHIFT: usize = 64;
/// What the network is called among the parameters.
const NETWORK: &str = "network.";

/// The settings of the network, the same for every kind with codewords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NetworkSettings {
    /// Channels at half the picture's size and at a quarter of it.
    pub(crate) widths: [usize; 2],
    /// Channels of a codeword.
    pub(crate) code_channels: usize,
    /// Pixels that training images are moved by, at most.
    pub(crate) shift: usize,
    pub(crate) initialization: Initialization,
}

impl NetworkSettings {
    fn layers(&self, input_shape: [usize; 3]) -> QuarterLayers {
        QuarterLayers::new(NETWORK, input_shape[0], self.widths, self.code_channels)
    }

    /// Checks what there is to check, `code` being the setting that decides on the channels of a codeword, and says what
    /// a model of `codewords` is whose quantizer has these tensors.
    pub(crate) fn outline(
        &self,
        input_shape: [usize; 3],
        code: &'static str,
        codewords: usize,
        quantizer: Vec<TensorShape>,
    ) -> Result<Outline, ModelError> {
        check_channels(self.widths, code, self.code_channels)?;
        if self.shift > MOST_SHIFT {
            let reason = format!("{}: at most {MOST_SHIFT}", self.shift);
            return Err(ModelError::config("shift", reason));
        }
        let [rows, columns] = map_size(input_shape[1], input_shape[2]);
        let layers = self.layers(input_shape).all();
        let tensors = LayerSpec::tensors_of(&layers).into_iter().chain(quantizer);
        Ok(Outline::new()
            .with_code([self.code_channels, rows, columns])
            .with_code_bits(index_bits(rows * columns, codewords))
            .with_tensors(tensors.collect()))
    }
}

/// The bits of the indices at so many places, written as one number.
fn index_bits(places: usize, codewords: usize) -> u64 {
    (places as f64 * (codewords as f64).log2()).ceil() as u64
}

/// An autoencoder whose code has one of a list of codewords at each place of a grid, of a quarter of the picture's height and
/// width: 7x7 for 28x28.
///
/// The encoder and the decoder are those of [`TransformAutoencoder`](crate::TransformAutoencoder), with a sigmoid at the
/// end; what makes codewords of the encoder's vectors is `Q`.
///
/// [`encode`](Codes::encode) gives the codewords' numbers, `[channels, rows, columns]`; [`decode`](Codes::decode) takes any
/// and goes by the nearest codeword at each place. As [`DiscreteCodes`] it gives indices in their place. A code's bits are
/// those of its indices, each codeword being as likely as any other.
#[derive(Module, Debug)]
pub struct QuantizedAutoencoder<Q: Module> {
    network: QuarterNetwork,
    quantizer: Q,
    #[module(skip)]
    input_shape: [usize; 3],
    #[module(skip)]
    shift: usize,
}

impl<Q: Quantizer> QuantizedAutoencoder<Q> {
    /// Builds what was checked. The quantizer's parameters are drawn after the network's.
    pub(crate) fn build(
        settings: &NetworkSettings,
        builder: &mut Builder<'_>,
        quantizer: impl FnOnce(&mut Builder<'_>) -> Q,
    ) -> Self {
        let input_shape = builder.input_shape();
        let layers = settings.layers(input_shape);
        Self {
            network: QuarterNetwork::build(
                &layers,
                Activation::Sigmoid,
                settings.initialization,
                builder,
            ),
            quantizer: quantizer(builder),
            input_shape,
            shift: settings.shift,
        }
    }

    /// What makes codewords of vectors.
    #[must_use]
    pub fn quantizer(&self) -> &Q {
        &self.quantizer
    }

    fn places(&self) -> usize {
        self.grid().into_iter().product()
    }

    /// The encoder's vectors.
    ///
    /// # Shapes
    /// - output: `[batch * places, channels]`
    fn vectors(&self, images: Tensor<4>) -> Tensor<2> {
        let maps = self.network.analysis(images);
        let [batch, channels, rows, columns] = maps.dims();
        maps.permute([0, 2, 3, 1])
            .reshape([batch * rows * columns, channels])
    }

    /// The images of what the decoder is given at each place.
    ///
    /// # Shapes
    /// - `vectors`: `[batch * places, channels]`
    fn images(&self, vectors: Tensor<2>) -> Tensor<4> {
        let [rows, columns] = self.grid();
        let [all, channels] = vectors.dims();
        let maps = vectors
            .reshape([all / (rows * columns), rows, columns, channels])
            .permute([0, 3, 1, 2]);
        let [_, height, width] = self.input_shape;
        self.network.synthesis(maps, [height, width])
    }
}

impl<Q: Quantizer> Trainable for QuantizedAutoencoder<Q> {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let shifts = shifts(&batch, self.shift);
        let input = shifted(batch.input.clone(), &shifts);
        let target = shifted(batch.target.clone(), &shifts);
        let Quantized {
            decoded,
            terms,
            observed,
        } = self
            .quantizer
            .quantized(self.vectors(input), self.places(), &batch);
        let reconstruction = batch.loss.value(self.images(decoded), target);
        let terms = [("reconstruction", reconstruction)]
            .into_iter()
            .chain(terms);
        Objective::sum(terms.collect()).observing(observed)
    }

    fn objective_is_mean_of_images(&self) -> bool {
        !Q::OBSERVES
    }

    fn after_step(self, _step: u64, observed: &[Tensor<2>]) -> Self {
        Self {
            quantizer: self.quantizer.after_step(observed),
            ..self
        }
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }

    fn as_discrete_codes(&self) -> Option<&dyn DiscreteCodes> {
        Some(self)
    }
}

impl<Q: Quantizer> Reconstruct for QuantizedAutoencoder<Q> {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        let codewords = self.quantizer.codewords_of(self.vectors(images));
        self.images(self.quantizer.decoded(codewords))
    }
}

impl<Q: Quantizer> Codes for QuantizedAutoencoder<Q> {
    fn code_shape(&self) -> Vec<usize> {
        let [rows, columns] = self.grid();
        vec![self.quantizer.channels(), rows, columns]
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        let [batch, ..] = images.dims();
        let codewords = self.quantizer.codewords_of(self.vectors(images));
        let [_, channels] = codewords.dims();
        codewords
            .reshape([batch, self.places(), channels])
            .swap_dims(1, 2)
            .reshape([batch, channels * self.places()])
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let [batch, values] = codes.dims();
        let places = self.places();
        let channels = values / places;
        let vectors = codes
            .reshape([batch, channels, places])
            .swap_dims(1, 2)
            .reshape([batch * places, channels]);
        let nearest = self.quantizer.nearest(vectors);
        self.images(self.quantizer.decoded(nearest))
    }

    fn bits_per_code(&self) -> u64 {
        self.index_bits()
    }
}

impl<Q: Quantizer> DiscreteCodes for QuantizedAutoencoder<Q> {
    fn grid(&self) -> [usize; 2] {
        map_size(self.input_shape[1], self.input_shape[2])
    }

    fn codewords(&self) -> usize {
        self.quantizer.codewords()
    }

    fn levels(&self) -> Option<&[usize]> {
        self.quantizer.levels()
    }

    fn codeword_vectors(&self) -> Tensor<2> {
        self.quantizer.codeword_vectors(&self.network.device())
    }

    fn indices(&self, images: Tensor<4>) -> Tensor<2, Int> {
        let [batch, ..] = images.dims();
        self.quantizer
            .indices(self.vectors(images))
            .reshape([batch, self.places()])
    }

    fn decode_indices(&self, indices: Tensor<2, Int>) -> Tensor<4> {
        let [batch, places] = indices.dims();
        let codewords = self.codeword_vectors();
        let chosen = codewords.select(0, indices.reshape([batch * places]));
        self.images(self.quantizer.decoded(chosen))
    }

    fn index_bits(&self) -> u64 {
        index_bits(self.places(), self.codewords())
    }
}
