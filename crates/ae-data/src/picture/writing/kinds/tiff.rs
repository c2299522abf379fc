//! TIFF, of any number of pages, compressed without loss.

use ::tiff::decoder::ifd::Entry;
use ::tiff::encoder::colortype::{
    ColorType, Gray8, Gray16, Gray32Float, RGB8, RGB16, RGB32Float, RGBA8, RGBA16, RGBA32Float,
};
use ::tiff::encoder::{
    Compression, DirectoryEncoder, ImageEncoder, Predictor, Rational, TiffEncoder, TiffKind,
    TiffKindBig, TiffKindStandard, TiffValue,
};
use ::tiff::tags::{ExtraSamples, ResolutionUnit as TiffUnit, Tag, Type};
use ::tiff::{Directory, TiffError};
use ae_files::WriteSeek;

use crate::picture::exif::{ExifField, ExifFields};
use crate::picture::format::PictureFormat;
use crate::picture::metadata::{PictureMetadata, ResolutionUnit};
use crate::picture::page::{Page, Samples};
use crate::picture::writing::kind::{
    About, Alpha, Channels, Encode, EncodeError, Holds, PageEncoder, Pages, WritableFormat,
};
use crate::picture::writing::kinds::resolution::by_inch_for_meter;
use crate::picture::writing::loss::Loss;

pub(super) static TIFF: WritableFormat = WritableFormat {
    format: PictureFormat::Tiff,
    extensions: &["tif", "tiff"],
    holds: |_| Holds {
        bits: &[8, 16, 32],
        channels: Channels {
            gray: true,
            color: true,
            alpha: Alpha::Any,
        },
        pages: Pages::Any,
        icc_profile: true,
        exif: true,
        resolution: true,
    },
    encode: Encode::Several(|out, about| {
        Box::new(TiffPages {
            state: State::Before(out),
            exif: about.metadata.exif.as_deref().and_then(ExifFields::read),
            about,
        })
    }),
};

type Out<'a> = &'a mut dyn WriteSeek;

struct TiffPages<'a> {
    state: State<'a>,
    /// For the first page.
    exif: Option<ExifFields>,
    about: About<'a>,
}

/// Whether offsets need 64 bits is known from the first page and the number of pages.
enum State<'a> {
    Before(Out<'a>),
    Standard(TiffEncoder<Out<'a>, TiffKindStandard>),
    Big(TiffEncoder<Out<'a>, TiffKindBig>),
    Failed,
}

impl PageEncoder for TiffPages<'_> {
    fn page(&mut self, page: &Page) -> Result<(), EncodeError> {
        let metadata = self.about.metadata;
        let exif = self.exif.take().unwrap_or_default();
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Before(out) if is_big(page, self.about.page_count) => State::Big(write(
                TiffEncoder::new_big(out).map_err(error)?,
                page,
                metadata,
                &exif,
            )?),
            State::Before(out) => State::Standard(write(
                TiffEncoder::new(out).map_err(error)?,
                page,
                metadata,
                &exif,
            )?),
            State::Standard(encoder) => State::Standard(write(encoder, page, metadata, &exif)?),
            State::Big(encoder) => State::Big(write(encoder, page, metadata, &exif)?),
            State::Failed => return Err(EncodeError::Format("an earlier page failed".to_owned())),
        };
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<Loss>, EncodeError> {
        Ok(Vec::new())
    }
}

/// Whether so many pages may need more than 32 bits of offset, also where they don't get smaller.
fn is_big(page: &Page, pages: usize) -> bool {
    let bytes = page.samples.len() as u64 * u64::from(page.samples.bits() / 8);
    // Compression can make noise a little larger.
    (bytes + bytes / 4).saturating_mul(pages as u64) > u64::from(u32::MAX)
}

fn write<'a, K: TiffKind>(
    encoder: TiffEncoder<Out<'a>, K>,
    page: &Page,
    metadata: &PictureMetadata,
    exif: &ExifFields,
) -> Result<TiffEncoder<Out<'a>, K>, EncodeError> {
    // The predictor of the crate knows nothing of a channel beside gray, and of floating point.
    let predictor = match (&page.samples, page.channels) {
        (Samples::F32(_), _) | (_, 2) => Predictor::None,
        _ => Predictor::Horizontal,
    };
    let mut encoder = encoder
        .with_compression(Compression::Lzw)
        .with_predictor(predictor);
    let to = &mut encoder;
    match (&page.samples, page.channels) {
        (Samples::U8(values), 1 | 2) => write_as::<Gray8, K>(to, page, values, metadata, exif),
        (Samples::U8(values), 3) => write_as::<RGB8, K>(to, page, values, metadata, exif),
        (Samples::U8(values), _) => write_as::<RGBA8, K>(to, page, values, metadata, exif),
        (Samples::U16(values), 1 | 2) => write_as::<Gray16, K>(to, page, values, metadata, exif),
        (Samples::U16(values), 3) => write_as::<RGB16, K>(to, page, values, metadata, exif),
        (Samples::U16(values), _) => write_as::<RGBA16, K>(to, page, values, metadata, exif),
        (Samples::F32(values), 1 | 2) => {
            write_as::<Gray32Float, K>(to, page, values, metadata, exif)
        }
        (Samples::F32(values), 3) => write_as::<RGB32Float, K>(to, page, values, metadata, exif),
        (Samples::F32(values), _) => write_as::<RGBA32Float, K>(to, page, values, metadata, exif),
    }
    .map_err(error)?;
    Ok(encoder)
}

fn write_as<C: ColorType, K: TiffKind>(
    encoder: &mut TiffEncoder<Out<'_>, K>,
    page: &Page,
    values: &[C::Inner],
    metadata: &PictureMetadata,
    exif: &ExifFields,
) -> Result<(), TiffError>
where
    [C::Inner]: TiffValue,
{
    let (width, height) = (
        u32::try_from(page.size.width)?,
        u32::try_from(page.size.height)?,
    );
    let exif_at = write_directory(encoder, &exif.exif)?;
    let gps_at = write_directory(encoder, &exif.gps)?;
    let mut image = encoder.new_image::<C>(width, height)?;
    for field in exif.main.iter().filter(|field| !field.is_of_pixels()) {
        write_field(image.encoder(), field)?;
    }
    if let Some(place) = exif_at {
        image.encoder().write_tag(Tag::ExifDirectory, place)?;
    }
    if let Some(place) = gps_at {
        image.encoder().write_tag(Tag::GpsDirectory, place)?;
    }
    match page.channels {
        2 => image.extra_samples(&[ExtraSamples::UnassociatedAlpha])?,
        4 => {
            let alpha = [ExtraSamples::UnassociatedAlpha.to_u16()];
            image.encoder().write_tag(Tag::ExtraSamples, &alpha[..])?;
        }
        _ => {}
    }
    describe(&mut image, metadata)?;
    image.write_data(values)
}

fn describe<C: ColorType, K: TiffKind>(
    image: &mut ImageEncoder<'_, Out<'_>, C, K>,
    metadata: &PictureMetadata,
) -> Result<(), TiffError> {
    if let Some(profile) = &metadata.icc_profile {
        let entry = image
            .encoder()
            .write_entry_bytes(Type::UNDEFINED, profile)?;
        add(image.encoder(), Tag::IccProfile, entry);
    }
    if let Some(resolution) = &metadata.resolution {
        let resolution = by_inch_for_meter(resolution);
        image.resolution_unit(match resolution.unit {
            ResolutionUnit::Ratio => TiffUnit::None,
            ResolutionUnit::Inch | ResolutionUnit::Meter => TiffUnit::Inch,
            ResolutionUnit::Centimeter => TiffUnit::Centimeter,
        });
        image.x_resolution(rational(resolution.x));
        image.y_resolution(rational(resolution.y));
    }
    Ok(())
}

/// Writes a directory that another one points to, and says where; nothing where it would be empty.
fn write_directory<K: TiffKind>(
    encoder: &mut TiffEncoder<Out<'_>, K>,
    fields: &[ExifField],
) -> Result<Option<K::OffsetType>, TiffError> {
    if fields.is_empty() {
        return Ok(None);
    }
    let mut directory = encoder.extra_directory()?;
    for field in fields {
        write_field(&mut directory, field)?;
    }
    Ok(Some(directory.finish_with_offsets()?.offset))
}

fn write_field<K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, Out<'_>, K>,
    field: &ExifField,
) -> Result<(), TiffError> {
    if let Some(kind) = Type::from_u16(field.kind) {
        let entry = directory.write_entry_bytes(kind, &field.native_bytes())?;
        add(directory, Tag::from_u16_exhaustive(field.tag), entry);
    }
    Ok(())
}

fn add<K: TiffKind>(directory: &mut DirectoryEncoder<'_, Out<'_>, K>, tag: Tag, entry: Entry) {
    let mut entries = Directory::empty();
    entries.extend([(tag, entry)]);
    directory.extend_from(&entries);
}

/// A fraction that comes near enough: whole numbers as they are, others to four digits.
fn rational(value: f64) -> Rational {
    let d = if value.fract() == 0.0 { 1 } else { 10_000 };
    // A cast saturates.
    let n = (value * f64::from(d)).round() as u32;
    Rational { n, d }
}

fn error(error: TiffError) -> EncodeError {
    match error {
        TiffError::IoError(error) => EncodeError::Io(error),
        error => EncodeError::Format(error.to_string()),
    }
}
