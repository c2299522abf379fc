//! The inputs themselves: what was drawn is what a reader finds in the files.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::{
    AnimationDecoder as _, DynamicImage, ImageDecoder as _, ImageFormat, load_from_memory,
};

use super::inputs::{
    Jpeg, Picture, Png, Samples, Tiff, animated_gif, defect, disc, exif_orientation, scene,
};

fn samples(image: DynamicImage) -> Samples {
    match image {
        DynamicImage::ImageLuma8(image) => Samples::U8(image.into_raw()),
        DynamicImage::ImageLumaA8(image) => Samples::U8(image.into_raw()),
        DynamicImage::ImageRgb8(image) => Samples::U8(image.into_raw()),
        DynamicImage::ImageRgba8(image) => Samples::U8(image.into_raw()),
        DynamicImage::ImageLuma16(image) => Samples::U16(image.into_raw()),
        DynamicImage::ImageRgb16(image) => Samples::U16(image.into_raw()),
        DynamicImage::ImageRgb32F(image) => Samples::F32(image.into_raw()),
        other => panic!("{:?}", other.color()),
    }
}

fn check(picture: &Picture, file: &[u8]) {
    let read = load_from_memory(file).expect("a picture");
    assert_eq!(
        (read.width() as usize, read.height() as usize),
        (picture.width, picture.height)
    );
    assert_eq!(samples(read), picture.samples);
}

#[test]
fn every_container_holds_what_was_drawn() {
    let (gray, color) = (scene(37, 20, 1, 0), scene(37, 20, 3, 1));
    let deep = gray.to_u16(|byte| u16::from(byte) * 16);
    for picture in [&gray, &color, &color.with_alpha(|x, y| (x * y) as u8)] {
        check(picture, &picture.png());
        check(picture, &picture.tiff());
    }
    for picture in [&gray, &color, &deep] {
        check(picture, &picture.pnm());
        check(picture, &picture.png());
        check(picture, &picture.tiff());
    }
    check(&color, &color.bmp());
    let floats = color.to_f32(|byte| f32::from(byte) / 255.0);
    check(&floats, &floats.tiff());
}

#[test]
fn a_jpeg_is_near_and_says_what_it_was_told() {
    let picture = scene(64, 48, 3, 0);
    for progressive in [false, true] {
        let options = Jpeg {
            quality: 95,
            progressive,
            icc_profile: Some(vec![7; 300]),
            exif: Some(exif_orientation(6)),
            ..Jpeg::default()
        };
        let file = options.of(&picture);
        let mut decoder =
            image::codecs::jpeg::JpegDecoder::new(Cursor::new(&file)).expect("a JPEG");
        assert_eq!(decoder.icc_profile().expect("read"), options.icc_profile);
        assert_eq!(
            decoder.orientation().expect("read"),
            image::metadata::Orientation::Rotate90
        );
        let Samples::U8(read) = samples(load_from_memory(&file).expect("a JPEG")) else {
            panic!("eight bits");
        };
        let furthest = read.iter().zip(picture.bytes());
        let furthest = furthest.map(|(a, b)| a.abs_diff(*b)).max();
        assert!(
            furthest.is_some_and(|furthest| furthest < 24),
            "{furthest:?}"
        );
    }
}

#[test]
fn animations_hold_every_frame() {
    let frames: Vec<Picture> = (0..3).map(|number| scene(30, 20, 1, number)).collect();
    let gif = animated_gif(&frames);
    let decoder = GifDecoder::new(Cursor::new(&gif)).expect("a GIF");
    let read = decoder.into_frames().collect_frames().expect("frames");
    assert_eq!(read.len(), 3);
    for (read, frame) in read.into_iter().zip(&frames) {
        let gray = DynamicImage::ImageRgba8(read.into_buffer()).into_luma8();
        assert_eq!(gray.into_raw(), frame.bytes());
    }
    let png = Png::default().animated(&frames);
    assert_eq!(image::guess_format(&png).expect("known"), ImageFormat::Png);
    let decoder = PngDecoder::new(Cursor::new(&png)).expect("a PNG");
    let decoder = decoder.apng().expect("animated");
    assert_eq!(
        decoder
            .into_frames()
            .collect_frames()
            .expect("frames")
            .len(),
        3
    );
}

#[test]
fn a_tiff_file_holds_every_page() {
    let pages: Vec<Picture> = (0..3).map(|number| scene(30, 20, 1, number)).collect();
    let file = Tiff::default().pages(&pages);
    check(&pages[0], &file);
    for page in &pages {
        let strip = file.windows(600).filter(|window| *window == page.bytes());
        assert_eq!(strip.count(), 1);
    }
}

#[test]
fn drawings_depend_on_their_number_alone() {
    assert_eq!(disc(3), disc(3));
    assert_ne!(disc(3), disc(4));
    let (picture, mask) = defect(3);
    let whole = disc(3);
    let differ = picture.bytes().iter().zip(whole.bytes());
    for ((defect, whole), &mask) in differ.zip(mask.bytes()) {
        assert!(mask == 255 || defect == whole);
    }
    assert_eq!(
        mask.bytes().iter().filter(|&&value| value == 255).count(),
        25
    );
}
