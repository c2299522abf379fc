//! PNG, and APNG for animations.

use std::borrow::Cow;

use ::png::{
    BitDepth, BlendOp, ColorType, DisposeOp, Encoder, EncodingError, Info, PixelDimensions,
    ScaledFloat, SourceChromaticities, Unit, Writer,
};
use ae_files::WriteSeek;

use crate::picture::format::PictureFormat;
use crate::picture::metadata::{PngColors, ResolutionUnit};
use crate::picture::page::{Page, Samples};
use crate::picture::writing::kind::{
    About, Alpha, Channels, Encode, EncodeError, Holds, PageEncoder, Pages, WritableFormat,
};
use crate::picture::writing::kinds::animation::fraction;
use crate::picture::writing::kinds::resolution::per_meter;
use crate::picture::writing::loss::Loss;

pub(super) static PNG: WritableFormat = WritableFormat {
    format: PictureFormat::Png,
    extensions: &["png", "apng"],
    holds: |_| Holds {
        bits: &[8, 16],
        channels: Channels {
            gray: true,
            color: true,
            alpha: Alpha::Any,
        },
        pages: Pages::Animation,
        icc_profile: true,
        exif: true,
        resolution: true,
    },
    encode: Encode::Several(|out, about| {
        Box::new(PngPages {
            state: State::Before(out),
            about,
        })
    }),
};

struct PngPages<'a> {
    state: State<'a>,
    about: About<'a>,
}

/// The header tells what the first page is, so that it is written with it.
enum State<'a> {
    Before(&'a mut dyn WriteSeek),
    Pages(Writer<&'a mut dyn WriteSeek>, Form),
    Failed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Form {
    width: u32,
    height: u32,
    color: ColorType,
    depth: BitDepth,
}

impl Form {
    fn of(page: &Page) -> Result<Self, EncodeError> {
        let side = |side: usize| {
            u32::try_from(side)
                .map_err(|_| EncodeError::Format(format!("{} pixels are too many", page.size)))
        };
        Ok(Self {
            width: side(page.size.width)?,
            height: side(page.size.height)?,
            color: match page.channels {
                1 => ColorType::Grayscale,
                2 => ColorType::GrayscaleAlpha,
                3 => ColorType::Rgb,
                _ => ColorType::Rgba,
            },
            depth: match page.samples {
                Samples::U8(_) => BitDepth::Eight,
                Samples::U16(_) | Samples::F32(_) => BitDepth::Sixteen,
            },
        })
    }
}

impl PageEncoder for PngPages<'_> {
    fn page(&mut self, page: &Page) -> Result<(), EncodeError> {
        let form = Form::of(page)?;
        let (mut writer, first) = match std::mem::replace(&mut self.state, State::Failed) {
            State::Before(out) => (begin(out, form, &self.about)?, form),
            State::Pages(writer, first) => (writer, first),
            State::Failed => return Err(EncodeError::Format("an earlier page failed".to_owned())),
        };
        if form != first {
            return Err(EncodeError::Format(
                "its frames differ in size, channels or bits".to_owned(),
            ));
        }
        if let Some(delay) = page.delay.filter(|_| self.about.page_count > 1) {
            let (numerator, denominator) = fraction(delay);
            writer
                .set_frame_delay(numerator, denominator)
                .map_err(error)?;
        }
        match &page.samples {
            Samples::U8(values) => writer.write_image_data(values),
            Samples::U16(values) => {
                let bytes: Vec<u8> = values
                    .iter()
                    .flat_map(|value| value.to_be_bytes())
                    .collect();
                writer.write_image_data(&bytes)
            }
            Samples::F32(_) => {
                return Err(EncodeError::Format(
                    "PNG holds no floating point".to_owned(),
                ));
            }
        }
        .map_err(error)?;
        self.state = State::Pages(writer, first);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<Loss>, EncodeError> {
        if let State::Pages(writer, _) = self.state {
            writer.finish().map_err(error)?;
        }
        Ok(Vec::new())
    }
}

fn begin<'a>(
    out: &'a mut dyn WriteSeek,
    form: Form,
    about: &About<'_>,
) -> Result<Writer<&'a mut dyn WriteSeek>, EncodeError> {
    let metadata = about.metadata;
    let mut info = Info::with_size(form.width, form.height);
    info.color_type = form.color;
    info.bit_depth = form.depth;
    info.icc_profile = metadata.icc_profile.as_deref().map(Cow::Borrowed);
    if let Some(PngColors {
        gamma,
        chromaticities,
    }) = metadata.png_colors
    {
        info.source_gamma = gamma.map(ScaledFloat::from_scaled);
        info.source_chromaticities = chromaticities.map(|numbers| {
            let [white, red, green, blue] = [0, 2, 4, 6].map(|from| {
                let [x, y] = [numbers[from], numbers[from + 1]];
                (ScaledFloat::from_scaled(x), ScaledFloat::from_scaled(y))
            });
            SourceChromaticities {
                white,
                red,
                green,
                blue,
            }
        });
    }
    info.exif_metadata = metadata.exif.as_deref().map(Cow::Borrowed);
    info.pixel_dims = metadata.resolution.as_ref().and_then(|resolution| {
        let (xppu, yppu, unit) = match per_meter(resolution) {
            Some((x, y)) => (x, y, Unit::Meter),
            None => (
                resolution.x.round() as u32,
                resolution.y.round() as u32,
                Unit::Unspecified,
            ),
        };
        debug_assert!(resolution.unit == ResolutionUnit::Ratio || unit == Unit::Meter);
        (xppu > 0 && yppu > 0).then_some(PixelDimensions { xppu, yppu, unit })
    });
    let mut encoder = Encoder::with_info(out, info).map_err(error)?;
    if about.page_count > 1 {
        let frames = u32::try_from(about.page_count).map_err(|_| {
            EncodeError::Format(format!("{} frames are too many", about.page_count))
        })?;
        encoder
            .set_animated(frames, about.metadata.plays.unwrap_or(0))
            .map_err(error)?;
        encoder.set_blend_op(BlendOp::Source).map_err(error)?;
        encoder.set_dispose_op(DisposeOp::None).map_err(error)?;
    }
    encoder.write_header().map_err(error)
}

fn error(error: EncodingError) -> EncodeError {
    match error {
        EncodingError::IoError(error) => EncodeError::Io(error),
        error => EncodeError::Format(error.to_string()),
    }
}
