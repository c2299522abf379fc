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
        "s has 1 different images; its parts need at least 2"
    );
    assert!(dataset(&[], Some(&[1])).split(&shuffle()).is_err());
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
