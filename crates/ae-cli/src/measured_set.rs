//! Which images a command sees, as it is said in tables and JSON, and opening them.

use ae_data::{Dataset, ImageSet, Part};
use ae_infer::{OpenModel, OpenedSet, Relation, SetRequest};
use ae_report::thousands;
use serde::Serialize;

use crate::arguments::DataArguments;
use crate::error::{CliError, Status};
use crate::image_source::{tell_left_out, tell_skipped};
use crate::terminal::Terminal;

/// Which images a command measured, with the keys that every command's JSON has.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MeasuredSet {
    /// The set's name.
    pub(crate) data: String,
    /// Which of its images.
    pub(crate) part: Part,
    /// How it stands to the set that the model was trained on: `own`, `changed`, `foreign` or `unknown`.
    pub(crate) relation: &'static str,
    /// How it changed, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changed: Option<Changed>,
}

/// How a set changed since a model was trained on it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Changed {
    /// The fingerprint of what was trained on.
    fingerprint_then: String,
    /// The fingerprint of what was measured.
    fingerprint_now: String,
    /// About the share of images that are in both, of those in either.
    overlap: f64,
}

impl MeasuredSet {
    /// What a command measured on a set that was opened for its model.
    pub(crate) fn of(opened: &OpenedSet) -> Self {
        Self {
            data: opened.name().to_owned(),
            part: opened.part(),
            relation: opened.relation().name(),
            changed: match opened.relation() {
                Relation::Changed { then, now, overlap } => Some(Changed {
                    fingerprint_then: then.digest.clone(),
                    fingerprint_now: now.digest.clone(),
                    overlap: *overlap,
                }),
                _ => None,
            },
        }
    }

    /// A part of the set that a model was just trained on.
    pub(crate) fn own(set: &ImageSet, part: Part) -> Self {
        Self {
            data: set.name().to_owned(),
            part,
            relation: Relation::Own.name(),
            changed: None,
        }
    }

    /// Which images and how many, as a line: `letters: 187 images of the test set`.
    pub(crate) fn line(&self, images: usize) -> String {
        match (self.part, images) {
            // A picture alone.
            (Part::All, 1) => format!("{}: 1 image", self.data),
            _ => format!(
                "{}: {} {}",
                self.data,
                thousands(images as u64),
                self.images()
            ),
        }
    }

    /// Which images, after their number: `images of the test set`.
    pub(crate) const fn images(&self) -> &'static str {
        match self.part {
            Part::Train => "images of the training set",
            Part::Validation => "images of the validation set",
            Part::Test => "images of the test set",
            Part::All => "images of the whole set",
        }
    }
}

/// What a command line says of the images that a model is to see.
pub(crate) fn request_of(arguments: &DataArguments, part: Option<Part>) -> SetRequest {
    SetRequest {
        named: arguments.data.clone(),
        part,
        size: arguments.size,
        fit: arguments.fit,
        channels: arguments.channels,
        patch: arguments.patch,
        range: arguments.range,
        max_pixels: arguments.max_pixels,
        binarize: arguments.binarize,
        limit: arguments.limit,
        test_share: arguments.test_share,
        validation_share: arguments.validation_share,
        dedup: arguments.dedup,
        strict: arguments.strict,
    }
}

/// Opens the set that a model is to see and tells what there is to say of it.
///
/// # Errors
/// Those of [`OpenModel::open_set`]; a shard's pictures have more than 8 bits and nobody said which values are black and white: each
/// shard would find out its own.
pub(crate) fn open_set(
    model: &OpenModel,
    request: &SetRequest,
    terminal: &Terminal,
) -> Result<OpenedSet, CliError> {
    let opened = model.open_set(request)?;
    let dataset = opened.dataset();
    let is_range_known = request.range.or(model.preparation().range).is_some();
    if terminal.is_of_shard && dataset.value_range.is_some() && !is_range_known {
        let reason =
            "pictures of more than 8 bits, whose range of values has to be the same for all shards";
        return Err(CliError::failure(Status::Data, &dataset.name, reason)
            .hint("--range LOW..HIGH says which values are black and white"));
    }
    tell_opened(opened.dataset(), opened.notes(), terminal);
    Ok(opened)
}

fn tell_opened(dataset: &Dataset, notes: &[String], terminal: &Terminal) {
    tell_skipped(dataset, terminal);
    tell_left_out(dataset, terminal);
    for note in notes {
        terminal.warning(note);
    }
}
