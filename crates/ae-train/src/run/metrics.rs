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

/// The whole lines of a log, in bytes.
#[derive(Default)]
struct WholeLines {
    /// Up to the last line end.
    length: u64,
    /// Without the test's lines at the end.
    before_test: u64,
}

fn whole_lines(file: &mut File) -> std::io::Result<WholeLines> {
    file.rewind()?;
    let mut reader = BufReader::new(file);
    let mut whole = WholeLines::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(whole);
        }
        whole.length += read as u64;
        if !line.starts_with(TEST_LINE) {
            whole.before_test = whole.length;
        }
    }
}

/// How the test's line begins.
const TEST_LINE: &[u8] = b"{\"kind\":\"test\"";

/// The log while it is being written.
pub(crate) struct MetricsLog {
    path: PathBuf,
    writer: BufWriter<File>,
    bytes: u64,
    /// Whether what the file has after `bytes` is still there: it goes with the first line that is written, so that a run
    /// that cannot be resumed keeps its log as it was.
    is_to_be_cut: bool,
}

impl MetricsLog {
    /// Opens the log to write after its first `bytes` bytes, in place of whatever a killed run wrote there.
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
            true => {
                whole_lines(&mut file)
                    .map_err(TrainError::io("read", path))?
                    .length
            }
            false => bytes,
        };
        Ok(Self {
            path: path.to_path_buf(),
            writer: BufWriter::new(file),
            bytes,
            is_to_be_cut: true,
        })
    }

    /// Opens the log to write after its last whole line of a step or an epoch: a test is of the run as it ends now.
    pub(crate) fn open_for_test(path: &Path) -> Result<Self, TrainError> {
        let mut log = Self::open(path, u64::MAX)?;
        let whole = whole_lines(log.writer.get_mut()).map_err(TrainError::io("read", path))?;
        log.bytes = whole.before_test;
        Ok(log)
    }

    fn cut(&mut self) -> Result<(), TrainError> {
        let file = self.writer.get_mut();
        file.set_len(self.bytes)
            .map_err(TrainError::io("shorten", &self.path))?;
        file.seek(SeekFrom::End(0))
            .map_err(TrainError::io("write", &self.path))?;
        self.is_to_be_cut = false;
        Ok(())
    }

    pub(crate) fn push(&mut self, line: &MetricsLine) -> Result<(), TrainError> {
        if self.is_to_be_cut {
            self.cut()?;
        }
        let mut text = serde_json::to_vec(line).expect("a line of numbers and names is JSON");
        text.push(b'\n');
        self.bytes += text.len() as u64;
        self.writer
            .write_all(&text)
            .map_err(TrainError::io("write", &self.path))
    }

    /// Fsyncs the log and returns its length.
    pub(crate) fn sync(&mut self) -> Result<u64, TrainError> {
        if self.is_to_be_cut {
            self.cut()?;
        }
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
    fn a_log_that_nothing_is_written_to_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut log = MetricsLog::open(&path, 0).unwrap();
        log.push(&step(1)).unwrap();
        let length = log.sync().unwrap();
        log.push(&step(2)).unwrap();
        log.sync().unwrap();
        drop(MetricsLog::open(&path, length).unwrap());
        assert_eq!(read_metrics(&path).unwrap(), [step(1), step(2)]);
    }

    #[test]
    fn a_test_takes_the_place_of_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let lines = [step(1), step(2)].map(|line| serde_json::to_string(&line).unwrap() + "\n");
        let before = "{\"kind\":\"test\",\"part\":\"test\"}\n";
        std::fs::write(&path, format!("{}{}{before}", lines[0], lines[1])).unwrap();
        let mut log = MetricsLog::open_for_test(&path).unwrap();
        log.push(&step(3)).unwrap();
        drop(log);
        assert_eq!(read_metrics(&path).unwrap(), [step(1), step(2), step(3)]);
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
