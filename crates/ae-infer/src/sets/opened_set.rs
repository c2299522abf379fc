//! A set that was opened for a model (`OpenedSet`): how it stands to the model's own, and its parts.

use ae_data::{Dataset, Division, ImageSet, Part, Split, SplitOptions};
use ae_train::own_parts;

use crate::error::InferError;
use crate::sets::no_part::NoPartReason;
use crate::sets::relation::{Relation, containment};

/// A set whose images are in a model's form, by [`OpenModel::open_set`](crate::OpenModel::open_set).
#[derive(Debug, Clone)]
pub struct OpenedSet {
    pub(crate) dataset: Dataset,
    pub(crate) relation: Relation,
    pub(crate) notes: Vec<String>,
    pub(crate) part: Option<Part>,
    /// How it is divided where it doesn't divide itself: the own set as the run divided it.
    pub(crate) split: SplitOptions,
    pub(crate) limit: Option<usize>,
}

impl OpenedSet {
    /// The set's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.dataset.name
    }

    /// The set as its source has it, in the model's form, with what was skipped.
    #[must_use]
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// How it stands to the set that the model was trained on.
    #[must_use]
    pub fn relation(&self) -> &Relation {
        &self.relation
    }

    /// What somebody who measures on it should hear of it, a sentence each: that it has changed, that the model was
    /// trained on some of its images, or that this is unknown.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The part that [`images`](Self::images) gives: the one that was asked for, else the test images of the model's own
    /// set and all of any other.
    #[must_use]
    pub fn part(&self) -> Part {
        let usual = match self.relation.is_own() {
            true => Part::Test,
            false => Part::All,
        };
        self.part.unwrap_or(usual)
    }

    /// The seed that the set is divided by, and that what is drawn on its images is drawn from by default.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.split.seed
    }

    /// About which share of this set's different images `other` has, too; `None` where that cannot be told.
    ///
    /// # Errors
    /// The images cannot be read.
    pub fn share_in(&self, other: &Self) -> Result<Option<f64>, InferError> {
        let (own, other) = (self.dataset.fingerprint()?, other.dataset.fingerprint()?);
        Ok(containment(&own, &other))
    }

    /// The images of [`part`](Self::part).
    ///
    /// # Errors
    /// As [`images_of`](Self::images_of).
    pub fn images(&self) -> Result<ImageSet, InferError> {
        self.images_of(self.part())
    }

    /// The images of a part of the set, at most as many as were asked for.
    ///
    /// The model's own set is divided as its run divided it. Of any other set a part is what its own files or folders
    /// say, and there is none where they say nothing: a share of a set that nobody divided is not its test images.
    ///
    /// # Errors
    /// [`InferError::NoPart`] where there is no such part; the images cannot be read.
    pub fn images_of(&self, part: Part) -> Result<ImageSet, InferError> {
        if part == Part::All {
            let dataset = &self.dataset;
            let parts = [
                Some(&dataset.train),
                dataset.validation.as_ref(),
                dataset.test.as_ref(),
            ];
            let parts: Vec<_> = parts.into_iter().flatten().cloned().collect();
            if self.limit.is_some() {
                return self.limited(ImageSet::concatenated(&parts));
            }
            let parts: Vec<_> = parts.iter().map(|set| self.patches(set, part)).collect();
            return Ok(ImageSet::concatenated(&parts));
        }
        let none = |reason| InferError::NoPart {
            name: self.name().to_owned(),
            part,
            reason,
        };
        let found = match self.relation.is_own() {
            true => {
                let split = self.dataset.split(&self.split)?;
                split.part(part).cloned()
            }
            false => {
                let own = own_parts(&self.dataset);
                if own.is_empty() {
                    return Err(none(NoPartReason::Undivided));
                }
                match part {
                    Part::Train => Some(self.dataset.train.clone()),
                    Part::Validation => self.dataset.validation.clone(),
                    Part::Test => self.dataset.test.clone(),
                    Part::All => None,
                }
            }
        };
        match found {
            Some(set) if !set.is_empty() => Ok(self.patches(&self.limited(set)?, part)),
            _ => Err(none(NoPartReason::Empty)),
        }
    }

    /// The set divided: the model's own as its run divided it, any other by its own files or folders, else by share.
    ///
    /// This is for what has to learn from one part and is measured on another, as a probe is. What measures the model
    /// itself takes [`images`](Self::images).
    ///
    /// # Errors
    /// There are too few images; they cannot be read.
    pub fn split(&self) -> Result<Split, InferError> {
        let split = self.dataset.split(&self.split)?;
        let split = Split {
            train: self.limited(split.train)?,
            validation: self.limited(split.validation)?,
            test: self.limited(split.test)?,
            ..split
        };
        Ok(split.with_drawn_patches(self.seed(), None))
    }

    /// The patches of a part's pictures, where the set is of patches: those of the run that it is the own set of.
    fn patches(&self, set: &ImageSet, part: Part) -> ImageSet {
        match part {
            Part::Train => set.with_drawn_patches(self.seed(), None),
            Part::Validation | Part::Test | Part::All => set.with_measured_patches(self.seed()),
        }
    }

    fn limited(&self, set: ImageSet) -> Result<ImageSet, InferError> {
        limited(set, self.limit, &self.split)
    }
}

/// At most so many images of a part.
pub(crate) fn limited(
    set: ImageSet,
    limit: Option<usize>,
    split: &SplitOptions,
) -> Result<ImageSet, InferError> {
    Ok(match (limit, split.division) {
        (None, _) => set,
        (Some(limit), Division::Content) => set.spread(limit, split.seed)?,
        // The first ones, as it was when sets were divided so.
        (Some(limit), Division::Shuffle) => set.take(limit),
    })
}
