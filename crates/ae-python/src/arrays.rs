//! Arrays of `[images, channels, height, width]`, which lie in memory in this order.

use std::borrow::Cow;

use ae_data::{Image, ImageSet, ImageShape};
use numpy::{Element, PyArray, PyArrayMethods as _, PyReadonlyArray4, PyUntypedArrayMethods as _};
use pyo3::prelude::*;

use crate::fault::Fault;

/// Images as Python gives them. What is done with them happens while other threads of Python run, which must leave them as
/// they are.
#[derive(FromPyObject)]
pub(crate) enum Images<'py> {
    /// Levels of 0 to 255.
    Bytes(PyReadonlyArray4<'py, u8>),
    /// 0 is black and 1 is white.
    Floats(PyReadonlyArray4<'py, f32>),
}

/// The values of all images, one after the other.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a> {
    Bytes(&'a [u8]),
    Floats(&'a [f32]),
}

/// Images, borrowed from an array.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) count: usize,
    pub(crate) shape: ImageShape,
    pub(crate) values: Values<'a>,
}

impl Images<'_> {
    /// The images, without a copy.
    ///
    /// # Errors
    /// The array is not in C order, or its images have no pixels.
    pub(crate) fn batch(&self) -> Result<Batch<'_>, Fault> {
        let (shape, values) = match self {
            Self::Bytes(array) => (array.shape(), array.as_slice().map(Values::Bytes)),
            Self::Floats(array) => (array.shape(), array.as_slice().map(Values::Floats)),
        };
        let values = values.map_err(|_| Fault::argument("an array that is not in C order"))?;
        let [count, channels, height, width] = *shape else {
            return Err(Fault::argument("an array that is not of four axes"));
        };
        if channels * height * width == 0 {
            return Err(Fault::data("images without pixels"));
        }
        Ok(Batch {
            count,
            shape: ImageShape::new(channels, height, width),
            values,
        })
    }
}

impl<'a> Batch<'a> {
    /// Whether the values are levels.
    pub(crate) fn is_bytes(&self) -> bool {
        matches!(self.values, Values::Bytes(_))
    }

    /// At most `most` images at a time.
    pub(crate) fn chunks(self, most: usize) -> impl Iterator<Item = Batch<'a>> {
        let (count, each) = (self.count, self.shape.values());
        (0..count).step_by(most.max(1)).map(move |first| {
            let images = most.min(count - first);
            let range = first * each..(first + images) * each;
            Batch {
                count: images,
                values: match self.values {
                    Values::Bytes(values) => Values::Bytes(&values[range]),
                    Values::Floats(values) => Values::Floats(&values[range]),
                },
                ..self
            }
        })
    }

    /// The values as models take them, 0 black and 1 white; floats are not copied.
    pub(crate) fn unit(&self) -> Result<Cow<'a, [f32]>, Fault> {
        match self.values {
            Values::Floats(values) => Ok(Cow::Borrowed(values)),
            Values::Bytes(values) => {
                let all = ImageShape::new(self.count, self.shape.values(), 1);
                Ok(Cow::Owned(match self.count {
                    0 => Vec::new(),
                    _ => Image::new(all, values.to_vec())?.to_unit(),
                }))
            }
        }
    }

    /// The images as a set of this name, whose pixels are levels: floats are rounded to them.
    pub(crate) fn to_set(self, name: &str) -> Result<ImageSet, Fault> {
        let bytes = match self.values {
            Values::Bytes(values) => values.to_vec(),
            Values::Floats(values) => levels(self.count, self.shape, values),
        };
        let set = ImageSet::from_images(name, self.shape, bytes, None, Vec::new())?;
        Ok(set)
    }
}

/// Values rounded to levels.
fn levels(count: usize, shape: ImageShape, values: &[f32]) -> Vec<u8> {
    let all = ImageShape::new(count, shape.values(), 1);
    Image::from_unit(all, values).into_pixels()
}

/// Images on their way to Python.
pub(crate) struct Output {
    count: usize,
    shape: ImageShape,
    values: OutputValues,
}

enum OutputValues {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

impl Output {
    /// Images of as many values as their shape says, as levels or as they are.
    pub(crate) fn new(count: usize, shape: ImageShape, values: Vec<f32>, is_bytes: bool) -> Self {
        let values = match is_bytes {
            true => OutputValues::Bytes(levels(count, shape, &values)),
            false => OutputValues::Floats(values),
        };
        Self {
            count,
            shape,
            values,
        }
    }

    /// An array of four axes, without a copy.
    pub(crate) fn into_array(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let ImageShape {
            channels,
            height,
            width,
        } = self.shape;
        let axes = vec![self.count, channels, height, width];
        match self.values {
            OutputValues::Bytes(values) => array(py, values, axes),
            OutputValues::Floats(values) => array(py, values, axes),
        }
    }
}

/// An array of these axes that takes the values over.
pub(crate) fn array<T: Element>(
    py: Python<'_>,
    values: Vec<T>,
    axes: Vec<usize>,
) -> PyResult<Bound<'_, PyAny>> {
    Ok(PyArray::from_vec(py, values).reshape(axes)?.into_any())
}
