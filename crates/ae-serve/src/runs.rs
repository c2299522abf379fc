//! Runs and their curves, as their logs grow.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What is read of a log at once.
const MOST_BYTES: u64 = 1 << 20;
/// The log in a run's folder.
const METRICS: &str = "metrics.jsonl";

/// The folder of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    log: PathBuf,
}

/// A part of a run's log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct LogPart {
    /// What was logged, a JSON object each: of kind `step`, `epoch` or `test`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) lines: Vec<Value>,
    /// Where the next part begins: to be asked for as `from`.
    pub(crate) next: u64,
    /// Whether there is more already.
    pub(crate) has_more: bool,
    /// Whether the log was cut since, as when a run is resumed from a checkpoint: `lines` are from its beginning again.
    pub(crate) is_restarted: bool,
}

impl Run {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            log: folder.join(METRICS),
        }
    }

    /// Reads the log from byte `from` on, whole lines of it.
    ///
    /// # Errors
    /// The log is there and cannot be read.
    pub(crate) fn read_from(&self, from: u64) -> io::Result<LogPart> {
        let mut file = match File::open(&self.log) {
            Ok(file) => file,
            // A run that has not begun.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(LogPart {
                    lines: Vec::new(),
                    next: 0,
                    has_more: false,
                    is_restarted: from > 0,
                });
            }
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        let is_restarted = from > length;
        let begin = if is_restarted { 0 } else { from };
        file.seek(SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes)?;
        // The last line may still be written.
        let end = bytes.iter().rposition(|&byte| byte == b'\n');
        let end = end.map_or(0, |end| end + 1);
        let lines = bytes[..end].split(|&byte| byte == b'\n');
        let lines = lines.filter_map(|line| serde_json::from_slice(line).ok());
        let next = begin + end as u64;
        Ok(LogPart {
            lines: lines.filter(Value::is_object).collect(),
            next,
            has_more: end > 0 && next < length && bytes.len() as u64 == MOST_BYTES,
            is_restarted,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_log_is_read_as_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::new(folder.path());
        assert_eq!(run.read_from(0).unwrap().next, 0);
        let log = folder.path().join(METRICS);
        fs::write(&log, "{\"kind\":\"step\",\"loss\":1}\n{\"kind\":\"st").unwrap();
        let first = run.read_from(0).unwrap();
        assert_eq!(first.lines.len(), 1);
        assert_eq!((first.next, first.has_more), (25, false));
        fs::write(
            &log,
            "{\"kind\":\"step\",\"loss\":1}\n{\"kind\":\"step\",\"loss\":2}\nbroken\n",
        )
        .unwrap();
        let second = run.read_from(first.next).unwrap();
        assert_eq!(
            second.lines,
            [serde_json::json!({"kind": "step", "loss": 2})]
        );
        assert!(!second.is_restarted);
        // Cut back to a checkpoint.
        fs::write(&log, "{\"kind\":\"step\",\"loss\":1}\n").unwrap();
        let third = run.read_from(second.next).unwrap();
        assert!(third.is_restarted);
        assert_eq!(third.lines.len(), 1);
    }
}
