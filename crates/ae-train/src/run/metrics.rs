//! `metrics.jsonl`: one JSON object a line, for every step and every epoch, and for the test at the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::run::reports::{EpochReport, StepReport, TestReport};

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum MetricsLine {
    /// One step of the optimizer.
    Step(StepMetrics),
    /// One pass over the training images.
    Epoch(EpochReport),
    /// The test at the end.
    Test(TestReport),
}

/// What is kept of a step: nothing that another run of the same configuration wouldn't repeat to the last digit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The step, counted from 1 over the whole run.
    pub step: usize,
    /// The batch's loss, before the update.
    pub loss: f32,
    /// The loss's terms by name.
    pub terms: BTreeMap<String, f32>,
    /// The norm of all gradients taken together, before clipping.
    pub gradient_norm: f32,
    /// The learning rate of the update.
    pub learning_rate: f64,
}

impl From<&StepReport> for StepMetrics {
    fn from(report: &StepReport) -> Self {
        Self {
            epoch: report.epoch,
            step: report.step,
            loss: report.loss,
            terms: report
                .terms
                .iter()
                .map(|&(name, value)| (name.to_owned(), value))
                .collect(),
            gradient_norm: report.gradient_norm,
            learning_rate: report.learning_rate,
        }
    }
}

/// Reads a `metrics.jsonl`. A last line that breaks off, as in a run that was killed, is left out.
///
/// Numbers come back to within a unit in the last place of an `f64`; the text itself is exact.
///
/// # Errors
/// Where the file cannot be read, or holds a line of another kind.
pub fn read_metrics(path: &Path) -> Result<Vec<MetricsLine>, TrainError> {
    let file = File::open(path).map_err(TrainError::io("open", path))?;
    let mut reader = BufReader::new(file);
    let mut lines = Vec::new();
    let mut line = String::new();
    loop {
        line.clear();
        reader
            .read_line(&mut line)
            .map_err(TrainError::io("read", path))?;
        if !line.ends_with('\n') {
            return Ok(lines);
        }
        lines.push(serde_json::from_str(&line).map_err(|error| {
            TrainError::checkpoint(path, format!("line {}: {error}", lines.len() + 1))
        })?);
    }
}

/// The length of a file up to its last line end.
fn whole_lines(file: &mut File) -> std::io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut whole, mut length) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line)? {
            0 => return Ok(whole),
            read => length += read as u64,
        }
        if line.ends_with(b"\n") {
            whole = length;
        }
    }
}

/// The log while it is being written.
pub(crate) struct MetricsLog {
    path: PathBuf,
    writer: BufWriter<File>,
    bytes: u64,
}

impl MetricsLog {
    /// Opens the log with its first `bytes` bytes and whatever a killed run wrote after them cut off.
    pub(crate) fn open(path: &Path, bytes: u64) -> Result<Self, TrainError> {
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(TrainError::io("open", path))?;
        let length = file.metadata().map_err(TrainError::io("read", path))?.len();
        // A log shorter than the checkpoint knew it (somebody cut it) costs its lines, not the run.
        let bytes = match length < bytes {
            true => whole_lines(&mut file).map_err(TrainError::io("read", path))?,
            false => bytes,
        };
        file.set_len(bytes)
            .map_err(TrainError::io("shorten", path))?;
        file.seek(SeekFrom::End(0))
            .map_err(TrainError::io("write", path))?;
        Ok(Self {
            path: path.to_path_buf(),
            writer: BufWriter::new(file),
            bytes,
        })
    }

    /// Opens the log to write behind its last whole line.
    pub(crate) fn open_to_append(path: &Path) -> Result<Self, TrainError> {
        Self::open(path, u64::MAX)
    }

    pub(crate) fn push(&mut self, line: &MetricsLine) -> Result<(), TrainError> {
        let mut text = serde_json::to_vec(line).expect("a line of numbers and names is JSON");
        text.push(b'\n');
        self.bytes += text.len() as u64;
        self.writer
            .write_all(&text)
            .map_err(TrainError::io("write", &self.path))
    }

    /// Fsyncs the log and returns its length.
    pub(crate) fn sync(&mut self) -> Result<u64, TrainError> {
        self.writer
            .flush()
            .map_err(TrainError::io("write", &self.path))?;
        self.writer
            .get_ref()
            .sync_data()
            .map_err(TrainError::io("write", &self.path))?;
        Ok(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: usize) -> MetricsLine {
        MetricsLine::Step(StepMetrics {
            epoch: 1,
            step,
            loss: 0.1 + step as f32,
            terms: BTreeMap::from([("reconstruction".to_owned(), 0.25)]),
            gradient_norm: 1.0,
            learning_rate: 1e-3,
        })
    }

    #[test]
    fn a_log_is_cut_to_the_length_it_is_opened_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = MetricsLog::open(&path, 0).unwrap();
        log.push(&step(1)).unwrap();
        let length = log.sync().unwrap();
        log.push(&step(2)).unwrap();
        drop(log);
        assert_eq!(read_metrics(&path).unwrap(), [step(1), step(2)]);
        let mut log = MetricsLog::open(&path, length).unwrap();
        log.push(&step(3)).unwrap();
        drop(log);
        assert_eq!(read_metrics(&path).unwrap(), [step(1), step(3)]);
    }

    #[test]
    fn a_log_that_was_cut_resumes_after_its_last_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = MetricsLog::open(&path, 0).unwrap();
        log.push(&step(1)).unwrap();
        log.push(&step(2)).unwrap();
        let length = log.sync().unwrap();
        drop(log);
        for (kept, expected) in [(length - 3, vec![step(1), step(3)]), (5, vec![step(3)])] {
            let content = std::fs::read(&path).unwrap();
            std::fs::write(&path, &content[..kept as usize]).unwrap();
            let mut log = MetricsLog::open(&path, length).unwrap();
            log.push(&step(3)).unwrap();
            drop(log);
            assert_eq!(read_metrics(&path).unwrap(), expected);
        }
    }

    #[test]
    fn a_broken_last_line_is_left_out_and_an_unknown_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        std::fs::write(&path, "{\"kind\":\"step\",\"epo").unwrap();
        assert!(read_metrics(&path).unwrap().is_empty());
        std::fs::write(&path, "{\"kind\":\"weather\"}\n").unwrap();
        let message = read_metrics(&path).unwrap_err().to_string();
        assert!(
            message.contains("metrics.jsonl: line 1: unknown variant `weather`"),
            "{message}"
        );
    }
}
