//! How far a coding or a training is: a bar on a terminal, a line now and then in a pipe.

use std::time::{Duration, Instant};

use ae_report::thousands;
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::Terminal;

/// In a pipe, what takes longer than this says so in between.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Tells how far it is.
pub(crate) struct CodecProgress {
    terminal: Terminal,
    bar: Option<ProgressBar>,
    last_line: Instant,
    total: u64,
    unit: &'static str,
}

impl CodecProgress {
    /// Of `total` units, such as `images`, none is done.
    pub(crate) fn new(terminal: Terminal, total: u64, unit: &'static str) -> Self {
        let bar = terminal.is_watched().then(|| {
            let bar = ProgressBar::new(total);
            let style = format!("[{{bar:30}}] {{pos}}/{{len}} {unit}  {{msg}}  {{eta}} left");
            if let Ok(style) = ProgressStyle::with_template(&style) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        Self {
            terminal,
            bar,
            last_line: Instant::now(),
            total,
            unit,
        }
    }

    /// So many are done; `message` is said beside it.
    pub(crate) fn tell(&mut self, done: u64, message: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message());
            bar.set_position(done);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let total = match self.total {
                0 => String::new(),
                total => format!("/{}", thousands(total)),
            };
            let line = format!("{}{total} {}  {}", thousands(done), self.unit, message());
            self.terminal.note(line.trim_end());
        }
    }
}

impl Drop for CodecProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
