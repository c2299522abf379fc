//! What removes the noise: a filter by its name, or a model.

use std::path::{Path, PathBuf};

use ae_data::read_strength;
use ae_infer::{
    Denoiser, FILTERS, InOrientations, ModelDenoiser, ModelPath, NoiseFilter, PHOTO, PhotoDenoiser,
    SelfDenoiser, ZERO_SHOT, filter,
};
use ae_train::ZeroShotSettings;
use clap::Args;

use crate::arguments::value::at_least_one;
use crate::arguments::{DeviceArguments, RUNS};
use crate::backend;
use crate::commands::denoise::step_progress::StepProgress;
use crate::context::Context;
use crate::error::CliError;
use crate::opening::open;

/// The options that say what removes the noise, and how much of it.
#[derive(Debug, Clone, Args)]
pub(super) struct DenoiserArguments {
    #[arg(long, value_name = "MODEL", help = model_help())]
    model: Option<PathBuf>,
    /// Train a small network on nothing but the picture itself: needs no model, and takes minutes (zs-n2n, Mansour and
    /// Heckel 2023).
    #[arg(long = "self", conflicts_with = "model")]
    pub(super) is_self: bool,
    /// Steps of training, with --self [default: 2000].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    steps: Option<usize>,
    /// Shrink the picture first, N pixels of a side to one, with --self: for noise that neighboring pixels have in common.
    #[arg(long, value_name = "N", value_parser = shrink)]
    pub(super) shrink: Option<usize>,
    /// Go over the picture in N orientations, mirrored and turned, and take the mean: a little better, N times slower; 1, 2, 4
    /// or 8.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = orientations, conflicts_with = "is_self")]
    pub(super) orientations: usize,
    /// How much of the noise is removed, 0 to 1.5.
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = read_removed, allow_negative_numbers = true)]
    pub(super) strength: f32,
    /// The noise's standard deviation, 1 being the range from black to white: 0.1 or 25/255 [default: estimated, where the
    /// filter has to know it].
    #[arg(long, value_name = "LEVEL", value_parser = read_level, allow_negative_numbers = true)]
    pub(super) noise_level: Option<f32>,
    /// The side of a tile in pixels, at least what the model sees to draw a pixel [default: 512, or that].
    #[arg(long, value_name = "PIXELS", value_parser = at_least_one)]
    tile: Option<usize>,
}

impl DenoiserArguments {
    /// Refuses what is for `--self` alone. Clap's `requires` passes it over beside an option that excludes `--self`.
    ///
    /// # Errors
    /// There is such an option.
    pub(super) fn check(&self) -> Result<(), CliError> {
        let given = [
            ("--steps", self.steps.is_some()),
            ("--shrink", self.shrink.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) if !self.is_self => {
                Err(CliError::usage(option, "is for --self, which is not there"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is said what removes the noise.
    pub(super) fn is_named(&self) -> bool {
        self.is_self || self.model.is_some()
    }

    /// The file of the model, where one is named.
    pub(super) fn file(&self) -> Option<PathBuf> {
        let found = ModelPath::find(self.model.as_ref()?).ok()?;
        Some(found.file().to_owned())
    }

    /// A model was trained to do without it.
    fn warn_of_noise_level(&self, model: &str, context: &Context<'_>) {
        if self.noise_level.is_some() {
            let warning = format!("--noise-level is not used by {model}");
            context.terminal.warning(warning);
        }
    }
}

fn model_help() -> String {
    let filters: Vec<_> = FILTERS
        .iter()
        .map(|filter| format!("{}, {}", filter.name(), filter.summary()))
        .collect();
    format!(
        "A model file, a run directory, {PHOTO}, which is built in, or a filter by its name: {} [default: the newest run \
         under runs/ that was trained on patches with noise, else {PHOTO}]",
        filters.join("; ")
    )
}

fn read_removed(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(strength) if (0.0..=1.5).contains(&strength) => Ok(strength),
        _ => Err("must be a number from 0 to 1.5".to_owned()),
    }
}

fn shrink(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(factor) if (1..=8).contains(&factor) => Ok(factor),
        _ => Err("must be a whole number from 1 to 8".to_owned()),
    }
}

fn orientations(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if InOrientations::COUNTS.contains(&count) => Ok(count),
        _ => Err("must be 1, 2, 4 or 8".to_owned()),
    }
}

fn read_level(text: &str) -> Result<f32, String> {
    match read_strength(text) {
        Some(level) if (0.0..=1.0).contains(&level) => Ok(level),
        Some(level) if level > 1.0 && level <= 255.0 => Err(format!(
            "must be from 0 to 1, the range from black to white; {level} of 255 levels are {level}/255"
        )),
        _ => Err("must be a number from 0 to 1, or a fraction as 25/255".to_owned()),
    }
}

/// What removes the noise, ready to be used.
pub(super) enum OpenDenoiser {
    Itself(Box<SelfDenoiser>),
    Filter(&'static dyn NoiseFilter),
    Photo(Box<PhotoDenoiser>),
    Model(Box<ModelDenoiser>),
}

impl OpenDenoiser {
    /// Takes the filter or opens the model that was named, or opens the newest run that is one for pictures of any kind,
    /// or else the built-in model, and tells what is odd about it.
    ///
    /// # Errors
    /// There is no such model, it cannot be opened, or tiles are too small for it.
    pub(super) fn open(
        arguments: &DenoiserArguments,
        seed: u64,
        device: DeviceArguments,
        context: &Context<'_>,
    ) -> Result<Self, CliError> {
        let terminal = context.terminal;
        if arguments.is_self {
            return Self::open_self(arguments, seed, device, context);
        }
        let Some(path) = &arguments.model else {
            let runs = Path::new(RUNS);
            return match ModelPath::newest_patch_denoiser(runs, context.registry) {
                Some(run) => {
                    terminal.note(format!("model: {}", run.name()));
                    Self::open_model(run.run().unwrap_or(run.file()), arguments, device, context)
                }
                None => Self::open_photo(arguments, device, context),
            };
        };
        let name = path.to_str().unwrap_or_default();
        if name == PHOTO {
            return Self::open_photo(arguments, device, context);
        }
        let Some(filter) = filter(name) else {
            return Self::open_model(path, arguments, device, context);
        };
        backend::set_threads(device.threads)?;
        if arguments.tile.is_some() {
            terminal.warning(format!("--tile is not used: {name} takes pictures whole"));
        }
        if arguments.noise_level.is_some() && !filter.needs_noise_level() {
            terminal.warning(format!("--noise-level is not used by {name}"));
        }
        Ok(Self::Filter(filter))
    }

    fn open_self(
        arguments: &DenoiserArguments,
        seed: u64,
        device: DeviceArguments,
        context: &Context<'_>,
    ) -> Result<Self, CliError> {
        let terminal = context.terminal;
        arguments.warn_of_noise_level(ZERO_SHOT, context);
        let least = ZeroShotSettings::LEAST_TILE;
        if let Some(side) = arguments.tile.filter(|side| *side < least) {
            let reason = format!("must be at least {least} with --self");
            return Err(CliError::usage(format!("--tile {side}"), reason));
        }
        backend::set_threads(device.threads)?;
        let mut settings = ZeroShotSettings::default();
        settings.seed = seed;
        settings.steps = arguments.steps.unwrap_or(settings.steps);
        settings.tile = arguments.tile.unwrap_or(settings.tile);
        let progress = StepProgress::new(terminal);
        let denoiser = SelfDenoiser::new(settings).with_progress(move |steps| progress.show(steps));
        Ok(Self::Itself(Box::new(denoiser)))
    }

    fn open_photo(
        arguments: &DenoiserArguments,
        device: DeviceArguments,
        context: &Context<'_>,
    ) -> Result<Self, CliError> {
        arguments.warn_of_noise_level(PHOTO, context);
        backend::set_threads(device.threads)?;
        let device = backend::open(device.backend)?;
        let photo = PhotoDenoiser::open(&device.device, arguments.tile)?;
        Ok(Self::Photo(Box::new(photo)))
    }

    fn open_model(
        path: &Path,
        arguments: &DenoiserArguments,
        device: DeviceArguments,
        context: &Context<'_>,
    ) -> Result<Self, CliError> {
        let terminal = context.terminal;
        let model = open(Some(path), device, context).map_err(|error| match path.exists() {
            true => error,
            false => error.hint(format!(
                "by name there are {PHOTO}, {}; else it is a .safetensors file or the directory of a run",
                FILTERS.iter().map(|filter| filter.name()).collect::<Vec<_>>().join(", ")
            )),
        })?;
        let name = model.name();
        if model.card().noise.is_none() && !model.is_self_supervised() {
            terminal.warning(format!("{name}: not trained to remove noise"));
        }
        if model.leaves_luminance() {
            terminal.warning(format!(
                "{name}: denoises chrominances alone: the luminance of a color picture stays as it is, and so does a gray picture"
            ));
        }
        if arguments.tile.is_some() && !model.takes_any_size() {
            terminal.warning(format!(
                "--tile is not used: {name} takes tiles of its own size"
            ));
        }
        arguments.warn_of_noise_level(name, context);
        let tiling = model.tiling(arguments.tile)?;
        Ok(Self::Model(Box::new(ModelDenoiser::new(model, tiling))))
    }

    pub(super) fn denoiser(&self) -> &dyn Denoiser {
        match self {
            Self::Itself(denoiser) => &**denoiser,
            Self::Filter(filter) => *filter,
            Self::Photo(photo) => &**photo,
            Self::Model(model) => &**model,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_fractions_of_the_range() {
        for (text, expected) in [
            ("0.1", 0.1),
            ("25/255", 25.0 / 255.0),
            ("0", 0.0),
            ("1", 1.0),
        ] {
            assert_eq!(read_level(text), Ok(expected), "{text}");
        }
        let error = read_level("25").unwrap_err();
        assert!(error.ends_with("25 of 255 levels are 25/255"), "{error}");
        for text in ["-0.1", "nan", "inf", "x", "300", "25/0"] {
            assert!(read_level(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strengths_end_at_one_and_a_half() {
        for text in ["0", "0.5", "1.5"] {
            assert!(read_removed(text).is_ok(), "{text}");
        }
        for text in ["-0.1", "1.6", "nan", "x"] {
            assert!(read_removed(text).is_err(), "{text}");
        }
    }
}
