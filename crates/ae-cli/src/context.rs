//! What every command is run with, beside its own arguments.

use crate::ranks::Ranks;
use crate::terminal::Terminal;
use ae_infer::Registry;

/// What a command knows of the program that it runs in.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The kinds of models that can be trained and opened.
    pub(crate) registry: &'a Registry,
    /// This process among those that were started together.
    pub(crate) ranks: &'a Ranks,
    /// Where results and notes go, in the form that was asked for.
    pub(crate) terminal: Terminal,
    /// The whole command line, for who has to describe it.
    pub(crate) parser: &'a clap::Command,
}
