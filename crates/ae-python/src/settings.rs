//! Settings of a training by name, as Python gives them: those of a kind of model, of the images and of the training.

use ae_cli::Status;
use ae_infer::Registry;
use ae_models::{ComputePath, GivenSettings, ModelConfig, SettingValue};
use ae_train::{DataConfig, OptimizerConfig, RunConfig, ScheduleConfig, TrainConfig};
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The keys of a configuration's `[data]` that may be given; the source is not among them.
const DATA: [&str; 13] = [
    "size",
    "fit",
    "channels",
    "patch",
    "patches_per_epoch",
    "range",
    "max_pixels",
    "binarize",
    "strict",
    "test_share",
    "validation_share",
    "dedup",
    "limit",
];

/// The configuration of a new run: a kind of model, and settings by the names that `config.toml` has for data and training
/// and the command line for models, as a JSON object. What is `null` has its default.
///
/// # Errors
/// A setting is not known, or is not what its name takes.
pub(crate) fn run_config(
    kind: &str,
    source: String,
    settings: &str,
    registry: &Registry,
) -> Result<RunConfig, Fault> {
    let settings: Map<String, Value> = serde_json::from_str(settings).map_err(Fault::argument)?;
    let options = registry.kind(kind).map_err(Fault::argument)?.options();
    let mut given = GivenSettings::default();
    let (mut data, mut train) = (Map::new(), Map::new());
    for (name, value) in settings {
        let option = options
            .iter()
            .find(|option| option.name == name.replace('_', "-"));
        match (option, value) {
            (_, Value::Null) => {}
            (Some(option), value) => match text_of(&value) {
                Some(_) if option.value == SettingValue::Switch && value == Value::Bool(false) => {}
                Some(text) => given = given.with(option.name, text),
                None => {
                    let reason = format!("{name} = {value}: a number, a text or a list is taken");
                    return Err(Fault::argument(reason));
                }
            },
            (None, value) if DATA.contains(&&*name) => {
                data.insert(name, value);
            }
            (None, value) => {
                train.insert(name, value);
            }
        }
    }
    let default = ModelConfig::default();
    let model = registry
        .configure(default, Some(kind), &given)
        .map_err(|error| Fault::argument(with_causes(&error)))?;
    if train.contains_key("loss")
        && let Some(unit) = model.objective_unit()
    {
        return Err(Fault::argument(format!(
            "loss: not for a model of kind {kind}: its loss is its own, in {unit}"
        )));
    }
    let train = train_config(TrainConfig::usual_for(&model), train, kind)?;
    if let Some(why) = model.refuses_loss(train.loss) {
        let loss = train.loss;
        return Err(Fault::argument(format!(
            "loss = {loss}: not for a model of kind {kind}: {why}"
        )));
    }
    Ok(RunConfig {
        convolutions: ComputePath::default(),
        data: data_config(source, data)?,
        model,
        train,
    })
}

/// A value as the command line takes it: lists joined by commas, a switch as an empty text.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Bool(_) => Some(String::new()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => {
            let texts: Option<Vec<String>> = values.iter().map(text_of).collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Null | Value::Object(_) => None,
    }
}

fn data_config(source: String, given: Map<String, Value>) -> Result<DataConfig, Fault> {
    let base = DataConfig {
        source,
        ..DataConfig::default()
    };
    let config: DataConfig = merged(&base, given, |error| error)?;
    match (config.patch, config.patches_per_epoch) {
        (Some(0), _) => Err(Fault::argument("patch = 0: must be at least 1")),
        (_, Some(0)) => Err(Fault::argument("patches_per_epoch = 0: must be at least 1")),
        (None, Some(_)) => Err(Fault::argument("patches_per_epoch: needs a patch")),
        (Some(_), _) if config.size.is_some() => Err(Fault::argument(
            "patch: patches are cut from pictures of their own sizes, not of a size",
        )),
        (Some(_), _) if !config.binarize.is_none() => Err(Fault::argument(
            "patch: patches are not made black and white",
        )),
        _ => Ok(config),
    }
}

fn train_config(
    base: TrainConfig,
    mut given: Map<String, Value>,
    kind: &str,
) -> Result<TrainConfig, Fault> {
    let base = match given.get("optimizer") {
        Some(Value::String(name)) => {
            let optimizer: OptimizerConfig = name.parse().map_err(Fault::from)?;
            given.remove("optimizer");
            base.with_optimizer(optimizer)
        }
        _ => base,
    };
    let schedule = match given.get("schedule") {
        Some(Value::String(name)) => {
            let schedule: ScheduleConfig = name.parse().map_err(Fault::from)?;
            given.remove("schedule");
            schedule
        }
        _ => base.schedule.clone(),
    };
    let base = TrainConfig { schedule, ..base };
    merged(&base, given, |error| {
        // The names of data and training are in the message.
        format!("{error}; or a setting of a model of kind {kind}")
    })
}

/// A configuration with other values for some of its keys.
fn merged<C: serde::Serialize + serde::de::DeserializeOwned>(
    base: &C,
    given: Map<String, Value>,
    explain: impl Fn(String) -> String,
) -> Result<C, Fault> {
    let internal = |error: serde_json::Error| Fault::Said(Status::Internal, error.to_string());
    let mut table = serde_json::to_value(base).map_err(internal)?;
    for (name, value) in given {
        let alone = |table: &Value, value: &Value| {
            let mut table = table.clone();
            table[&name] = value.clone();
            serde_json::from_value::<C>(table)
        };
        if let Err(error) = alone(&table, &value) {
            let error = error.to_string();
            return Err(Fault::argument(match error.starts_with("unknown field") {
                true => format!("{name}: {}", explain(error)),
                false => format!("{name} = {value}: {error}"),
            }));
        }
        table[&name] = value;
    }
    serde_json::from_value(table).map_err(|error| Fault::argument(error.to_string()))
}

/// An error with its causes, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    message
}
