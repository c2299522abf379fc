//! Progress of a training run: a bar on a terminal, plain lines in a pipe or in CI.

use std::time::{Duration, Instant};

use ae_report::thousands;
use ae_train::{CodeReport, EpochReport, Observer, StartReport, StepReport};
use indicatif::{ProgressBar, ProgressStyle};

use crate::interrupt::Interrupt;
use crate::output::Terminal;

/// In a pipe, an epoch that takes longer than this says so in between.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Watches a run for the user, and tells it when to stop.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: Terminal,
    interrupt: Interrupt,
    bar: Option<ProgressBar>,
    last_line: Instant,
    epochs: usize,
}

impl Progress {
    pub(crate) fn new(terminal: Terminal, interrupt: Interrupt) -> Self {
        Self {
            terminal,
            interrupt,
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
            "{} parameters, {} training and {} test images, {} epochs of {} steps",
            thousands(report.parameters as u64),
            thousands(report.train_images as u64),
            thousands(report.test_images as u64),
            report.epochs,
            thousands(report.steps_per_epoch as u64),
        ));
        if let Some(resumed) = &report.resumed {
            for (checkpoint, reason) in &resumed.skipped {
                self.terminal
                    .warning(format!("{}: passed over: {reason}", checkpoint.display()));
            }
            self.terminal.note(format!(
                "going on after step {} (epoch {}) from {}",
                thousands(resumed.steps_done as u64),
                resumed.epoch,
                resumed.checkpoint.display(),
            ));
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

    fn stop_requested(&self) -> bool {
        self.interrupt.is_requested()
    }
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
        line.push_str(&format!("  test mse {:.5}", validation.mse));
        if let Some(psnr) = validation.psnr {
            line.push_str(&format!("  psnr {psnr:.2} dB"));
        }
        line.push_str(&format!("  ssim {:.3}", validation.ssim));
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
