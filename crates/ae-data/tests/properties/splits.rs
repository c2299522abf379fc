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

fn by_content(random: &mut Random) -> SplitOptions {
    SplitOptions {
        test_share: 0.05 + 0.4 * f64::from(random.unit()),
        validation_share: 0.5 * f64::from(random.unit()),
        seed: random.number(),
        ..SplitOptions::default()
    }
}

/// Numbers below `bound`, each once, in any order.
fn distinct(random: &mut Random, count: usize, bound: usize) -> Vec<u16> {
    let mut numbers = BTreeSet::new();
    while numbers.len() < count {
        numbers.insert(random.between(0, bound - 1) as u16);
    }
    let mut numbers: Vec<u16> = numbers.into_iter().collect();
    for index in (1..numbers.len()).rev() {
        numbers.swap(index, random.between(0, index));
    }
    numbers
}

/// The part of each number.
fn parts(whole: &Dataset, options: &SplitOptions) -> Vec<(u16, char)> {
    let split = whole.split(options).expect("there are images enough");
    let named = [
        (&split.train, 'r'),
        (&split.validation, 'v'),
        (&split.test, 'e'),
    ];
    let mut parts: Vec<(u16, char)> = named
        .into_iter()
        .flat_map(|(set, name)| numbers(set).into_iter().map(move |number| (number, name)))
        .collect();
    parts.sort_unstable();
    parts
}

#[test]
fn a_new_image_moves_no_other_and_order_and_labels_decide_nothing() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        // Enough that no part is filled because it would be empty.
        let count = random.between(300, 500);
        let more = distinct(&mut random, count, 40_000);
        let options = by_content(&mut random);
        let (added, before) = more.split_at(random.between(1, 20));
        let labels: Vec<u32> = before.iter().map(|number| u32::from(number % 3)).collect();
        let mut sorted = more.clone();
        sorted.sort_unstable();
        let few = parts(&dataset(set(before, Some(labels)), None), &options);
        let all = parts(&dataset(set(&sorted, None), None), &options);
        assert_eq!(all.len(), few.len() + added.len(), "case {case}");
        let kept: Vec<(u16, char)> = all
            .into_iter()
            .filter(|(number, _)| before.contains(number))
            .collect();
        assert_eq!(kept, few, "case {case}: {options:?}");
    }
}

#[test]
fn copies_stay_together_and_parts_keep_the_sets_order() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let count = random.between(20, 200);
        let some: Vec<u16> = (0..count).map(|_| random.between(0, 40) as u16).collect();
        let options = by_content(&mut random);
        let whole = dataset(set(&some, None), None);
        let split = match whole.split(&options) {
            Ok(split) => split,
            // All by chance the same few.
            Err(error) => panic!("case {case}: {error}"),
        };
        assert_eq!(split.shared, 0, "case {case}");
        for part in [&split.train, &split.validation, &split.test] {
            let found = numbers(part);
            let expected: Vec<u16> = some
                .iter()
                .filter(|number| found.contains(number))
                .copied()
                .collect();
            assert_eq!(found, expected, "case {case}");
        }
    }
}

/// A binomial number: within five standard deviations.
#[test]
fn parts_have_the_shares_that_were_asked_for() {
    for case in 0..CASES / 10 {
        let mut random = Random::of_case(case);
        let images = random.between(1_000, 4_000);
        let all: Vec<u16> = (0..images as u16).collect();
        let options = by_content(&mut random);
        let split = dataset(set(&all, None), None).split(&options).unwrap();
        for (part, share) in [
            (&split.test, options.test_share),
            (&split.validation, options.validation_share),
        ] {
            let expected = images as f64 * share;
            let deviation = (expected * (1.0 - share)).sqrt();
            let off = (part.len() as f64 - expected).abs();
            assert!(
                off <= 5.0 * deviation + 1.0,
                "case {case}: {off} of {expected}"
            );
        }
    }
}

#[test]
fn fingerprints_tell_how_much_two_sets_have_in_common() {
    for case in 0..CASES / 4 {
        let mut random = Random::of_case(case);
        let count = random.between(30, 900);
        let one = distinct(&mut random, count, 2_000);
        let kept = random.between(0, count);
        let mut other = one[..kept].to_vec();
        other.extend((0..count - kept).map(|number| 30_000 + number as u16));
        let print = |numbers: &[u16]| dataset(set(numbers, None), None).fingerprint().unwrap();
        let mut turned = one.clone();
        turned.reverse();
        assert_eq!(print(&one), print(&turned), "case {case}");
        assert_eq!(print(&one) == print(&other), kept == count, "case {case}");
        let union = (2 * count - kept) as f64;
        let (share, estimate) = (kept as f64 / union, print(&one).overlap(&print(&other)));
        // A sample of 64 without replacement, or all.
        let deviation = (share * (1.0 - share) / 64.0).sqrt();
        assert!(
            (estimate - share).abs() <= 5.0 * deviation,
            "case {case}: {estimate} for {share}"
        );
        assert!(union > 64.0 || (estimate - share).abs() < 1e-12);
    }
}
