//! What came in goes out: bits, alpha, color profile, resolution, EXIF, the quality of a JPEG, the format that a name says.

use std::collections::HashSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::tiff::TiffDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageFormat};

use super::inputs::{Alpha, Jpeg, Picture, Png, Samples, Tiff, exif_orientation, scene, write};
use crate::command::{Ended, ae, done};
use crate::fixture::{FIXTURE, scratch};

fn denoise(folder: &Path, line: &str) -> Ended {
    let model = FIXTURE.argument("denoiser");
    done(folder, &format!("denoise {line} --model {model}"))
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect("written")
}

fn open(folder: &Path, name: &str) -> DynamicImage {
    image::open(folder.join(name)).expect("a picture")
}

/// A slope along both sides, in which no value comes twice.
fn slope(channels: usize) -> Picture {
    let (width, height) = (160, 120);
    let count = width * height * channels;
    let value = |place: usize| {
        let (x, y) = (place / channels % width, place / channels / width);
        (x * 300 + y * 121) as u16
    };
    let values = (0..count).map(value).collect();
    Picture::new(width, height, channels, vec![0; count]).with(channels, Samples::U16(values))
}

/// A profile by its header: its size, and the colors that it is of.
fn profile(colors: &[u8; 4]) -> Vec<u8> {
    let mut profile: Vec<u8> = (0..3144_u32).map(|byte| (byte * 7 % 251) as u8).collect();
    profile[..4].copy_from_slice(&3144_u32.to_be_bytes());
    profile[16..20].copy_from_slice(colors);
    profile
}

#[test]
fn sixteen_bits_are_not_brought_to_eight() {
    let folder = scratch();
    let (gray, color) = (slope(1), slope(3));
    for (name, file) in [
        ("gray.png", gray.png()),
        ("color.png", color.png()),
        ("gray.tif", gray.tiff()),
        ("color.tif", color.tiff()),
        ("gray.pgm", gray.pnm()),
        ("color.ppm", color.pnm()),
    ] {
        write(folder.path(), name, &file);
        let ended = denoise(folder.path(), &format!("{name} -o out/"));
        assert!(ended.stdout.contains("16 bits"), "{ended:#?}");
        assert_eq!(ended.lines("warning: out"), [""; 0], "{ended:#?}");
        let levels: HashSet<u16> = match open(folder.path(), &format!("out/{name}")) {
            DynamicImage::ImageLuma16(image) => image.into_raw().into_iter().collect(),
            DynamicImage::ImageRgb16(image) => image.into_raw().into_iter().collect(),
            other => panic!("{name}: {:?}", other.color()),
        };
        // Of 8 bits, every level would be a multiple of 257.
        let deep = levels.iter().filter(|&&level| level % 257 != 0).count();
        assert!(deep > 16, "{name}: {deep} of {} levels", levels.len());
    }
}

#[test]
fn floating_point_stays_floating_point() {
    let folder = scratch();
    let floats = scene(64, 48, 3, 0).to_f32(|byte| f32::from(byte) / 255.0);
    write(folder.path(), "f.tif", &floats.tiff());
    denoise(folder.path(), "f.tif -o out.tif");
    let DynamicImage::ImageRgb32F(image) = open(folder.path(), "out.tif") else {
        panic!("no floating point");
    };
    let levels: HashSet<u32> = image.into_raw().into_iter().map(f32::to_bits).collect();
    assert!(levels.len() > 768, "{}", levels.len());
}

#[test]
fn what_is_not_seen_colors_nothing_that_is() {
    let folder = scratch();
    let path = folder.path();
    // A line of one pixel, and red under what is transparent.
    let drawn = image::RgbaImage::from_fn(24, 24, |_, y| match y {
        9 => image::Rgba([200, 200, 200, 255]),
        _ => image::Rgba([255, 0, 0, 0]),
    });
    drawn.save(path.join("line.png")).expect("saved");
    for model in ["median", "photo"] {
        done(
            path,
            &format!("denoise line.png -o out.png --force --model {model}"),
        );
        let out = image::open(path.join("out.png"))
            .expect("a picture")
            .to_rgba8();
        for (before, after) in drawn.pixels().zip(out.pixels()) {
            let most = before
                .0
                .iter()
                .zip(after.0)
                .map(|(a, b)| a.abs_diff(b))
                .max();
            let allowed = if before.0[3] == 0 { 0 } else { 3 };
            assert!(
                most.is_some_and(|most| most <= allowed),
                "{model}: {after:?}"
            );
        }
    }
}

#[test]
fn alpha_is_what_it_was() {
    let folder = scratch();
    let alpha = |x: usize, y: usize| (x * 5 + y * 3) as u8;
    let color = scene(60, 40, 3, 1).with_alpha(alpha);
    let gray = scene(60, 40, 1, 1).with_alpha(alpha);
    for (name, file, channels) in [
        ("color.png", color.png(), 4),
        ("gray.png", gray.png(), 2),
        ("color.tif", color.tiff(), 4),
    ] {
        write(folder.path(), name, &file);
        denoise(folder.path(), &format!("{name} -o out/"));
        let picture = open(folder.path(), &format!("out/{name}"));
        assert_eq!(picture.color().channel_count(), channels, "{name}");
        let rgba = picture.into_rgba8();
        for (x, y, pixel) in rgba.enumerate_pixels() {
            assert_eq!(pixel.0[3], alpha(x as usize, y as usize), "{name} {x},{y}");
        }
    }
    // A name says another format, which has none: that is said, in one line.
    let ended = denoise(folder.path(), "color.png -o out.jpg");
    let warnings = ended.lines("warning: out.jpg");
    assert_eq!(warnings.len(), 1, "{ended:#?}");
    assert!(
        warnings[0].contains("JPEG cannot hold alpha"),
        "{warnings:?}"
    );
}

#[test]
fn profile_resolution_and_exif_are_what_they_were() {
    let folder = scratch();
    let path = folder.path();
    let picture = scene(64, 48, 3, 2);
    let profile = profile(b"RGB ");
    let exif = exif_orientation(1);
    let png = Png::default()
        .icc_profile(&profile)
        .exif(&exif)
        .pixels_per_meter(11_811);
    let jpeg = Jpeg {
        icc_profile: Some(profile.clone()),
        exif: Some(exif.clone()),
        dots_per_inch: Some(300),
        ..Jpeg::default()
    };
    let tiff = Tiff {
        icc_profile: Some(profile.clone()),
        dots_per_inch: Some(300),
        ..Tiff::default()
    };
    write(path, "in.png", &png.of(&picture));
    write(path, "in.jpg", &jpeg.of(&picture));
    write(path, "in.tif", &tiff.pages(std::slice::from_ref(&picture)));
    fn described(mut decoder: impl ImageDecoder) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        (
            decoder.icc_profile().expect("read"),
            decoder.exif_metadata().expect("read"),
        )
    }
    for input in ["in.png", "in.jpg"] {
        for output in ["out.png", "out.jpg", "out.webp"] {
            denoise(path, &format!("{input} -o {output} --force"));
            let bytes = read(path, output);
            let found = match output {
                "out.png" => described(PngDecoder::new(Cursor::new(&bytes)).expect("a PNG")),
                "out.jpg" => described(JpegDecoder::new(Cursor::new(&bytes)).expect("a JPEG")),
                _ => described(WebPDecoder::new(Cursor::new(&bytes)).expect("a WebP")),
            };
            assert_eq!(
                found,
                (Some(profile.clone()), Some(exif.clone())),
                "{input} {output}"
            );
            let physical: &[u8] = match output {
                // 11,811 to the meter; 300 to the inch.
                "out.png" => b"pHYs\0\0\x2e\x23\0\0\x2e\x23\x01",
                "out.jpg" => b"JFIF\0\x01\x02\x01\x01\x2c\x01\x2c",
                _ => b"",
            };
            let is_there = bytes
                .windows(physical.len().max(1))
                .any(|part| part == physical);
            assert!(is_there || physical.is_empty(), "{input} {output}");
        }
    }
    for input in ["in.tif", "in.png"] {
        denoise(path, &format!("{input} -o out.tif --force"));
        let bytes = read(path, "out.tif");
        let mut decoder = TiffDecoder::new(Cursor::new(&bytes)).expect("a TIFF");
        assert_eq!(decoder.icc_profile().expect("read"), Some(profile.clone()));
        // The entries of a directory: 300 or a fraction of the same value, to the inch.
        let mut decoder = tiff::decoder::Decoder::new(Cursor::new(&bytes)).expect("a TIFF");
        let x = decoder
            .get_tag(tiff::tags::Tag::XResolution)
            .expect("there");
        assert_eq!(x, tiff::decoder::ifd::Value::Rational(300, 1));
        let unit = decoder.get_tag(tiff::tags::Tag::ResolutionUnit);
        assert_eq!(unit.expect("there"), tiff::decoder::ifd::Value::Short(2));
    }
}

/// Turned pixels with a tag that turns them again would be turned twice.
#[test]
fn orientation_is_applied_once() {
    let folder = scratch();
    let path = folder.path();
    let picture = scene(64, 40, 3, 3);
    for (orientation, is_turned) in [(1, false), (3, false), (6, true), (8, true)] {
        let exif = exif_orientation(orientation);
        let jpeg = Jpeg {
            exif: Some(exif.clone()),
            quality: 95,
            ..Jpeg::default()
        };
        write(path, "in.jpg", &jpeg.of(&picture));
        write(path, "in.png", &Png::default().exif(&exif).of(&picture));
        let tiff = Tiff {
            orientation: Some(orientation),
            ..Tiff::default()
        };
        write(path, "in.tif", &tiff.pages(std::slice::from_ref(&picture)));
        for name in ["in.jpg", "in.png", "in.tif"] {
            denoise(path, &format!("{name} -o out/ --force"));
            let bytes = read(path, &format!("out/{name}"));
            let reader = image::ImageReader::new(Cursor::new(&bytes));
            let mut decoder = reader
                .with_guessed_format()
                .expect("read")
                .into_decoder()
                .expect("a picture");
            let told = decoder.orientation().expect("read");
            assert_eq!(told, Orientation::NoTransforms, "{name} {orientation}");
            let size = decoder.dimensions();
            let expected = if is_turned { (40, 64) } else { (64, 40) };
            assert_eq!(size, expected, "{name} {orientation}");
        }
    }
}

/// The quantization tables of a JPEG, smaller values being finer.
fn tables(jpeg: &[u8]) -> Vec<Vec<u8>> {
    jpeg.windows(69)
        .filter(|window| window.starts_with(&[0xFF, 0xDB, 0, 67]))
        .map(|window| window[5..].to_vec())
        .collect()
}

#[test]
fn a_jpeg_is_at_least_as_fine_as_the_one_that_came_in() {
    let folder = scratch();
    let path = folder.path();
    for channels in [1, 3] {
        let picture = scene(64, 48, channels, 4);
        for quality in [30, 75, 90, 95, 100] {
            let input = picture.jpeg(quality);
            write(path, "in.jpg", &input);
            denoise(path, "in.jpg -o out.jpg --force");
            let (before, after) = (tables(&input), tables(&read(path, "out.jpg")));
            // Of a gray picture, the first is the one that is used.
            let (before, after) = (&before[..channels.min(2)], &after[..channels.min(2)]);
            for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
                assert!(after <= before, "quality {quality}: {after} for {before}");
            }
        }
    }
    write(path, "in.png", &scene(64, 48, 3, 4).png());
    denoise(path, "in.png -o out.jpg --force");
    // (16 * 10 + 50) / 100, which is quality 95.
    assert_eq!(tables(&read(path, "out.jpg"))[0][0], 2);
    denoise(path, "in.jpg -o out.jpg --quality 50 --force");
    assert_eq!(tables(&read(path, "out.jpg"))[0][0], 16);
}

#[test]
fn the_figures_are_of_the_file_that_was_written() {
    let folder = scratch();
    let path = folder.path();
    let picture = scene(96, 64, 1, 5);
    write(path, "in.png", &picture.png());
    for (output, quality) in [
        ("out.png", ""),
        ("out.jpg", "--quality 20"),
        ("out.gif", ""),
    ] {
        let line = format!("in.png -o {output} --noise gaussian:0.2 {quality} --json");
        let json = denoise(path, &line).json();
        let said = json["pictures"][0]["after"]["mse"]
            .as_f64()
            .expect("a number");
        let written = open(path, output).into_luma8().into_raw();
        let errors = written
            .iter()
            .zip(picture.bytes())
            .map(|(&a, &b)| ((f64::from(a) - f64::from(b)) / 255.0).powi(2));
        let found = errors.sum::<f64>() / written.len() as f64;
        assert!(
            (said - found).abs() < 0.01 * found,
            "{output}: {said} and {found}"
        );
    }
}

/// Of color, the smaller part of what is written is subsampled.
#[test]
fn a_jpeg_shows_what_a_png_does() {
    let folder = scratch();
    let path = folder.path();
    for channels in [1, 3] {
        write(path, "in.png", &scene(96, 64, channels, 8).png());
        denoise(path, "in.png -o out.png --force");
        let exact = open(path, "out.png").into_rgb8().into_raw();
        for quality in [20, 50, 89, 95] {
            denoise(
                path,
                &format!("in.png -o out.jpg --quality {quality} --force"),
            );
            let written = open(path, "out.jpg").into_rgb8().into_raw();
            let pairs = exact.iter().zip(&written);
            let error: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            let mean = error as f64 / exact.len() as f64;
            assert!(
                mean < 10.0,
                "{channels} channels, quality {quality}: {mean}"
            );
        }
    }
}

#[test]
fn a_name_says_the_format_that_is_written() {
    let folder = scratch();
    let path = folder.path();
    let (gray, color) = (scene(40, 30, 1, 6), scene(40, 30, 3, 6));
    write(path, "gray.png", &gray.png());
    write(path, "color.png", &color.png());
    for (input, output, start) in [
        ("gray.png", "out.pgm", &b"P5\n40 30\n255\n"[..]),
        ("color.png", "out.ppm", b"P6\n40 30\n255\n"),
        ("gray.png", "out.ppm", b"P6\n40 30\n255\n"),
        ("color.png", "out.pgm", b"P5\n40 30\n255\n"),
        ("gray.png", "out.pam", b"P7\n"),
        ("color.png", "out.jpeg", b"\xff\xd8\xff"),
        ("color.png", "out.tiff", b"II*\0"),
        ("color.png", "out.webp", b"RIFF"),
        ("gray.png", "out.gif", b"GIF89a"),
        ("gray.png", "out.bmp", b"BM"),
    ] {
        let ended = denoise(path, &format!("{input} -o {output} --force"));
        let bytes = read(path, output);
        assert!(bytes.starts_with(start), "{input} {output}");
        let is_color_lost = ended.stderr.contains("cannot hold color");
        assert_eq!(is_color_lost, (input, output) == ("color.png", "out.pgm"));
        image::load_from_memory(&bytes).expect("a picture");
    }
    for output in ["out.jp2", "out.heic", "out.v2", "sub/out.xcf"] {
        for command in ["denoise gray.png", "reconstruct --data gray.png"] {
            let model = FIXTURE.argument("denoiser");
            let model = match command.starts_with("denoise") {
                true => format!("--model {model}"),
                false => model,
            };
            let ended = ae(path, &format!("{command} {model} -o {output}"));
            assert_eq!(ended.code, 2, "{ended:#?}");
            let error = ended.lines("error:").concat();
            assert!(error.contains(output) && error.contains("png, "), "{error}");
            assert!(!path.join(output).exists(), "{output}");
        }
    }
    denoise(path, "gray.png -o out.v2/");
    assert_eq!(
        image::guess_format(&read(path, "out.v2/gray.png")).expect("known"),
        ImageFormat::Png
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_over_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = scratch();
    let path = folder.path();
    write(path, "in.png", &scene(40, 30, 1, 7).png());
    for mode in [0o600, 0o640, 0o444] {
        let file = path.join("in.png");
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("changed");
        denoise(path, "in.png -o in.png --force");
        let now = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(now & 0o777, mode);
    }
}

#[test]
fn what_is_left_out_or_ignored_is_said() {
    let folder = scratch();
    let path = folder.path();
    let colors = scene(32, 24, 3, 0);
    let file = |alpha| {
        let tiff = Tiff {
            alpha: Some(alpha),
            ..Tiff::default()
        };
        tiff.pages(&[colors.with_alpha(|x, _| x as u8)])
    };
    write(path, "filled.tif", &file(Alpha::Unspecified));
    write(path, "alpha.tif", &file(Alpha::Straight));
    let told = |name: &str, option: &str| {
        let line = format!("denoise {name} -o out/ --model median {option}");
        done(path, &line).stderr
    };
    let said = told("filled.tif", "");
    assert!(
        said.contains("of no stated meaning, which is left out"),
        "{said}"
    );
    assert_eq!(open(path, "out/filled.tif").color(), ColorType::Rgb8);
    assert!(!told("alpha.tif", "").contains("left out"));
    assert_eq!(open(path, "out/alpha.tif").color(), ColorType::Rgba8);
    let linear = Png::default().chunk(b"gAMA", &100_000_u32.to_be_bytes());
    write(path, "linear.png", &linear.of(&colors));
    told("linear.png", "");
    assert!(
        read(path, "out/linear.png")
            .windows(4)
            .any(|kind| kind == b"gAMA")
    );
    let line = "denoise linear.png -o linear.jpg --model median";
    let said = done(path, line).stderr;
    assert!(said.contains("JPEG cannot hold its gamma"), "{said}");
    write(path, "plain.png", &colors.png());
    write(path, "plain.jpg", &colors.jpeg(90));
    let said = told("plain.png", "--quality 90 --seed 3 --range 0..100");
    assert!(said.contains("--quality is for JPEG"), "{said}");
    assert!(said.contains("--seed is for --noise and --self"), "{said}");
    assert!(
        said.contains("plain.png: --range is not used for values of 8 bits"),
        "{said}"
    );
    assert!(!told("plain.jpg", "--quality 90").contains("--quality"));
    let said = told("plain.png", "--noise-clip off --force");
    assert!(said.contains("--noise-clip is for noise"), "{said}");

    let mut texts = b"\xFF\xFE\0\x07hello\xFF\xE1\0\x1F".to_vec();
    texts.extend(b"http://ns.adobe.com/xap/1.0/\0");
    let mut jpeg = colors.jpeg(90);
    jpeg.splice(2..2, texts);
    write(path, "told.jpg", &jpeg);
    let said = told("told.jpg", "");
    assert!(
        said.contains("told.jpg: its XMP metadata is left out"),
        "{said}"
    );
    assert!(
        said.contains("told.jpg: its comments and other texts are left out"),
        "{said}"
    );

    write(path, "deep.png", &Png::default().of(&slope(1)));
    let line = "denoise deep.png -o deep.jpg --model median --json";
    assert_eq!(done(path, line).json()["pictures"][0]["bits"], 8);
}
