//! A picture in memory.

/// A picture, its channels interleaved: gray, gray and alpha, RGB, or RGBA.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    pub(crate) samples: Samples,
}

/// `height * width * channels` values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Samples {
    U8(Vec<u8>),
    U16(Vec<u16>),
    F32(Vec<f32>),
}

impl Samples {
    pub(crate) fn bits(&self) -> usize {
        match self {
            Self::U8(_) => 8,
            Self::U16(_) => 16,
            Self::F32(_) => 32,
        }
    }

    pub(crate) fn little_endian(&self) -> Vec<u8> {
        match self {
            Self::U8(values) => values.clone(),
            Self::U16(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::F32(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    pub(crate) fn big_endian(&self) -> Vec<u8> {
        match self {
            Self::U8(values) => values.clone(),
            Self::U16(values) => values.iter().flat_map(|v| v.to_be_bytes()).collect(),
            Self::F32(values) => values.iter().flat_map(|v| v.to_be_bytes()).collect(),
        }
    }
}

impl Picture {
    pub(crate) fn new(width: usize, height: usize, channels: usize, values: Vec<u8>) -> Self {
        assert_eq!(values.len(), width * height * channels);
        Self {
            width,
            height,
            channels,
            samples: Samples::U8(values),
        }
    }

    /// The bytes of a picture of 8 bits.
    ///
    /// # Panics
    /// It has more bits.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.samples {
            Samples::U8(values) => values,
            _ => panic!("not of 8 bits"),
        }
    }

    /// Each byte mapped to 16 bits, such as `|byte| u16::from(byte) * 16` for 12 bits in 16.
    pub(crate) fn to_u16(&self, map: impl Fn(u8) -> u16) -> Self {
        let values = self.bytes().iter().map(|&byte| map(byte)).collect();
        self.with(self.channels, Samples::U16(values))
    }

    /// Each byte mapped to a float, such as `|byte| f32::from(byte) / 255.0`.
    pub(crate) fn to_f32(&self, map: impl Fn(u8) -> f32) -> Self {
        let values = self.bytes().iter().map(|&byte| map(byte)).collect();
        self.with(self.channels, Samples::F32(values))
    }

    /// With an alpha channel behind the others: `alpha` of (x, y).
    pub(crate) fn with_alpha(&self, alpha: impl Fn(usize, usize) -> u8) -> Self {
        let pixels = self.bytes().chunks_exact(self.channels).enumerate();
        let values = pixels.flat_map(|(index, pixel)| {
            let alpha = alpha(index % self.width, index / self.width);
            [pixel, &[alpha]].concat()
        });
        self.with(self.channels + 1, Samples::U8(values.collect()))
    }

    pub(crate) fn with(&self, channels: usize, samples: Samples) -> Self {
        Self {
            channels,
            samples,
            ..*self
        }
    }
}
