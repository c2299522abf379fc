//! Bringing a page to what a format holds, and saying what it loses on the way.

use std::collections::BTreeSet;

use crate::picture::page::{Page, Samples};
use crate::picture::writing::kind::{Alpha, Holds};
use crate::picture::writing::loss::Loss;

/// The page in channels and samples that the format holds; the page itself, where it holds these.
pub(super) fn reduce(page: Page, holds: &Holds, losses: &mut BTreeSet<Loss>) -> Page {
    let from = page.samples.bits();
    let to = match holds.bits.iter().find(|&&bits| bits >= from) {
        Some(&bits) => bits,
        None => holds.bits.last().copied().unwrap_or(8),
    };
    if to < from {
        losses.insert(Loss::Bits { from, to });
    }
    let is_color = page.color_channels() == 3;
    let mut becomes_color = if is_color {
        holds.channels.color
    } else {
        !holds.channels.gray
    };
    if is_color && !becomes_color {
        losses.insert(Loss::Color);
    }
    let keeps_alpha = match holds.channels.alpha {
        Alpha::None => false,
        Alpha::WithColor | Alpha::Any => page.has_alpha(),
        Alpha::Always => true,
    };
    if keeps_alpha && holds.channels.alpha != Alpha::Any {
        becomes_color = true;
    }
    if page.has_alpha() && !keeps_alpha {
        losses.insert(Loss::Alpha);
    }
    let channels = if becomes_color { 3 } else { 1 } + usize::from(keeps_alpha);
    if from == to && channels == page.channels {
        return page;
    }
    rewritten(&page, to, channels)
}

/// The page with other bits or channels, by way of values from 0 to 1.
fn rewritten(page: &Page, bits: u8, channels: usize) -> Page {
    let colors = channels - usize::from(matches!(channels, 2 | 4));
    let planes = page.to_unit();
    let pixels = page.size.height * page.size.width;
    let alpha = |pixel: usize| -> f32 {
        if !page.has_alpha() {
            return 1.0;
        }
        let place = pixel * page.channels + page.channels - 1;
        match &page.samples {
            Samples::U8(values) => f32::from(values[place]) / 255.0,
            Samples::U16(values) => f32::from(values[place]) / 65_535.0,
            Samples::F32(values) => values[place],
        }
    };
    let color = |pixel: usize, channel: usize| match (page.color_channels(), colors) {
        (3, 1) => {
            // ITU-R BT.709, as an image becomes gray.
            let of = |channel: usize| planes[channel * pixels + pixel];
            0.2126 * of(0) + 0.7152 * of(1) + 0.0722 * of(2)
        }
        (1, _) => planes[pixel],
        _ => planes[channel * pixels + pixel],
    };
    let is_put_on_white = page.has_alpha() && colors == channels;
    let values = (0..pixels * channels).map(|place| {
        let (pixel, channel) = (place / channels, place % channels);
        if channel >= colors {
            return alpha(pixel);
        }
        let value = color(pixel, channel);
        match is_put_on_white {
            true => {
                let alpha = alpha(pixel);
                value * alpha + (1.0 - alpha)
            }
            false => value,
        }
    });
    let samples = match bits {
        8 => Samples::U8(values.map(|value| (value * 255.0).round() as u8).collect()),
        16 => Samples::U16(
            values
                .map(|value| (value * 65_535.0).round() as u16)
                .collect(),
        ),
        _ => Samples::F32(values.collect()),
    };
    Page {
        size: page.size,
        channels,
        range: samples.full_range(),
        samples,
        delay: page.delay,
    }
}
