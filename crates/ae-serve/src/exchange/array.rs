//! Arrays in bodies, as NumPy's `.npy` has them.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use ae_data::{Image, ImageShape, Page, Samples, Size};
use ae_infer::{NpyHeader, NpyNumber};

use crate::refusal::Refusal;

/// Floating point that can be pixels of 0 to 1 with noise on them, and not levels of 0 to 255.
const PIXELS: RangeInclusive<f32> = -1.0..=2.0;

/// Numbers of an array.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Numbers {
    /// Pixels, 0 black and 255 white.
    Bytes(Vec<u8>),
    /// Pixels, 0 black and 1 white, or values of codes.
    Floats(Vec<f32>),
}

/// An array; the last axis varies fastest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Numbers,
}

/// Images that lie one after the other.
///
/// # Shapes
/// - `numbers`: `[count, channels, height, width]`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageArray {
    pub(crate) count: usize,
    pub(crate) shape: ImageShape,
    pub(crate) numbers: Numbers,
}

impl Array {
    /// Reads the bytes of an `.npy` file.
    ///
    /// # Errors
    /// 422: they are none, of another length than their shape says, of numbers that are not taken, or such that are not
    /// finite.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let refused =
            |reason: String| Refusal::unusable(format!("cannot read the array: {reason}"));
        let mut rest = bytes;
        let header = NpyHeader::read(&mut rest).map_err(refused)?;
        header.check_length(rest.len() as u64).map_err(refused)?;
        let numbers = match header.number {
            NpyNumber::Byte => Numbers::Bytes(rest.to_vec()),
            number => {
                let values = number.values(rest);
                if let Some(place) = values.iter().position(|value| !value.is_finite()) {
                    let reason = format!("number {place} is {}, not finite", values[place]);
                    return Err(refused(reason));
                }
                Numbers::Floats(values)
            }
        };
        Ok(Self {
            shape: header.shape,
            numbers,
        })
    }

    /// The bytes of an `.npy` file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match &self.numbers {
            Numbers::Bytes(values) => {
                let mut bytes = NpyHeader::to_bytes(NpyNumber::Byte, &self.shape);
                bytes.extend_from_slice(values);
                bytes
            }
            Numbers::Floats(values) => {
                let mut bytes = NpyHeader::to_bytes(NpyNumber::Float32, &self.shape);
                bytes.reserve(4 * values.len());
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                bytes
            }
        }
    }

    /// The array as images, of which floating point is 0 black and 1 white, with noise that may lead out of it: of four axes `[batch, channels, height, width]`, of three `[batch, height, width]`, all gray, of
    /// two one gray image.
    ///
    /// # Errors
    /// 422: it has other axes, none of length 0 allowed, or numbers that are no pixels.
    pub(crate) fn into_images(self) -> Result<ImageArray, Refusal> {
        let (count, shape) = match *self.shape.as_slice() {
            [height, width] => (1, ImageShape::new(1, height, width)),
            [count, height, width] => (count, ImageShape::new(1, height, width)),
            [count, channels, height, width] => (count, ImageShape::new(channels, height, width)),
            ref axes => {
                return Err(Refusal::unusable(format!(
                    "an array of {} axes; images have 4 (batch, channels, height, width), or 3 or 2 where they are gray",
                    axes.len()
                )));
            }
        };
        if count == 0 || shape.values() == 0 {
            return Err(Refusal::unusable(format!(
                "an array of shape {} holds no image",
                axes(&self.shape)
            )));
        }
        if let Numbers::Floats(values) = &self.numbers
            && let Some(place) = values.iter().position(|value| !PIXELS.contains(value))
        {
            return Err(Refusal::unusable(format!(
                "number {place} is {}, and pixels as floating point are 0 for black to 1 for white; levels of 0 to 255 are uint8",
                values[place]
            )));
        }
        Ok(ImageArray {
            count,
            shape,
            numbers: self.numbers,
        })
    }

    /// The array as codes, of any number of axes after the first.
    ///
    /// # Errors
    /// 422: it holds bytes, or nothing.
    pub(crate) fn into_codes(self) -> Result<(usize, Vec<f32>), Refusal> {
        let Numbers::Floats(values) = self.numbers else {
            return Err(Refusal::unusable(
                "codes are float32 or float64, and this array is of uint8",
            ));
        };
        match self.shape.first() {
            Some(&count) if count > 0 && !values.is_empty() => Ok((count, values)),
            _ => Err(Refusal::unusable("an array without a code in it")),
        }
    }
}

impl ImageArray {
    /// One image's values in `[0, 1]` after the other's.
    pub(crate) fn to_unit(&self) -> Vec<f32> {
        match &self.numbers {
            Numbers::Bytes(values) => values
                .iter()
                .map(|&value| f32::from(value) / 255.0)
                .collect(),
            Numbers::Floats(values) => values.clone(),
        }
    }

    /// The images in bytes; floating point is rounded to 255ths.
    pub(crate) fn to_images(&self) -> Result<Vec<Image>, Refusal> {
        let values = self.shape.values();
        match &self.numbers {
            Numbers::Bytes(bytes) => {
                let each = bytes.chunks_exact(values);
                let images = each.map(|pixels| Image::new(self.shape, pixels.to_vec()));
                images.collect::<Result<_, _>>().map_err(Refusal::from)
            }
            Numbers::Floats(floats) => {
                let each = floats.chunks_exact(values);
                Ok(each
                    .map(|values| Image::from_unit(self.shape, values))
                    .collect())
            }
        }
    }

    /// An image as a page of the same numbers.
    ///
    /// # Panics
    /// When there is no image of that number.
    pub(crate) fn page(&self, index: usize) -> Page {
        fn interleaved<T: Copy>(values: &[T], pixels: usize) -> Vec<T> {
            (0..pixels)
                .flat_map(|pixel| values[pixel..].iter().step_by(pixels).copied())
                .collect()
        }
        let range = index * self.shape.values()..(index + 1) * self.shape.values();
        let pixels = self.shape.pixels();
        let samples = match &self.numbers {
            Numbers::Bytes(values) => Samples::U8(interleaved(&values[range], pixels)),
            Numbers::Floats(values) => Samples::F32(interleaved(&values[range], pixels)),
        };
        Page {
            size: Size {
                height: self.shape.height,
                width: self.shape.width,
            },
            channels: self.shape.channels,
            range: samples.full_range(),
            samples,
            delay: None,
        }
    }

    /// Images of one shape, in the numbers that `like` has: floats as they are, or rounded to bytes.
    pub(crate) fn of_values(shape: ImageShape, values: Vec<f32>, like: &Numbers) -> Self {
        let count = values.len() / shape.values().max(1);
        let numbers = match like {
            Numbers::Bytes(_) => Numbers::Bytes(
                values
                    .chunks_exact(shape.values().max(1))
                    .flat_map(|values| Image::from_unit(shape, values).into_pixels())
                    .collect(),
            ),
            Numbers::Floats(_) => Numbers::Floats(values),
        };
        Self {
            count,
            shape,
            numbers,
        }
    }

    /// Images of bytes, which all have one shape.
    ///
    /// # Errors
    /// 422: they differ in shape.
    pub(crate) fn of_images(images: Vec<Image>) -> Result<Self, Refusal> {
        let shape = images
            .first()
            .map_or(ImageShape::new(1, 1, 1), Image::shape);
        if images.iter().any(|image| image.shape() != shape) {
            return Err(Refusal::unusable(
                "the images differ in shape, which one array does not hold; ask for multipart/form-data",
            ));
        }
        let count = images.len();
        let pixels = images.into_iter().flat_map(Image::into_pixels);
        Ok(Self {
            count,
            shape,
            numbers: Numbers::Bytes(pixels.collect()),
        })
    }

    /// A page without its alpha: of 8 bits as bytes, of more as floating point.
    pub(crate) fn of_page(page: &Page) -> Self {
        let shape = page.shape();
        let values = page.to_unit();
        let like = match page.samples {
            Samples::U8(_) => Numbers::Bytes(Vec::new()),
            Samples::U16(_) | Samples::F32(_) => Numbers::Floats(Vec::new()),
        };
        Self::of_values(shape, values, &like)
    }

    /// The images of several such, which all have one shape and one kind of numbers.
    ///
    /// # Errors
    /// 422: they differ.
    pub(crate) fn joined(all: Vec<Self>) -> Result<Self, Refusal> {
        let mut all = all.into_iter();
        let Some(mut joined) = all.next() else {
            return Err(Refusal::unusable("no image"));
        };
        for next in all {
            let is_joined = next.shape == joined.shape;
            match (&mut joined.numbers, next.numbers) {
                (Numbers::Bytes(own), Numbers::Bytes(more)) if is_joined => own.extend(more),
                (Numbers::Floats(own), Numbers::Floats(more)) if is_joined => own.extend(more),
                _ => {
                    return Err(Refusal::unusable(
                        "the pictures differ in size, channels or bits, which one array does not hold; ask for \
                         multipart/form-data",
                    ));
                }
            }
            joined.count += next.count;
        }
        Ok(joined)
    }

    /// The array of four axes.
    pub(crate) fn into_array(self) -> Array {
        let ImageShape {
            channels,
            height,
            width,
        } = self.shape;
        Array {
            shape: vec![self.count, channels, height, width],
            numbers: self.numbers,
        }
    }
}

/// A shape as NumPy prints it.
fn axes(shape: &[usize]) -> String {
    let mut text = String::from("(");
    for (axis, size) in shape.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}{size}", if axis > 0 { ", " } else { "" });
    }
    text + ")"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], numbers: Numbers) -> Array {
        Array {
            shape: shape.to_vec(),
            numbers,
        }
    }

    #[test]
    fn arrays_survive_their_way_through_bytes() {
        for numbers in [
            Numbers::Bytes((0..12).collect()),
            Numbers::Floats((0_u8..12).map(|value| f32::from(value) / 7.0).collect()),
        ] {
            let array = array(&[1, 3, 2, 2], numbers);
            assert_eq!(Array::read(&array.to_bytes()).unwrap(), array);
        }
    }

    #[test]
    fn pages_have_the_pixels_of_their_image() {
        let pixels: Vec<u8> = (0..24).collect();
        let images = array(&[2, 3, 2, 2], Numbers::Bytes(pixels.clone()));
        let images = images.into_images().unwrap();
        let page = images.page(1);
        assert_eq!(page.channels, 3);
        let joined = ImageArray::joined(vec![
            ImageArray::of_page(&images.page(0)),
            ImageArray::of_page(&page),
        ]);
        assert_eq!(joined.unwrap(), images);
        let unit = images.to_unit();
        assert_eq!(&unit[12..], page.to_unit());
        let written = images.to_images().unwrap();
        assert_eq!(written[1].pixels(), &pixels[12..]);
        assert_eq!(ImageArray::of_images(written).unwrap(), images);
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let bytes = |count| Numbers::Bytes(vec![0; count]);
        for (shape, numbers, expected) in [
            (&[3][..], bytes(3), "1 axes"),
            (&[1, 1, 1, 1, 1], bytes(1), "5 axes"),
            (&[0, 1, 2, 2], bytes(0), "(0, 1, 2, 2) holds no image"),
            (&[2, 0], bytes(0), "holds no image"),
        ] {
            let refusal = array(shape, numbers).into_images().unwrap_err();
            assert!(refusal.sentence().contains(expected), "{refusal:?}");
        }
        for value in [-1.1, 2.1, 128.0] {
            let refusal = array(&[1, 2], Numbers::Floats(vec![0.5, value]));
            let refusal = refusal.into_images().unwrap_err();
            let expected = format!("number 1 is {value}, and pixels");
            assert!(refusal.sentence().contains(&expected), "{refusal:?}");
        }
        let noisy = array(&[1, 2], Numbers::Floats(vec![-0.4, 1.3]));
        assert!(noisy.into_images().is_ok());
        let refusal = array(&[2, 3], bytes(6)).into_codes().unwrap_err();
        assert!(refusal.sentence().contains("uint8"), "{refusal:?}");
        let nan = array(&[1, 1], Numbers::Floats(vec![f32::NAN])).to_bytes();
        let refusal = Array::read(&nan).unwrap_err();
        assert!(
            refusal.sentence().contains("number 0 is NaN"),
            "{refusal:?}"
        );
        for bytes in [&b""[..], b"\x93NUMPY", b"hello"] {
            assert!(Array::read(bytes).is_err());
        }
    }
}
