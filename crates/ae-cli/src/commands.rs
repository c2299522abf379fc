//! One file a command: it checks its raw arguments, calls the libraries, and prints.

mod anomaly;
mod bench;
mod completions;
mod data;
mod decode;
mod denoise;
mod devices;
mod encode;
mod eval;
mod generate;
mod info;
mod interpolate;
mod map;
mod probe;
mod reconstruct;
mod show;
mod train;
mod traverse;
mod verify;

use crate::arguments::{Command, DataCommand, OutputArguments};
use crate::error::CliError;
use crate::terminal::{Form, Terminal};

/// Runs a command.
pub(crate) fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Train(arguments) => train::run(*arguments),
        Command::Eval(arguments) => eval::run(arguments),
        Command::Reconstruct(arguments) => reconstruct::run(arguments),
        Command::Denoise(arguments) => denoise::run(arguments),
        Command::Encode(arguments) => encode::run(arguments),
        Command::Decode(arguments) => decode::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Generate(arguments) => generate::run(arguments),
        Command::Interpolate(arguments) => interpolate::run(arguments),
        Command::Traverse(arguments) => traverse::run(arguments),
        Command::Anomaly(arguments) => anomaly::run(arguments),
        Command::Probe(arguments) => probe::run(arguments),
        Command::Map(arguments) => map::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Info(arguments) => info::run(arguments),
        Command::Data(DataCommand::Info(arguments)) => data::info::run(arguments),
        Command::Data(DataCommand::Show(arguments)) => data::show::run(arguments),
        Command::Data(DataCommand::Noise(arguments)) => data::noise::run(arguments),
        Command::Data(DataCommand::Glyphs(arguments)) => data::glyphs::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Devices { output } => devices::run(output),
        Command::Completions { shell } => completions::run(shell),
    }
}

impl From<OutputArguments> for Terminal {
    fn from(arguments: OutputArguments) -> Self {
        Self {
            form: if arguments.json {
                Form::Json
            } else {
                Form::Text
            },
            quiet: arguments.quiet,
        }
    }
}
