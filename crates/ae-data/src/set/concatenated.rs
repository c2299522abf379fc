//! Several sets as one.

use std::sync::Arc;

use crate::set::image_set::ImageSet;
use crate::set::store::{Piece, Pixels, Store};

impl ImageSet {
    /// The images of several sets, set after set, as one: all of a divided set, for instance. Nothing is copied. Classes
    /// are told apart by their names, and there are labels where all sets have them.
    ///
    /// # Panics
    /// Without sets, or with sets of different shapes.
    #[must_use]
    pub fn concatenated(sets: &[Self]) -> Self {
        let first = sets.first().expect("a set");
        assert!(
            sets.iter().all(|set| set.shape() == first.shape()),
            "sets of different shapes"
        );
        if sets.len() == 1 {
            return first.clone();
        }
        let mut classes: Vec<String> = Vec::new();
        let mut labels = Some(Vec::new());
        let mut files = Vec::new();
        let mut groups = Some(Vec::new());
        let mut pieces = Vec::with_capacity(sets.len());
        let mut start = 0;
        for set in sets {
            // The place of each of the set's classes among all of them.
            let mut places = Vec::with_capacity(set.classes().len());
            for class in set.classes() {
                let place = classes.iter().position(|known| known == class);
                places.push(place.unwrap_or_else(|| {
                    classes.push(class.clone());
                    classes.len() - 1
                }));
            }
            for index in 0..set.len() {
                let label = set.label(index).map(|label| places[label as usize] as u32);
                labels = labels.zip(label).map(|(mut labels, label)| {
                    labels.push(label);
                    labels
                });
                groups = groups.zip(set.group(index)).map(|(mut groups, group)| {
                    groups.push(group);
                    groups
                });
                files.extend(set.file(index).map(ToOwned::to_owned));
            }
            pieces.push(Piece {
                store: Arc::clone(&set.store),
                view: set.view.clone(),
                draws: set.draws,
                patches: set.patches.clone(),
                start,
            });
            start += set.len();
        }
        if labels.is_none() {
            classes.clear();
        }
        // A set without files among sets of files has none to name.
        if files.len() != start {
            files.clear();
        }
        Self::from_store(Store {
            name: first.name().to_owned(),
            shape: first.shape(),
            count: start,
            labels,
            classes,
            files,
            pixels: Pixels::Pieces(pieces),
            digests: None,
            groups,
        })
    }

    /// The images of this set and of another view of the same store, ordered by their files; `None` where the other set
    /// is kept elsewhere.
    pub(crate) fn joined(&self, other: &Self) -> Option<Self> {
        if !Arc::ptr_eq(&self.store, &other.store) {
            return None;
        }
        let all = [self, other].into_iter();
        let mut stored: Vec<usize> = all
            .flat_map(|set| (0..set.len()).map(|index| set.stored(index)))
            .collect();
        stored.sort_by(|&a, &b| self.store.files.get(a).cmp(&self.store.files.get(b)));
        Some(Self {
            view: Some(stored.into()),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageShape;
    use crate::set::binary_draws::Binarization;
    use crate::set::dataset::Dataset;

    fn set(pixels: &[u8], labels: &[u32], classes: &[&str]) -> ImageSet {
        let classes = classes.iter().map(|&class| class.to_owned()).collect();
        let labels = (!labels.is_empty()).then(|| labels.to_vec());
        let shape = ImageShape::new(1, 1, 1);
        ImageSet::from_images("s", shape, pixels.to_vec(), labels, classes).unwrap()
    }

    fn pixels(set: &ImageSet) -> Vec<u8> {
        let images = set.iter().map(|image| image.read().unwrap());
        images.map(|image| image.pixels()[0]).collect()
    }

    #[test]
    fn sets_follow_each_other_with_their_classes() {
        let first = set(&[1, 2, 3], &[0, 1, 0], &["a", "b"]).subset(vec![2, 0]);
        let second = set(&[4, 5], &[1, 0], &["c", "a"]);
        let all = ImageSet::concatenated(&[first.clone(), second.clone()]);
        assert_eq!(pixels(&all), [3, 1, 4, 5]);
        let classes: Vec<_> = all.iter().map(|image| image.class().unwrap()).collect();
        assert_eq!(classes, ["a", "a", "a", "c"]);
        assert_eq!(all.classes(), ["a", "b", "c"]);
        assert_eq!(pixels(&all.subset(vec![3, 0])), [5, 3]);
        assert_eq!(
            all.source_digests().unwrap(),
            [
                first.source_digests().unwrap(),
                second.source_digests().unwrap()
            ]
            .concat()
        );
        // And again.
        let more = ImageSet::concatenated(&[all, set(&[9], &[0], &["b"])]);
        assert_eq!(pixels(&more), [3, 1, 4, 5, 9]);
        assert_eq!(more.label(4), Some(1));
        let unlabeled = ImageSet::concatenated(&[more, set(&[7], &[], &[])]);
        assert_eq!((unlabeled.label(0), unlabeled.classes().len()), (None, 0));
        assert_eq!(pixels(&unlabeled.spread(6, 1).unwrap()), [3, 1, 4, 5, 9, 7]);
    }

    #[test]
    fn what_is_drawn_stays_what_it_was() {
        let gray = || set(&[100; 64], &[], &[]);
        let dataset = Dataset::new("s", gray(), Some(gray())).binarized(Binarization::Static, 3);
        let test = dataset.test.unwrap();
        let all = ImageSet::concatenated(&[dataset.train.clone(), test.clone()]);
        assert_eq!(
            pixels(&all),
            [pixels(&dataset.train), pixels(&test)].concat()
        );
        assert_eq!(all.binarization(), Binarization::Static);
    }
}
