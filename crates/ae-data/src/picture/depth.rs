//! Deep pictures: what values of 16 bits and floating point mean, found out over all pictures of a set.
//!
//! A picture of 12 bits lies in a file of 16 as often as not, and no file says so. One picture alone may be dark by
//! accident; a set's pictures share one range, so it is the set that is looked at.

use crate::picture::page::{Page, Samples, ValueRange};

/// The values that occur, in pictures of one type.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Extent {
    low: f32,
    high: f32,
    /// The value of white that the files name; the type's highest where one names none.
    stated: f32,
    /// Whether all values are whole numbers.
    whole: bool,
    pictures: usize,
}

impl Extent {
    fn of(values: impl Iterator<Item = f32>, stated: f32) -> Self {
        let mut extent = Self {
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
            stated,
            whole: true,
            pictures: 1,
        };
        for value in values {
            extent.low = extent.low.min(value);
            extent.high = extent.high.max(value);
            extent.whole &= value.fract() == 0.0;
        }
        extent
    }

    fn with(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            stated: self.stated.max(other.stated),
            whole: self.whole && other.whole,
            pictures: self.pictures + other.pictures,
        }
    }
}

/// The values that occur in pictures, by type; alpha is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Depths {
    /// Whether any picture has transparent parts.
    has_transparent: bool,
    bytes: usize,
    words: Option<Extent>,
    floats: Option<Extent>,
}

/// The values of black and white in 16 bits and in floating point; bytes are always from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DeepRanges {
    pub(crate) words: ValueRange,
    pub(crate) floats: ValueRange,
}

impl Default for DeepRanges {
    /// All 16 bits, and 0 to 1.
    fn default() -> Self {
        Self {
            words: ValueRange {
                low: 0.0,
                high: 65_535.0,
            },
            floats: ValueRange {
                low: 0.0,
                high: 1.0,
            },
        }
    }
}

impl Depths {
    /// Those of one page.
    pub(crate) fn of(page: &Page) -> Self {
        let channels = page.channels;
        let colors = page.color_channels();
        let is_color = move |(index, _): &(usize, f32)| index % channels < colors;
        let usual = Self {
            has_transparent: page.is_transparent(),
            ..Self::default()
        };
        match &page.samples {
            Samples::U8(_) => Self { bytes: 1, ..usual },
            Samples::U16(values) => {
                let values = values.iter().map(|&value| f32::from(value)).enumerate();
                let values = values.filter(is_color).map(|(_, value)| value);
                Self {
                    words: Some(Extent::of(values, page.range.high)),
                    ..usual
                }
            }
            Samples::F32(values) => {
                let values = values.iter().copied().enumerate();
                let values = values.filter(is_color).map(|(_, value)| value);
                Self {
                    floats: Some(Extent::of(values, page.range.high)),
                    ..usual
                }
            }
        }
    }

    /// Adds those of another picture.
    pub(crate) fn add(&mut self, other: &Self) {
        let both = |one: Option<Extent>, other: Option<Extent>| match (one, other) {
            (Some(one), Some(other)) => Some(one.with(other)),
            (one, other) => one.or(other),
        };
        self.has_transparent |= other.has_transparent;
        self.bytes += other.bytes;
        self.words = both(self.words, other.words);
        self.floats = both(self.floats, other.floats);
    }

    /// What the values mean: as `asked`, or as they look.
    ///
    /// # Errors
    /// Floating-point values that look like nothing that is usual; the reason says what to do.
    pub(crate) fn ranges(&self, asked: Option<ValueRange>) -> Result<DeepRanges, String> {
        let usual = DeepRanges::default();
        if let Some(range) = asked {
            return Ok(DeepRanges {
                words: range,
                floats: range,
            });
        }
        Ok(DeepRanges {
            words: self.words.map_or(usual.words, word_range),
            floats: self
                .floats
                .map(float_range)
                .transpose()?
                .unwrap_or(usual.floats),
        })
    }

    /// Significant bits of 16: 10, 12 or 14 where the values hold no more.
    pub(crate) fn word_bits(&self) -> Option<u8> {
        let high = word_range(self.words?).high;
        Some((high + 1.0).log2().ceil() as u8)
    }

    /// The values of black and white of the deep pictures that there are.
    pub(crate) fn value_range(&self, ranges: &DeepRanges) -> Option<ValueRange> {
        let words = self.words.map(|_| ranges.words);
        words.or(self.floats.map(|_| ranges.floats))
    }

    /// The [notes](Self::notes), and what an image of bytes loses of its picture.
    pub(crate) fn notes_on_images(
        &self,
        asked: Option<ValueRange>,
        ranges: &DeepRanges,
    ) -> Vec<String> {
        let mut notes = self.notes(asked, ranges);
        if self.has_transparent {
            notes.push("transparent parts show white; alpha is not kept".to_owned());
        }
        notes
    }

    /// What was found out, and what it leaves out, a sentence each; nothing about bytes.
    pub(crate) fn notes(&self, asked: Option<ValueRange>, ranges: &DeepRanges) -> Vec<String> {
        let mut notes = Vec::new();
        let why = |extent: &Extent| match asked {
            Some(_) => "as asked".to_owned(),
            None => format!(
                "the highest is {}; --range LOW..HIGH says otherwise",
                extent.high
            ),
        };
        if let Some(words) = self.words {
            let range = ranges.words;
            if asked.is_some() || range.high < 65_535.0 {
                let bits = match (asked, self.word_bits()) {
                    (None, Some(bits)) => format!("{bits} bits in 16: "),
                    _ => String::new(),
                };
                notes.push(format!(
                    "{bits}values {range} span black to white ({})",
                    why(&words)
                ));
            }
            notes.extend(clipped("16-bit", &words, range));
        }
        if let Some(floats) = self.floats {
            let range = ranges.floats;
            notes.push(format!(
                "floating-point values {range} span black to white ({})",
                why(&floats)
            ));
            notes.extend(clipped("floating-point", &floats, range));
        }
        let kinds = [
            (self.bytes, "8 bits"),
            (self.words.map_or(0, |extent| extent.pictures), "16 bits"),
            (
                self.floats.map_or(0, |extent| extent.pictures),
                "floating point",
            ),
        ];
        let mixed: Vec<String> = kinds
            .iter()
            .filter(|(pictures, _)| *pictures > 0)
            .map(|(pictures, kind)| format!("{pictures} of {kind}"))
            .collect();
        if mixed.len() > 1 {
            notes.push(format!(
                "pictures of different depths ({}): each is taken by its own range",
                mixed.join(", ")
            ));
        }
        if asked.is_some() && self.bytes > 0 {
            notes.push(
                "--range is not for pictures of 8 bits, which are taken as they are".to_owned(),
            );
        }
        notes
    }
}

/// Values outside of the range, which are lost.
fn clipped(kind: &str, extent: &Extent, range: ValueRange) -> Option<String> {
    let ends = match (extent.low < range.low, extent.high > range.high) {
        (false, false) => return None,
        (true, false) => format!("down to {} are taken for {}", extent.low, range.low),
        (false, true) => format!("up to {} are taken for {}", extent.high, range.high),
        (true, true) => {
            format!("from {} to {} are cut to {range}", extent.low, extent.high)
        }
    };
    Some(format!(
        "{kind} values {ends}; --range LOW..HIGH says what is black and white"
    ))
}

/// As many bits as the values have, of 8, 10, 12, 14 and 16; what the files state goes before.
fn word_range(extent: Extent) -> ValueRange {
    let high = if extent.stated < 65_535.0 {
        extent.stated
    } else {
        bits_for(extent.high)
    };
    ValueRange { low: 0.0, high }
}

fn bits_for(high: f32) -> f32 {
    [255.0, 1_023.0, 4_095.0, 16_383.0]
        .into_iter()
        .find(|&white| high <= white)
        .unwrap_or(65_535.0)
}

/// 0 to 1 or 0 to 255, with some room for what filters overshoot; whole numbers as in 16 bits.
fn float_range(extent: Extent) -> Result<ValueRange, String> {
    let high = match extent.high {
        high if high <= 1.25 => 1.0,
        high if extent.whole && high <= 65_535.0 && high > 1.25 => bits_for(high),
        high if (32.0..=300.0).contains(&high) => 255.0,
        high => {
            return Err(format!(
                "values up to {high} are neither 0..1 nor 0..255: say with --range LOW..HIGH what is black and \
                 white"
            ));
        }
    };
    Ok(ValueRange { low: 0.0, high })
}
