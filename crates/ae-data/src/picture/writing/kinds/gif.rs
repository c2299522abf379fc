//! GIF: 256 colors a frame, and pixels that are there or not.

use std::collections::HashSet;
use std::time::Duration;

use ::image::codecs::gif::{GifEncoder, Repeat};
use ::image::{Delay, Frame};
use ae_files::WriteSeek;

use crate::picture::format::PictureFormat;
use crate::picture::page::{Page, Samples};
use crate::picture::writing::kind::{
    About, Alpha, Channels, Encode, EncodeError, Holds, PageEncoder, Pages, WritableFormat,
};
use crate::picture::writing::kinds::of_image_crate::{dynamic, error};
use crate::picture::writing::loss::Loss;

/// How thoroughly colors are chosen where there are too many, from 1 to 30, which is quick.
const SPEED: i32 = 10;

pub(super) static GIF: WritableFormat = WritableFormat {
    format: PictureFormat::Gif,
    extensions: &["gif"],
    holds: |_| Holds {
        bits: &[8],
        channels: Channels {
            gray: true,
            color: true,
            alpha: Alpha::Any,
        },
        pages: Pages::Animation,
        icc_profile: false,
        exif: false,
        resolution: false,
    },
    encode: Encode::Several(|out, about| {
        Box::new(GifPages {
            encoder: GifEncoder::new_with_speed(out, SPEED),
            about,
            is_begun: false,
            losses: Vec::new(),
        })
    }),
};

struct GifPages<'a> {
    encoder: GifEncoder<&'a mut dyn WriteSeek>,
    about: About<'a>,
    is_begun: bool,
    losses: Vec<Loss>,
}

impl PageEncoder for GifPages<'_> {
    fn page(&mut self, page: &Page) -> Result<(), EncodeError> {
        if !self.is_begun && self.about.page_count > 1 {
            let repeat = match self.about.metadata.plays {
                // Once is what a file without the extension is played.
                Some(1) => None,
                Some(0) | None => Some(Repeat::Infinite),
                Some(plays) => Some(Repeat::Finite(u16::try_from(plays - 1).unwrap_or(u16::MAX))),
            };
            if let Some(repeat) = repeat {
                self.encoder.set_repeat(repeat).map_err(error)?;
            }
        }
        self.is_begun = true;
        self.losses.extend(losses(page));
        let delay = Delay::from_saturating_duration(page.delay.unwrap_or(Duration::ZERO));
        let picture = dynamic(page)?.into_rgba8();
        self.encoder
            .encode_frame(Frame::from_parts(picture, 0, 0, delay))
            .map_err(error)
    }

    fn finish(self: Box<Self>) -> Result<Vec<Loss>, EncodeError> {
        Ok(self.losses)
    }
}

fn losses(page: &Page) -> Vec<Loss> {
    let Samples::U8(values) = &page.samples else {
        return Vec::new();
    };
    let mut losses = Vec::new();
    let alpha_at = page.has_alpha().then(|| page.channels - 1);
    let pixels = values.chunks_exact(page.channels);
    if let Some(at) = alpha_at
        && pixels.clone().any(|pixel| !matches!(pixel[at], 0 | 255))
    {
        losses.push(Loss::PartialAlpha);
    }
    let mut colors = HashSet::new();
    for pixel in pixels {
        // All that is transparent is one color of the palette.
        let color = match alpha_at {
            Some(at) if pixel[at] == 0 => &[][..],
            Some(at) => &pixel[..at],
            None => pixel,
        };
        colors.insert(color);
        if colors.len() > 256 {
            losses.push(Loss::Palette);
            break;
        }
    }
    losses
}
