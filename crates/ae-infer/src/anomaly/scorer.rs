//! Scoring images.

use std::f64::consts::{LN_2, PI};

use ae_data::ImageSet;
use ae_eval::{neighbor_distances, png_bytes};
use ae_models::{LikelihoodSupport, Trainable as _};

use crate::anomaly::score::AnomalyScore;
use crate::error::InferError;
use crate::open_model::OpenModel;

/// Training images whose codes are kept, at most.
const MOST_CODES: usize = 20_000;
/// Values of them that are kept at most: 256 MiB.
const MOST_VALUES: usize = 1 << 26;
/// Images whose codes are compared at once.
const AT_ONCE: usize = 4_096;
/// The least standard deviation that reconstructions are taken to have: that of rounding to one of 256 values.
const LEAST_SIGMA: f64 = 0.288_675_134_594_812_9 / 255.0;

/// What scores are learned from, beside the model.
#[derive(Debug, Clone, Copy)]
pub struct ScorerRequest<'a> {
    /// Normal images that the model was not fitted to: the standard deviation of a model without a likelihood of its
    /// images' values is theirs.
    pub held_out: Option<&'a ImageSet>,
    /// The images that the model was trained on: distances are to their codes.
    pub train: Option<&'a ImageSet>,
    /// Nearest training codes that a distance is a mean over; at least 1.
    pub neighbors: usize,
    /// What a model with a likelihood samples its codes from.
    pub seed: u64,
}

/// Scores images by a model.
#[derive(Debug, Clone)]
pub struct AnomalyScorer<'a> {
    model: &'a OpenModel,
    seed: u64,
    neighbors: usize,
    /// The standard deviation of a Gaussian around the reconstruction, of a model without a likelihood of its images'
    /// values.
    sigma: Option<f64>,
    /// The training images' codes, code after code, and the values of one.
    codes: Option<(Vec<f32>, usize)>,
}

impl OpenModel {
    /// Makes a scorer for `scores`: what these need is learned.
    ///
    /// # Errors
    /// The images cannot be read or have another shape than the model; [`InferError::NoHeldOutImages`] where the bits of a
    /// model without a likelihood are asked for and there are none, [`InferError::NoTrainingImages`] where distances are;
    /// the model has no codes or cannot reconstruct.
    pub fn anomaly_scorer(
        &self,
        scores: &[AnomalyScore],
        request: &ScorerRequest<'_>,
    ) -> Result<AnomalyScorer<'_>, InferError> {
        let mut scorer = AnomalyScorer {
            model: self,
            seed: request.seed,
            neighbors: request.neighbors.max(1),
            sigma: None,
            codes: None,
        };
        if scores.contains(&AnomalyScore::Complexity) && !self.knows_levels() {
            let held_out = request.held_out.filter(|set| !set.is_empty());
            let held_out = held_out.ok_or_else(|| InferError::NoHeldOutImages {
                model: self.name().to_owned(),
            })?;
            let errors = self.measurement().squared_errors(held_out)?;
            let variance = errors.iter().sum::<f64>() / errors.len() as f64;
            scorer.sigma = Some(variance.sqrt().max(LEAST_SIGMA));
        }
        if scores.contains(&AnomalyScore::Distance) {
            let train = request.train.filter(|set| !set.is_empty());
            let train = train.ok_or_else(|| InferError::NoTrainingImages {
                model: self.name().to_owned(),
            })?;
            let values = self.code_values()?;
            let most = MOST_CODES.min((MOST_VALUES / values.max(1)).max(1));
            let codes = self.codes(&train.spread(most, request.seed)?)?;
            scorer.codes = Some((codes.into_values(), values));
        }
        Ok(scorer)
    }

    /// Whether the model has a likelihood of what its images' values are: of 256 levels, or of black and white where they
    /// were made so. That of black and white is no code length of gray images.
    #[must_use]
    pub fn knows_levels(&self) -> bool {
        let likelihood = self.model().as_latent_variable_model();
        likelihood.is_some_and(|model| {
            model.likelihood_support() != LikelihoodSupport::BlackAndWhite
                || !self.preparation().binarize.is_none()
        })
    }
}

impl AnomalyScorer<'_> {
    /// What a score is of this model, with its unit and what it was learned from.
    #[must_use]
    pub fn describe(&self, score: AnomalyScore) -> String {
        match (score, self.sigma) {
            (AnomalyScore::Error, _) if self.model.has_prior() => {
                "negative bound in nats".to_owned()
            }
            (AnomalyScore::Error, _) => "mean squared error".to_owned(),
            (AnomalyScore::Complexity, Some(sigma)) => format!(
                "bits by a Gaussian of deviation {sigma:.4} around the reconstruction, less bits of the PNG file"
            ),
            (AnomalyScore::Complexity, None) => {
                "bits by the model's bound, less bits of the PNG file".to_owned()
            }
            (AnomalyScore::Distance, _) => {
                let codes = self.codes.as_ref();
                let codes = codes.map_or(0, |(codes, values)| codes.len() / values);
                format!(
                    "mean distance to the {} nearest of {codes} training codes",
                    self.neighbors.min(codes)
                )
            }
        }
    }

    /// The score of every image of a set, in its order.
    ///
    /// What a model with a prior samples depends on the seed and the image's index alone.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, or the device fails.
    ///
    /// # Panics
    /// When the scorer was not made for the score.
    pub fn scores(&self, score: AnomalyScore, set: &ImageSet) -> Result<Vec<f64>, InferError> {
        let all = self.all_scores(&[score], set)?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    /// The scores by several, each of every image, from one pass where they can share it.
    ///
    /// # Errors
    /// As [`scores`](Self::scores).
    ///
    /// # Panics
    /// When the scorer was not made for one of the scores.
    pub fn all_scores(
        &self,
        scores: &[AnomalyScore],
        set: &ImageSet,
    ) -> Result<Vec<Vec<f64>>, InferError> {
        let mut errors = None;
        let mut all = Vec::with_capacity(scores.len());
        for score in scores {
            all.push(match score {
                AnomalyScore::Error => match &errors {
                    Some(errors) => Vec::clone(errors),
                    None => errors.insert(self.errors(set)?).clone(),
                },
                AnomalyScore::Complexity if self.sigma.is_some() && self.model.has_prior() => {
                    // The error of such a model is its bound.
                    let squared = self.model.measurement().squared_errors(set)?;
                    self.excess_bits(&squared, set)?
                }
                AnomalyScore::Complexity => {
                    let errors = match &errors {
                        Some(errors) => errors,
                        None => errors.insert(self.errors(set)?),
                    };
                    self.excess_bits(errors, set)?
                }
                AnomalyScore::Distance => self.distances(set)?,
            });
        }
        Ok(all)
    }

    fn errors(&self, set: &ImageSet) -> Result<Vec<f64>, InferError> {
        let measurement = self.model.measurement().seed(self.seed);
        Ok(measurement.anomaly_scores(set)?)
    }

    /// The bits by the model less those of the PNG file.
    fn excess_bits(&self, errors: &[f64], set: &ImageSet) -> Result<Vec<f64>, InferError> {
        let values = set.shape().values();
        let bits = |error: f64| {
            let likelihood = self.model.model().as_latent_variable_model();
            match (self.sigma, likelihood) {
                (Some(sigma), _) => gaussian_bits(error, sigma, values as f64),
                (None, Some(model)) => model.likelihood_support().bits_per_pixel(error, values, 1),
                (None, None) => panic!("a scorer that was not made for complexity"),
            }
        };
        let mut excess = Vec::with_capacity(set.len());
        for (index, &error) in errors.iter().enumerate() {
            let png = 8.0 * png_bytes(&set.image(index)?)? as f64;
            excess.push(bits(error) - png);
        }
        Ok(excess)
    }

    fn distances(&self, set: &ImageSet) -> Result<Vec<f64>, InferError> {
        let (reference, values) = self.codes.as_ref().expect("a scorer made for distances");
        let mut distances = Vec::with_capacity(set.len());
        for first in (0..set.len()).step_by(AT_ONCE) {
            let end = set.len().min(first + AT_ONCE);
            let codes = self.model.codes(&set.subset((first..end).collect()))?;
            let rows = codes.into_values();
            distances.extend(neighbor_distances(
                reference,
                &rows,
                *values,
                self.neighbors,
            )?);
        }
        Ok(distances)
    }
}

/// The bits of `values` values of 256 levels by a Gaussian of deviation `sigma`, where 1 is the full range, around
/// reconstructions of a mean squared `error`: those of the density, and eight a value for the levels' width.
fn gaussian_bits(error: f64, sigma: f64, values: f64) -> f64 {
    let nats = error / (2.0 * sigma * sigma) + (sigma * (2.0 * PI).sqrt()).ln();
    values * (nats / LN_2 + 8.0)
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;
    use ae_models::{ConvAutoencoderConfig, DenseAutoencoderConfig, ModelConfig, NetworkConfig};
    use ae_models::{ModelCard, VariationalAutoencoderConfig};
    use burn::tensor::Device;

    use super::*;

    fn set(count: usize) -> ImageSet {
        let pixels = (0..count * 64).map(|value| (value * value * 31 % 251) as u8);
        let shape = ImageShape::new(1, 8, 8);
        ImageSet::from_images("s", shape, pixels.collect(), None, Vec::new()).unwrap()
    }

    fn model(config: impl Into<ModelConfig>) -> OpenModel {
        let device = Device::flex();
        let model = config.into().init([1, 8, 8], 1, &device).unwrap();
        let _ = ModelCard::new(&model);
        OpenModel::new("small", model, &device)
    }

    fn conv() -> OpenModel {
        model(ConvAutoencoderConfig {
            widths: vec![4],
            ..ConvAutoencoderConfig::default()
        })
    }

    fn request<'a>(held_out: &'a ImageSet, train: &'a ImageSet) -> ScorerRequest<'a> {
        ScorerRequest {
            held_out: Some(held_out),
            train: Some(train),
            neighbors: 2,
            seed: 0,
        }
    }

    #[test]
    fn scores_are_those_of_their_definitions() {
        let model = conv();
        let (held_out, train, judged) = (set(5), set(9), set(3));
        let scorer = model
            .anomaly_scorer(&AnomalyScore::ALL, &request(&held_out, &train))
            .unwrap();
        let found = scorer.all_scores(&AnomalyScore::ALL, &judged).unwrap();
        for (score, scores) in AnomalyScore::ALL.into_iter().zip(&found) {
            assert_eq!(&scorer.scores(score, &judged).unwrap(), scores, "{score}");
        }
        let mut squares = Vec::new();
        let mut sum = 0.0;
        for set in [&judged, &held_out] {
            model
                .reconstruct_set(set, None, |image| {
                    let pixels = image.clean.iter().zip(image.output);
                    let square: f64 = pixels.map(|(a, b)| f64::from(a - b).powi(2)).sum();
                    if set.len() == 3 {
                        squares.push(square);
                    } else {
                        sum += square;
                    }
                    Ok(())
                })
                .unwrap();
        }
        let variance = sum / (5.0 * 64.0);
        for (index, square) in squares.into_iter().enumerate() {
            assert!((found[0][index] - square / 64.0).abs() < 1e-6);
            let density = -square / (2.0 * variance) - 32.0 * (2.0 * PI * variance).ln();
            let bits = 64.0 * 8.0 - density / LN_2;
            let png = 8.0 * png_bytes(&judged.image(index).unwrap()).unwrap() as f64;
            assert!((found[1][index] - (bits - png)).abs() < 1e-2, "{found:?}");
        }
        // The judged images are the first of the training images: one of the two nearest is the image itself.
        let codes = model.codes(&train).unwrap();
        let all: Vec<&[f32]> = codes.iter().collect();
        for (index, found) in found[2].iter().enumerate() {
            let mut distances: Vec<f64> = all
                .iter()
                .map(|other| {
                    let pairs = all[index].iter().zip(*other);
                    pairs
                        .map(|(a, b)| f64::from(a - b).powi(2))
                        .sum::<f64>()
                        .sqrt()
                })
                .collect();
            distances.sort_by(f64::total_cmp);
            assert!((found - (distances[0] + distances[1]) / 2.0).abs() < 1e-4);
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let model = conv();
        let request = ScorerRequest {
            held_out: None,
            train: None,
            neighbors: 2,
            seed: 0,
        };
        let error = |score| model.anomaly_scorer(&[score], &request).err();
        assert!(error(AnomalyScore::Error).is_none());
        assert!(matches!(
            error(AnomalyScore::Complexity),
            Some(InferError::NoHeldOutImages { .. })
        ));
        assert!(matches!(
            error(AnomalyScore::Distance),
            Some(InferError::NoTrainingImages { .. })
        ));
    }

    #[test]
    fn a_likelihood_of_levels_needs_no_deviation_and_one_of_black_and_white_does() {
        let with = |likelihood: &str| {
            model(VariationalAutoencoderConfig {
                network: NetworkConfig::Dense(DenseAutoencoderConfig {
                    widths: vec![5],
                    latent: 2,
                    ..DenseAutoencoderConfig::default()
                }),
                likelihood: likelihood.parse().unwrap(),
                ..VariationalAutoencoderConfig::default()
            })
        };
        let request = ScorerRequest {
            held_out: None,
            train: None,
            neighbors: 1,
            seed: 3,
        };
        let scores = [AnomalyScore::Error, AnomalyScore::Complexity];
        let judged = set(2);
        for (likelihood, bits_of_levels) in [("logistic", 0.0), ("gaussian:0.1", 8.0 * 64.0)] {
            let model = with(likelihood);
            let scorer = model.anomaly_scorer(&scores, &request).unwrap();
            let found = scorer.all_scores(&scores, &judged).unwrap();
            let both = found[0].iter().zip(&found[1]);
            for (index, (error, complexity)) in both.enumerate() {
                let png = 8.0 * png_bytes(&judged.image(index).unwrap()).unwrap() as f64;
                let expected = error / LN_2 + bits_of_levels - png;
                assert!((expected - complexity).abs() < 1e-6, "{likelihood}");
            }
            assert!(scorer.describe(AnomalyScore::Error).contains("nats"));
        }
        let model = with("bernoulli");
        let refused = model.anomaly_scorer(&scores, &request);
        assert!(matches!(refused, Err(InferError::NoHeldOutImages { .. })));
        let request = ScorerRequest {
            held_out: Some(&judged),
            ..request
        };
        let scorer = model.anomaly_scorer(&scores, &request).unwrap();
        assert!(
            scorer
                .describe(AnomalyScore::Complexity)
                .contains("Gaussian")
        );
        assert_eq!(
            scorer.scores(AnomalyScore::Complexity, &judged).unwrap(),
            scorer.all_scores(&scores, &judged).unwrap()[1]
        );
    }
}
