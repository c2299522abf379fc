//! Values, files and limits of single images.

use std::fs;
use std::path::Path;

use super::*;
use crate::test_images::{encoded_png, huge_png, temporary_folder};

#[test]
fn unit_values_round_half_away_and_never_leave_the_range() {
    let shape = ImageShape::new(1, 1, 8);
    let values = [
        -0.5,
        0.0,
        0.5 / 255.0,
        1.4 / 255.0,
        254.5 / 255.0,
        1.0,
        f32::INFINITY,
        f32::NAN,
    ];
    assert_eq!(
        Image::from_unit(shape, &values).pixels(),
        [0, 0, 1, 1, 255, 255, 255, 0]
    );
    let all = Image::new(ImageShape::new(1, 16, 16), (0..=255).collect()).unwrap();
    assert_eq!(Image::from_unit(all.shape(), &all.to_unit()), all);
}

#[test]
fn pixels_must_be_as_many_as_the_shape_says() {
    for (shape, pixels) in [
        (ImageShape::new(1, 2, 2), 3),
        (ImageShape::new(1, 2, 2), 5),
        (ImageShape::new(1, 0, 2), 0),
        (ImageShape::new(3, usize::MAX, 2), 6),
    ] {
        assert!(
            Image::new(shape, vec![0; pixels]).is_err(),
            "{shape} {pixels}"
        );
    }
    let error = Image::new(ImageShape::new(1, 2, 2), vec![0; 3]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "pixel values of a 2x2x1 image: expected 4, found 3"
    );
}

#[test]
fn lossless_formats_round_trip_in_gray_and_in_color() {
    let folder = temporary_folder();
    for channels in [1, 3] {
        let shape = ImageShape::new(channels, 3, 2);
        let pixels = (0..shape.values())
            .map(|index| (index * 13) as u8)
            .collect();
        let image = Image::new(shape, pixels).unwrap();
        let kept = if channels == 1 {
            Channels::Gray
        } else {
            Channels::Rgb
        };
        for extension in ["png", "bmp", "tiff", "webp", "qoi", "PNG", "ppm", "tga"] {
            let path = folder.path().join(format!("image.{extension}"));
            image.write(&path).unwrap_or_else(|error| panic!("{error}"));
            // Some formats know color alone; the gray must survive that.
            let options = ImageOptions {
                channels: Some(kept),
                ..ImageOptions::default()
            };
            assert_eq!(
                Image::read(&path, &options).unwrap(),
                image,
                "{extension} {channels}"
            );
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 8);
}

#[test]
fn jpeg_comes_back_nearly_as_it_was() {
    let folder = temporary_folder();
    let path = folder.path().join("a.jpg");
    let image = Image::new(ImageShape::new(1, 16, 16), (0..=255).collect()).unwrap();
    image.write(&path).unwrap();
    let read = Image::read(&path, &ImageOptions::default()).unwrap();
    assert_eq!(read.shape(), image.shape());
    let furthest = read
        .pixels()
        .iter()
        .zip(image.pixels())
        .map(|(a, b)| a.abs_diff(*b))
        .max();
    assert!((1..32).contains(&furthest.unwrap()), "{furthest:?}");
}

#[test]
fn interleaving_takes_a_value_of_each_plane_in_turn() {
    let image = Image::new(ImageShape::new(3, 1, 2), vec![1, 2, 3, 4, 5, 6]).unwrap();
    assert_eq!(image.interleaved(), [1, 3, 5, 2, 4, 6]);
    assert_eq!(image.into_pixels(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn reading_can_change_size_and_channels() {
    let png = encoded_png(8, 4, 100);
    let options = ImageOptions {
        size: Some("3".parse().unwrap()),
        fit: Fit::Pad,
        channels: Some(Channels::Rgb),
        ..ImageOptions::default()
    };
    let image = Image::decode(&png, Path::new("a.png"), &options).unwrap();
    assert_eq!(image.shape(), ImageShape::new(3, 3, 3));
    assert_eq!(image.pixels()[..9], [100, 100, 100, 100, 100, 100, 0, 0, 0]);
}

#[test]
fn bad_files_say_what_is_wrong_with_them() {
    let folder = temporary_folder();
    let png = encoded_png(5, 5, 9);
    let rows: [(&str, &[u8], &str); 7] = [
        ("empty.png", b"", "cannot decode FILE: the file is empty"),
        ("cut.png", &png[..png.len() - 20], "cannot decode FILE: "),
        ("text.png", b"not an image at all", "cannot decode FILE: "),
        ("unknown", b"not an image at all", "cannot decode FILE: "),
        (
            "wide.png",
            &huge_png(60_000, 10),
            "FILE is too large: 60000x10 pixels, the limit is 32768 pixels a side",
        ),
        (
            "many.png",
            &huge_png(30_000, 30_000),
            "FILE is too large: 30000x30000 pixels, the limit is 67108864 pixels",
        ),
        ("none.png", &huge_png(0, 10), "cannot decode FILE: "),
    ];
    for (name, bytes, message) in rows {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = Image::read(&path, &ImageOptions::default()).unwrap_err();
        let expected = message.replace("FILE", path.to_str().unwrap());
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(
            !error.to_string().contains('\n') && !error.is_usage(),
            "{error}"
        );
        assert!(Image::decode(bytes, &path, &ImageOptions::default()).is_err());
    }
    let read = |path: &Path| {
        Image::read(path, &ImageOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert!(read(folder.path()).ends_with(": a folder, not a file"));
    assert!(
        read(&folder.path().join("missing.png")).ends_with("missing.png: no such file or folder")
    );
    assert!(read(&folder.path().join("cut.png").join("below.png")).starts_with("cannot read "));
    #[cfg(unix)]
    assert!(read(Path::new("/dev/null")).ends_with("/dev/null: not a regular file"));
}

#[test]
fn limits_are_options() {
    let png = encoded_png(100, 100, 9);
    let decode = |limits| {
        let options = ImageOptions {
            limits,
            ..ImageOptions::default()
        };
        Image::decode(&png, Path::new("a.png"), &options)
            .unwrap_err()
            .to_string()
    };
    let limits = ImageLimits::default();
    assert!(
        decode(ImageLimits {
            max_side_pixels: 99,
            ..limits
        })
        .ends_with("the limit is 99 pixels a side")
    );
    assert!(
        decode(ImageLimits {
            max_pixels: 9_999,
            ..limits
        })
        .ends_with("the limit is 9999 pixels")
    );
    assert!(
        decode(ImageLimits {
            max_decoded_bytes: 9_999,
            ..limits
        })
        .contains("limit")
    );
    assert!(
        decode(ImageLimits {
            max_file_bytes: 10,
            ..limits
        })
        .ends_with("the limit is 10 bytes")
    );
}

#[test]
fn names_and_shapes_that_cannot_be_written_are_refused() {
    let folder = temporary_folder();
    let gray = Image::new(ImageShape::new(1, 1, 1), vec![0]).unwrap();
    for name in ["a.txt", "a", "a.dds"] {
        let error = gray.write(&folder.path().join(name)).unwrap_err();
        assert!(
            error.is_usage()
                && error
                    .to_string()
                    .contains("expected the extension of a format"),
            "{error}"
        );
    }
    let two = Image::new(ImageShape::new(2, 1, 1), vec![0, 0]).unwrap();
    let error = two.write(&folder.path().join("a.png")).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("2 channels are neither gray nor color"),
        "{error}"
    );
    let error = gray
        .write(&folder.path().join("missing").join("a.png"))
        .unwrap_err();
    assert!(matches!(error, DataError::Write { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
