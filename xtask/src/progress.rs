//! How a download shows itself: a bar on a terminal, plain lines elsewhere; always on stderr.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::download::Report;

const BAR: &str = "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";

/// A [`Report`] for people.
#[derive(Debug, Default)]
pub struct TerminalReport {
    bar: Option<ProgressBar>,
}

impl Report for TerminalReport {
    fn file(&mut self, name: &str, bytes: u64) {
        self.finish();
        if !std::io::stderr().is_terminal() {
            eprintln!("downloading {name}, {bytes} bytes");
            return;
        }
        let style =
            ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(bytes)
            .with_style(style)
            .with_message(name.to_owned());
        self.bar = Some(bar);
    }

    fn position(&mut self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
        }
    }

    fn note(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }
}

impl TerminalReport {
    /// Leaves the last bar as it stands.
    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.abandon();
        }
    }
}
