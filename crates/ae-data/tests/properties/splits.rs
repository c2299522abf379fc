//! Splits.

use std::collections::BTreeSet;

use ae_data::{Dataset, Division, ImageSet, ImageShape, SplitOptions};

use crate::random::{CASES, Random};

/// Images of two pixels, which are a number.
fn set(numbers: &[u16], labels: Option<Vec<u32>>) -> ImageSet {
    let pixels = numbers.iter().flat_map(|number| number.to_be_bytes());
    let shape = ImageShape::new(1, 1, 2);
    ImageSet::from_images("s", shape, pixels.collect(), labels, vec![])
        .expect("one label for each image")
}

fn dataset(train: ImageSet, test: Option<ImageSet>) -> Dataset {
    Dataset::new("s", train, test)
}

fn numbers(set: &ImageSet) -> Vec<u16> {
    let number = |index| {
        let image = set.image(index).expect("the index is one of the set");
        u16::from_be_bytes([image.pixels()[0], image.pixels()[1]])
    };
    (0..set.len()).map(number).collect()
}

fn random_options(random: &mut Random) -> SplitOptions {
    SplitOptions {
        // Above 0 and below 1.
        test_share: (f64::from(random.unit()) + 1e-6) / 1.000_002,
        seed: random.number(),
        division: Division::Shuffle,
        ..SplitOptions::default()
    }
}

#[test]
fn both_parts_together_are_the_set_in_the_share_that_was_asked_for() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let images = random.between(2, 400);
        let all: Vec<u16> = (0..images as u16).collect();
        let options = random_options(&mut random);
        let what = format!("case {case}: {images} images, {options:?}");
        let whole = dataset(set(&all, None), None);
        let split = whole.split(&options).unwrap();
        let (train, test) = (numbers(&split.train), numbers(&split.test));
        let together: BTreeSet<u16> = train.iter().chain(&test).copied().collect();
        assert_eq!(train.len() + test.len(), images, "{what}");
        assert_eq!(together.len(), images, "{what}");
        // To the nearest image, and never none.
        let asked = images as f64 * options.test_share;
        let off = (test.len() as f64 - asked).abs();
        assert!(
            off <= 0.5 || (test.len() == 1 && asked < 1.0) || (train.len() == 1 && off < 1.0),
            "{what}: {} test images",
            test.len()
        );
        let again = whole.split(&options).unwrap();
        assert_eq!((numbers(&again.train), numbers(&again.test)), (train, test));
    }
}

/// Which images are tested on is a matter of the seed and their number: not of what they are, nor of their labels.
#[test]
fn an_images_place_does_not_depend_on_what_it_is() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let images = random.between(2, 200);
        let options = random_options(&mut random);
        let places: Vec<u16> = (0..images as u16).collect();
        let others: Vec<u16> = places.iter().map(|place| place + 1_000).collect();
        let labels: Vec<u32> = random.bytes(images).into_iter().map(u32::from).collect();
        let plain = dataset(set(&places, None), None).split(&options).unwrap();
        let other = dataset(set(&others, Some(labels.clone())), None)
            .split(&options)
            .unwrap();
        for (plain, other) in [(plain.train, other.train), (plain.test, other.test)] {
            let places = numbers(&plain);
            let expected: Vec<u16> = places.iter().map(|place| place + 1_000).collect();
            assert_eq!(numbers(&other), expected, "case {case}: {options:?}");
            for (index, place) in places.iter().enumerate() {
                assert_eq!(other.label(index), Some(labels[usize::from(*place)]));
            }
        }
    }
}

/// By chance, as in sampling without replacement: each class within five standard deviations of its share.
#[test]
fn classes_keep_their_shares() {
    for case in 0..CASES / 10 {
        let mut random = Random::of_case(case);
        let images = random.between(500, 3_000);
        let classes = random.between(2, 6);
        let places: Vec<u16> = (0..images as u16).collect();
        let labels: Vec<u32> = (0..images)
            .map(|_| random.between(0, classes - 1) as u32)
            .collect();
        let options = random_options(&mut random);
        let split = dataset(set(&places, Some(labels.clone())), None)
            .split(&options)
            .unwrap();
        let share = split.test.len() as f64 / images as f64;
        for class in 0..classes as u32 {
            let of_class = labels.iter().filter(|&&label| label == class).count() as f64;
            let found = (0..split.test.len())
                .filter(|&index| split.test.label(index) == Some(class))
                .count() as f64;
            // The hypergeometric distribution's.
            let deviation =
                (of_class * share * (1.0 - share) * (1.0 - of_class / images as f64)).sqrt();
            assert!(
                (found - of_class * share).abs() <= 5.0 * deviation + 1.0,
                "case {case}: class {class}: {found} of {of_class}, share {share}"
            );
        }
    }
}

/// Counted by comparing every image with every other.
#[test]
fn copies_are_counted_and_dropped() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let few = |random: &mut Random, count| -> Vec<u16> {
            (0..count).map(|_| random.between(0, 60) as u16).collect()
        };
        let images = random.between(2, 80);
        let train = few(&mut random, images);
        let test = match random.between(0, 1) {
            0 => None,
            _ => {
                let images = random.between(1, 30);
                Some(few(&mut random, images))
            }
        };
        let options = random_options(&mut random);
        let whole = dataset(
            set(&train, None),
            test.as_ref().map(|numbers| set(numbers, None)),
        );
        let kept = whole.split(&options).unwrap();
        let (in_train, in_test) = (numbers(&kept.train), numbers(&kept.test));
        let shared = in_test
            .iter()
            .filter(|number| in_train.contains(number))
            .count();
        assert_eq!((kept.shared, kept.dropped), (shared, 0), "case {case}");

        let unique: Vec<u16> = in_train
            .iter()
            .filter(|number| !in_test.contains(number))
            .copied()
            .collect();
        let dropped = whole.split(&SplitOptions {
            dedup: true,
            ..options
        });
        match dropped {
            Err(_) => assert!(unique.is_empty(), "case {case}"),
            Ok(split) => {
                assert_eq!(numbers(&split.train), unique, "case {case}");
                assert_eq!(numbers(&split.test), in_test, "case {case}");
                assert_eq!(split.dropped, in_train.len() - unique.len(), "case {case}");
                assert_eq!(split.shared, shared, "case {case}");
            }
        }
    }
}
