//! From the values of a page to gray or RGB, with or without alpha.

use crate::image::Size;
use crate::picture::page::{Page, Samples};
use crate::picture::reading::tiff::layout::{Alpha, Colors, Kind, PageLayout};

/// Makes a page of its values, `[height, width, samples]`.
pub(super) fn page_of(values: Samples, layout: &PageLayout) -> Result<Page, String> {
    let kept = layout.colors.samples() + usize::from(layout.alpha.is_some());
    let values = without_rest(values, layout.samples, kept);
    let has_alpha = layout.alpha.is_some();
    let highest = ((1_u64 << layout.bits.min(16)) - 1) as u16;
    let is_integral = layout.kind == Kind::Unsigned && layout.bits <= 16;
    let samples = match layout.colors {
        Colors::BlackIsZero | Colors::Rgb => values,
        Colors::WhiteIsZero if is_integral => inverted(values, highest, has_alpha),
        Colors::Palette if layout.bits <= 8 => of_palette(&values, &layout.palette, has_alpha),
        Colors::Cmyk if is_integral => of_cmyk(&values, highest, has_alpha),
        Colors::YCbCr => match values {
            Samples::U8(values) => Samples::U8(of_ycbcr(&values, has_alpha)),
            _ => return Err("a TIFF in YCbCr of other than 8 bits is not read".to_owned()),
        },
        Colors::WhiteIsZero | Colors::Palette | Colors::Cmyk => {
            let what = "a TIFF whose colors are inks or a palette, in other than whole numbers,";
            return Err(format!("{what} is not read"));
        }
    };
    let colors = if matches!(layout.colors, Colors::BlackIsZero | Colors::WhiteIsZero) {
        1
    } else {
        3
    };
    // Fewer than 8 bits are brought to 8; a palette's colors are already.
    let samples = match samples {
        Samples::U8(values) if layout.bits < 8 && layout.colors != Colors::Palette => {
            let top = u32::from(highest);
            let scaled = |value: u8| ((u32::from(value) * 255 + top / 2) / top) as u8;
            Samples::U8(values.into_iter().map(scaled).collect())
        }
        samples => samples,
    };
    let mut range = samples.full_range();
    if let Samples::U16(_) = samples {
        range.high = f32::from(highest);
    }
    let mut page = Page {
        size: Size {
            height: layout.height,
            width: layout.width,
        },
        channels: colors + usize::from(has_alpha),
        samples,
        range,
        delay: None,
    };
    if layout.alpha == Some(Alpha::Premultiplied) {
        divide_by_alpha(&mut page, highest);
    }
    Ok(page)
}

/// Applies `make` to each pixel of `channels` values.
fn mapped<T: Copy, const N: usize>(
    values: &[T],
    channels: usize,
    make: impl Fn(&[T]) -> [T; N],
    has_alpha: bool,
) -> Vec<T> {
    values
        .chunks_exact(channels)
        .flat_map(|pixel| {
            let alpha = has_alpha.then(|| pixel[channels - 1]);
            make(pixel).into_iter().chain(alpha)
        })
        .collect()
}

fn without_rest(values: Samples, channels: usize, kept: usize) -> Samples {
    fn cut<T: Copy>(values: Vec<T>, channels: usize, kept: usize) -> Vec<T> {
        if channels == kept {
            return values;
        }
        values
            .chunks_exact(channels)
            .flat_map(|pixel| pixel[..kept].iter().copied())
            .collect()
    }
    match values {
        Samples::U8(values) => Samples::U8(cut(values, channels, kept)),
        Samples::U16(values) => Samples::U16(cut(values, channels, kept)),
        Samples::F32(values) => Samples::F32(cut(values, channels, kept)),
    }
}

fn inverted(values: Samples, highest: u16, has_alpha: bool) -> Samples {
    let channels = 1 + usize::from(has_alpha);
    match values {
        Samples::U8(values) => Samples::U8(mapped(
            &values,
            channels,
            |pixel| [highest as u8 - pixel[0]],
            has_alpha,
        )),
        Samples::U16(values) => Samples::U16(mapped(
            &values,
            channels,
            |pixel| [highest - pixel[0]],
            has_alpha,
        )),
        floats @ Samples::F32(_) => floats,
    }
}

/// Palettes have 16 bits; what was made of 8 by writing a byte twice or by a zero byte is that byte again.
fn of_palette(values: &Samples, palette: &[u64], has_alpha: bool) -> Samples {
    let entries = palette.len() / 3;
    // Some writers put bytes there.
    let shift = if palette.iter().all(|&value| value < 256) {
        0
    } else {
        8
    };
    let color =
        |index: usize| [0, 1, 2].map(|plane| (palette[plane * entries + index] >> shift) as u8);
    let channels = 1 + usize::from(has_alpha);
    match values {
        Samples::U8(values) => Samples::U8(mapped(
            values,
            channels,
            |pixel| color(pixel[0].into()),
            has_alpha,
        )),
        other => other.clone(),
    }
}

/// Ink covers light: each color is what its ink and black leave of it.
fn of_cmyk(values: &Samples, highest: u16, has_alpha: bool) -> Samples {
    let top = f32::from(highest);
    let left = |ink: f32, black: f32| (top - ink) * (1.0 - black / top);
    let channels = 4 + usize::from(has_alpha);
    match values {
        Samples::U8(values) => {
            let color =
                |pixel: &[u8]| [0, 1, 2].map(|ink| left(pixel[ink].into(), pixel[3].into()) as u8);
            Samples::U8(mapped(values, channels, color, has_alpha))
        }
        Samples::U16(values) => {
            let color = |pixel: &[u16]| {
                [0, 1, 2].map(|ink| left(pixel[ink].into(), pixel[3].into()) as u16)
            };
            Samples::U16(mapped(values, channels, color, has_alpha))
        }
        Samples::F32(values) => Samples::F32(values.clone()),
    }
}

/// JFIF's colors (ITU-R BT.601, full range).
fn of_ycbcr(values: &[u8], has_alpha: bool) -> Vec<u8> {
    let color = |pixel: &[u8]| {
        let [y, cb, cr] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
        let (cb, cr) = (cb - 128.0, cr - 128.0);
        [
            y + 1.402 * cr,
            y - 0.344_136 * cb - 0.714_136 * cr,
            y + 1.772 * cb,
        ]
        .map(|value| value.round() as u8)
    };
    mapped(values, 3 + usize::from(has_alpha), color, has_alpha)
}

/// Undoes that colors were multiplied by alpha; where alpha is 0, nothing is left of them.
fn divide_by_alpha(page: &mut Page, highest: u16) {
    let channels = page.channels;
    fn divide<T: Copy>(values: &mut [T], channels: usize, divided: impl Fn(T, T) -> T) {
        for pixel in values.chunks_exact_mut(channels) {
            let (alpha, colors) = pixel.split_last_mut().expect("a page has channels");
            for color in colors {
                *color = divided(*color, *alpha);
            }
        }
    }
    let whole = |color: u32, alpha: u32| {
        let top = u32::from(highest);
        let color = (color * top + alpha / 2).checked_div(alpha);
        color.map_or(0, |color| color.min(top))
    };
    match &mut page.samples {
        Samples::U8(values) => divide(values, channels, |color, alpha| {
            whole(color.into(), alpha.into()) as u8
        }),
        Samples::U16(values) => divide(values, channels, |color, alpha| {
            whole(color.into(), alpha.into()) as u16
        }),
        Samples::F32(values) => divide(values, channels, |color, alpha| {
            if alpha == 0.0 { 0.0 } else { color / alpha }
        }),
    }
}
