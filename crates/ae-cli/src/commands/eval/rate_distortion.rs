//! `ae eval --rate-distortion`.

use std::io;
use std::path::{Path, PathBuf};

use ae_codec::{ChunkCodec as _, Encoder, EncoderSettings, LosslessModel, Near};
use ae_data::{Image, ImageSet, Part};
use ae_eval::{Arrangement, RateCurve, RatePoint};
use ae_infer::{ModelPath, Relation};
use ae_train::{DataCard, DataConfig};

use crate::arguments::{DataArguments, ModelPosition, RUNS};
use crate::backend;
use crate::codec::PIXEL;
use crate::codec::container::Counted;
use crate::codec::images::{ANY_PATCH, codec_shape, usual_group};
use crate::codec::model::{is_model, read};
use crate::codec::run::read_config;
use crate::codec::transform::{self, model::is_transform};
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::image_source::{ImageSource, configured};
use crate::measured_set::{MeasuredSet, open_set, request_of};
use crate::rate_distortion::{Rated, compare, pictures_of, read_images};

/// The largest absolute errors that a lossless model is measured at.
const NEAR: [u8; 7] = [0, 1, 2, 4, 8, 16, 32];

/// What is measured, and where the pictures go.
pub(super) struct Request {
    pub(super) model: ModelPosition,
    pub(super) data: DataArguments,
    pub(super) part: Option<Part>,
    pub(super) threads: Option<usize>,
    pub(super) out: PathBuf,
    pub(super) force: bool,
}

/// Measures a codec's model at its settings beside image files.
///
/// # Errors
/// The model is of no codec, the images cannot be read, or the pictures not be written.
pub(super) fn run(request: Request, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let pictures = pictures_of(&request.out, request.force)?;
    backend::set_threads(request.threads)?;
    let path = match request.model.clone().path() {
        Some(path) => path,
        None => {
            let found = ModelPath::newest(Path::new(RUNS))?;
            terminal.note(format!("model: {}", found.name()));
            found.run().unwrap_or(found.file()).to_owned()
        }
    };
    let (rated, images, set) = if is_transform(&path, context) {
        of_transform(&path, &request, context)?
    } else if is_model(&path) {
        of_pixel(&path, &request, context)?
    } else {
        let reason = "no model of kind pixel, transform, vq or fsq, whose codes are files";
        return Err(CliError::usage(path.display(), reason)
            .hint("ae eval without --rate-distortion measures any model"));
    };
    let compared = compare(&rated, &images, set, pictures, &terminal)?;
    terminal.result(&compared, || compared.text())
}

type Measured = (Rated, Vec<Image>, MeasuredSet);

fn of_transform(
    path: &Path,
    request: &Request,
    context: &Context<'_>,
) -> Result<Measured, CliError> {
    let model = transform::model::open(path, context)?;
    let asked = request_of(&request.data, request.part);
    let opened = open_set(&model.model, &asked, &context.terminal)?;
    let images = read_images(&opened.images()?)?;
    let (curve, decoded) = transform::points::curve(&model, &images)?;
    let rated = Rated {
        name: model.name().to_owned(),
        kind: model.model.kind(),
        model_bytes: model.bytes,
        curve,
        decoded,
    };
    Ok((rated, images, MeasuredSet::of(&opened)))
}

fn of_pixel(path: &Path, request: &Request, context: &Context<'_>) -> Result<Measured, CliError> {
    let model = read(path)?;
    let is_of_pictures = model.model.shape().is_none();
    let (set, measured) = pixel_images(path, request, is_of_pictures, context)?;
    let images = read_images(&set)?;
    if let Some(expected) = model.model.shape()
        && expected != codec_shape(&set)?
    {
        let reason = format!(
            "images of {}, but {} codes those of {expected} (height x width)",
            set.shape(),
            model.name
        );
        return Err(CliError::failure(Status::Data, set.name(), reason));
    }
    let points = NEAR.iter().filter_map(|&near| Near::new(near));
    let points = points.map(|near| near_point(&model.model, near, &images));
    let points: Vec<(RatePoint, Vec<Image>)> = points.collect::<Result<_, _>>()?;
    let (points, decoded) = points.into_iter().unzip();
    let rated = Rated {
        model_bytes: model.model.file_bytes() as u64,
        curve: RateCurve {
            name: model.name.clone(),
            arrangement: Arrangement::Container,
            points,
        },
        name: model.name,
        kind: PIXEL,
        decoded,
    };
    Ok((rated, images, measured))
}

/// The images of a run's own set, or of the set that is named.
fn pixel_images(
    path: &Path,
    request: &Request,
    is_of_pictures: bool,
    context: &Context<'_>,
) -> Result<(ImageSet, MeasuredSet), CliError> {
    let run = match path.is_dir() {
        true => path,
        false => path.parent().unwrap_or(Path::new("")),
    };
    let card = read_config(run)?.map(|config| config.data);
    let is_own = request.data.data.is_none();
    let (base, seed) = match (&card, is_own) {
        (Some(card), true) => (of_card(card), card.seed),
        (None, true) => {
            let reason = "required: the model's run does not say what set it was trained on";
            return Err(CliError::usage("--data", reason));
        }
        (_, false) => (DataConfig::default(), 0),
    };
    let mut config = configured(&request.data, base);
    if is_of_pictures && config.size.is_none() {
        config.patch.get_or_insert(ANY_PATCH);
    }
    let source = ImageSource { config, seed };
    let (_, split, _) = source.split(None, &context.terminal)?;
    let part = request.part.unwrap_or(match is_own {
        true => Part::Test,
        false => Part::All,
    });
    let set = match part {
        Part::All => ImageSet::concatenated(&[split.train, split.validation, split.test]),
        Part::Train => split.train,
        Part::Validation => split.validation,
        Part::Test => split.test,
    };
    let measured = MeasuredSet {
        data: set.name().to_owned(),
        part,
        relation: match is_own {
            true => Relation::Own.name(),
            false => Relation::Foreign.name(),
        },
        changed: None,
    };
    Ok((set, measured))
}

/// How the set of a run was opened and divided.
fn of_card(card: &DataCard) -> DataConfig {
    DataConfig {
        source: card.source.clone(),
        size: card.size,
        fit: card.fit,
        channels: card.channels,
        range: card.range,
        binarize: card.binarize,
        test_share: card.test_share,
        validation_share: Some(card.validation_share),
        division: card.division,
        dedup: card.dedup,
        limit: card.limit,
        patch: card.patch,
        ..DataConfig::default()
    }
}

/// What a lossless model makes of images with errors of up to `near`.
fn near_point(
    model: &LosslessModel,
    near: Near,
    images: &[Image],
) -> Result<(RatePoint, Vec<Image>), CliError> {
    let settings = EncoderSettings {
        near,
        group: usual_group(model),
        is_verified: false,
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Counted::new(io::sink()), model, &settings)?;
    let mut decoded = Vec::with_capacity(images.len());
    for image in images {
        let shape = image.shape();
        let side = |side: usize| u16::try_from(side).ok();
        let of_codec = side(shape.height)
            .zip(side(shape.width))
            .and_then(|(height, width)| ae_codec::ImageShape::new(height, width))
            .filter(|_| shape.channels == 1);
        let Some(of_codec) = of_codec else {
            let reason = "the codec is for gray images of up to 65,535 pixels a side";
            return Err(CliError::failure(Status::Data, shape, reason));
        };
        encoder.push_of_shape(image.pixels(), of_codec, None)?;
        let levels = image.pixels().iter().map(|&level| near.quantized(level));
        decoded.push(Image::new(shape, levels.collect())?);
    }
    let setting = match near.levels() {
        0 => "lossless".to_owned(),
        levels => format!("errors up to {levels}"),
    };
    let bytes = encoder.finish()?.bytes();
    Ok((
        RatePoint::measure(setting, bytes, images, &decoded),
        decoded,
    ))
}
