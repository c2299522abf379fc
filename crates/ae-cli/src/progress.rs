//! Progress of a training run: a bar on a terminal, plain lines in a pipe or in CI.

use std::cell::Cell;
use std::time::{Duration, Instant};

use ae_data::Part;
use ae_report::{counted, thousands};
use ae_train::{
    CheckpointReport, CodeReport, EpochReport, Observer, RateChange, RunLength, StartReport,
    StepReport,
};
use indicatif::{ProgressBar, ProgressStyle};

use crate::signals::Signals;
use crate::terminal::Terminal;

/// In a pipe, an epoch that takes longer than this says so in between.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Watches a run for the user, and tells it when to stop.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: Terminal,
    signals: Signals,
    /// Whether the user asked for a run to be resumed.
    is_resumed: bool,
    /// Whether the next checkpoint is one that was asked for by a signal.
    is_awaited: Cell<bool>,
    bar: Option<ProgressBar>,
    last_line: Instant,
    epochs: usize,
}

impl Progress {
    pub(crate) fn new(terminal: Terminal, signals: Signals, is_resumed: bool) -> Self {
        Self {
            terminal,
            signals,
            is_resumed,
            is_awaited: Cell::new(false),
            bar: None,
            last_line: Instant::now(),
            epochs: 0,
        }
    }

    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => self.terminal.note(line),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn started(&mut self, report: &StartReport) {
        self.epochs = report.epochs;
        self.terminal.note(format!(
            "{} parameters, {} training, {} and {} test images, {} of {}",
            thousands(report.parameters as u64),
            thousands(report.train_images as u64),
            match report.measured_part {
                Part::Test => "no validation".to_owned(),
                _ => format!("{} validation", thousands(report.validation_images as u64)),
            },
            thousands(report.test_images as u64),
            counted(report.epochs, "epoch"),
            counted(report.steps_per_epoch, "step"),
        ));
        if report.steps != report.epochs * report.steps_per_epoch {
            self.terminal.note(format!(
                "{} in all, so that an epoch ends early",
                counted(report.steps, "step")
            ));
        }
        if report.measured_part == Part::Test {
            self.terminal.note(
                "its configuration is from before there were validation images: its epochs are compared on the test images",
            );
        } else if report.validation_images == 0 {
            self.terminal
                .note("no validation images: epochs are not compared, the last is kept");
        }
        if let Some(resumed) = &report.resumed {
            for (checkpoint, reason) in &resumed.skipped {
                self.terminal
                    .warning(format!("{}: passed over: {reason}", checkpoint.display()));
            }
            self.terminal.note(format!(
                "resumed after step {} (epoch {}) from {}",
                thousands(resumed.steps_done as u64),
                resumed.epoch,
                resumed.checkpoint.display(),
            ));
            if let Some(change) = &resumed.rate_change {
                self.terminal.warning(rate_text(change));
            }
            if let Some((then, now)) = &resumed.other_test_images {
                self.terminal.warning(format!(
                    "the test images are others than before ({then} then, {now} now); nothing of the training depends \
                     on them"
                ));
            }
        } else if self.is_resumed {
            self.terminal
                .note("no checkpoint yet: from the first step on");
        }
        if self.terminal.is_watched() {
            let bar = ProgressBar::new(report.steps as u64);
            let style = "{prefix} [{bar:30}] {pos}/{len} steps  {msg}, {eta} left";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_position(report.resumed.as_ref().map_or(0, |at| at.steps_done as u64));
            bar.reset_eta();
            self.bar = Some(bar);
        }
        self.last_line = Instant::now();
    }

    fn step(&mut self, report: &StepReport) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!("epoch {}/{}", report.epoch, self.epochs));
            bar.set_message(format!(
                "loss {:.5}  {:.0} images/s",
                report.loss, report.images_per_second
            ));
            bar.set_position(report.step as u64);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            self.terminal.note(format!(
                "epoch {}/{}  step {}/{}  loss {:.5}  {:.0} images/s",
                report.epoch,
                self.epochs,
                thousands(report.step as u64),
                thousands(report.steps as u64),
                report.loss,
                report.images_per_second,
            ));
        }
    }

    fn validating(&mut self, images: usize) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("measuring on {} images", thousands(images as u64)));
        }
    }

    fn epoch(&mut self, report: &EpochReport) {
        self.last_line = Instant::now();
        self.line(&epoch_line(report, self.epochs));
    }

    fn checkpoint(&mut self, report: &CheckpointReport) {
        if self.is_awaited.take() {
            self.line(&format!("saved: {}", report.path.display()));
        }
    }

    fn stop_requested(&self) -> bool {
        self.signals.stop_requested().is_some()
    }

    fn checkpoint_requested(&self) -> bool {
        let is_requested = self.signals.take_checkpoint_request();
        if is_requested {
            self.is_awaited.set(true);
        }
        is_requested
    }
}

/// What a resumed run does to its learning rate.
fn rate_text(change: &RateChange) -> String {
    let RateChange {
        then,
        now,
        length_then,
        length_now,
        after_step,
        ..
    } = *change;
    let factor = match now > then && then > 0.0 {
        true => format!(", {:.1} times as much", now / then),
        false => String::new(),
    };
    let instead = match (length_now, length_then) {
        (RunLength::Epochs(_), RunLength::Epochs(then))
        | (RunLength::Steps(_), RunLength::Steps(then)) => then.to_string(),
        (_, then) => then.to_string(),
    };
    format!(
        "from step {} on the learning rate is {now:.3e}, where it would have been {then:.3e}{factor}: its schedule now ends \
         with {length_now} instead of {instead}; config.toml keeps both as [[train.segments]]",
        thousands(after_step as u64 + 1),
    )
}

/// An epoch in one line.
fn epoch_line(report: &EpochReport, epochs: usize) -> String {
    let mut line = format!(
        "epoch {}/{epochs}  loss {:.5}",
        report.epoch, report.train_loss
    );
    if report.terms.len() > 1 {
        for (name, value) in &report.terms {
            line.push_str(&format!("  {name} {value:.5}"));
        }
    }
    if let Some(validation) = &report.validation {
        let part = report.measured_part().unwrap_or(Part::Validation);
        line.push_str(&format!("  {part} mse {:.5}", validation.mse));
        if let Some(psnr) = validation.psnr {
            line.push_str(&format!("  psnr {psnr:.2} dB"));
        }
        line.push_str(&format!("  ssim {:.3}", validation.ssim));
    }
    if let (None, Some(loss)) = (&report.validation, report.validation_loss) {
        line.push_str(&format!("  validation loss {loss:.5}"));
    }
    match &report.codes {
        Some(CodeReport::Variational(codes)) => line.push_str(&format!(
            "  bound {:.2}  kl {:.2}  active {}/{}",
            codes.negative_bound, codes.kl, codes.active_units, codes.units
        )),
        Some(CodeReport::Sparse(codes)) => line.push_str(&format!(
            "  active {:.1}%  dead {}/{}",
            100.0 * codes.active_share,
            codes.dead_units,
            codes.units
        )),
        Some(CodeReport::Codewords(codes)) => line.push_str(&format!(
            "  used {}/{}  perplexity {:.0}",
            codes.used, codes.codewords, codes.perplexity
        )),
        _ => {}
    }
    line.push_str(&format!(
        "  {:.0} images/s  {:.1} s",
        report.images_per_second,
        report.train_seconds + report.validation_seconds
    ));
    if report.best {
        line.push_str("  best");
    }
    line
}
