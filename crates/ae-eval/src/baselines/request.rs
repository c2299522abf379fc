//! What baselines are measured for (`BaselineRequest`), and the result of one (`Baseline`).

use ae_data::ImageSet;
use serde::Serialize;

use crate::corruption::Corruption;
use crate::quality::meter::Quality;

/// What [`baselines`](crate::baselines()) measures.
#[derive(Clone, Copy)]
pub struct BaselineRequest<'a> {
    /// Clean training images: the mean image, the principal components and the strength of the
    /// filters come from these.
    pub train: &'a ImageSet,
    /// Clean test images, on which everything is measured and nothing is chosen.
    pub test: &'a ImageSet,
    /// Bits of the model's code; 0 of a model without codes or of whose codes it isn't known, beside which nothing is measured at its
    /// code's size.
    pub code_bits: u64,
    /// Makes the noisy inputs; nothing for a plain autoencoder.
    pub corruption: Option<&'a dyn Corruption>,
}

/// One baseline's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// The [name of its kind](crate::baselines::BaselineKind::name).
    pub name: String,
    /// The method's setting, for people to read; empty where there is none.
    pub setting: String,
    /// How near the results come to the clean test images.
    #[serde(flatten)]
    pub quality: Quality,
    /// Stored bits for each pixel; nothing for filters, which compress nothing.
    pub bits_per_pixel: Option<f64>,
    /// Stored bytes for each image, a mean; for JPEG those of the whole file.
    pub bytes_per_image: Option<f64>,
    /// For JPEG, the mean bytes of the entropy-coded data alone
    /// ([`JpegSize::Scan`](crate::jpeg::JpegSize::Scan)): the size that compares to a code stored
    /// without its decoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_bytes_per_image: Option<f64>,
}
