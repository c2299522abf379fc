//! JPEGs of one scan for each component with subsampled color, as encoders with optimized Huffman tables write them.
//!
//! zune-jpeg 0.5 takes their scans for interleaved ones: of the brightness it reads the upper half, and says nothing.
//! A scan of one component is what a gray JPEG is made of, at that component's resolution (T.81, A.2.2). So each is
//! decoded as one, and the planes are brought together here.

/// A component of the frame.
struct Component {
    identifier: u8,
    horizontal: usize,
    vertical: usize,
    table: u8,
}

/// A component's scan as a JPEG of its own.
struct Plane {
    width: usize,
    height: usize,
    file: Vec<u8>,
}

/// Decodes a JPEG of that kind to RGB, pixel by pixel; `None` for every other, which the decoder reads right.
///
/// `decode_gray` decodes a gray JPEG.
///
/// # Errors
/// A scan is missing, cannot be decoded, or holds several components.
pub(crate) fn decode(
    bytes: &[u8],
    decode_gray: impl Fn(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Option<Vec<u8>>, String> {
    let Some(frame) = Frame::of(bytes) else {
        return Ok(None);
    };
    let planes = frame.planes()?;
    let mut values = Vec::with_capacity(planes.len());
    for plane in &planes {
        let decoded = decode_gray(&plane.file)?;
        if decoded.len() != plane.width * plane.height {
            return Err("a scan of the JPEG has another size than its header says".to_owned());
        }
        values.push(decoded);
    }
    let rows: Vec<Rows<'_>> = planes
        .iter()
        .zip(&values)
        .zip(&frame.components)
        .map(|((plane, values), component)| Rows {
            values,
            width: plane.width,
            height: plane.height,
            across: component.horizontal as f32 / frame.most(|c| c.horizontal) as f32,
            down: component.vertical as f32 / frame.most(|c| c.vertical) as f32,
        })
        .collect();
    let mut pixels = Vec::with_capacity(frame.width * frame.height * 3);
    for y in 0..frame.height {
        for x in 0..frame.width {
            let [first, second, third] = [0, 1, 2].map(|component| rows[component].at(x, y));
            pixels.extend(if frame.is_rgb {
                [first, second, third].map(|value| value.round() as u8)
            } else {
                rgb(first, second - 128.0, third - 128.0)
            });
        }
    }
    Ok(Some(pixels))
}

/// JFIF 1.02, "Conversion to and from RGB".
fn rgb(brightness: f32, blue: f32, red: f32) -> [u8; 3] {
    [
        brightness + 1.402 * red,
        brightness - 0.344_136 * blue - 0.714_136 * red,
        brightness + 1.772 * blue,
    ]
    .map(|value| value.round().clamp(0.0, 255.0) as u8)
}

/// A component's values, seen at the picture's resolution.
struct Rows<'a> {
    values: &'a [u8],
    width: usize,
    height: usize,
    across: f32,
    down: f32,
}

impl Rows<'_> {
    /// The value at a pixel, interpolated between the nearest, as libjpeg's "fancy" upsampling has it for halves.
    fn at(&self, x: usize, y: usize) -> f32 {
        let (left, right, across) = neighbors(x, self.across, self.width);
        let (above, below, down) = neighbors(y, self.down, self.height);
        let row = |y: usize| {
            let value = |x: usize| f32::from(self.values[y * self.width + x]);
            value(left) + across * (value(right) - value(left))
        };
        row(above) + down * (row(below) - row(above))
    }
}

/// The values on both sides of a place, and how far it lies towards the second.
fn neighbors(place: usize, scale: f32, count: usize) -> (usize, usize, f32) {
    if scale == 1.0 {
        return (place.min(count - 1), place.min(count - 1), 0.0);
    }
    let place = ((place as f32 + 0.5) * scale - 0.5).clamp(0.0, (count - 1) as f32);
    let first = place as usize;
    (first, (first + 1).min(count - 1), place - first as f32)
}

struct Frame<'a> {
    bytes: &'a [u8],
    precision: u8,
    width: usize,
    height: usize,
    components: Vec<Component>,
    is_rgb: bool,
}

impl<'a> Frame<'a> {
    /// The frame of a JPEG with a scan for each of three components, some of them subsampled.
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut frame = None;
        let mut scans = 0;
        let mut is_rgb = false;
        for segment in Segments::of(bytes) {
            match segment.marker {
                // Baseline and extended sequential DCT.
                0xC0 | 0xC1 => {
                    let &[precision, h1, h2, w1, w2, _, ref components @ ..] = segment.content
                    else {
                        return None;
                    };
                    let components = components.as_chunks::<3>().0.iter();
                    frame = Some(Self {
                        bytes,
                        precision,
                        width: usize::from(u16::from_be_bytes([w1, w2])),
                        height: usize::from(u16::from_be_bytes([h1, h2])),
                        components: components
                            .map(|&[identifier, sampling, table]| Component {
                                identifier,
                                horizontal: usize::from(sampling >> 4).max(1),
                                vertical: usize::from(sampling & 15).max(1),
                                table,
                            })
                            .collect(),
                        is_rgb: false,
                    });
                }
                // Adobe's segment, whose last byte says the transform.
                0xEE if segment.content.starts_with(b"Adobe") => {
                    is_rgb = segment.content.get(11) == Some(&0);
                }
                0xDA => scans += 1,
                _ => {}
            }
        }
        let mut frame = frame?;
        let is_subsampled = frame.most(|c| c.horizontal) > 1 || frame.most(|c| c.vertical) > 1;
        let identifiers = frame.components.iter().map(|c| c.identifier);
        frame.is_rgb = is_rgb || identifiers.eq(*b"RGB");
        (frame.components.len() == 3
            && scans > 1
            && is_subsampled
            && frame.width * frame.height > 0)
            .then_some(frame)
    }

    fn most(&self, factor: impl Fn(&Component) -> usize) -> usize {
        self.components.iter().map(factor).max().unwrap_or(1)
    }

    /// Each component's scan as a gray JPEG, with the tables that hold when it begins.
    fn planes(&self) -> Result<Vec<Plane>, String> {
        let mut tables = Vec::new();
        let mut planes: Vec<Option<Plane>> = self.components.iter().map(|_| None).collect();
        for segment in Segments::of(self.bytes) {
            match segment.marker {
                // Quantization and Huffman tables, restart intervals.
                0xDB | 0xC4 | 0xDD => tables.extend(segment.bytes),
                0xDA => {
                    let &[1, identifier, ..] = segment.content else {
                        return Err("a JPEG with some components in one scan is not read: save it as an ordinary JPEG or a PNG".to_owned());
                    };
                    let of = self
                        .components
                        .iter()
                        .position(|c| c.identifier == identifier);
                    let place = of.ok_or("a scan of the JPEG is of no component")?;
                    planes[place] = Some(self.plane(&self.components[place], &tables, &segment));
                }
                _ => {}
            }
        }
        let planes: Option<Vec<Plane>> = planes.into_iter().collect();
        planes.ok_or_else(|| "the JPEG is truncated: a scan is missing".to_owned())
    }

    fn plane(&self, component: &Component, tables: &[u8], scan: &Segment<'_>) -> Plane {
        let width = (self.width * component.horizontal).div_ceil(self.most(|c| c.horizontal));
        let height = (self.height * component.vertical).div_ceil(self.most(|c| c.vertical));
        let mut file = vec![0xFF, 0xD8];
        file.extend(tables);
        file.extend([0xFF, 0xC1, 0, 11, self.precision]);
        file.extend((height as u16).to_be_bytes());
        file.extend((width as u16).to_be_bytes());
        file.extend([1, component.identifier, 0x11, component.table]);
        file.extend(scan.bytes);
        file.extend(scan.coded);
        file.extend([0xFF, 0xD9]);
        Plane {
            width,
            height,
            file,
        }
    }
}

/// A marker segment, and of a scan the coded data behind it.
struct Segment<'a> {
    marker: u8,
    /// With the marker and the length.
    bytes: &'a [u8],
    /// Without them.
    content: &'a [u8],
    coded: &'a [u8],
}

/// The segments of a file, to its end or to where they break off.
struct Segments<'a>(&'a [u8]);

impl<'a> Segments<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self(bytes.get(2..).unwrap_or_default())
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        // A marker may be filled up with further bytes of ones.
        while self.0.starts_with(&[0xFF, 0xFF]) {
            self.0 = &self.0[1..];
        }
        let &[0xFF, marker, high, low, ..] = self.0 else {
            return None;
        };
        if matches!(marker, 0xD9 | 0x00) {
            return None;
        }
        let length = 2 + usize::from(u16::from_be_bytes([high, low]));
        let (bytes, rest) = self.0.split_at_checked(length)?;
        let end = match marker {
            // Up to the next marker that is no stuffed zero and no restart.
            0xDA => rest
                .windows(2)
                .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7))
                .unwrap_or(rest.len()),
            _ => 0,
        };
        let (coded, rest) = rest.split_at(end);
        self.0 = rest;
        Some(Segment {
            marker,
            bytes,
            content: bytes.get(4..)?,
            coded,
        })
    }
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

    use super::*;
    use crate::picture::reading::jpeg;

    fn picture(width: usize, height: usize) -> Vec<u8> {
        let mut pixels = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let bump = |shift: usize| (3 * y + 2 * x + shift) % 96;
                pixels.extend([bump(0), 40 + bump(37).abs_diff(48), 90 + x % 90].map(|v| v as u8));
            }
        }
        pixels
    }

    fn encoded(width: usize, height: usize, sampling: SamplingFactor, scans: bool) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 80);
        encoder.set_sampling_factor(sampling);
        encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
        encoder.set_optimized_huffman_tables(scans);
        let pixels = picture(width, height);
        encoder
            .encode(&pixels, width as u16, height as u16, ColorType::Rgb)
            .unwrap();
        file
    }

    /// The same coefficients in one scan, which the decoder reads right.
    #[test]
    fn scans_apart_are_the_picture_of_one_scan() {
        for sampling in [
            SamplingFactor::F_2_2,
            SamplingFactor::F_2_1,
            SamplingFactor::F_1_2,
        ] {
            for (width, height) in [(64, 48), (33, 61), (16, 16), (1, 1), (7, 90)] {
                let apart = encoded(width, height, sampling, true);
                let found = decode(&apart, jpeg::decode).unwrap().expect("of that kind");
                let expected = jpeg::decode(&encoded(width, height, sampling, false)).unwrap();
                let furthest = found
                    .iter()
                    .zip(&expected)
                    .map(|(a, b)| a.abs_diff(*b))
                    .max();
                assert!(
                    furthest <= Some(4),
                    "{sampling:?} {width}x{height}: {furthest:?}"
                );
                assert_eq!(found.len(), expected.len());
                assert_eq!(jpeg::decode(&apart).unwrap(), found);
            }
        }
    }

    #[test]
    fn other_files_are_left_to_the_decoder() {
        for (sampling, scans) in [
            (SamplingFactor::F_1_1, true),
            (SamplingFactor::F_2_2, false),
        ] {
            let file = encoded(40, 30, sampling, scans);
            assert_eq!(decode(&file, |_| panic!("not asked")).unwrap(), None);
        }
    }

    #[test]
    fn what_is_missing_is_an_error() {
        let file = encoded(64, 48, SamplingFactor::F_2_2, true);
        let scans: Vec<usize> = file
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| *pair == [0xFF, 0xDA])
            .map(|(place, _)| place)
            .collect();
        let without_last = [&file[..scans[2]], &[0xFF, 0xD9]].concat();
        let error = jpeg::decode(&without_last).unwrap_err();
        assert!(error.contains("a scan is missing"), "{error}");
    }
}
