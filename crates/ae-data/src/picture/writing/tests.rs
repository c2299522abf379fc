//! What is written is read again by the `image`, `png` and `tiff` crates, or looked at byte by byte.

use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use ::image::{AnimationDecoder as _, DynamicImage, ImageDecoder as _, ImageFormat};

use crate::error::DataError;
use crate::image::Size;
use crate::picture::PictureFormat;
use crate::picture::exif::{ExifField, ExifFields};
use crate::picture::metadata::{JpegCoding, PictureMetadata, Resolution, ResolutionUnit};
use crate::picture::page::{Page, Samples, ValueRange};
use crate::picture::writing::{Loss, PictureWriter, writable_extensions};

fn metadata() -> PictureMetadata {
    PictureMetadata::new(PictureFormat::Png, 8)
}

/// Values that differ from place to place.
fn page(channels: usize, bits: u8) -> Page {
    let size = Size {
        height: 5,
        width: 7,
    };
    let values = 0..size.height * size.width * channels;
    let samples = match bits {
        8 => Samples::U8(values.map(|value| (value * 37 % 251) as u8).collect()),
        16 => Samples::U16(values.map(|value| (value * 9973 % 65_521) as u16).collect()),
        _ => Samples::F32(
            values
                .map(|value| (value * 37 % 251) as f32 / 250.0)
                .collect(),
        ),
    };
    Page {
        size,
        channels,
        range: samples.full_range(),
        samples,
        delay: None,
    }
}

fn encode(name: &str, metadata: &PictureMetadata, pages: &[Page]) -> (Vec<u8>, Vec<Loss>) {
    let writer = PictureWriter::new(Path::new(name), metadata, pages.len(), None).unwrap();
    writer
        .encode(|index| Ok::<_, DataError>(pages[index].clone()))
        .unwrap()
}

fn decoded(bytes: &[u8], format: ImageFormat) -> DynamicImage {
    ::image::load_from_memory_with_format(bytes, format).unwrap()
}

fn samples(image: &DynamicImage) -> Samples {
    match image {
        DynamicImage::ImageLuma8(image) => Samples::U8(image.to_vec()),
        DynamicImage::ImageLumaA8(image) => Samples::U8(image.to_vec()),
        DynamicImage::ImageRgb8(image) => Samples::U8(image.to_vec()),
        DynamicImage::ImageRgba8(image) => Samples::U8(image.to_vec()),
        DynamicImage::ImageLuma16(image) => Samples::U16(image.to_vec()),
        DynamicImage::ImageLumaA16(image) => Samples::U16(image.to_vec()),
        DynamicImage::ImageRgb16(image) => Samples::U16(image.to_vec()),
        DynamicImage::ImageRgba16(image) => Samples::U16(image.to_vec()),
        DynamicImage::ImageRgb32F(image) => Samples::F32(image.to_vec()),
        DynamicImage::ImageRgba32F(image) => Samples::F32(image.to_vec()),
        other => panic!("{:?}", other.color()),
    }
}

#[test]
fn what_a_format_holds_comes_back_value_by_value() {
    let holding: [(&str, ImageFormat, &[u8], &[usize]); 10] = [
        ("a.png", ImageFormat::Png, &[8, 16], &[1, 2, 3, 4]),
        ("a.tif", ImageFormat::Tiff, &[8, 16], &[1, 3, 4]),
        ("a.TIFF", ImageFormat::Tiff, &[32], &[3, 4]),
        ("a.webp", ImageFormat::WebP, &[8], &[3, 4]),
        ("a.bmp", ImageFormat::Bmp, &[8], &[3, 4]),
        ("a.pgm", ImageFormat::Pnm, &[8, 16], &[1]),
        ("a.ppm", ImageFormat::Pnm, &[8, 16], &[3]),
        ("a.pam", ImageFormat::Pnm, &[8, 16], &[1, 2, 3, 4]),
        ("a.qoi", ImageFormat::Qoi, &[8], &[3, 4]),
        ("a.exr", ImageFormat::OpenExr, &[32], &[3, 4]),
    ];
    for (name, format, depths, channels) in holding {
        for &bits in depths {
            for &channels in channels {
                let page = page(channels, bits);
                let (bytes, losses) = encode(name, &metadata(), std::slice::from_ref(&page));
                let what = format!("{name}, {channels} channels of {bits} bits");
                assert_eq!(losses, [], "{what}");
                assert_eq!(samples(&decoded(&bytes, format)), page.samples, "{what}");
            }
        }
    }
}

/// The `image` crate reads no such TIFF.
#[test]
fn tiff_holds_gray_with_alpha_and_gray_floats() {
    for (channels, bits) in [(2, 8), (2, 16), (1, 32)] {
        let page = page(channels, bits);
        let (bytes, losses) = encode("a.tif", &metadata(), std::slice::from_ref(&page));
        assert_eq!(losses, []);
        let mut decoder = ::tiff::decoder::Decoder::new(Cursor::new(&bytes)).unwrap();
        let found = match decoder.read_image().unwrap() {
            ::tiff::decoder::DecodingResult::U8(values) => Samples::U8(values),
            ::tiff::decoder::DecodingResult::U16(values) => Samples::U16(values),
            ::tiff::decoder::DecodingResult::F32(values) => Samples::F32(values),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, page.samples, "{channels} channels of {bits} bits");
        let extra = decoder.find_tag(::tiff::tags::Tag::ExtraSamples).unwrap();
        let extra = extra.map(|value| value.into_u16_vec().unwrap());
        // Straight alpha, which is number 2.
        assert_eq!(extra, (channels == 2).then(|| vec![2]));
    }
}

#[test]
fn every_format_writes_every_page_and_says_what_it_loses() {
    let formats = [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Tiff,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::Pnm,
        ImageFormat::Qoi,
        ImageFormat::Tga,
        ImageFormat::Farbfeld,
        ImageFormat::OpenExr,
    ];
    for extension in writable_extensions() {
        for bits in [8, 16, 32] {
            for channels in 1..=4 {
                let page = page(channels, bits);
                let name = format!("a.{extension}");
                let (bytes, losses) = encode(&name, &metadata(), std::slice::from_ref(&page));
                let what = format!("{name}, {channels} channels of {bits} bits: {losses:?}");
                let format = formats
                    .into_iter()
                    .find(|format| format.extensions_str().contains(&extension))
                    .or_else(|| ImageFormat::from_extension(extension));
                let Some(format) = format else { continue };
                if format == ImageFormat::Tiff && (channels == 2 || bits == 32) {
                    continue;
                }
                let back = decoded(&bytes, format);
                assert_eq!((back.width(), back.height()), (7, 5), "{what}");
                let has_alpha = channels % 2 == 0;
                let keeps_alpha = back.color().has_alpha() || !has_alpha;
                assert_eq!(keeps_alpha, !losses.contains(&Loss::Alpha), "{what}");
                let keeps_color = back.color().has_color() || channels < 3;
                assert_eq!(keeps_color, !losses.contains(&Loss::Color), "{what}");
                let to = back.color().bits_per_pixel() / u16::from(back.color().channel_count());
                let is_told = losses.iter().any(|loss| matches!(loss, Loss::Bits { .. }));
                assert_eq!(is_told, to < u16::from(bits), "{what}");
            }
        }
    }
}

#[test]
fn transparent_parts_show_white_where_there_is_no_alpha() {
    let mut page = page(2, 16);
    page.samples = Samples::U16((0..35).flat_map(|_| [10_000, 32_768]).collect());
    let (bytes, losses) = encode("a.pgm", &metadata(), std::slice::from_ref(&page));
    assert_eq!(losses, [Loss::Alpha]);
    let Samples::U16(values) = samples(&decoded(&bytes, ImageFormat::Pnm)) else {
        panic!("16 bits");
    };
    // 10000 * .5 + 65535 * .5
    assert!(
        values.iter().all(|value| value.abs_diff(37_767) <= 1),
        "{values:?}"
    );
}

#[test]
fn twelve_bits_stay_twelve_bits() {
    let mut page = page(1, 16);
    page.samples = Samples::U16((0..35).map(|value| value * 117).collect());
    page.range = ValueRange {
        low: 0.0,
        high: 4095.0,
    };
    let (bytes, _) = encode("a.pgm", &metadata(), std::slice::from_ref(&page));
    assert!(bytes.starts_with(b"P5\n7 5\n4095\n"));
    for (name, format) in [("a.png", ImageFormat::Png), ("a.tif", ImageFormat::Tiff)] {
        let (bytes, losses) = encode(name, &metadata(), std::slice::from_ref(&page));
        assert_eq!(losses, []);
        assert_eq!(samples(&decoded(&bytes, format)), page.samples);
    }
    // Brought to 8 bits, white is white.
    let (bytes, losses) = encode("a.bmp", &metadata(), std::slice::from_ref(&page));
    assert_eq!(losses, [Loss::Bits { from: 16, to: 8 }]);
    let last = decoded(&bytes, ImageFormat::Bmp).to_luma8().into_raw()[34];
    assert_eq!(last, (34.0 * 117.0 / 4095.0 * 255.0_f64).round() as u8);
}

fn exif_fields() -> ExifFields {
    let field = |tag, kind, bytes: &[u8]| ExifField {
        tag,
        kind,
        bytes: bytes.to_vec(),
    };
    ExifFields {
        main: vec![field(0x010F, 2, b"Maker\0"), field(0x0112, 3, &[1, 0])],
        exif: vec![field(0x829A, 5, &[1, 0, 0, 0, 250, 0, 0, 0])],
        gps: Vec::new(),
    }
}

fn full_metadata() -> PictureMetadata {
    PictureMetadata {
        icc_profile: Some(
            (0..70_000_u32)
                .map(|value| (value * 31 % 256) as u8)
                .collect(),
        ),
        exif: exif_fields().block(),
        resolution: Some(Resolution {
            x: 300.0,
            y: 150.0,
            unit: ResolutionUnit::Inch,
        }),
        ..metadata()
    }
}

#[test]
fn a_profile_of_gray_is_not_kept_beside_color() {
    let mut profile = vec![0; 200];
    profile[16..20].copy_from_slice(b"GRAY");
    let metadata = PictureMetadata {
        icc_profile: Some(profile),
        ..metadata()
    };
    let pages = [page(1, 8)];
    assert_eq!(encode("a.png", &metadata, &pages).1, []);
    let (webp, losses) = encode("a.webp", &metadata, &pages);
    assert_eq!(losses, [Loss::IccProfile]);
    let mut decoder = ::image::codecs::webp::WebPDecoder::new(Cursor::new(&webp)).unwrap();
    assert_eq!(decoder.icc_profile().unwrap(), None);
}

#[test]
fn profile_exif_and_resolution_are_kept_or_said_to_be_lost() {
    use ::image::codecs::{
        jpeg::JpegDecoder, png::PngDecoder, tiff::TiffDecoder, webp::WebPDecoder,
    };
    let metadata = full_metadata();
    let page = page(3, 8);
    let encode = |name| encode(name, &metadata, std::slice::from_ref(&page));
    let (png, losses) = encode("a.png");
    assert_eq!(losses, []);
    let mut decoder = PngDecoder::new(Cursor::new(&png)).unwrap();
    assert_eq!(decoder.icc_profile().unwrap(), metadata.icc_profile);
    assert_eq!(decoder.exif_metadata().unwrap(), metadata.exif);
    // 300 and 150 to the inch are 11811 and 5906 to the meter.
    let physical = b"pHYs\0\0\x2e\x23\0\0\x17\x12\x01";
    assert!(png.windows(physical.len()).any(|window| window == physical));

    let (jpeg, losses) = encode("a.jpg");
    assert_eq!(losses, []);
    let mut decoder = JpegDecoder::new(Cursor::new(&jpeg)).unwrap();
    assert_eq!(decoder.icc_profile().unwrap(), metadata.icc_profile);
    assert_eq!(decoder.exif_metadata().unwrap(), metadata.exif);
    assert_eq!(&jpeg[6..18], b"JFIF\0\x01\x02\x01\x01\x2c\0\x96");

    let (webp, losses) = encode("a.webp");
    assert_eq!(losses, [Loss::Resolution]);
    let mut decoder = WebPDecoder::new(Cursor::new(&webp)).unwrap();
    assert_eq!(decoder.icc_profile().unwrap(), metadata.icc_profile);
    assert_eq!(decoder.exif_metadata().unwrap(), metadata.exif);

    let (tiff, _) = encode("a.tif");
    let mut decoder = TiffDecoder::new(Cursor::new(&tiff)).unwrap();
    assert_eq!(decoder.icc_profile().unwrap(), metadata.icc_profile);
    let mut decoder = ::tiff::decoder::Decoder::new(Cursor::new(&tiff)).unwrap();
    let maker = decoder.get_tag_ascii_string(::tiff::tags::Tag::from_u16_exhaustive(0x010F));
    assert_eq!(maker.unwrap(), "Maker");
    let place = decoder.get_tag(::tiff::tags::Tag::ExifDirectory).unwrap();
    let place = place.into_ifd_pointer().unwrap();
    let directory = decoder.read_directory(place).unwrap();
    let exposure = decoder
        .read_directory_tags(&directory)
        .get_tag(::tiff::tags::Tag::from_u16_exhaustive(0x829A));
    assert_eq!(
        exposure.unwrap(),
        ::tiff::decoder::ifd::Value::Rational(1, 250)
    );
    assert!(
        decoder
            .find_tag(::tiff::tags::Tag::Orientation)
            .unwrap()
            .is_none()
    );
    let mut number = |tag| decoder.get_tag(tag).unwrap();
    use ::tiff::decoder::ifd::Value;
    assert_eq!(
        number(::tiff::tags::Tag::XResolution),
        Value::Rational(300, 1)
    );
    assert_eq!(
        number(::tiff::tags::Tag::YResolution),
        Value::Rational(150, 1)
    );
    assert_eq!(number(::tiff::tags::Tag::ResolutionUnit), Value::Short(2));

    let (bmp, losses) = encode("a.bmp");
    assert_eq!(losses, [Loss::IccProfile, Loss::Exif]);
    assert_eq!(bmp[38..46], [0x23, 0x2e, 0, 0, 0x12, 0x17, 0, 0]);
    let (_, losses) = encode("a.ppm");
    assert_eq!(losses, [Loss::IccProfile, Loss::Exif, Loss::Resolution]);
}

/// The tables of a JPEG in the order of the file.
fn tables(jpeg: &[u8]) -> Vec<[u16; 64]> {
    jpeg.windows(69)
        .filter(|window| window.starts_with(&[0xFF, 0xDB, 0, 67]))
        .map(|window| std::array::from_fn(|index| u16::from(window[5 + index])))
        .collect()
}

#[test]
fn a_jpeg_has_the_tables_of_the_one_that_came_in() {
    let luminance: [u16; 64] = std::array::from_fn(|index| 1 + index as u16 * 3);
    let chrominance: [u16; 64] = std::array::from_fn(|index| 200 - index as u16);
    let coding = |subsampling| JpegCoding {
        quality: 80,
        luminance,
        chrominance: Some(chrominance),
        subsampling,
    };
    for (subsampling, sampling) in [
        ((1, 1), 0x11),
        ((2, 1), 0x21),
        ((2, 2), 0x22),
        ((3, 1), 0x11),
    ] {
        let metadata = PictureMetadata {
            jpeg: Some(coding(subsampling)),
            ..metadata()
        };
        let (bytes, _) = encode("a.jpg", &metadata, &[page(3, 8)]);
        assert_eq!(tables(&bytes), [luminance, chrominance]);
        let frame = bytes
            .windows(4)
            .position(|w| w == [0xFF, 0xC0, 0, 17])
            .unwrap();
        // Length, bits, height, width, number of components; then the first one's number and sampling.
        assert_eq!(bytes[frame + 11], sampling, "{subsampling:?}");
    }
    // One scan, which every decoder reads.
    let (bytes, _) = encode("a.jpg", &metadata(), &[page(3, 8)]);
    let scans = bytes
        .windows(4)
        .filter(|window| *window == [0xFF, 0xDA, 0, 12]);
    assert_eq!(scans.count(), 1);
    let plain = metadata();
    let of_quality = |quality| {
        let writer = PictureWriter::new(Path::new("a.jpg"), &plain, 1, quality).unwrap();
        let encoded = writer.encode(|_| Ok::<_, DataError>(page(1, 8)));
        tables(&encoded.unwrap().0)[0][0]
    };
    // libjpeg's table begins with 16, which quality 95 makes (16 * 10 + 50) / 100, and quality 50 leaves.
    assert_eq!((of_quality(None), of_quality(Some(50))), (2, 16));
}

#[test]
fn pages_and_frames_are_all_written_or_none() {
    let pages: Vec<Page> = (0..3)
        .map(|index| {
            let mut page = page(3, 8);
            if let Samples::U8(values) = &mut page.samples {
                values.rotate_right(index * 4);
            }
            page.delay = Some(Duration::from_millis(80 + 10 * index as u64));
            page
        })
        .collect();
    let scans = metadata();
    let film = PictureMetadata {
        plays: Some(3),
        ..metadata()
    };
    for (name, metadata, expected) in [
        ("a.png", &scans, None),
        ("a.gif", &scans, None),
        ("a.jpg", &film, None),
        ("a.webp", &film, None),
        ("a.tif", &scans, Some(vec![])),
        ("a.tif", &film, Some(vec![Loss::FrameTimes])),
        ("a.png", &film, Some(vec![])),
        ("a.gif", &film, Some(vec![])),
    ] {
        let writer = PictureWriter::new(Path::new(name), metadata, 3, None);
        match (writer, expected) {
            (Err(DataError::Encode { reason, .. }), None) => {
                assert!(reason.starts_with("a picture of 3 "), "{reason}");
            }
            (Ok(_), Some(losses)) => {
                assert_eq!(encode(name, metadata, &pages).1, losses, "{name}");
            }
            (found, expected) => panic!("{name}: {:?}, {expected:?}", found.err()),
        }
    }
    let (tiff, _) = encode("a.tif", &scans, &pages);
    let mut decoder = ::tiff::decoder::Decoder::new(Cursor::new(&tiff)).unwrap();
    for (index, page) in pages.iter().enumerate() {
        decoder.seek_to_image(index).unwrap();
        let ::tiff::decoder::DecodingResult::U8(values) = decoder.read_image().unwrap() else {
            panic!("8 bits");
        };
        assert_eq!(Samples::U8(values), page.samples);
    }
    assert!(!decoder.more_images());

    let (png, _) = encode("a.png", &film, &pages);
    let (gif, _) = encode("a.gif", &film, &pages);
    let png = ::image::codecs::png::PngDecoder::new(Cursor::new(&png)).unwrap();
    let png = png.apng().unwrap().into_frames().collect_frames().unwrap();
    let gif = ::image::codecs::gif::GifDecoder::new(Cursor::new(&gif)).unwrap();
    let gif = gif.into_frames().collect_frames().unwrap();
    for frames in [png, gif] {
        assert_eq!(frames.len(), 3);
        for (frame, page) in frames.into_iter().zip(&pages) {
            assert_eq!(Some(Duration::from(frame.delay())), page.delay);
            let rgb = DynamicImage::from(frame.into_buffer()).into_rgb8();
            assert_eq!(Samples::U8(rgb.into_raw()), page.samples);
        }
    }
}

#[test]
fn more_colors_than_a_palette_has_are_said() {
    let size = Size {
        height: 20,
        width: 20,
    };
    let values: Vec<u8> = (0..400_u32)
        .flat_map(|pixel| [(pixel % 256) as u8, (pixel / 256) as u8, 9])
        .collect();
    let page = Page {
        size,
        channels: 3,
        range: ValueRange {
            low: 0.0,
            high: 255.0,
        },
        samples: Samples::U8(values),
        delay: None,
    };
    assert_eq!(encode("a.gif", &metadata(), &[page]).1, [Loss::Palette]);
}

#[test]
fn an_unknown_extension_is_refused_with_those_that_are_known() {
    for name in ["a.jp2", "a", "a.heic", "a.png.bak"] {
        let plain = metadata();
        let error = PictureWriter::new(Path::new(name), &plain, 1, None)
            .err()
            .unwrap();
        assert!(error.is_usage());
        assert!(error.to_string().contains("png, apng, jpg"), "{error}");
    }
}

#[test]
fn a_page_that_fails_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tif");
    std::fs::write(&path, b"old").unwrap();
    let plain = metadata();
    let writer = PictureWriter::new(&path, &plain, 2, None).unwrap();
    let error = writer
        .write(|index| match index {
            0 => Ok(page(1, 8)),
            _ => Err(DataError::decode(Path::new("page"), "broken")),
        })
        .unwrap_err();
    assert_eq!(error.to_string(), "cannot decode page: broken");
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
