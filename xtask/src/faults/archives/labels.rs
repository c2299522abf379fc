//! Labels that do not belong to their images.

use super::refusal::FAMILY;
use crate::faults::bytes::{TRAIN_IMAGES, idx, idx_images};
use crate::faults::case::Case;

pub(in crate::faults) fn cases() -> Vec<Case> {
    let labelled = |name: &'static str, reason: &'static str, labels: fn() -> Vec<u8>| {
        Case::new(FAMILY, name, move |bench| {
            bench.write("train-images-idx3-ubyte", &idx_images(TRAIN_IMAGES))?;
            bench.write("train-labels-idx1-ubyte", &labels())?;
            let looking = bench.ae(["data", "show", ".", "-o", "picture.png"]);
            bench.refuses(looking, 3, &["train-labels-idx1-ubyte", reason])?;
            bench.write(
                "train-labels-idx1-ubyte",
                &idx(&[TRAIN_IMAGES], &[1; TRAIN_IMAGES as usize]),
            )?;
            Ok(bench.ae(["data", "info", "."]).run().check_done()?)
        })
    };
    vec![
        labelled("labels: one too few", "expected 24, found 23", || {
            idx(&[23], &[1; 23])
        }),
        labelled("labels: one too many", "expected 24, found 25", || {
            idx(&[25], &[1; 25])
        }),
        labelled("labels: of two dimensions", "2 dimensions", || {
            idx(&[24, 1], &[1; 24])
        }),
        labelled("labels: fewer there than promised", "promises", || {
            idx(&[24], &[1; 20])
        }),
        labelled("labels: a gzip bomb", "promises", || {
            let mut bytes = idx(&[u32::MAX], &[]);
            bytes.extend([0; 100]);
            bytes
        }),
        Case::new(FAMILY, "labels: as far apart as bytes go", |bench| {
            // Any byte is a label; nothing is counted up to it.
            bench.write("train-images-idx3-ubyte", &idx_images(3))?;
            bench.write("train-labels-idx1-ubyte", &idx(&[3], &[0, 255, 7]))?;
            Ok(bench.ae(["data", "info", "."]).run().check_done()?)
        }),
        Case::new(FAMILY, "idx: train and test of two shapes", |bench| {
            bench.write("train-images-idx3-ubyte", &idx_images(12))?;
            bench.write("t10k-images-idx3-ubyte", &idx(&[2, 4, 4], &[7; 32]))?;
            let looking = bench.ae(["data", "show", ".", "-o", "picture.png"]);
            bench.refuses(looking, 3, &["t10k-images-idx3-ubyte", "4x4x1"])?;
            bench.write("t10k-images-idx3-ubyte", &idx_images(2))?;
            Ok(bench.ae(["data", "info", "."]).run().check_done()?)
        }),
    ]
}
