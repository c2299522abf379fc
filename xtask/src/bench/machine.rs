//! What was measured on, and what is measured of whole processes.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::cases::{Models, Network};
use crate::commands::run;

/// The machine, the commit, the day.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) commit: String,
    pub(crate) date: String,
}

impl Machine {
    pub(crate) fn look(root: &Path) -> Self {
        let git = |arguments: &[&str]| {
            Command::new("git")
                .args(arguments)
                .current_dir(root)
                .output()
                .ok()
                .filter(|output| output.status.success())
                .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
        let changed = git(&["status", "--porcelain", "--untracked-files=no"])
            .is_some_and(|changes| !changes.is_empty());
        Self {
            processor: processor(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            commit: if changed {
                format!("{commit} with changes")
            } else {
                commit
            },
            date: date(),
        }
    }

    /// For a file's name.
    pub(crate) fn slug(&self) -> String {
        let words = self
            .processor
            .split(|character: char| !character.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).take(4).collect();
        format!("{}-{}-cores", words.join("-").to_lowercase(), self.cores)
    }
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    let model = field("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    match (field("cpu family"), field("model\t")) {
        (Some(family), Some(number)) => format!("{model}, family {family} model {number}"),
        _ => model,
    }
}

/// Today, UTC, as `2026-11-23`.
fn date() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |duration| duration.as_secs());
    let [year, month, day] = civil(i64::try_from(seconds / 86_400).unwrap_or(0));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a number of days after 1970-01-01.
///
/// # References
/// H. Hinnant (2014), *chrono-compatible low-level date algorithms*, `civil_from_days`.
fn civil(days: i64) -> [i64; 3] {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    [year_of_era + era * 400 + i64::from(month <= 2), month, day]
}

/// Rounds of a start-up's measurement.
const START_UPS: usize = 11;

/// Start-up to first picture, and peak memory, as lines for the table.
pub(crate) fn start_up_and_memory(
    ae: &Path,
    models: &Models,
    scratch: &Path,
) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut lines = BTreeMap::new();
    let shape = [1, 28, 28];
    let Some(model) = models.get(&(Network::Convolutional, shape)) else {
        return Ok(lines);
    };
    let text = |path: &Path| path.display().to_string();
    let (model, ae_text) = (text(model), text(ae));
    // 28x28 pixels: the smallest useful picture.
    let letter = scratch.join("letter.png");
    let [channels, height, width] = shape;
    let image_shape = ae_data::ImageShape::new(channels, height, width);
    ae_data::Image::new(image_shape, vec![128; image_shape.values()])?.write(&letter)?;
    let (letter, out) = (text(&letter), text(&scratch.join("clean.png")));
    let denoise = [
        "denoise", &letter, "-o", &out, "--model", &model, "--quiet", "--force",
    ];
    for (what, arguments) in [
        ("ae data noise --help", &["data", "noise", "--help"][..]),
        ("ae denoise letter.png", &denoise),
    ] {
        let mut milliseconds = Vec::new();
        for _ in 0..START_UPS {
            let start = Instant::now();
            run(scratch, &ae_text, arguments)?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        lines.insert(format!("`{what}`, exec to exit"), median(&mut milliseconds));
    }
    let output = Command::new(ae)
        .args(["bench", "--json", "--quiet", "--rounds", "2", &model])
        .output()?;
    let bench: Value = serde_json::from_slice(&output.stdout)?;
    if let Some(bytes) = bench["peak_memory_bytes"].as_u64() {
        lines.insert(
            "peak memory of training and inference, batch 128".to_owned(),
            format!("{} MiB", bytes >> 20),
        );
    }
    Ok(lines)
}

fn median(milliseconds: &mut [f64]) -> String {
    milliseconds.sort_by(f64::total_cmp);
    format!(
        "{:.0} ms, the median of {} from {:.0} to {:.0}",
        milliseconds[milliseconds.len() / 2],
        milliseconds.len(),
        milliseconds[0],
        milliseconds[milliseconds.len() - 1]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), [1970, 1, 1]);
        assert_eq!(civil(-1), [1969, 12, 31]);
        assert_eq!(civil(19_782), [2024, 2, 29]);
        assert_eq!(civil(20_780), [2026, 11, 23]);
    }
}
