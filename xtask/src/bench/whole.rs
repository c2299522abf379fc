//! What is measured of whole commands: start-up, a large picture, peak memory.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ae_data::{Image, ImageShape};

use super::cases::{Models, OF_LETTERS, Task};
use super::sample::Sample;
use crate::commands::output_of;

/// Rounds of a start-up's measurement: a command of milliseconds meets more chance than one of seconds.
const START_UPS: usize = 11;
/// Between two looks at a process.
const PAUSE: Duration = Duration::from_millis(2);
/// Width and height of the large picture.
const LARGE_PICTURE: [usize; 2] = [4_000, 3_000];

/// Measures them all, those whose names `is_wanted`.
pub(super) fn measure(
    ae: &Path,
    models: &Models,
    scratch: &Path,
    rounds: usize,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Sample>, Box<dyn Error>> {
    let mut samples = Vec::new();
    let mut add = |case: &str, task, round, value| {
        samples.push(Sample {
            case: case.to_owned(),
            task,
            contender: "ae flex".to_owned(),
            round,
            value,
        });
    };
    let model = &models.get(&OF_LETTERS).ok_or("no model of letters")?.run;
    let denoise = |picture: &Path| {
        let mut command = Command::new(ae);
        command
            .arg("denoise")
            .arg(picture)
            .arg("-o")
            .arg(scratch.join("clean.png"))
            .arg("--model")
            .arg(model)
            .args(["--backend", "flex", "--quiet", "--force"]);
        command
    };

    let help = "ae data noise --help";
    if is_wanted(help) {
        for round in 0..START_UPS {
            let watched = Watched::run(Command::new(ae).args(["data", "noise", "--help"]))?;
            add(help, Task::Start, round, watched.seconds * 1e3);
        }
    }
    let letter = "ae denoise letter.png";
    if is_wanted(letter) {
        let path = scratch.join("letter.png");
        // 28x28 pixels: the smallest useful picture.
        made_up([28, 28])?.write(&path)?;
        for round in 0..START_UPS {
            let watched = Watched::run(&mut denoise(&path))?;
            add(letter, Task::Start, round, watched.seconds * 1e3);
        }
    }
    let [width, height] = LARGE_PICTURE;
    let large = format!("ae denoise of {width}x{height} gray pixels");
    if is_wanted(&large) {
        let path = scratch.join("large.png");
        made_up(LARGE_PICTURE)?.write(&path)?;
        for round in 0..rounds {
            let watched = Watched::run(&mut denoise(&path))?;
            let megapixels = (width * height) as f64 / 1e6;
            add(&large, Task::Picture, round, megapixels / watched.seconds);
            if let Some(mebibytes) = watched.peak_mebibytes {
                add(&large, Task::Memory, round, mebibytes);
            }
        }
    }
    let training = "training and inference, batch 128";
    if is_wanted(training) {
        for round in 0..rounds {
            let bench = output_of(
                Command::new(ae)
                    .args(["bench", "--json", "--quiet", "--rounds", "2"])
                    .args(["--backend", "flex"])
                    .arg(model),
            )?;
            if let Some(bytes) = bench["peak_memory_bytes"].as_f64() {
                add(training, Task::Memory, round, bytes / f64::from(1 << 20));
            }
        }
    }
    Ok(samples)
}

/// A picture of `[width, height]` gray pixels: waves, and noise over them; the same each time.
fn made_up([width, height]: [usize; 2]) -> Result<Image, ae_data::DataError> {
    let pixels = (0..width * height).map(|place| {
        let (x, y) = ((place % width) as f64, (place / width) as f64);
        let wave = (x / 37.0).sin() * (y / 53.0).cos();
        let noise = (scrambled(place as u64) >> 40) as f64 / f64::from(1 << 24) - 0.5;
        (128.0 + 70.0 * wave + 80.0 * noise) as u8
    });
    Image::new(ImageShape::new(1, height, width), pixels.collect())
}

/// A number whose bits look random.
///
/// # References
/// G. Steele, D. Lea and C. Flood (2014), *Fast splittable pseudorandom number generators*, figure 16.
fn scrambled(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a process took.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Watched {
    /// From exec to exit.
    seconds: f64,
    /// The most memory that was seen held; where the system tells it.
    peak_mebibytes: Option<f64>,
}

impl Watched {
    /// Runs a command to its end.
    fn run(command: &mut Command) -> Result<Self, String> {
        let name = command.get_program().display().to_string();
        let start = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let mut peak_mebibytes = None;
        let status = loop {
            // The peak never falls, so the last one seen misses what was taken within the last pause alone.
            peak_mebibytes = peak_mebibytes_of(child.id()).or(peak_mebibytes);
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) => thread::sleep(PAUSE),
                Err(error) => return Err(format!("{name}: {error}")),
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        if !status.success() {
            return Err(format!("{name}: {status}"));
        }
        Ok(Self {
            seconds,
            peak_mebibytes,
        })
    }
}

/// `VmHWM` of a process that runs.
fn peak_mebibytes_of(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_picture_is_noise_around_waves() {
        let picture = made_up([300, 200]).unwrap();
        assert_eq!(picture, made_up([300, 200]).unwrap());
        let (mut sum, mut squares) = (0.0, 0.0);
        for (place, &pixel) in picture.pixels().iter().enumerate() {
            let (x, y) = ((place % 300) as f64, (place / 300) as f64);
            let off = f64::from(pixel) - (128.0 + 70.0 * (x / 37.0).sin() * (y / 53.0).cos());
            sum += off;
            squares += off * off;
        }
        let count = 300.0 * 200.0;
        // Uniform over 80, less a half for the fraction cut off: a variance of 80 * 80 / 12 and of 1 / 12.
        assert!((sum / count + 0.5).abs() < 0.4, "{}", sum / count);
        let variance = squares / count - (sum / count).powi(2);
        assert!((variance / 533.4 - 1.0).abs() < 0.03, "{variance}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_timed_and_its_memory_seen() {
        let watched = Watched::run(Command::new("sleep").arg("0.2")).unwrap();
        assert!((0.2..5.0).contains(&watched.seconds), "{watched:?}");
        // As a whole, smaller than this process with its tests, and larger than a page.
        assert!((0.01..200.0).contains(&watched.peak_mebibytes.unwrap()));
        assert!(Watched::run(&mut Command::new("false")).is_err());
    }
}
