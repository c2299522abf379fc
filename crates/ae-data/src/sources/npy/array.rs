//! An array, image by image.

use std::io::Read;
use std::path::Path;

use crate::error::DataError;
use crate::image::{ImageLimits, Size};
use crate::picture::{Page, Samples, check_size};
use crate::sources::npy::axes::Axes;
use crate::sources::npy::header::Header;

/// Where an array's bytes come from: asked for once for each time that it is gone through.
pub(super) type Open<'a> = dyn Fn() -> Result<Box<dyn Read>, DataError> + 'a;

/// The images of an array, whose header has been checked.
pub(super) struct Array<'a> {
    pub(super) axes: Axes,
    header: Header,
    path: &'a Path,
    open: &'a Open<'a>,
}

impl<'a> Array<'a> {
    /// Reads the header, and checks it against `limits` and against the `file_bytes` that there are.
    pub(super) fn new(
        path: &'a Path,
        open: &'a Open<'a>,
        file_bytes: u64,
        limits: &ImageLimits,
    ) -> Result<Self, DataError> {
        let broken = |reason: String| DataError::decode(path, reason);
        let header = Header::read(&mut open()?).map_err(broken)?;
        let axes = Axes::of(&header).map_err(broken)?;
        let kind = header.kind.get(1..).unwrap_or_default();
        if !matches!(kind, "u1" | "b1" | "u2" | "f4" | "f8") {
            let reason = format!(
                "an array of type {} is not read: save it as uint8, uint16, float32 or float64",
                header.kind
            );
            return Err(broken(reason));
        }
        let value_bytes = header.value_bytes().unwrap_or(1);
        let size = (axes.width as u64, axes.height as u64);
        check_size(
            path,
            size,
            axes.channels as u64 * value_bytes.min(4),
            limits,
        )?;
        let bytes = header
            .values()
            .and_then(|values| values.checked_mul(value_bytes));
        if bytes.and_then(|bytes| bytes.checked_add(header.bytes)) != Some(file_bytes) {
            let reason = format!(
                "the header promises {} values of {value_bytes} bytes, the file holds {} bytes for them",
                header.shape_text(),
                file_bytes.saturating_sub(header.bytes)
            );
            return Err(broken(reason));
        }
        if axes.count == 0 {
            return Err(DataError::NoImages {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            axes,
            header,
            path,
            open,
        })
    }

    /// Goes through the images, in order.
    pub(super) fn for_each(
        &self,
        mut take: impl FnMut(usize, Page) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut reader = (self.open)()?;
        Header::read(&mut reader).map_err(|reason| DataError::decode(self.path, reason))?;
        let values = self.axes.values().unwrap_or(0);
        let value_bytes = self.header.value_bytes().unwrap_or(1) as usize;
        let mut bytes = vec![0; values * value_bytes];
        for index in 0..self.axes.count {
            reader
                .read_exact(&mut bytes)
                .map_err(|error| DataError::broken(self.path, &error))?;
            take(index, self.page(&bytes))?;
        }
        Ok(())
    }

    fn page(&self, bytes: &[u8]) -> Page {
        let big = self.header.kind.starts_with('>');
        fn numbers<const N: usize, T: Copy>(
            bytes: &[u8],
            (big, axes): (bool, &Axes),
            number: impl Fn([u8; N]) -> T,
        ) -> Vec<T> {
            let value = |chunk: &[u8; N]| {
                let mut chunk = *chunk;
                if big {
                    chunk.reverse();
                }
                number(chunk)
            };
            let values: Vec<T> = bytes.as_chunks::<N>().0.iter().map(value).collect();
            interleaved(values, axes)
        }
        let form = (big, &self.axes);
        let samples = match self.header.kind.get(1..).unwrap_or_default() {
            "u2" => Samples::U16(numbers(bytes, form, u16::from_le_bytes)),
            "f4" => Samples::F32(numbers(bytes, form, f32::from_le_bytes)),
            "f8" => Samples::F32(numbers(bytes, form, |bytes: [u8; 8]| {
                f64::from_le_bytes(bytes) as f32
            })),
            "b1" => Samples::U8(numbers(
                bytes,
                form,
                |[byte]: [u8; 1]| if byte == 0 { 0 } else { 255 },
            )),
            _ => Samples::U8(numbers(bytes, form, |[byte]: [u8; 1]| byte)),
        };
        Page {
            size: Size {
                height: self.axes.height,
                width: self.axes.width,
            },
            channels: self.axes.channels,
            range: samples.full_range(),
            samples,
            delay: None,
        }
    }
}

/// The values pixel by pixel.
fn interleaved<T: Copy>(values: Vec<T>, axes: &Axes) -> Vec<T> {
    if axes.channels == 1 || !axes.planes_first {
        return values;
    }
    let pixels = axes.height * axes.width;
    (0..pixels)
        .flat_map(|pixel| values[pixel..].iter().step_by(pixels).copied())
        .collect()
}

/// Reads an array of whole numbers, one a row.
pub(super) fn read_labels(path: &Path, open: &Open<'_>, max: usize) -> Result<Vec<i64>, DataError> {
    let broken = |reason: String| DataError::decode(path, reason);
    let mut reader = open()?;
    let header = Header::read(&mut reader).map_err(broken)?;
    let count = match header.shape[..] {
        [count] | [count, 1] => count,
        _ => {
            let reason = format!("labels of shape {} are not one a row", header.shape_text());
            return Err(broken(reason));
        }
    };
    let kind = header.kind.get(1..2).unwrap_or_default();
    let bytes = header.value_bytes().filter(|_| matches!(kind, "u" | "i"));
    let bytes = bytes.ok_or_else(|| {
        broken(format!(
            "labels of type {} are no whole numbers",
            header.kind
        ))
    })?;
    if count > max as u64 {
        return Err(broken(format!(
            "{count} labels are more than there are images"
        )));
    }
    let big = header.kind.starts_with('>');
    let mut labels = Vec::new();
    let mut value = vec![0; bytes as usize];
    for _ in 0..count {
        reader
            .read_exact(&mut value)
            .map_err(|error| DataError::broken(path, &error))?;
        if big {
            value.reverse();
        }
        let top = value[value.len() - 1];
        let sign = if kind == "i" && top >= 0x80 { 0xFF } else { 0 };
        let mut all = [sign; 8];
        all[..value.len()].copy_from_slice(&value);
        labels.push(i64::from_le_bytes(all));
    }
    Ok(labels)
}
