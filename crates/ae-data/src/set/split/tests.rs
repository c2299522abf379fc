use super::*;
use crate::image::ImageShape;

/// Images of one pixel.
fn set(pixels: &[u8]) -> ImageSet {
    ImageSet::from_images("s", ImageShape::new(1, 1, 1), pixels.to_vec(), None, vec![]).unwrap()
}

fn dataset(train: &[u8], test: Option<&[u8]>) -> Dataset {
    Dataset::new("s", set(train), test.map(set))
}

fn shuffle() -> SplitOptions {
    SplitOptions {
        division: Division::Shuffle,
        ..SplitOptions::default()
    }
}

fn pixels(set: &ImageSet) -> Vec<u8> {
    (0..set.len())
        .map(|index| set.image(index).unwrap().pixels()[0])
        .collect()
}

#[test]
fn a_share_is_drawn_from_the_seed_and_covers_everything_once() {
    let dataset = dataset(&(0..100).collect::<Vec<_>>(), None);
    let split = |seed| {
        dataset
            .split(&SplitOptions {
                test_share: 0.2,
                seed,
                ..shuffle()
            })
            .unwrap()
    };
    let first = split(1);
    assert_eq!(
        (
            first.train.len(),
            first.test.len(),
            first.shared,
            first.dropped
        ),
        (80, 20, 0, 0)
    );
    let mut all = [pixels(&first.train), pixels(&first.test)].concat();
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    assert_eq!(pixels(&split(1).test), pixels(&first.test));
    assert_ne!(pixels(&split(2).test), pixels(&first.test));
    assert_ne!(pixels(&first.test), (0..20).collect::<Vec<_>>());
}

#[test]
fn neither_part_is_ever_empty() {
    for (images, share, test) in [
        (2, 0.001, 1),
        (2, 0.999, 1),
        (3, 0.5, 2),
        (10, 0.1, 1),
        (1_000, 0.25, 250),
    ] {
        let pixels: Vec<u8> = (0..images).map(|index| index as u8).collect();
        let options = SplitOptions {
            test_share: share,
            ..shuffle()
        };
        let split = dataset(&pixels, None).split(&options).unwrap();
        assert_eq!(
            (split.test.len(), split.train.len()),
            (test, images - test),
            "{images} {share}"
        );
    }
    let error = dataset(&[1], None).split(&shuffle()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "s has 1 different image; its parts need at least 2"
    );
    for options in [shuffle(), SplitOptions::default()] {
        assert_eq!(
            dataset(&[], Some(&[1]))
                .split(&options)
                .unwrap_err()
                .to_string(),
            "s has no training images: all its images are for validation and test"
        );
    }
}

#[test]
fn shares_outside_the_open_interval_are_usage_errors() {
    for test_share in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
        let options = SplitOptions {
            test_share,
            ..shuffle()
        };
        let error = dataset(&[1, 2], None).split(&options).unwrap_err();
        assert!(error.is_usage(), "{error}");
    }
}

#[test]
fn copies_across_the_split_are_counted_and_dropped_from_training() {
    let dataset = dataset(&[1, 2, 2, 3, 4, 4], Some(&[2, 2, 4, 9]));
    let kept = dataset.split(&shuffle()).unwrap();
    assert_eq!((kept.shared, kept.dropped), (3, 0));
    assert_eq!(pixels(&kept.train), [1, 2, 2, 3, 4, 4]);
    let dropped = dataset
        .split(&SplitOptions {
            dedup: true,
            ..shuffle()
        })
        .unwrap();
    assert_eq!((dropped.shared, dropped.dropped), (3, 4));
    assert_eq!(pixels(&dropped.train), [1, 3]);
    assert_eq!(pixels(&dropped.test), [2, 2, 4, 9]);
    let all = self::dataset(&[1, 1], Some(&[1]));
    assert!(
        all.split(&SplitOptions {
            dedup: true,
            ..shuffle()
        })
        .is_err()
    );
}

/// 40 images of two pixels, as `tests/reference/division.py` has them.
fn pairs() -> Dataset {
    let values = (0..40_u8).flat_map(|value| [value, 255 - value]).collect();
    let shape = ImageShape::new(1, 1, 2);
    let set = ImageSet::from_images("pairs", shape, values, None, vec![]).unwrap();
    Dataset::new("pairs", set, None)
}

/// What `python3 tests/reference/division.py` prints.
#[test]
fn a_seed_means_the_same_division_in_every_release() {
    let rows: [(u64, [&[u8]; 3]); 2] = [
        (
            0,
            [&[18, 23, 26, 34, 35], &[1, 12, 15, 37], &[7, 8, 16, 27, 28]],
        ),
        (
            7,
            [
                &[2, 10, 13, 29, 34],
                &[1, 14, 27, 30],
                &[20, 29, 30, 35, 37],
            ],
        ),
    ];
    for (seed, [validation, test, few]) in rows {
        let options = SplitOptions {
            seed,
            ..SplitOptions::default()
        };
        let split = pairs().split(&options).unwrap();
        assert_eq!(pixels(&split.validation), validation);
        assert_eq!(pixels(&split.test), test);
        assert_eq!(split.train.len(), 31);
        assert_eq!(pixels(&pairs().train.spread(5, seed).unwrap()), few);
    }
    let fingerprint = pairs().fingerprint().unwrap();
    assert_eq!(
        fingerprint.digest,
        "978227e11d07e3dbaaae344d2a6099c7f6ec8486fccff7f478ed2df54912a30c"
    );
    assert_eq!(fingerprint.to_string(), "978227e11d07");
    assert_eq!(
        fingerprint.sketch[..2],
        ["00e58eb73e7a82ab", "03fb72b725583814"]
    );
    assert_eq!(fingerprint.sketch.len(), 40);
}

#[test]
fn sets_that_divide_themselves_are_left_as_they_are() {
    let with = |validation: Option<&[u8]>, test: Option<&[u8]>| {
        let mut dataset = dataset(&(0..60).collect::<Vec<_>>(), test);
        dataset.validation = validation.map(set);
        dataset.split(&SplitOptions::default()).unwrap()
    };
    let both = with(Some(&[100, 101]), Some(&[200]));
    assert_eq!(pixels(&both.validation), [100, 101]);
    assert_eq!((both.train.len(), pixels(&both.test)), (60, vec![200]));
    // Validation images out of the training images.
    let test_alone = with(None, Some(&[200]));
    assert_eq!(pixels(&test_alone.test), [200]);
    let (train, validation) = (test_alone.train.len(), test_alone.validation.len());
    assert!(train + validation == 60 && (4..=22).contains(&validation));
    // Test images out of the training images.
    let validation_alone = with(Some(&[100, 101]), None);
    assert_eq!(pixels(&validation_alone.validation), [100, 101]);
    let test = pixels(&validation_alone.test);
    assert!(test.len() + validation_alone.train.len() == 60 && (1..=15).contains(&test.len()));
    // The same as without validation files, where the share is nothing.
    let none = SplitOptions {
        validation_share: 0.0,
        ..SplitOptions::default()
    };
    let without = dataset(&(0..60).collect::<Vec<_>>(), None)
        .split(&none)
        .unwrap();
    assert_eq!(pixels(&without.test), test);
    assert!(without.validation.is_empty());
    // As it was when there were two parts.
    let mut threeway = dataset(&[1, 2, 3], Some(&[9]));
    threeway.validation = Some(set(&[5]));
    let old = threeway.split(&shuffle()).unwrap();
    assert_eq!(
        (pixels(&old.test), pixels(&old.validation)),
        (vec![9], vec![9])
    );
}

#[test]
fn every_part_has_an_image_down_to_three_different_ones() {
    let options = |test_share, validation_share| SplitOptions {
        test_share,
        validation_share,
        ..SplitOptions::default()
    };
    for images in 3..12 {
        let all: Vec<u8> = (0..images).collect();
        for (test, validation) in [
            (0.1, 0.2),
            (1e-9, 1e-9),
            (0.98, 0.01),
            (0.01, 0.98),
            (0.5, 0.4999),
        ] {
            let split = dataset(&all, None)
                .split(&options(test, validation))
                .unwrap();
            let parts = [&split.train, &split.validation, &split.test].map(ImageSet::len);
            assert_eq!(parts.iter().sum::<usize>(), usize::from(images));
            assert!(
                !parts.contains(&0),
                "{images} {test} {validation}: {parts:?}"
            );
        }
    }
    let error = |images: &[u8], validation| {
        let split = dataset(images, None).split(&options(0.1, validation));
        split.unwrap_err().to_string()
    };
    assert_eq!(
        error(&[1, 2], 0.2),
        "s has 2 different images; its parts need at least 3"
    );
    assert_eq!(
        error(&[1, 2, 2, 1], 0.2),
        "s has 2 different images; its parts need at least 3"
    );
    assert_eq!(
        error(&[4, 4, 4], 0.0),
        "s has 1 different image; its parts need at least 2"
    );
    assert_eq!(
        error(&[1, 2, 3], 0.95),
        "invalid validation share \"0.95\": expected a share that leaves training images beside the test share of 0.1"
    );
    for share in [-0.1, 1.0, f64::NAN] {
        assert!(
            dataset(&[1, 2, 3], None)
                .split(&options(0.1, share))
                .unwrap_err()
                .is_usage()
        );
    }
    let two = dataset(&[1, 2], None).split(&options(0.1, 0.0)).unwrap();
    assert_eq!((two.train.len(), two.test.len()), (1, 1));
}

#[test]
fn copies_of_measured_images_are_dropped_from_both_other_parts() {
    let mut dataset = dataset(&[1, 2, 3, 4], Some(&[4, 9]));
    dataset.validation = Some(set(&[3, 9, 7]));
    let kept = dataset.split(&SplitOptions::default()).unwrap();
    // Of the validation images 3, of the test images 4 and 9.
    assert_eq!((kept.shared, kept.dropped), (3, 0));
    let dedup = SplitOptions {
        dedup: true,
        ..SplitOptions::default()
    };
    let split = dataset.split(&dedup).unwrap();
    assert_eq!((split.shared, split.dropped), (3, 3));
    assert_eq!(pixels(&split.train), [1, 2]);
    assert_eq!(pixels(&split.validation), [3, 7]);
    dataset.validation = Some(set(&[9, 4]));
    assert_eq!(
        dataset.split(&dedup).unwrap_err().to_string(),
        "every one of 2 images of a part of s is a copy of an image that is measured on"
    );
}

#[test]
fn groups_are_never_divided() {
    use crate::image::bytes_digest;
    let groups: Vec<_> = (0..100_u8)
        .map(|image| bytes_digest(&[image / 5]))
        .collect();
    let mut dataset = dataset(&[], None);
    dataset.train = set(&(0..100).collect::<Vec<_>>()).grouped(groups);
    let split = dataset.split(&SplitOptions::default()).unwrap();
    for part in [&split.train, &split.validation, &split.test] {
        let numbers = pixels(part);
        assert!(numbers.len().is_multiple_of(5) && !numbers.is_empty());
        assert!(
            numbers
                .chunks(5)
                .all(|group| group.iter().all(|n| n / 5 == group[0] / 5))
        );
    }
}
