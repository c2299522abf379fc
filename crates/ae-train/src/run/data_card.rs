//! What a model file says of its data: how images are brought to the model, and what set it was trained on.

use ae_data::{
    Binarization, Channels, DataError, Dataset, Division, Fit, ImageSet, Part, SetFingerprint,
    Size, SplitOptions, ValueRange,
};
use serde::{Deserialize, Serialize};

use crate::config::self_supervision::SelfSupervision;
use crate::run::config::DataConfig;

/// Bytes of class names that a card keeps, far below what a model file's header may have.
const MOST_CLASS_BYTES: usize = 1 << 18;

/// What a model file says of its data, as JSON in its card ([`ModelCard::data`](ae_models::ModelCard::data)).
///
/// With it the file needs nothing beside it: any picture is brought to the model as the training images were, and the set
/// that the model was trained on is known again wherever it lies, and divided as it was then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DataCard {
    /// The set that the model was trained on, its own set: a known name, or an absolute path.
    pub source: String,
    /// Whether its images stayed in their shards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// What that set is known by, wherever it lies.
    pub fingerprint: SetFingerprint,
    /// The names of its classes in the order of their labels; empty where there are none, or too many to list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The size that images are brought to; absent where they had the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// How an image of another proportion is brought to the size.
    pub fit: Fit,
    /// The channels that images are brought to; absent where they had the model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Channels>,
    /// Rows and columns of the patches that were cut from pictures of any sizes; absent where images were whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<usize>,
    /// By which method it was trained on images that are noisy themselves, without clean ones; absent where the images are what
    /// is to come out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_supervised: Option<SelfSupervision>,
    /// The values of black and white in pictures of 16 bits or floating point, as they were given or found out; absent
    /// where all pictures had 8 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<ValueRange>,
    /// Whether images are made black and white, drawn from the seed; absent for none.
    #[serde(default, skip_serializing_if = "Binarization::is_none")]
    pub binarize: Binarization,
    /// What the division, the binarization and the noise are drawn from.
    pub seed: u64,
    /// The parts that the set has of its own, beside training images: they are not divided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_parts: Vec<Part>,
    /// What decides which images went into which part.
    pub division: Division,
    /// The share of test images, where the set has none of its own.
    pub test_share: f64,
    /// The share of validation images, where the set has none of its own.
    pub validation_share: f64,
    /// Whether training images that occur among the others, too, were dropped.
    #[serde(default)]
    pub dedup: bool,
    /// At most so many images of each part, spread over the classes; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

impl DataCard {
    /// What a run of `config` and `seed` says of its data, whose set was opened as `dataset`.
    ///
    /// # Errors
    /// When an image that is decoded lazily can no longer be read.
    pub fn new(config: &DataConfig, seed: u64, dataset: &Dataset) -> Result<Self, DataError> {
        let split = config.split_options(seed);
        let classes = dataset.train.classes();
        let bytes: usize = classes.iter().map(|name| name.len() + 8).sum();
        Ok(Self {
            source: config.absolute_source(),
            stream: config.stream,
            fingerprint: dataset.fingerprint()?,
            classes: match bytes <= MOST_CLASS_BYTES {
                true => classes.to_vec(),
                false => Vec::new(),
            },
            size: config.size,
            fit: config.fit,
            channels: config.channels,
            patch: config.patch,
            self_supervised: None,
            // As found out, where nothing was asked: one picture alone may look like another range.
            range: dataset.value_range.or(config.range),
            binarize: config.binarize,
            seed,
            own_parts: own_parts(dataset),
            division: split.division,
            test_share: split.test_share,
            validation_share: split.validation_share,
            dedup: split.dedup,
            limit: config.limit,
        })
    }

    /// How the own set was divided.
    #[must_use]
    pub fn split_options(&self) -> SplitOptions {
        SplitOptions {
            test_share: self.test_share,
            validation_share: self.validation_share,
            seed: self.seed,
            dedup: self.dedup,
            division: self.division,
        }
    }

    /// As a model file's card has it.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("numbers, names and lists of them are JSON")
    }

    /// From a model file's card.
    ///
    /// # Errors
    /// A key is missing, or a value is not what its key takes.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(json)
    }
}

/// The parts that a set has of its own, beside training images.
#[must_use]
pub fn own_parts(dataset: &Dataset) -> Vec<Part> {
    let has = |set: &Option<ImageSet>| set.as_ref().is_some_and(|set| !set.is_empty());
    let parts = [
        (Part::Validation, has(&dataset.validation)),
        (Part::Test, has(&dataset.test)),
    ];
    let own = parts.into_iter().filter(|&(_, is_own)| is_own);
    own.map(|(part, _)| part).collect()
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;

    use super::*;

    fn dataset(classes: usize) -> Dataset {
        let shape = ImageShape::new(1, 1, 1);
        let names = (0..classes).map(|class| format!("class {class}")).collect();
        let labels = Some((0..classes as u32).collect());
        let pixels = (0..classes).map(|class| class as u8).collect();
        let train = ImageSet::from_images("s", shape, pixels, labels, names).unwrap();
        Dataset::new("s", train, None)
    }

    #[test]
    fn a_card_comes_back_as_it_was() {
        let config = DataConfig {
            size: Some(Size {
                height: 3,
                width: 4,
            }),
            fit: Fit::Pad,
            channels: Some(Channels::Rgb),
            patch: Some(5),
            patches_per_epoch: Some(99),
            binarize: Binarization::Static,
            test_share: 0.1 + 0.2,
            limit: Some(7),
            ..DataConfig::default()
        };
        let mut card = DataCard::new(&config, u64::MAX, &dataset(3)).unwrap();
        card.self_supervised = "neighbor2neighbor:3".parse().ok();
        assert_eq!(card.classes, ["class 0", "class 1", "class 2"]);
        let text = card.to_json().to_string();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(DataCard::from_json(&json).unwrap(), card);
        // A key of a later version does no harm; one that is missing does.
        let mut more = json.clone();
        more["colour"] = "blue".into();
        assert_eq!(DataCard::from_json(&more).unwrap(), card);
        more.as_object_mut().unwrap().remove("seed");
        let error = DataCard::from_json(&more).unwrap_err().to_string();
        assert!(error.contains("missing field `seed`"), "{error}");
    }

    #[test]
    fn more_class_names_than_a_header_can_hold_are_left_out() {
        let config = DataConfig::default();
        let card = DataCard::new(&config, 1, &dataset(40_000)).unwrap();
        assert!(card.classes.is_empty());
        assert!(card.to_json().to_string().len() < 10_000);
    }
}
