//! Probe accuracy: how much of the labels a simple classifier finds in codes.

use ae_data::{ImageSet, Split};
use ae_eval::{LabeledRows, LogisticRegression, Pca, neighbor_accuracy};

use crate::error::InferError;
use crate::open_model::OpenModel;

/// Values that a set's features may have in all: a gibibyte.
const MOST_VALUES: usize = 1 << 28;
/// The decay of the logistic regression's weights.
const DECAY: f64 = 1e-4;

/// How much one kind of features tells of the labels.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProbedFeatures {
    /// `code`, `PCA` or `pixels`.
    pub name: &'static str,
    /// Values of one image's features.
    pub values: usize,
    /// The share of test images whose label the nearest training images have.
    pub neighbor_accuracy: f64,
    /// The share of test images whose label a linear classifier predicts.
    pub linear_accuracy: f64,
}

impl OpenModel {
    /// Has nearest neighbors and logistic regression learn the labels of the training images from their codes, from as
    /// many principal components, and from their pixels, and measures them on the test images.
    ///
    /// # Errors
    /// The images have no labels, are too many, cannot be read, or have another shape than the model.
    pub fn probe(
        &self,
        split: &Split,
        neighbors: usize,
    ) -> Result<Vec<ProbedFeatures>, InferError> {
        let (train_labels, test_labels) = (labels(&split.train)?, labels(&split.test)?);
        let values = split.train.shape().values();
        let code_values = self.code_values()?;
        let most = code_values.max(values);
        if most.saturating_mul(split.train.len()) > MOST_VALUES {
            return Err(InferError::TooMany {
                name: split.train.name().to_owned(),
                images: split.train.len(),
                values: most,
            });
        }
        let (train_pixels, test_pixels) = (pixels(&split.train)?, pixels(&split.test)?);
        let components = code_values.min(values).min(split.train.len());
        let pca = Pca::fit_images(&split.train, components)?;
        let project = |pixels: &[f32]| -> Vec<f32> {
            let rows = pixels.chunks_exact(values);
            rows.flat_map(|row| pca.encode(row)).collect()
        };
        let kinds = [
            (
                "code",
                code_values,
                self.codes(&split.train)?.into_values(),
                self.codes(&split.test)?.into_values(),
            ),
            (
                "PCA",
                pca.components(),
                project(&train_pixels),
                project(&test_pixels),
            ),
            ("pixels", values, train_pixels, test_pixels),
        ];
        let mut features = Vec::with_capacity(kinds.len());
        for (name, values, train, test) in &kinds {
            let train = LabeledRows::new(train, *values, &train_labels)?;
            let test = LabeledRows::new(test, *values, &test_labels)?;
            features.push(ProbedFeatures {
                name,
                values: *values,
                neighbor_accuracy: neighbor_accuracy(&train, &test, neighbors),
                linear_accuracy: LogisticRegression::fit(&train, DECAY).accuracy(&test),
            });
        }
        Ok(features)
    }
}

fn labels(set: &ImageSet) -> Result<Vec<u32>, InferError> {
    let labels: Option<Vec<u32>> = (0..set.len()).map(|index| set.label(index)).collect();
    labels.ok_or_else(|| InferError::NoLabels {
        name: set.name().to_owned(),
    })
}

/// A set's pixels, image after image.
fn pixels(set: &ImageSet) -> Result<Vec<f32>, InferError> {
    let values = set.shape().values();
    let mut pixels = vec![0.0; set.len() * values];
    for (index, image) in pixels.chunks_exact_mut(values).enumerate() {
        set.read_unit_into(index, image)?;
    }
    Ok(pixels)
}
