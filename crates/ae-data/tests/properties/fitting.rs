//! Padding and cropping.

use ae_data::{Fit, Image, ImageShape, Size};

use crate::random::{CASES, Random};

/// An image of any shape that a picture has, gray or color.
fn random_image(random: &mut Random) -> Image {
    let channels = random.choose(&[1, 3]);
    let shape = ImageShape {
        channels,
        ..random.shape(30)
    };
    Image::new(shape, random.bytes(shape.values())).expect("the bytes are the shape's")
}

/// A size that is longer along one axis and the same along the other, so that nothing is scaled.
fn longer(random: &mut Random, size: Size) -> Size {
    let more = random.between(0, 40);
    match random.between(0, 1) {
        0 => Size {
            height: size.height + more,
            ..size
        },
        _ => Size {
            width: size.width + more,
            ..size
        },
    }
}

#[test]
fn cropping_takes_padding_off_again() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let image = random_image(&mut random);
        let size = image.shape().size();
        let large = longer(&mut random, size);
        let padded = image.clone().resized(large, Fit::Pad);
        assert_eq!(padded.shape().size(), large, "case {case}");
        let sum = |image: &Image| image.pixels().iter().map(|&b| u64::from(b)).sum::<u64>();
        assert_eq!(sum(&padded), sum(&image), "case {case}: padding is black");
        assert_eq!(
            padded.resized(size, Fit::Crop).pixels(),
            image.pixels(),
            "case {case}: {size} in {large}"
        );
    }
}

#[test]
fn every_fit_gives_the_size_that_was_asked_for_and_no_new_extremes() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let image = random_image(&mut random);
        let size = random.shape(40).size();
        let most = image.pixels().iter().max().copied();
        let least = image.pixels().iter().min().copied();
        for fit in [Fit::Crop, Fit::Pad, Fit::Stretch] {
            let what = format!("case {case}: {} to {size}, {fit}", image.shape());
            let fitted = image.clone().resized(size, fit);
            assert_eq!(fitted.shape().size(), size, "{what}");
            assert_eq!(fitted.shape().channels, image.shape().channels, "{what}");
            assert_eq!(fitted.pixels().len(), fitted.shape().values(), "{what}");
            assert!(fitted.pixels().iter().max().copied() <= most, "{what}");
            // Padding is black, which may be darker than anything in the image.
            if fit != Fit::Pad {
                assert!(fitted.pixels().iter().min().copied() >= least, "{what}");
            }
        }
    }
}

#[test]
fn an_image_of_one_color_stays_so() {
    for case in 0..CASES {
        let mut random = Random::of_case(case);
        let shape = ImageShape {
            channels: 1,
            ..random.shape(30)
        };
        let level = random.bytes(1)[0];
        let image = Image::new(shape, vec![level; shape.values()]).unwrap();
        let size = random.shape(40).size();
        for fit in [Fit::Crop, Fit::Stretch] {
            let fitted = image.clone().resized(size, fit);
            assert_eq!(
                fitted.pixels(),
                vec![level; size.height * size.width],
                "case {case}: {shape} to {size}, {fit}"
            );
        }
    }
}
