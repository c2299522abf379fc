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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::usage_error;
    use crate::arguments::Cli;
    use crate::error::Status;

    #[test]
    fn complaints_name_the_argument_and_the_reason() {
        let table = [
            ("ae", "error: ae: no command given"),
            ("ae tarin", "error: tarin: no such command"),
            (
                "ae train --epoch 3",
                "error: --epoch: unknown option or argument",
            ),
            ("ae train --epochs", "error: --epochs: needs a value"),
            (
                "ae train --epochs 0",
                "error: --epochs: '0': must be at least 1",
            ),
            (
                "ae train --epochs many",
                "error: --epochs: 'many': not a whole number",
            ),
            (
                "ae train --batch-size 0",
                "error: --batch-size: '0': must be at least 1",
            ),
            (
                "ae train --learning-rate -1",
                "error: --learning-rate: '-1': must be above 0",
            ),
            (
                "ae train --seed 1 --seed 2",
                "error: --seed: given more than once",
            ),
            (
                "ae train --optimizer adan",
                "error: --optimizer: 'adan' is not one of adam, adamw, rmsprop, sgd",
            ),
            (
                "ae train --backend cuda",
                "error: --backend: 'cuda': not one of auto, flex, ndarray, wgpu, wgpu:cpu, wgpu:NUMBER",
            ),
            (
                "ae denoise -o x",
                "error: <PICTURE>...: required, but not given",
            ),
        ];
        for (line, expected) in table {
            let parsed = Cli::try_parse_from(line.split_whitespace());
            let error = usage_error(&parsed.expect_err(line));
            assert_eq!(error.lines()[0], expected, "{line}");
            assert_eq!(error.status(), Status::Usage, "{line}");
        }
    }

    #[test]
    fn a_misspelt_option_is_answered_with_the_right_one() {
        let parsed = Cli::try_parse_from(["ae", "train", "--epoch", "3"]);
        let lines = usage_error(&parsed.expect_err("unknown option")).lines();
        assert_eq!(lines[1], "hint: perhaps --epochs?");
    }
}
