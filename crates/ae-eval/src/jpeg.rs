//! JPEG as a codec to measure against, in its sequential form.
//!
//! # Two honest sizes
//!
//! A JPEG file of a 28x28 image is mostly headers: marker segments, a quantization table and
//! Huffman tables, about 200 bytes before the first pixel. An autoencoder's code, on the other
//! hand, is counted without its decoder. So there are two sizes:
//!
//! - [`JpegSize::File`], every byte of a file that any viewer opens. It is encoded with Huffman
//!   tables optimized for the image, and without the second quantization table that
//!   `jpeg-encoder` also writes for gray images, where no component refers to it.
//! - [`JpegSize::Scan`], the entropy-coded bytes alone, as if both sides held everything else
//!   already: the abbreviated format of the standard's annex B.4. That is only fair with
//!   tables that are the same for every image, so these bytes are counted in a second encoding
//!   of the same coefficients with the standard's own Huffman tables (annex K.3).
//!
//! # What is decoded
//!
//! `jpeg-encoder` writes optimized Huffman tables with a scan for each component. Decoders are seldom tried on such files:
//! zune-jpeg 0.5 reads half of the brightness where the color is subsampled. So the picture is decoded from the second
//! encoding, which has the same coefficients in one scan.
//!
//! # References
//! ITU-T Recommendation T.81, "Digital compression and coding of continuous-tone still images",
//! 1992.

use ae_data::{Image, ImageShape};
use image::ImageFormat;
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder};
use rayon::prelude::*;

use crate::error::EvalError;
use crate::jpeg::segments::{segments, without_second_quantization_table};

mod segments;

/// The quality settings that JPEG encoders have agreed on.
const QUALITIES: std::ops::RangeInclusive<u8> = 1..=100;

/// Which bytes of a JPEG file count; see [the module](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JpegSize {
    /// The whole file.
    File,
    /// The entropy-coded data alone, with the standard's Huffman tables.
    Scan,
}

/// An image after JPEG compression.
#[derive(Debug, Clone)]
pub struct JpegResult {
    /// Bytes of the whole file.
    pub file_bytes: usize,
    /// Bytes of the entropy-coded data alone.
    pub scan_bytes: usize,
    /// What the decoder makes of the file.
    pub reconstruction: Image,
}

/// Compresses an image and decodes it again.
///
/// Color is subsampled 4:2:0 below quality 90, each value the mean of four as libjpeg has it, and not from there on.
///
/// # Errors
/// A quality outside 1 to 100, or a shape that JPEG does not have: other than 1 or 3 channels, or
/// a side above 65,535 pixels.
pub fn compress(image: &Image, quality: u8) -> Result<JpegResult, EvalError> {
    let shape = image.shape();
    let file = encode(image, quality)?;
    let one_scan = encode_with(image, quality, false)?;
    let decode = |source| EvalError::JpegDecode { shape, source };
    let decoded =
        image::load_from_memory_with_format(&one_scan, ImageFormat::Jpeg).map_err(decode)?;
    let interleaved = match shape.channels {
        1 => decoded.into_luma8().into_raw(),
        _ => decoded.into_rgb8().into_raw(),
    };
    Ok(JpegResult {
        file_bytes: file.len(),
        scan_bytes: entropy_coded_bytes(&one_scan)?,
        reconstruction: Image::new(shape, planar(shape, &interleaved))?,
    })
}

/// Encodes an image as a JPEG file with Huffman tables optimized for it.
///
/// # Errors
/// As [`compress`].
pub fn encode(image: &Image, quality: u8) -> Result<Vec<u8>, EvalError> {
    let file = encode_with(image, quality, true)?;
    if image.shape().channels == 1 {
        return without_second_quantization_table(&file);
    }
    Ok(file)
}

/// The size of an image at a quality.
///
/// # Errors
/// As [`compress`].
pub fn size_bytes(image: &Image, quality: u8, size: JpegSize) -> Result<usize, EvalError> {
    match size {
        JpegSize::File => Ok(encode(image, quality)?.len()),
        JpegSize::Scan => scan_bytes(image, quality),
    }
}

/// The quality at which `count` images take nearest to `target_bytes` each on average.
///
/// The search halves the range, so it trusts that better quality takes more bytes; that holds for
/// averages over images. Of two equally near qualities it takes the better one.
///
/// # Errors
/// Whatever `image` reports for one of its indices, and as [`compress`].
pub fn nearest_quality(
    count: usize,
    image: impl Fn(usize) -> Result<Image, EvalError> + Sync,
    target_bytes: f64,
    size: JpegSize,
) -> Result<u8, EvalError> {
    let mean_bytes = |quality: u8| -> Result<f64, EvalError> {
        let bytes = |index| Ok(size_bytes(&image(index)?, quality, size)? as u64);
        let total: Result<u64, EvalError> = (0..count)
            .into_par_iter()
            .map(bytes)
            .try_reduce(|| 0, |a, b| Ok(a + b));
        Ok(total? as f64 / count.max(1) as f64)
    };
    let (mut low, mut high) = (*QUALITIES.start(), *QUALITIES.end());
    while low < high {
        let middle = low + (high - low) / 2;
        if mean_bytes(middle)? < target_bytes {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    // `low` is the first quality that reaches the target; the one before may be nearer to it.
    if low > *QUALITIES.start() {
        let above = (mean_bytes(low)? - target_bytes).abs();
        if (mean_bytes(low - 1)? - target_bytes).abs() < above {
            return Ok(low - 1);
        }
    }
    Ok(low)
}

fn encode_with(image: &Image, quality: u8, optimized: bool) -> Result<Vec<u8>, EvalError> {
    let shape = image.shape();
    if !QUALITIES.contains(&quality) {
        return Err(EvalError::JpegQuality { quality });
    }
    let (Ok(width @ 1..), Ok(height @ 1..), 1 | 3) = (
        u16::try_from(shape.width),
        u16::try_from(shape.height),
        shape.channels,
    ) else {
        return Err(EvalError::JpegShape { shape });
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    encoder.set_optimized_huffman_tables(optimized);
    // The encoder's default takes every fourth value as it is.
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    let encoded = if shape.channels == 1 {
        encoder.encode(image.pixels(), width, height, ColorType::Luma)
    } else {
        encoder.encode(&image.interleaved(), width, height, ColorType::Rgb)
    };
    encoded.map_err(|source| EvalError::JpegEncode { shape, source })?;
    Ok(file)
}

fn scan_bytes(image: &Image, quality: u8) -> Result<usize, EvalError> {
    entropy_coded_bytes(&encode_with(image, quality, false)?)
}

fn entropy_coded_bytes(file: &[u8]) -> Result<usize, EvalError> {
    Ok(segments(file)?
        .iter()
        .map(|segment| segment.entropy_coded.len())
        .sum())
}

/// Planes from `[height, width, channels]`.
fn planar(shape: ImageShape, interleaved: &[u8]) -> Vec<u8> {
    let mut planes = Vec::with_capacity(interleaved.len());
    for channel in 0..shape.channels {
        planes.extend(interleaved.iter().skip(channel).step_by(shape.channels));
    }
    planes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::segments::QUANTIZATION_TABLE;

    /// A smooth picture with an edge.
    fn picture(shape: ImageShape) -> Image {
        let mut pixels = Vec::new();
        for channel in 0..shape.channels {
            for row in 0..shape.height {
                for column in 0..shape.width {
                    let wave =
                        ((row + 2 * channel) as f64 / 5.0).sin() + (column as f64 / 7.0).cos();
                    let edge = if column * 3 > row * 2 { 40.0 } else { 0.0 };
                    pixels.push((100.0 + 50.0 * wave + edge) as u8);
                }
            }
        }
        Image::new(shape, pixels).unwrap()
    }

    fn mean_squared_error(a: &Image, b: &Image) -> f64 {
        let pairs = a.pixels().iter().zip(b.pixels());
        let sum: f64 = pairs
            .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
            .sum();
        sum / a.pixels().len() as f64
    }

    #[test]
    fn quality_buys_fidelity_with_bytes() {
        for (channels, height, width) in [
            (1, 28, 28),
            (3, 28, 28),
            (1, 61, 33),
            (3, 61, 33),
            (1, 1, 1),
        ] {
            let image = picture(ImageShape::new(channels, height, width));
            let mut last: Option<(JpegResult, f64)> = None;
            for quality in [5, 30, 75, 89, 90, 100] {
                let result = compress(&image, quality).unwrap();
                assert_eq!(result.reconstruction.shape(), image.shape());
                let error = mean_squared_error(&image, &result.reconstruction);
                if let Some((before, error_before)) = &last {
                    assert!(
                        result.scan_bytes >= before.scan_bytes,
                        "{height}x{width} {quality}"
                    );
                    assert!(
                        error <= error_before * 1.1 + 0.5,
                        "{height}x{width} {quality}"
                    );
                }
                last = Some((result, error));
            }
            let (best, error) = last.unwrap();
            assert!(
                error < 4.0,
                "{height}x{width}x{channels}: {error} at quality 100"
            );
            assert_eq!(encode(&image, 100).unwrap().len(), best.file_bytes);
        }
    }

    #[test]
    fn one_colored_pixel_survives() {
        let pixel = Image::new(ImageShape::new(3, 1, 1), vec![200, 40, 90]).unwrap();
        for quality in [85, 95] {
            let result = compress(&pixel, quality).unwrap();
            assert!(
                mean_squared_error(&pixel, &result.reconstruction) < 20.0,
                "{result:?}"
            );
        }
    }

    #[test]
    fn a_small_file_is_mostly_headers() {
        let image = picture(ImageShape::new(1, 28, 28));
        let result = compress(&image, 50).unwrap();
        assert!(
            result.scan_bytes > 20 && result.file_bytes > 2 * result.scan_bytes,
            "{result:?}"
        );
    }

    /// The table that no component uses goes, and nothing else does.
    #[test]
    fn gray_files_carry_one_quantization_table() {
        let image = picture(ImageShape::new(1, 28, 28));
        let full = encode_with(&image, 40, true).unwrap();
        let lean = encode(&image, 40).unwrap();
        assert_eq!(full.len() - lean.len(), 69);
        let decode = |file: &[u8]| {
            image::load_from_memory(file)
                .unwrap()
                .into_luma8()
                .into_raw()
        };
        assert_eq!(decode(&full), decode(&lean));
        let tables = |file: &[u8]| {
            let segments = segments(file).unwrap();
            segments
                .iter()
                .filter(|segment| segment.marker == QUANTIZATION_TABLE)
                .count()
        };
        assert_eq!((tables(&full), tables(&lean)), (2, 1));
        let color = encode(&picture(ImageShape::new(3, 28, 28)), 40).unwrap();
        assert_eq!(tables(&color), 2);
    }

    /// The picture of `tests/reference/jpeg.py`.
    fn reference_picture(shape: ImageShape) -> Image {
        let mut pixels = Vec::new();
        for channel in 0..shape.channels {
            for row in 0..shape.height {
                for column in 0..shape.width {
                    let slope = 2 * column + row;
                    let bump = ((3 * row + 2 * column + 37 * channel) % 96).abs_diff(48);
                    let tiles = 40 * ((column / 12 + row / 12 + channel) % 2);
                    pixels.push((40 + slope % 90 + bump + tiles) as u8);
                }
            }
        }
        Image::new(shape, pixels).unwrap()
    }

    #[test]
    fn errors_and_sizes_are_those_of_libjpeg() {
        let printed = include_str!("../tests/reference/jpeg.txt");
        let mut checked = 0;
        for line in printed.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<f64> = line
                .split_whitespace()
                .map(|column| column.parse().unwrap())
                .collect();
            let [channels, height, width, quality, expected, bytes] = columns[..] else {
                panic!("{line}");
            };
            let shape = ImageShape::new(channels as usize, height as usize, width as usize);
            let image = reference_picture(shape);
            let result = compress(&image, quality as u8).unwrap();
            let error = mean_squared_error(&image, &result.reconstruction) / 255.0 / 255.0;
            // Rounding differs by half a level, here and there by a coefficient.
            assert!(
                (error / expected - 1.0).abs() < 0.06 || (error - expected).abs() < 2e-6,
                "{line}: {error:.8}"
            );
            // A scan for each of three components has two more headers, of ten bytes each.
            assert!(
                (result.file_bytes as f64 / bytes - 1.0).abs() < 0.08,
                "{line}: {} bytes",
                result.file_bytes
            );
            checked += 1;
        }
        assert_eq!(checked, 35);
    }

    /// Both encodings hold the same coefficients, or their sizes could not stand in one row.
    #[test]
    fn both_sizes_are_of_the_same_picture() {
        for shape in [ImageShape::new(1, 28, 28), ImageShape::new(1, 17, 40)] {
            let image = picture(shape);
            for quality in [10, 50, 90] {
                let decode = |optimized| {
                    let file = encode_with(&image, quality, optimized).unwrap();
                    image::load_from_memory(&file)
                        .unwrap()
                        .into_luma8()
                        .into_raw()
                };
                assert_eq!(decode(true), decode(false), "{shape}, quality {quality}");
            }
        }
    }

    #[test]
    fn nearest_quality_is_the_nearest_of_all() {
        let images: Vec<Image> = (20..32)
            .map(|side| picture(ImageShape::new(1, side, side + 5)))
            .collect();
        let mean = |quality, size| -> f64 {
            let sizes = images
                .iter()
                .map(|image| size_bytes(image, quality, size).unwrap());
            sizes.sum::<usize>() as f64 / images.len() as f64
        };
        for size in [JpegSize::File, JpegSize::Scan] {
            for target in [1.0, 60.0, 150.0, 260.0, 300.0, 1e6] {
                let image = |index: usize| Ok(images[index].clone());
                let found = nearest_quality(images.len(), image, target, size).unwrap();
                let distance = |quality| (mean(quality, size) - target).abs();
                let best = QUALITIES.map(distance).fold(f64::INFINITY, f64::min);
                assert!(distance(found) <= best, "{size:?} {target}: {found}");
            }
        }
    }

    #[test]
    fn bad_requests_are_errors() {
        let image = picture(ImageShape::new(1, 8, 8));
        for quality in [0, 101, 255] {
            let error = compress(&image, quality).unwrap_err();
            assert!(matches!(error, EvalError::JpegQuality { .. }), "{error}");
        }
        let wide = picture(ImageShape::new(1, 1, 65_536));
        let error = compress(&wide, 50).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a 65536x1x1 image cannot be a JPEG file: 1 or 3 channels, sides of 1 to 65535 pixels"
        );
    }

    #[test]
    fn a_broken_stream_is_an_error() {
        let file = encode(&picture(ImageShape::new(1, 28, 28)), 50).unwrap();
        for length in [0, 2, 3, 30, 100, file.len() - 1] {
            assert!(segments(&file[..length]).is_err(), "{length} bytes");
        }
    }
}
