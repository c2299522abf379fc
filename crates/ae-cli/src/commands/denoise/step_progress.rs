//! How far training on a picture has come: a bar on a terminal, plain lines in a pipe or in CI.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ae_infer::Progress;
use ae_report::thousands;
use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::Terminal;

/// In a pipe, a picture that takes longer than this says so in between.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Shows the steps of one picture after another.
pub(super) struct StepProgress {
    terminal: Terminal,
    shown: Mutex<Shown>,
}

struct Shown {
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl StepProgress {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self {
            terminal,
            shown: Mutex::new(Shown {
                bar: None,
                last_line: Instant::now(),
            }),
        }
    }

    pub(super) fn show(&self, progress: Progress) {
        let Progress { done, total, .. } = progress;
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if done == 1 {
            shown.last_line = Instant::now();
            shown.bar = self.terminal.is_watched().then(|| bar(total));
        }
        if let Some(bar) = &shown.bar {
            bar.set_position(done as u64);
        } else if shown.last_line.elapsed() >= LINE_EVERY && done < total {
            shown.last_line = Instant::now();
            let [done, total] = [done, total].map(|steps| thousands(steps as u64));
            self.terminal.note(format!("step {done}/{total}"));
        }
        if done == total
            && let Some(bar) = shown.bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

fn bar(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    match ProgressStyle::with_template("[{bar:30}] {pos}/{len} steps, {eta} left") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}
