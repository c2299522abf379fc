//! What the list of commands holds: a name, arguments, and the function that runs.

use clap::{ArgMatches, Args, Command};

use ae_models::Registry;

use crate::arguments::{OutputArguments, tell_scale, with_model_options};
use crate::context::Context;
use crate::error::CliError;
use crate::terminal::{Form, Terminal};
use crate::usage::usage_error;

/// A line of `ae --help`: what is typed, and what it does.
pub(crate) type Example = (&'static str, &'static str);

/// A command, or a group of commands under one name.
pub(crate) struct Entry {
    name: &'static str,
    examples: &'static [Example],
    content: Content,
}

enum Content {
    Command {
        arguments: fn(Command) -> Command,
        run: Run,
        has_results: bool,
        builds_models: bool,
        shares_work: bool,
    },
    Group {
        about: &'static str,
        after_help: String,
        entries: Vec<Entry>,
    },
}

type Run = Box<dyn Fn(&ArgMatches, &Context<'_>) -> Result<(), CliError>>;

impl Entry {
    /// A command whose arguments are `A`. The first line of `A`'s documentation is what help says of the command, and
    /// its `after_help` shows examples.
    pub(crate) fn command<A: Args + 'static>(
        name: &'static str,
        run: fn(A, &Context<'_>) -> Result<(), CliError>,
    ) -> Self {
        let parse_and_run = move |matches: &ArgMatches, context: &Context<'_>| {
            let arguments = A::from_arg_matches(matches).map_err(|error| usage_error(&error))?;
            run(arguments, context)
        };
        Self {
            name,
            examples: &[],
            content: Content::Command {
                arguments: A::augment_args,
                run: Box::new(parse_and_run),
                has_results: true,
                builds_models: false,
                shares_work: false,
            },
        }
    }

    /// Commands that are typed after a name that they share.
    pub(crate) fn group(
        name: &'static str,
        about: &'static str,
        after_help: String,
        entries: Vec<Self>,
    ) -> Self {
        Self {
            name,
            examples: &[],
            content: Content::Group {
                about,
                after_help,
                entries,
            },
        }
    }

    /// Shows examples of the command under `ae --help`, too.
    pub(crate) fn examples(mut self, examples: &'static [Example]) -> Self {
        self.examples = examples;
        self
    }

    /// Leaves out `--json` and `--quiet`: what the command prints has no other form.
    pub(crate) fn without_results(mut self) -> Self {
        if let Content::Command { has_results, .. } = &mut self.content {
            *has_results = false;
        }
        self
    }

    /// Adds the options of every kind of model that the program knows.
    pub(crate) fn builds_models(mut self) -> Self {
        if let Content::Command { builds_models, .. } = &mut self.content {
            *builds_models = true;
        }
        self
    }

    /// Allows several processes of the command, which has to know of them.
    pub(crate) fn shares_work(mut self) -> Self {
        if let Content::Command { shares_work, .. } = &mut self.content {
            *shares_work = true;
        }
        self
    }

    /// What is typed.
    #[cfg(test)]
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// What `ae --help` shows of it.
    pub(crate) fn top_level_examples(&self) -> &'static [Example] {
        self.examples
    }

    /// The commands of a group; none for a command.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> &[Self] {
        match &self.content {
            Content::Command { .. } => &[],
            Content::Group { entries, .. } => entries,
        }
    }

    /// How the command, or the group, is parsed.
    pub(crate) fn parser(&self, registry: &Registry) -> Command {
        let command = Command::new(self.name);
        match &self.content {
            Content::Command {
                arguments,
                has_results,
                builds_models,
                ..
            } => {
                let command = match builds_models {
                    true => with_model_options(command, registry),
                    false => command,
                };
                match has_results {
                    true => with_output(arguments(command)),
                    false => arguments(command),
                }
            }
            Content::Group {
                about,
                after_help,
                entries,
            } => command
                .about(*about)
                .after_help(after_help.clone())
                .subcommand_required(true)
                .arg_required_else_help(true)
                .disable_help_subcommand(true)
                .subcommands(entries.iter().map(|entry| entry.parser(registry))),
        }
    }

    /// Runs what was typed.
    ///
    /// # Errors
    /// The command's.
    pub(crate) fn run(&self, matches: &ArgMatches, context: &Context<'_>) -> Result<(), CliError> {
        match &self.content {
            Content::Command {
                run,
                has_results,
                shares_work,
                ..
            } => {
                let mut context = *context;
                if *has_results {
                    context.terminal = terminal(matches);
                }
                context.terminal.is_mute = context.ranks.rank() > 0;
                if !shares_work {
                    context.ranks.check_alone(self.name)?;
                }
                tell_scale(matches, &context.terminal);
                run(matches, &context)
            }
            Content::Group { entries, .. } => run_named(entries, matches, context),
        }
    }
}

/// Runs the one of `entries` whose name was typed.
///
/// # Errors
/// The command's.
pub(crate) fn run_named(
    entries: &[Entry],
    matches: &ArgMatches,
    context: &Context<'_>,
) -> Result<(), CliError> {
    let named = matches.subcommand().and_then(|(name, matches)| {
        let entry = entries.iter().find(|entry| entry.name == name)?;
        Some((entry, matches))
    });
    match named {
        Some((entry, matches)) => entry.run(matches, context),
        None => Err(CliError::usage("ae", "no command given")),
    }
}

/// Adds `--json` and `--quiet`, in a section of their own at the end.
fn with_output(command: Command) -> Command {
    let output = OutputArguments::augment_args(Command::new("output"));
    command.args(output.get_arguments())
}

fn terminal(matches: &ArgMatches) -> Terminal {
    Terminal {
        form: match matches.get_flag("json") {
            true => Form::Json,
            false => Form::Text,
        },
        quiet: matches.get_flag("quiet"),
        is_mute: false,
        is_of_shard: false,
    }
}
