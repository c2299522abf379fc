//! Which model `ae train` builds: the options of every kind that a registry has.

use ae_models::{GivenSettings, RegisteredSetting, Registry, SettingValue};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, FromArgMatches, Id};

use crate::codec::PIXEL;

/// The kind of model, among the options.
const KIND: &str = "model";
/// The group of the options that are a kind's settings, which tells them from the command's own.
const SETTINGS: &str = "settings";

/// The model's kind and the settings that were given for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct KindArguments {
    /// The kind of model.
    pub(crate) kind: Option<String>,
    /// Its settings, as text.
    pub(crate) given: GivenSettings,
}

impl KindArguments {
    /// The first option that was given, as it is typed.
    pub(crate) fn first_given(&self) -> Option<String> {
        let kind = self.kind.as_ref().map(|_| KIND);
        let first = kind.into_iter().chain(self.given.names()).next();
        first.map(|name| format!("--{name}"))
    }
}

/// Adds the options of every kind in a registry, those of one name once.
pub(crate) fn with_model_options(command: Command, registry: &Registry) -> Command {
    let kinds = registry.kinds().iter();
    let names = kinds.map(|kind| PossibleValue::new(kind.name()).help(kind.summary()));
    // No kind of the registry: the codec has a trainer of its own.
    let codec = PossibleValue::new(PIXEL).help(
        "A codec of gray images for ae compress, of one size or with --patch of any: an integer network that predicts each pixel",
    );
    let kind = Arg::new(KIND)
        .long(KIND)
        .value_name("KIND")
        .help("The kind of model")
        .value_parser(PossibleValuesParser::new(names.chain([codec])));
    let all = registry.kinds().len();
    let settings = registry.options();
    let options = settings.iter().map(|setting| option(setting, all));
    let options = std::iter::once(kind).chain(options);
    command
        .args(options.map(|option| option.help_heading("Model")))
        .group(
            ArgGroup::new(SETTINGS)
                .multiple(true)
                .args(settings.iter().map(|setting| setting.spec.name)),
        )
}

/// The option of a setting; help says which kinds have it, unless all of them do.
fn option(setting: &RegisteredSetting, all_kinds: usize) -> Arg {
    let spec = setting.spec;
    let help = match setting.kinds.len() {
        kinds if kinds == all_kinds => spec.help.to_owned(),
        _ => format!("{} ({})", spec.help, setting.kinds.join(", ")),
    };
    let option = Arg::new(spec.name).long(spec.name).help(help);
    match spec.value {
        SettingValue::Switch => option.action(ArgAction::SetTrue),
        SettingValue::OneOf { value_name, names } => option
            .value_name(value_name)
            .value_parser(PossibleValuesParser::new(names)),
        SettingValue::List(value_name) => option
            .value_name(value_name)
            .action(ArgAction::Append)
            .allow_negative_numbers(true),
        SettingValue::Text(value_name) => {
            option.value_name(value_name).allow_negative_numbers(true)
        }
        other => unreachable!("a setting of {other:?}, which no option is made of yet"),
    }
}

impl Args for KindArguments {
    /// The options are those of the kinds that the program knows: [`with_model_options`] adds them.
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for KindArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let kind = matches.get_one::<String>(KIND).cloned();
        let mut given = GivenSettings::default();
        for id in matches.get_many::<Id>(SETTINGS).into_iter().flatten() {
            // A switch has a value where it was not given, too.
            if matches.value_source(id.as_str()) != Some(ValueSource::CommandLine) {
                continue;
            }
            let texts = matches.get_raw(id.as_str()).into_iter().flatten();
            let texts: Vec<_> = texts.map(|text| text.to_string_lossy()).collect();
            given = given.with(id.as_str(), texts.join(","));
        }
        Ok(Self { kind, given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
