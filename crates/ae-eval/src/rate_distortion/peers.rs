//! The codecs that a curve is drawn beside.

mod jpeg;
mod kind;
mod png;
#[cfg(feature = "webp")]
mod webp;

use ae_data::Image;
use rayon::prelude::*;

pub use kind::{CodedImage, PeerCodec};

use super::curve::{Arrangement, RateCurve, RatePoint};
use super::mosaic::{mosaic, tiles};
use crate::error::EvalError;

/// The codecs of this crate: PNG, JPEG and, with the feature `webp`, WebP.
#[must_use]
pub fn peers() -> Vec<&'static dyn PeerCodec> {
    vec![
        &jpeg::Jpeg,
        #[cfg(feature = "webp")]
        &webp::WebP,
        &png::Png,
    ]
}

/// What this build has not among [`peers`], for a person to read; nothing where it has all.
#[must_use]
pub fn missing_peers() -> Option<&'static str> {
    match cfg!(feature = "webp") {
        true => None,
        false => Some("WebP: not in this build, which lacks the feature webp"),
    }
}

/// What a peer makes of the images, a file each and all in one: without the latter where a side would be too long.
///
/// # Errors
/// An image is none that the codec takes.
pub fn measure_peer(peer: &dyn PeerCodec, images: &[Image]) -> Result<Vec<RateCurve>, EvalError> {
    let arrangements = [Arrangement::Files, Arrangement::Mosaic];
    let mut curves = Vec::new();
    for arrangement in arrangements {
        let points: Result<Option<Vec<RatePoint>>, EvalError> = peer
            .qualities()
            .iter()
            .map(|&quality| {
                let coded = decoded_by_peer(peer, images, arrangement, quality)?;
                Ok(coded.map(|(bytes, decoded)| {
                    RatePoint::measure(peer.setting(quality), bytes, images, &decoded)
                }))
            })
            .collect();
        curves.extend(points?.map(|points| RateCurve {
            name: peer.name().to_owned(),
            arrangement,
            points,
        }));
    }
    Ok(curves)
}

/// What images are decoded to after a peer has coded them, and the bytes of its files; nothing where they are to be one
/// picture and a side of it would be too long.
///
/// # Errors
/// An image is none that the codec takes.
pub fn decoded_by_peer(
    peer: &dyn PeerCodec,
    images: &[Image],
    arrangement: Arrangement,
    quality: u8,
) -> Result<Option<(u64, Vec<Image>)>, EvalError> {
    if arrangement == Arrangement::Mosaic {
        let Some(whole) = mosaic(images, peer.most_side()) else {
            return Ok(None);
        };
        let coded = peer.code(&whole, quality)?;
        let decoded = tiles(&coded.decoded, images[0].shape(), images.len());
        return Ok(Some((coded.file_bytes as u64, decoded)));
    }
    let coded: Vec<CodedImage> = images
        .par_iter()
        .map(|image| peer.code(image, quality))
        .collect::<Result<_, _>>()?;
    let bytes = coded.iter().map(|coded| coded.file_bytes as u64).sum();
    let decoded = coded.into_iter().map(|coded| coded.decoded).collect();
    Ok(Some((bytes, decoded)))
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;

    use super::*;

    /// Disks, one to each image.
    fn images() -> Vec<Image> {
        let shape = ImageShape::new(1, 28, 28);
        (0..9_usize)
            .map(|index| {
                let pixels = (0..784_usize).map(|pixel| {
                    let (row, column) = (pixel / 28, pixel % 28);
                    let distance = row.abs_diff(10 + index).pow(2) + column.abs_diff(14).pow(2);
                    if distance < 60 { 230 } else { 12 }
                });
                Image::new(shape, pixels.collect()).unwrap()
            })
            .collect()
    }

    #[test]
    fn quality_rises_with_bits_and_one_file_has_fewer_headers() {
        let images = images();
        for peer in peers() {
            let curves = measure_peer(peer, &images).unwrap();
            let [files, whole] = &curves[..] else {
                panic!("{}: {} curves", peer.name(), curves.len());
            };
            let (first, last) = (&files.points[0], files.points.last().unwrap());
            assert!(first.psnr > 15.0, "{}: {first:?}", peer.name());
            if files.points.len() > 1 {
                assert!(first.psnr + 5.0 < last.psnr, "{first:?} {last:?}");
                assert!(first.bytes < last.bytes, "{first:?} {last:?}");
            } else {
                assert_eq!(first.psnr, f64::INFINITY);
            }
            for (file, whole) in files.points.iter().zip(&whole.points) {
                assert!(whole.bytes < file.bytes, "{whole:?} {file:?}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let names: Vec<&str> = peers().iter().map(|peer| peer.name()).collect();
        assert_eq!(names.contains(&"WebP"), missing_peers().is_none());
    }
}
