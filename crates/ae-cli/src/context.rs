//! What every command is run with, beside its own arguments.

use crate::terminal::Terminal;
use ae_infer::Registry;

/// What a command knows of the program that it runs in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The kinds of models that can be trained and opened.
    pub(crate) registry: &'a Registry,
    /// Where results and notes go, in the form that was asked for.
    pub(crate) terminal: Terminal,
    /// The whole command line, for who has to describe it.
    pub(crate) parser: &'a clap::Command,
}
