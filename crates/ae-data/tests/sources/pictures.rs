//! TIFF in the layouts that other programs write, against what these programs say the pixels are
//! (`tests/pictures/make.py`).

use std::path::{Path, PathBuf};

use ae_data::{
    DataError, Image, ImageLimits, ImageOptions, Loss, Page, PictureFormat, PictureMetadata,
    PictureReader, PictureWriter, PngColors, Samples, Size,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures")
}

fn read(name: &str) -> Image {
    Image::read(&folder().join(name), &ImageOptions::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn pixels_are_what_other_programs_say_they_are() {
    let files = std::fs::read_dir(folder()).unwrap();
    let mut names: Vec<String> = files
        .filter_map(|file| file.unwrap().file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".tif").map(str::to_owned))
        .collect();
    names.sort();
    assert_eq!(names.len(), 18, "{names:?}");
    for name in names {
        let (tiff, png) = (read(&format!("{name}.tif")), read(&format!("{name}.png")));
        assert_eq!(tiff.shape(), png.shape(), "{name}");
        // Decoders of JPEG round in different places, and inks are cut off in single and in double precision.
        let tolerance = match name.as_str() {
            "jpeg" => 2,
            "inks" => 1,
            _ => 0,
        };
        let pixels = tiff.pixels().iter().zip(png.pixels());
        let worst = pixels.map(|(one, other)| one.abs_diff(*other)).max();
        assert!(worst.unwrap() <= tolerance, "{name}: {worst:?}");
    }
}

#[test]
fn pages_keep_depth_range_and_channels() {
    let open =
        |name: &str| PictureReader::open(&folder().join(name), &ImageLimits::default()).unwrap();
    let mut packed = open("packed_12.tif");
    assert_eq!(packed.metadata().bits, 12);
    let page = packed.page(0).unwrap();
    assert_eq!((page.channels, page.range.high), (1, 4_095.0));
    assert!(matches!(page.samples, Samples::U16(_)));
    let mut halves = open("half_floats.tif");
    assert_eq!(halves.metadata().bits, 32);
    assert!(matches!(halves.page(0).unwrap().samples, Samples::F32(_)));
    let mut alpha = open("gray_alpha.tif");
    assert_eq!(alpha.page(0).unwrap().channels, 2);
    let mut palette = open("palette.tif");
    assert_eq!(
        (palette.metadata().bits, palette.page(0).unwrap().channels),
        (8, 3)
    );
    assert_eq!(open("thumbnail.tif").page_count(), 1);
}

#[test]
fn cut_anywhere_they_are_refused_or_whole() {
    for file in std::fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "tif") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let whole = Image::decode(&bytes, &path, &ImageOptions::default()).unwrap();
        for end in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
            match Image::decode(&bytes[..end], &path, &ImageOptions::default()) {
                Ok(image) => assert_eq!(image, whole, "{} cut to {end}", path.display()),
                Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
            }
        }
    }
}

#[test]
fn a_bitmap_with_a_palette_of_grays_is_gray() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gray.bmp");
    let pixels = image::GrayImage::from_fn(5, 3, |x, y| image::Luma([(x * 40 + y * 7) as u8]));
    pixels.save(&path).unwrap();
    let read = Image::read(&path, &ImageOptions::default()).unwrap();
    assert_eq!(read.shape().channels, 1);
    assert_eq!(read.pixels(), pixels.as_raw().as_slice());
    let mut reader = PictureReader::open(&path, &ImageLimits::default()).unwrap();
    assert_eq!(reader.metadata().resolution, None);
    assert_eq!(reader.page(0).unwrap().channels, 1);
    // One color in the palette, which follows the headers, makes it color.
    let mut bytes = std::fs::read(&path).unwrap();
    let palette = 14 + u32::from_le_bytes(*bytes[14..].first_chunk().unwrap()) as usize;
    bytes[palette + 4 * 40] = 255;
    std::fs::write(&path, &bytes).unwrap();
    let read = Image::read(&path, &ImageOptions::default()).unwrap();
    assert_eq!(read.shape().channels, 3);
    // Planes of 15 pixels.
    let pixel = [1, 16, 31].map(|at| read.pixels()[at]);
    assert_eq!(pixel, [40, 40, 255]);
}

#[test]
fn what_a_png_s_values_mean_is_kept() {
    let page = Page {
        size: Size {
            height: 4,
            width: 5,
        },
        channels: 1,
        range: Samples::U8(Vec::new()).full_range(),
        samples: Samples::U8((0..20).collect()),
        delay: None,
    };
    let metadata = |gamma, chromaticities| PictureMetadata {
        png_colors: Some(PngColors {
            gamma: Some(gamma),
            chromaticities,
        }),
        ..PictureMetadata::new(PictureFormat::Png, 8)
    };
    let written = |name: &str, metadata: &PictureMetadata| {
        let writer = PictureWriter::new(Path::new(name), metadata, 1, None).unwrap();
        writer.encode(|_| Ok::<_, DataError>(page.clone())).unwrap()
    };
    let read = |bytes: Vec<u8>| {
        let limits = ImageLimits::default();
        let reader = PictureReader::from_bytes(bytes, Path::new("a.png"), &limits).unwrap();
        reader.metadata().png_colors
    };
    let linear = metadata(100_000, Some([1, 2, 3, 4, 5, 6, 7, 32_900]));
    let (png, losses) = written("a.png", &linear);
    assert_eq!(losses, []);
    assert!(png.windows(8).any(|window| window == b"gAMA\0\x01\x86\xa0"));
    assert_eq!(read(png), linear.png_colors);
    assert_eq!(written("a.jpg", &linear).1, [Loss::PngColors]);
    let of_srgb = metadata(45_455, None);
    assert_eq!(read(written("a.png", &of_srgb).0), None);
}
