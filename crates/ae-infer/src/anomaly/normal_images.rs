//! Which images of a set are normal, and which of those a detector may be calibrated on.

use ae_data::{Division, ImageSet, Part};

use crate::error::InferError;
use crate::sets::OpenedSet;

/// What a class of images that are as they should be is called: of a set that has a class of one of these names, the other
/// classes are anomalous.
pub const NORMAL_CLASSES: [&str; 3] = ["good", "normal", "ok"];

/// The label of a set's normal class; `None` where no class is called so, or several are.
#[must_use]
pub fn normal_class(set: &ImageSet) -> Option<u32> {
    let is_normal = |name: &String| {
        let mut names = NORMAL_CLASSES.iter();
        names.any(|normal| name.eq_ignore_ascii_case(normal))
    };
    let mut found = (0..).zip(set.classes()).filter(|(_, name)| is_normal(name));
    match (found.next(), found.next()) {
        (Some((label, _)), None) => Some(label),
        _ => None,
    }
}

impl OpenedSet {
    /// Normal images that the model was not fitted to, for calibrating on: the validation images of the model's own set, and
    /// all of any other. Where a class is called normal, its images alone. There may be none.
    ///
    /// Of a run from before sets had validation images, these are its test images; `is_judged` says that the set's test
    /// images are to be judged as well, and then it is every other one of them. Where the model was trained on patches, each picture
    /// is there once, as the [patch from its center](ImageSet::with_center_patches).
    ///
    /// # Errors
    /// The images cannot be read.
    pub fn calibration_images(&self, is_judged: bool) -> Result<ImageSet, InferError> {
        let is_own = self.relation().is_own();
        let is_halved = is_own && is_judged && self.shares_test_images();
        let set = match (is_own, is_halved) {
            (false, _) => self.images_of(Part::All)?,
            (true, true) => self.split()?.test,
            (true, false) => self.split()?.validation,
        };
        let set = set.with_center_patches();
        let set = match is_halved {
            true => every_other(&set, 0),
            false => set,
        };
        let Some(normal) = normal_class(&set) else {
            return Ok(set);
        };
        let is_normal = |index: &usize| set.label(*index) == Some(normal);
        Ok(set.subset((0..set.len()).filter(is_normal).collect()))
    }

    /// The images of [`part`](Self::part) that are judged by what was calibrated on this set: all, but for those that
    /// [`calibration_images`](Self::calibration_images) takes; patches as there.
    ///
    /// # Errors
    /// As [`images`](Self::images).
    pub fn judged_images(&self) -> Result<ImageSet, InferError> {
        let set = self.images()?.with_center_patches();
        let is_shared = self.relation().is_own() && self.part() == Part::Test;
        Ok(match is_shared && self.shares_test_images() {
            true => every_other(&set, 1),
            false => set,
        })
    }

    /// Whether the validation images are the test images.
    #[must_use]
    pub fn shares_test_images(&self) -> bool {
        self.split.division == Division::Shuffle
    }
}

fn every_other(set: &ImageSet, first: usize) -> ImageSet {
    set.subset((first..set.len()).step_by(2).collect())
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;

    use super::*;

    #[test]
    fn one_class_of_a_normal_name_is_normal() {
        let set = |classes: &[&str]| {
            let count = classes.len();
            let labels = Some((0..count as u32).collect());
            let classes = classes.iter().map(|name| (*name).to_owned()).collect();
            let shape = ImageShape::new(1, 1, 1);
            ImageSet::from_images("s", shape, vec![0; count], labels, classes).unwrap()
        };
        for (classes, expected) in [
            (&["broken", "good"][..], Some(1)),
            (&["Good"], Some(0)),
            (&["OK", "scratch"], Some(0)),
            (&["good", "normal"], None),
            (&["A", "B"], None),
            (&["goods"], None),
        ] {
            assert_eq!(normal_class(&set(classes)), expected, "{classes:?}");
        }
    }
}
