//! Sets in black and white, drawn from grays.

use ae_random::Purpose;

use crate::set::binary_draws::{Binarization, BinaryDraws};
use crate::set::dataset::Dataset;
use crate::set::image_set::ImageSet;
use crate::set::patch_draws::PatchPlace;
use crate::set::store::Pixels;

impl Dataset {
    /// The same images in black and white, drawn from `seed`.
    ///
    /// What an image becomes depends on the seed, on which part of the source it is from, on the epoch and on its
    /// index there, so a part of the set has the images that the whole has.
    #[must_use]
    pub fn binarized(self, binarization: Binarization, seed: u64) -> Self {
        Self {
            train: self
                .train
                .binarized(binarization, seed, Purpose::Binarization),
            validation: self.validation.map(|validation| {
                validation.binarized(binarization, seed, Purpose::ValidationBinarization)
            }),
            test: self
                .test
                .map(|test| test.binarized(binarization, seed, Purpose::TestBinarization)),
            ..self
        }
    }
}

impl ImageSet {
    /// The set as it is in an epoch, counted from 0: another one in each where its images are drawn anew
    /// ([`Binarization::Dynamic`], [`with_drawn_patches`](Self::with_drawn_patches)), itself in any other case. A set that was just opened is that of epoch 0.
    #[must_use]
    pub fn in_epoch(&self, epoch: u64) -> Self {
        let mut set = self.clone();
        if let Some(draws) = &mut set.draws
            && draws.binarization == Binarization::Dynamic
        {
            draws.epoch = epoch;
        }
        if let Some(PatchPlace::Drawn(patches)) =
            set.patches.as_mut().map(|patches| &mut patches.place)
            && patches.anew
        {
            patches.epoch = epoch;
        }
        set
    }

    /// Whether the images were made black and white, and when that is drawn.
    #[must_use]
    pub fn binarization(&self) -> Binarization {
        let draws = match &self.store.pixels {
            Pixels::Pieces(pieces) => pieces.first().and_then(|piece| piece.draws),
            _ => self.draws,
        };
        draws.map_or(Binarization::None, |draws| draws.binarization)
    }

    fn binarized(mut self, binarization: Binarization, seed: u64, purpose: Purpose) -> Self {
        self.draws = (!binarization.is_none()).then_some(BinaryDraws {
            binarization,
            seed,
            purpose,
            epoch: 0,
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageShape;
    use crate::set::split::SplitOptions;

    const SHAPE: ImageShape = ImageShape {
        channels: 1,
        height: 40,
        width: 50,
    };

    /// Images of one gray each.
    fn grays(grays: &[u8]) -> ImageSet {
        let pixels = grays
            .iter()
            .flat_map(|&gray| vec![gray; SHAPE.values()])
            .collect();
        ImageSet::from_images("grays", SHAPE, pixels, None, vec![]).unwrap()
    }

    fn dataset(binarization: Binarization, seed: u64) -> Dataset {
        Dataset::new("grays", grays(&[100; 12]), Some(grays(&[100; 12])))
            .binarized(binarization, seed)
    }

    fn pixels(set: &ImageSet, index: usize) -> Vec<u8> {
        set.image(index).unwrap().into_pixels()
    }

    #[test]
    fn a_value_is_white_with_its_brightness_as_probability() {
        let levels = [0, 1, 64, 128, 191, 254, 255];
        let set = grays(&levels).binarized(Binarization::Static, 3, Purpose::Binarization);
        for (index, level) in levels.into_iter().enumerate() {
            let pixels = pixels(&set, index);
            assert!(pixels.iter().all(|&value| value == 0 || value == 255));
            let count = pixels.len() as f64;
            let share = pixels.iter().filter(|&&value| value == 255).count() as f64 / count;
            let expected = f64::from(level) / 255.0;
            let deviation = (expected * (1.0 - expected) / count).sqrt();
            // Exactly for black and white, whose deviation is 0.
            assert!(
                (share - expected).abs() <= 4.0 * deviation,
                "{level}: {share}"
            );
        }
        let mut values = vec![0.0; SHAPE.values()];
        set.read_unit_into(3, &mut values).unwrap();
        assert!(values.contains(&0.0) && values.contains(&1.0));
        assert!(values.iter().all(|&value| value == 0.0 || value == 1.0));
    }

    /// From RFC 8439's rounds, cut to eight, by a Python script that shares nothing with this crate: of the first 24
    /// numbers of the stream (7, 9, 0, 2) those below 100 / 255.
    #[test]
    fn a_seed_means_the_same_images_in_every_release() {
        let set = dataset(Binarization::Static, 7).train;
        let white: Vec<usize> = pixels(&set, 2)[..24]
            .iter()
            .enumerate()
            .filter_map(|(place, &value)| (value == 255).then_some(place))
            .collect();
        assert_eq!(white, [0, 3, 4, 6, 10, 11, 14, 17, 19, 21, 22]);
    }

    #[test]
    fn what_an_image_becomes_depends_on_seed_part_and_index_alone() {
        let first = dataset(Binarization::Static, 1);
        let test = |dataset: &Dataset| dataset.test.clone().unwrap();
        assert_eq!(
            pixels(&first.train, 5),
            pixels(&dataset(Binarization::Static, 1).train, 5)
        );
        assert_ne!(pixels(&first.train, 5), pixels(&first.train, 6));
        assert_ne!(pixels(&first.train, 5), pixels(&test(&first), 5));
        assert_ne!(
            pixels(&first.train, 5),
            pixels(&dataset(Binarization::Static, 2).train, 5)
        );
        // A view has the images that the whole has.
        let view = first.train.subset(vec![8, 5]).subset(vec![1]);
        assert_eq!(pixels(&view, 0), pixels(&first.train, 5));
        assert_eq!(view.binarization(), Binarization::Static);
    }

    #[test]
    fn only_dynamic_images_change_with_the_epoch() {
        let dynamic = dataset(Binarization::Dynamic, 1).train;
        let fixed = dataset(Binarization::Static, 1).train;
        assert_eq!(pixels(&dynamic, 4), pixels(&fixed, 4));
        assert_eq!(pixels(&dynamic.in_epoch(0), 4), pixels(&fixed, 4));
        assert_ne!(pixels(&dynamic.in_epoch(1), 4), pixels(&fixed, 4));
        assert_ne!(
            pixels(&dynamic.in_epoch(1), 4),
            pixels(&dynamic.in_epoch(2), 4)
        );
        assert_eq!(pixels(&fixed.in_epoch(1), 4), pixels(&fixed, 4));
        let gray = dataset(Binarization::None, 1).train;
        assert_eq!(pixels(&gray.in_epoch(1), 4), vec![100; SHAPE.values()]);
        assert_eq!(gray.binarization(), Binarization::None);
    }

    #[test]
    fn fingerprints_tell_what_was_drawn_apart() {
        let print = |binarization, seed| dataset(binarization, seed).train.fingerprint().unwrap();
        let gray = print(Binarization::None, 1);
        let (fixed, other) = (
            print(Binarization::Static, 1),
            print(Binarization::Static, 2),
        );
        // The images of epoch 0 are the same, those of the next are not.
        let dynamic = print(Binarization::Dynamic, 1);
        let all = [&gray, &fixed, &other, &dynamic];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(one), "{index}");
        }
    }

    #[test]
    fn copies_are_copies_before_they_are_drawn() {
        let split = dataset(Binarization::Static, 1)
            .split(&SplitOptions {
                validation_share: 0.0,
                ..SplitOptions::default()
            })
            .unwrap();
        assert_eq!(split.shared, 12);
    }

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for kind in [
            Binarization::None,
            Binarization::Static,
            Binarization::Dynamic,
        ] {
            assert_eq!(kind.to_string().parse::<Binarization>().unwrap(), kind);
        }
        assert_eq!(
            "fixed".parse::<Binarization>().unwrap_err().to_string(),
            "invalid binarization \"fixed\": expected none, static or dynamic"
        );
    }
}
