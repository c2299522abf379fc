//! BM3D and the estimate of the noise on the pictures that denoisers are compared by: folders of `AE_SHARED_DATA`, or of
//! `shared/datasets` beside the checkout.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use ae_data::{Image, ImageOptions, ImageShape};
use ae_eval::filters::{bm3d, estimate_noise_sigma};
use ae_random::{Draw, Purpose};

#[path = "../../../tests/skipping.rs"]
mod skipping;

/// The seed of all noise here; a picture's own is (seed, 0, its place in the folder).
const SEED: u64 = 1;

/// A folder's pictures in the order of their names; or nothing, said aloud, where it is missing.
fn pictures(test: &str, folder: &str) -> Option<Vec<(ImageShape, Vec<f32>)>> {
    let folder = skipping::shared_data(&format!("bm3d::{test}"), folder)?;
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let image = Image::read(Path::new(path), &ImageOptions::default()).unwrap();
        (image.shape(), image.to_unit())
    };
    Some(paths.iter().map(read).collect())
}

/// The picture with Gaussian noise, not clipped.
fn with_noise(shape: ImageShape, clean: &[f32], sigma: f32, index: usize) -> Vec<f32> {
    let draw = Draw {
        seed: SEED,
        purpose: Purpose::Noise,
        epoch: 0,
        index: index as u64,
    };
    let mut noisy = vec![0.0; shape.values()];
    draw.stream().fill_standard_normal(&mut noisy);
    for (value, clean) in noisy.iter_mut().zip(clean) {
        *value = clean + sigma * *value;
    }
    noisy
}

/// PSNR of one picture.
fn decibels(clean: &[f32], found: &[f32]) -> f64 {
    let squares = clean
        .iter()
        .zip(found)
        .map(|(clean, found)| f64::from(found - clean).powi(2));
    -10.0 * (squares.sum::<f64>() / clean.len() as f64).log10()
}

/// What all threads have computed so far, by Linux's account; not a number elsewhere.
fn processor_seconds() -> f64 {
    /// `sysconf(_SC_CLK_TCK)` of every Linux that Rust runs on.
    const TICKS_PER_SECOND: f64 = 100.0;
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // User and system time are the 12th and 13th fields after the program's name, which is in parentheses.
    let fields = status.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let sum: Option<f64> = ticks.map(|ticks| ticks.parse::<f64>().ok()).sum();
    match sum {
        Some(ticks) if !status.is_empty() => ticks / TICKS_PER_SECOND,
        _ => f64::NAN,
    }
}

/// Means over pictures: PSNR of the noisy ones and of BM3D's results, these clipped to `[0, 1]`; the
/// processor's seconds for a million pixels.
fn measure(pictures: &[(ImageShape, Vec<f32>)], level: f32) -> (f64, f64, f64) {
    let sigma = level / 255.0;
    let (mut before, mut after, mut seconds, mut pixels) = (0.0, 0.0, 0.0, 0);
    for (index, (shape, clean)) in pictures.iter().enumerate() {
        let noisy = with_noise(*shape, clean, sigma, index);
        let started = processor_seconds();
        let found = bm3d(*shape, &noisy, sigma);
        seconds += processor_seconds() - started;
        pixels += shape.pixels();
        let clipped: Vec<f32> = found.iter().map(|value| value.clamp(0.0, 1.0)).collect();
        before += decibels(clean, &noisy);
        after += decibels(clean, &clipped);
    }
    let count = pictures.len() as f64;
    (
        before / count,
        after / count,
        seconds / (pixels as f64 / 1e6),
    )
}

/// Every sixteenth picture of bsd68 at sigma 25: the authors' program (`tests/reference/block_matching.py`, later than the
/// paper, and with other noise of the same strength) gives 29.007 dB.
#[test]
fn pictures_come_out_as_from_the_authors_program() {
    let Some(pictures) = pictures("pictures_come_out_as_from_the_authors_program", "bsd68") else {
        return;
    };
    let few: Vec<_> = pictures.into_iter().step_by(16).collect();
    let (before, after, _) = measure(&few, 25.0);
    println!("{before:.3} dB, after BM3D {after:.3} dB");
    assert!((before - 20.17).abs() < 0.02, "{before}");
    assert!(after > 28.9, "{after}");
}

/// Prints the table of `docs/benchmarks`; minutes.
#[test]
#[ignore = "minutes: prints the table of docs/benchmarks"]
fn table() {
    let folders: [(&str, &[f32]); 3] = [
        ("bsd68", &[15.0, 25.0, 50.0]),
        ("set12", &[15.0, 25.0, 50.0]),
        ("kodak", &[25.0, 50.0]),
    ];
    println!(
        "| pictures | sigma | noisy, dB | BM3D, dB | processor s a megapixel |\n|---|---:|---:|---:|---:|"
    );
    for (folder, levels) in folders {
        let Some(pictures) = pictures("table", folder) else {
            continue;
        };
        for &level in levels {
            let (before, after, seconds) = measure(&pictures, level);
            println!("| {folder} | {level} | {before:.2} | {after:.3} | {seconds:.2} |");
        }
    }
}

/// Prints what is estimated of known noise.
#[test]
#[ignore = "a minute: prints the table of docs/benchmarks"]
fn estimates() {
    for folder in ["bsd68", "set12", "kodak"] {
        let Some(pictures) = pictures("estimates", folder) else {
            continue;
        };
        for level in [0.0, 5.0, 15.0, 25.0, 50.0] {
            let mut found: Vec<f32> = pictures
                .iter()
                .enumerate()
                .map(|(index, (shape, clean))| {
                    let noisy = with_noise(*shape, clean, level / 255.0, index);
                    estimate_noise_sigma(*shape, &noisy).unwrap() * 255.0
                })
                .collect();
            found.sort_by(f32::total_cmp);
            let mean = found.iter().sum::<f32>() / found.len() as f32;
            println!(
                "| {folder} | {level} | {:.2} | {mean:.2} | {:.2} |",
                found[0],
                found[found.len() - 1]
            );
        }
    }
}
