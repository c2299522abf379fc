//! Clap's complaints in our own form: one `error:` line and perhaps a `hint:`.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::CliError;

/// Says what clap found wrong with the command line.
pub(crate) fn usage_error(error: &clap::Error) -> CliError {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    // `--epochs <N>` is named in an error as the user typed it: `--epochs`.
    let option = argument
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned();
    let complaint = match error.kind() {
        ErrorKind::UnknownArgument => CliError::usage(&argument, "unknown option or argument"),
        ErrorKind::InvalidSubcommand => CliError::usage(
            text(error, ContextKind::InvalidSubcommand),
            "no such command",
        ),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            CliError::usage("ae", "no command given").hint("ae --help lists the commands")
        }
        ErrorKind::MissingRequiredArgument => CliError::usage(argument, "required, but not given"),
        ErrorKind::ArgumentConflict => {
            let prior = text(error, ContextKind::PriorArg);
            if prior.is_empty() || prior == argument {
                CliError::usage(option, "given more than once")
            } else {
                CliError::usage(option, format!("cannot be used with {prior}"))
            }
        }
        ErrorKind::InvalidValue if value.is_empty() => CliError::usage(option, "needs a value"),
        ErrorKind::InvalidValue => CliError::usage(
            option,
            match text(error, ContextKind::ValidValue) {
                valid if valid.is_empty() => format!("'{value}' is not valid"),
                valid => format!("'{value}' is not one of {valid}"),
            },
        ),
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error)
                .map_or_else(|| "not valid".to_owned(), ToString::to_string);
            CliError::usage(option, format!("'{value}': {reason}"))
        }
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            CliError::usage(option, "has the wrong number of values")
        }
        ErrorKind::TooManyValues => CliError::usage(option, format!("takes no value '{value}'")),
        ErrorKind::InvalidUtf8 => CliError::usage("ae", "an argument is not valid UTF-8"),
        kind => CliError::usage("ae", kind),
    };
    match suggestion(error) {
        Some(hint) => complaint.hint(hint),
        None => complaint,
    }
}

fn suggestion(error: &clap::Error) -> Option<String> {
    [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ]
    .into_iter()
    .map(|kind| text(error, kind))
    .find(|text| !text.is_empty())
    .map(|text| format!("perhaps {text}?"))
    .or_else(|| {
        matches!(
            error.kind(),
            ErrorKind::UnknownArgument
                | ErrorKind::InvalidSubcommand
                | ErrorKind::MissingRequiredArgument
        )
        .then(|| "--help shows what this command takes, with examples".to_owned())
    })
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}
