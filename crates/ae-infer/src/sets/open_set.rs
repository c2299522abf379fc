//! Opening a set for a model: which one, how it stands to the model's own, and what is to be said of it.

use std::path::Path;

use ae_data::{Binarization, DataError, Dataset, Division, Fit, ImageSet, Part, SplitOptions};
use ae_train::{DataConfig, own_parts};

use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::sets::opened_set::{OpenedSet, limited};
use crate::sets::own_set::{DataOrigin, OwnSet};
use crate::sets::relation::{Relation, containment};
use crate::sets::set_request::SetRequest;

/// The share of a set's images that must be in another for the two to be one that changed.
const LEAST_IN_COMMON: f64 = 0.1;

/// Why the parts of a changed set are not to be believed.
const BY_ORDER: &str = "its images were divided by their order";

impl OpenModel {
    /// Opens the set that is asked for, its images in the model's form.
    ///
    /// Where no set is named it is the one that the model was trained on, its own. That is known by its fingerprint
    /// wherever it lies, and divided as the run divided it, so that its test images are those that were not trained on;
    /// also where images were added to it or taken away since, which a note says. Another set in its place is refused.
    /// Of any other set all images are taken.
    ///
    /// # Errors
    /// The set cannot be read or its images cannot have the model's shape; no set is named and the model's own is not
    /// known, not there, another or divided anew; a share is given for a set that is divided already.
    pub fn open_set(&self, request: &SetRequest) -> Result<OpenedSet, InferError> {
        let own = self.own_set();
        let source = match (&request.named, &own.source) {
            (Some(named), _) => named.clone(),
            (None, Some(source)) => source.clone(),
            (None, None) => {
                return Err(InferError::OwnSetUnknown {
                    model: self.name().to_owned(),
                    data_name: own.name.clone(),
                    problem: own.problem.clone(),
                });
            }
        };
        let (dataset, range_note) = match self.open_prepared(&source, request) {
            Err(InferError::Data(DataError::NotFound { .. } | DataError::UnknownSource { .. }))
                if request.named.is_none() =>
            {
                return Err(InferError::OwnSetGone {
                    model: self.name().to_owned(),
                    path: source.into(),
                });
            }
            opened => opened?,
        };
        self.check_shape(&dataset.name, dataset.train.shape())?;
        let mut notes = self.preparation_notes(request.fit, request.binarize);
        let relation = self.relation(&source, &dataset, request, &mut notes)?;
        // Of the own set it was said when the model was trained.
        if relation != Relation::Own {
            notes.extend(range_note);
        }
        let split = match relation.is_own() {
            true => {
                self.refuse_shares(&dataset, request)?;
                own.split.clone()
            }
            false => SplitOptions {
                test_share: request.test_share.unwrap_or(SplitOptions::TEST_SHARE),
                validation_share: request
                    .validation_share
                    .unwrap_or(SplitOptions::VALIDATION_SHARE),
                seed: own.seed,
                dedup: request.dedup,
                division: Division::Content,
            },
        };
        Ok(OpenedSet {
            limit: match relation.is_own() {
                true => request.limit.or(own.limit),
                false => request.limit,
            },
            dataset,
            relation,
            notes,
            part: request.part,
            split,
        })
    }

    /// The images that the model was trained on, for what learns beside it: brought to the model as `request` says, with
    /// its limit where that is for the model's own set.
    ///
    /// # Errors
    /// As [`open_set`](Self::open_set) without a name.
    pub fn own_training_images(&self, request: &SetRequest) -> Result<ImageSet, InferError> {
        let own = SetRequest {
            named: None,
            part: Some(Part::Train),
            limit: None,
            test_share: None,
            validation_share: None,
            ..request.clone()
        };
        self.open_set(&own)?.images()
    }

    fn relation(
        &self,
        source: &str,
        dataset: &Dataset,
        request: &SetRequest,
        notes: &mut Vec<String>,
    ) -> Result<Relation, InferError> {
        let own = self.own_set();
        let is_asked_for = request.named.is_none();
        let Some(then) = &own.fingerprint else {
            return self.relation_by_training_images(source, dataset, request, notes);
        };
        let now = dataset.fingerprint()?;
        if now.digest == then.digest {
            return Ok(Relation::Own);
        }
        let place = Path::new(source);
        let is_in_its_place =
            is_asked_for || own.source.as_deref() == Some(absolute(source).as_str());
        let overlap = then.overlap(&now);
        // A set that grew has all that it had, and one that shrank has nothing else; two sets of one kind may have a
        // blank page in common.
        let shares = [containment(then, &now), containment(&now, then)];
        let is_another = shares
            .into_iter()
            .flatten()
            .all(|share| share < LEAST_IN_COMMON);
        if is_in_its_place {
            if is_another && is_asked_for {
                return Err(InferError::AnotherSet {
                    model: self.name().to_owned(),
                    path: place.to_owned(),
                    then: then.to_string(),
                    now: now.to_string(),
                    common: match overlap > 0.0 {
                        true => format!("about {} of the images in common", percent(overlap)),
                        false => "no image in common".to_owned(),
                    },
                });
            }
            let is_divided_alike = own.split.division == Division::Content
                && own.own_parts.as_ref() == Some(&own_parts(dataset));
            if !is_another && is_divided_alike {
                let same = match overlap < 1.0 {
                    true => format!(
                        "about {} of the images are the same; no image changes its part",
                        percent(overlap)
                    ),
                    false => {
                        "no image that was not there, but other copies, classes or parts".to_owned()
                    }
                };
                notes.push(format!(
                    "{source} has changed since {} was trained on it: fingerprint {then} then, {now} now; {same}",
                    self.name()
                ));
                return Ok(Relation::Changed {
                    then: then.clone(),
                    now,
                    overlap,
                });
            }
            if is_asked_for {
                return Err(InferError::DividedAnew {
                    model: self.name().to_owned(),
                    path: place.to_owned(),
                    then: then.to_string(),
                    now: now.to_string(),
                    why: match own.split.division {
                        Division::Content => "the set's own parts are others",
                        Division::Shuffle => BY_ORDER,
                    },
                });
            }
            notes.push(format!(
                "{source} is not the set that {} was trained on there: fingerprint {then} then, {now} now",
                self.name()
            ));
        }
        match containment(&now, then) {
            Some(share) if share > 0.0 => notes.push(format!(
                "about {} of these images are in the set that {} was trained on",
                percent(share),
                self.name()
            )),
            _ => {}
        }
        Ok(Relation::Foreign)
    }

    /// How a set stands to that of a model whose file has the fingerprint of its training images alone.
    fn relation_by_training_images(
        &self,
        source: &str,
        dataset: &Dataset,
        request: &SetRequest,
        notes: &mut Vec<String>,
    ) -> Result<Relation, InferError> {
        let own = self.own_set();
        let found = match request_differs(self, request) {
            true => {
                let as_trained = SetRequest {
                    strict: request.strict,
                    ..SetRequest::default()
                };
                training_images(own, &self.open_prepared(source, &as_trained)?.0)
            }
            false => training_images(own, dataset),
        };
        if found.is_some() && found == own.train_fingerprint {
            return Ok(Relation::Own);
        }
        let model = self.name();
        if let (None, Some(then)) = (&request.named, &own.train_fingerprint) {
            let short = |text: &str| text.get(..12).unwrap_or(text).to_owned();
            return Err(InferError::DividedAnew {
                model: model.to_owned(),
                path: source.into(),
                then: short(then),
                now: found.as_deref().map_or_else(|| "none".to_owned(), short),
                why: BY_ORDER,
            });
        }
        notes.push(format!(
            "whether {model} was trained on some of these images is unknown: its file, of an earlier version, has no fingerprint of its set"
        ));
        Ok(Relation::Unknown)
    }

    /// A share, for a set that was divided when the model was trained, would move training images among the others.
    fn refuse_shares(&self, dataset: &Dataset, request: &SetRequest) -> Result<(), InferError> {
        let own = &self.own_set().split;
        let given = [
            ("test share", request.test_share, own.test_share),
            (
                "validation share",
                request.validation_share,
                own.validation_share,
            ),
        ];
        for (what, given, used) in given {
            if let Some(given) = given
                && given != used
            {
                return Err(InferError::DividedAlready {
                    name: dataset.name.clone(),
                    model: self.name().to_owned(),
                    what,
                    given,
                    used,
                });
            }
        }
        Ok(())
    }

    /// That it isn't known how images were brought to the model, and what is assumed in place of what isn't given.
    #[must_use]
    pub fn preparation_notes(
        &self,
        fit: Option<Fit>,
        binarize: Option<Binarization>,
    ) -> Vec<String> {
        let own = self.own_set();
        if own.origin != DataOrigin::Unknown {
            return Vec::new();
        }
        let fit = fit.unwrap_or(own.fit);
        let note = format!(
            "how images were brought to {} is unknown: its file doesn't say it{}; assumed: fit {fit}, binarization {}",
            self.name(),
            match &own.problem {
                Some(problem) => format!(" ({problem})"),
                None => ", and there is no config.toml beside it".to_owned(),
            },
            binarize.unwrap_or(own.binarize),
        );
        vec![note]
    }
}

/// Whether a request says another thing of the images than the model's own preparation.
fn request_differs(model: &OpenModel, request: &SetRequest) -> bool {
    let own = model.preparation();
    request.size.is_some_and(|size| size != own.size)
        || request.fit.is_some_and(|fit| fit != own.fit)
        || request.range.is_some_and(|range| Some(range) != own.range)
        || request
            .channels
            .is_some_and(|channels| Some(channels) != own.channels)
        || request
            .binarize
            .is_some_and(|binarize| binarize != own.binarize)
}

/// The fingerprint of the images of a set that the model would have been trained on; `None` where it cannot be divided.
fn training_images(own: &OwnSet, dataset: &Dataset) -> Option<String> {
    let train = dataset.split(&own.split).ok()?.train;
    let train = limited(train, own.limit, &own.split).ok()?;
    train.fingerprint().ok()
}

fn absolute(source: &str) -> String {
    let config = DataConfig {
        source: source.to_owned(),
        ..DataConfig::default()
    };
    config.absolute_source()
}

/// A share in words: `97%`, `less than 1%`.
fn percent(share: f64) -> String {
    match 100.0 * share {
        percent if percent < 1.0 => "less than 1%".to_owned(),
        percent => format!("{percent:.0}%"),
    }
}

#[cfg(test)]
mod tests;
