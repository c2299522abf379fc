use std::collections::BTreeMap;

use ae_random::{Draw, Purpose};

use super::*;
use crate::image::ImageShape;
use crate::set::split::SplitOptions;
use crate::set::store::{Pixels, Store};

/// A picture whose every value tells its place.
fn picture(number: usize, height: usize, width: usize) -> Image {
    let values = (0..height * width).map(|place| (number * 31 + place * 7) as u8);
    Image::new(ImageShape::new(1, height, width), values.collect()).unwrap()
}

fn set_of(pictures: Vec<Image>) -> ImageSet {
    ImageSet::from_store(Store {
        name: "pictures".to_owned(),
        shape: pictures[0].shape(),
        count: pictures.len(),
        labels: Some((0..pictures.len() as u32).collect()),
        classes: (0..pictures.len())
            .map(|number| format!("c{number}"))
            .collect(),
        files: (0..pictures.len())
            .map(|number| format!("{number}.png").into())
            .collect(),
        pixels: Pixels::Pictures(pictures),
        digests: None,
        groups: None,
    })
}

/// Pictures of 3 to 9 rows and 4 to 8 columns.
fn pictures(count: usize) -> Vec<Image> {
    (0..count)
        .map(|n| picture(n, 3 + n * 5 % 7, 4 + n * 3 % 5))
        .collect()
}

fn dataset(pictures: Vec<Image>, side: usize) -> Result<Dataset, DataError> {
    Dataset::new("pictures", set_of(pictures), None).in_patches(side)
}

fn patch(set: &ImageSet, index: usize) -> Vec<u8> {
    set.image(index).unwrap().into_pixels()
}

/// Rows of a square, to be turned by rows and columns alone.
type Rows = Vec<Vec<u8>>;

fn crop(picture: &Image, top: usize, left: usize, side: usize) -> Rows {
    let rows = picture.pixels().chunks(picture.shape().width);
    rows.skip(top)
        .take(side)
        .map(|row| row[left..left + side].to_vec())
        .collect()
}

fn flipped(rows: Rows) -> Rows {
    rows.into_iter()
        .map(|row| row.into_iter().rev().collect())
        .collect()
}

/// A quarter turn counterclockwise: the last column becomes the first row.
fn turned(rows: &Rows) -> Rows {
    (0..rows.len())
        .rev()
        .map(|column| rows.iter().map(|row| row[column]).collect())
        .collect()
}

/// Against the definition, by crops and turns of rows.
#[test]
fn a_patch_is_what_its_draw_says() {
    let pictures = pictures(5);
    let set = dataset(pictures.clone(), 3)
        .unwrap()
        .train
        .with_drawn_patches(9, Some(40));
    let mut symmetries = [false; 8];
    for epoch in [0, 1, 7] {
        let set = set.in_epoch(epoch);
        for index in 0..40 {
            let number = (epoch as usize * 40 + index) % 5;
            let picture = &pictures[number];
            let draw = Draw {
                seed: 9,
                purpose: Purpose::Patch,
                epoch,
                index: index as u64,
            };
            let mut stream = draw.stream();
            let top = stream.uniform_below(picture.shape().height as u64 - 2) as usize;
            let left = stream.uniform_below(picture.shape().width as u64 - 2) as usize;
            let symmetry = stream.uniform_below(8);
            symmetries[symmetry as usize] = true;
            let mut expected = crop(picture, top, left, 3);
            if symmetry >= 4 {
                expected = flipped(expected);
            }
            for _ in 0..symmetry % 4 {
                expected = turned(&expected);
            }
            assert_eq!(
                patch(&set, index),
                expected.concat(),
                "epoch {epoch}, patch {index}"
            );
            assert_eq!(set.label(index), Some(number as u32));
        }
    }
    assert_eq!(symmetries, [true; 8]);
}

#[test]
fn colors_stay_together() {
    let shape = ImageShape::new(3, 4, 6);
    let pixels = (0..72)
        .map(|value| (value % 24 + value / 24 * 100) as u8)
        .collect();
    let set = set_of(vec![Image::new(shape, pixels).unwrap(); 3]);
    let drawn = Dataset::new("colors", set, None)
        .in_patches(2)
        .unwrap()
        .train
        .with_drawn_patches(1, Some(30));
    assert_eq!(drawn.shape(), ImageShape::new(3, 2, 2));
    for index in 0..30 {
        let values = patch(&drawn, index);
        for place in 0..4 {
            assert_eq!(values[4 + place], values[place] + 100);
            assert_eq!(values[8 + place], values[place] + 200);
        }
    }
}

#[test]
fn pictures_take_turns_over_the_epochs() {
    let set = dataset(pictures(7), 3).unwrap().train;
    for per_epoch in [3, 7, 10] {
        let drawn = set.with_drawn_patches(1, Some(per_epoch));
        assert_eq!(drawn.len(), per_epoch);
        let mut counts = BTreeMap::new();
        for epoch in 0..9 {
            let drawn = drawn.in_epoch(epoch);
            for index in 0..per_epoch {
                *counts.entry(drawn.label(index).unwrap()).or_insert(0) += 1;
            }
        }
        let (least, most) = (
            counts.values().min().unwrap(),
            counts.values().max().unwrap(),
        );
        assert_eq!(counts.len(), 7);
        assert!(most - least <= 1, "{counts:?}");
    }
    // As many as cover 7 pictures' pixels, and one a picture at least.
    let pixels: usize = pictures(7)
        .iter()
        .map(|picture| picture.pixels().len())
        .sum();
    assert_eq!(set.with_drawn_patches(1, None).len(), pixels.div_ceil(9));
    assert_eq!(
        dataset(vec![picture(0, 3, 3); 7], 3)
            .unwrap()
            .train
            .with_drawn_patches(1, None)
            .len(),
        7
    );
}

/// Each of the 3 x 4 places of a patch in its picture, and each symmetry, is as likely as any other.
#[test]
fn places_and_turns_are_uniform() {
    const DRAWS: usize = 24_000;
    // All values differ, so that a patch's first value and the one beside it tell how it was cut.
    let set = dataset(vec![picture(0, 4, 5); 2], 2)
        .unwrap()
        .train
        .with_drawn_patches(5, Some(DRAWS));
    let mut counts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for index in 0..DRAWS {
        *counts.entry(patch(&set, index)).or_default() += 1;
    }
    assert_eq!(counts.len(), 3 * 4 * 8);
    let expected = DRAWS as f64 / counts.len() as f64;
    let chi_square: f64 = counts
        .values()
        .map(|&count| (count as f64 - expected).powi(2) / expected)
        .sum();
    // 95 degrees of freedom: mean 95, standard deviation 13.8.
    assert!((45.0..150.0).contains(&chi_square), "{chi_square}");
}

#[test]
fn measured_patches_stay_and_training_patches_do_not() {
    let dataset = dataset(pictures(9), 3).unwrap();
    let options = SplitOptions {
        validation_share: 0.3,
        test_share: 0.2,
        seed: 4,
        ..SplitOptions::default()
    };
    let split = dataset.split(&options).unwrap();
    let pictures = [&split.train, &split.validation, &split.test].map(ImageSet::len);
    let drawn = split.with_drawn_patches(4, Some(50));
    assert_eq!(drawn.train.len(), 50);
    assert_eq!(drawn.validation.len(), 4 * pictures[1]);
    assert_eq!(drawn.test.len(), 4 * pictures[2]);
    let all = |set: &ImageSet| -> Vec<Vec<u8>> {
        (0..set.len()).map(|index| patch(set, index)).collect()
    };
    assert_eq!(all(&drawn.test.in_epoch(3)), all(&drawn.test));
    assert_ne!(all(&drawn.train.in_epoch(3)), all(&drawn.train));
    assert_eq!(all(&drawn.train.in_epoch(3)), all(&drawn.train.in_epoch(3)));
    // Upright: each lies in its picture as it is.
    for index in 0..drawn.test.len() {
        let found = patch(&drawn.test, index);
        drawn
            .test
            .with_picture(index, |shape, bytes| {
                let picture = Image::new(shape, bytes.to_vec()).unwrap();
                let places = (0..=shape.height - 3)
                    .flat_map(|top| (0..=shape.width - 3).map(move |left| (top, left)));
                let lies_there = |(top, left)| crop(&picture, top, left, 3).concat() == found;
                assert!(places.into_iter().any(lies_there), "patch {index}");
            })
            .unwrap();
    }
    // Images that are no patches are left as they are.
    let whole =
        ImageSet::from_images("w", ImageShape::new(1, 1, 1), vec![1, 2], None, vec![]).unwrap();
    assert_eq!(whole.with_drawn_patches(1, Some(9)).len(), 2);
}

#[test]
fn a_subset_has_the_patches_that_the_whole_has() {
    let drawn = dataset(pictures(5), 3)
        .unwrap()
        .train
        .with_drawn_patches(2, Some(20));
    let some = drawn.subset(vec![19, 3, 3, 8]).subset(vec![0, 2, 3]);
    for epoch in [0, 2] {
        let (drawn, some) = (drawn.in_epoch(epoch), some.in_epoch(epoch));
        for (index, of_whole) in [19, 3, 8].into_iter().enumerate() {
            assert_eq!(patch(&some, index), patch(&drawn, of_whole));
            assert_eq!(some.file(index), drawn.file(of_whole));
        }
    }
    assert_eq!(some.picture_count(), 5);
    assert_eq!(some.picture(4).unwrap(), pictures(5)[4]);
    let both = ImageSet::concatenated(&[some.clone(), drawn.clone()]);
    assert_eq!(both.len(), 23);
    assert_eq!(patch(&both, 2), patch(&some, 2));
    assert_eq!(patch(&both, 5), patch(&drawn, 2));
    assert!(both.is_of_patches());
    assert_eq!(both.picture_count(), 10);
    assert_eq!(both.picture(4).unwrap(), pictures(5)[4]);
    assert_eq!(both.picture(7).unwrap(), pictures(5)[2]);
}

#[test]
fn sets_of_pictures_that_follow_each_other_have_their_whole_pictures() {
    let [first, second] = [4, 3].map(|count| dataset(pictures(count), 1).unwrap().train);
    let all = ImageSet::concatenated(&[first, second]);
    assert!(all.is_of_patches());
    assert_eq!((all.len(), all.picture_count()), (7, 7));
    for number in 0..7 {
        assert_eq!(all.picture(number).unwrap(), pictures(4)[number % 4]);
    }
    let some = all.subset(vec![5, 1]);
    assert_eq!(some.picture_count(), 2);
    assert_eq!(some.picture(0).unwrap(), pictures(4)[1]);
    // And again.
    let more = ImageSet::concatenated(&[some, all]);
    assert_eq!(more.picture_count(), 9);
    assert_eq!(more.picture(2).unwrap(), pictures(4)[0]);
    let images = set_of(vec![
        Image::new(ImageShape::new(1, 2, 2), vec![0; 4]).unwrap(),
    ]);
    let plain = ImageSet::concatenated(&[images.clone(), images]);
    assert!(!plain.is_of_patches());
    assert_eq!(plain.picture_count(), 0);
}

#[test]
fn parts_and_fingerprints_are_of_the_whole_pictures() {
    let whole = set_of(pictures(20));
    let patched = dataset(pictures(20), 3).unwrap();
    assert_eq!(
        patched.train.source_digests().unwrap(),
        whole.source_digests().unwrap()
    );
    let fingerprint = |pictures: Vec<Image>, side, count| {
        dataset(pictures, side)
            .unwrap()
            .train
            .with_drawn_patches(1, count)
            .fingerprint()
            .unwrap()
    };
    let base = fingerprint(pictures(6), 3, Some(9));
    assert_eq!(base, fingerprint(pictures(6), 3, Some(9)));
    let mut other = pictures(6);
    other[5] = picture(6, other[5].shape().height, other[5].shape().width);
    let mut turned = pictures(6);
    let shape = turned[1].shape();
    let lying = ImageShape::new(1, shape.width, shape.height);
    turned[1] = Image::new(lying, turned[1].pixels().to_vec()).unwrap();
    for (what, found) in [
        ("a value", fingerprint(other, 3, Some(9))),
        ("a shape", fingerprint(turned, 3, Some(9))),
        ("the patch", fingerprint(pictures(6), 2, Some(9))),
        ("the count", fingerprint(pictures(6), 3, Some(10))),
    ] {
        assert_ne!(found, base, "{what}");
    }
    // Two pictures that look alike in the center are no copies.
    let mut alike = vec![picture(0, 5, 5), picture(0, 5, 5)];
    let mut pixels = alike[1].pixels().to_vec();
    pixels[0] ^= 1;
    alike[1] = Image::new(alike[1].shape(), pixels).unwrap();
    assert_eq!(
        dataset(alike, 3).unwrap().info().unwrap().train.duplicates,
        0
    );
}

#[test]
fn small_pictures_are_left_out_by_name() {
    let mut all = pictures(3);
    all.push(picture(9, 30, 2));
    let kept = dataset(all.clone(), 3).unwrap();
    assert_eq!(kept.train.len(), 3);
    assert_eq!(
        kept.layout.values,
        ["left out, smaller than the patch of 3x3: 3.png (2x30)"]
    );
    assert_eq!(
        kept.layout.left_aside[0].what,
        "picture smaller than the patch of 3x3"
    );
    let error = dataset(all.clone(), 31).unwrap_err();
    assert!(error.is_usage());
    assert_eq!(
        error.to_string(),
        "a patch of 31x31 is larger than every picture of pictures; the largest is 7x8"
    );
    let error = dataset(all, 0).unwrap_err().to_string();
    assert_eq!(
        error,
        "invalid patch \"0\": expected a number of pixels above 0"
    );
}
