//! Real letters: `datasets/notmnist-8k` of `AE_SHARED_DATA`, or of `shared` beside the checkout.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Instant;

use ae_data::{Dataset, ImageSet, OpenOptions, open};
use ae_eval::{BaselineRequest, Pca, SeededNoise, baselines};

#[path = "../../../tests/skipping.rs"]
mod skipping;

/// The real data, or nothing, said aloud, where there is none.
fn notmnist(test: &str) -> Option<(ImageSet, ImageSet)> {
    let folder = skipping::shared_data(&format!("notmnist::{test}"), "notmnist-8k")?;
    let source = folder.to_str().unwrap();
    let Dataset { train, test, .. } = open(source, &OpenOptions::default()).unwrap();
    Some((train, test.unwrap()))
}

/// Errors on images the components never saw, from `tests/reference/pca.py`.
#[test]
fn principal_components_agree_with_lapack() {
    let Some((train, test)) = notmnist("principal_components_agree_with_lapack") else {
        return;
    };
    let printed = include_str!("reference/pca.txt");
    for line in printed.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(' ').collect();
        let components: usize = fields[0].parse().unwrap();
        let started = Instant::now();
        let pca = Pca::fit_images(&train, components).unwrap();
        println!(
            "{components} components in {:.2} s",
            started.elapsed().as_secs_f64()
        );
        for (set, expected) in [(&train, fields[1]), (&test, fields[2])] {
            let expected: f64 = expected.parse().unwrap();
            let mut row = vec![0.0; pca.values()];
            let mut squares = 0.0;
            for index in 0..set.len() {
                set.read_unit_into(index, &mut row).unwrap();
                let pairs = row.iter().zip(pca.reconstruct(&row));
                squares += pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
            }
            let found = squares / (set.len() * pca.values()) as f64;
            assert!((found - expected).abs() < 1e-6, "{line}: {found}");
        }
    }
}

/// On noisy letters filters and components help, and JPEG does not.
#[test]
fn noisy_letters_need_a_filter() {
    let Some((train, test)) = notmnist("noisy_letters_need_a_filter") else {
        return;
    };
    let test = test.take(200);
    let noise = SeededNoise {
        chain: "gaussian:0.5".parse().unwrap(),
        seed: 1,
    };
    let started = Instant::now();
    let results = baselines(&BaselineRequest {
        train: &train,
        test: &test,
        code_bits: 32 * 32,
        corruption: Some(&noise),
    })
    .unwrap();
    println!("{:.1} s", started.elapsed().as_secs_f64());
    for baseline in &results {
        let quality = &baseline.quality;
        println!(
            "{:16} {:60} {:.5} {:.4} {:?}",
            baseline.name, baseline.setting, quality.mse, quality.ssim, baseline.bytes_per_image
        );
    }
    let error = |name: &str| {
        let found = results.iter().find(|baseline| baseline.name == name);
        found.unwrap().quality.mse
    };
    for method in ["pca", "median", "gaussian", "non-local means"] {
        assert!(error(method) < 0.6 * error("identity"), "{method}");
    }
    assert!(error("non-local means") < error("gaussian"));
    assert!(error("jpeg") > 0.9 * error("identity"), "JPEG keeps noise");
}
