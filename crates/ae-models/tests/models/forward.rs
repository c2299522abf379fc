//! What the models compute, against plain loops in `f64`.

use ae_models::{ComputePath, ModelConfig, named_tensors};
use burn::tensor::Device;

use crate::naive::{self, Weights};
use crate::{
    conv, dense, images, lively, pixels, reconstructs, tanh, tied, transposed, values,
    widest_column_span, with_codes,
};

#[track_caller]
fn assert_close(found: &[f32], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(found) - expected).abs() < 2e-6,
            "{what} {index}: {found} instead of {expected}"
        );
    }
}

/// Compares code and reconstruction of a batch of three images.
#[track_caller]
fn check(config: ModelConfig, input: [usize; 3]) {
    let device = Device::flex();
    let [channels, height, width] = input;
    let count = input.iter().product::<usize>();
    let model = lively(config.clone(), input, 3, &device);
    let weights = Weights::new(&named_tensors(&model));
    let batch = images([3, channels, height, width], &device);
    let codes = values(with_codes(&model).encode(batch.clone()));
    let decoded = values(with_codes(&model).decode(with_codes(&model).encode(batch.clone())));
    let outputs = values(reconstructs(&model).reconstruct(batch));
    for (index, image) in pixels(3 * count).chunks(count).enumerate() {
        let image: Vec<f64> = image.iter().map(|&value| f64::from(value)).collect();
        let (code, output) = naive::run(&config, &weights, input, &image);
        assert_close(&codes[index * code.len()..][..code.len()], &code, "code");
        assert_close(&outputs[index * count..][..count], &output, "output");
        assert_close(&decoded[index * count..][..count], &output, "decoded");
    }
}

#[test]
fn models_compute_what_plain_loops_do() {
    check(conv(&[3], None), [1, 4, 5]);
    check(conv(&[3, 2], None), [1, 6, 4]);
    check(conv(&[3, 5, 4], None), [3, 8, 12]);
    check(conv(&[3, 5, 4], Some(6)), [3, 8, 12]);
    check(transposed(conv(&[3], None)), [1, 4, 6]);
    check(transposed(conv(&[3, 5], None)), [2, 8, 4]);
    check(transposed(conv(&[3, 5], Some(6))), [3, 8, 12]);
    check(dense(&[], 3), [1, 1, 5]);
    check(dense(&[9, 7], 3), [3, 2, 3]);
    check(tied(dense(&[], 3)), [1, 1, 5]);
    check(tied(dense(&[9, 7], 3)), [3, 2, 3]);
    check(tanh(dense(&[9, 7], 3)), [3, 2, 3]);
    check(tanh(tied(dense(&[9, 7], 3))), [3, 2, 3]);
}

#[test]
fn sizes_that_pooling_does_not_divide_are_padded_by_their_edge() {
    check(conv(&[3, 2], None), [1, 5, 7]);
    check(conv(&[3, 2, 4], None), [1, 5, 7]);
    check(conv(&[3, 2, 4], None), [2, 4, 9]);
    check(conv(&[3, 2, 4], Some(5)), [2, 9, 4]);
    check(transposed(conv(&[3, 2], None)), [1, 5, 7]);
}

#[test]
fn a_convolutional_model_runs_on_other_sizes_than_its_own() {
    let device = Device::flex();
    for config in [conv(&[3, 4, 2], None), transposed(conv(&[3, 4], None))] {
        let model = lively(config.clone(), [1, 8, 8], 3, &device);
        let weights = Weights::new(&named_tensors(&model));
        for (height, width) in [(16, 12), (13, 22), (1, 1), (3, 30)] {
            let image: Vec<f64> = pixels(height * width).into_iter().map(f64::from).collect();
            let (_, expected) = naive::run(&config, &weights, [1, height, width], &image);
            let found =
                values(reconstructs(&model).reconstruct(images([1, 1, height, width], &device)));
            assert_close(&found, &expected, &format!("{width}x{height}"));
        }
    }
}

#[test]
#[should_panic(expected = "images have the shape the model was made for")]
fn a_bottleneck_takes_its_own_size_only() {
    let device = Device::flex();
    let model = conv(&[3, 4], Some(2)).init([1, 8, 8], 3, &device).unwrap();
    let _ = reconstructs(&model).reconstruct(images([1, 1, 8, 12], &device));
}

/// Each column of the input is changed by itself, and the columns of the output that change with it are noted.
#[test]
fn the_field_of_view_is_what_an_output_pixel_depends_on() {
    let device = Device::flex();
    for (config, expected) in [
        (conv(&[6], None), 5),
        (conv(&[6, 6], None), 14),
        (conv(&[6, 6, 6], None), 34),
        (transposed(conv(&[6], None)), 8),
        (transposed(conv(&[6, 6], None)), 18),
    ] {
        // The kernels' tiles have products of pixels around a window, which cancel but for rounding.
        let reference = ComputePath::Reference.on(&device);
        let model = lively(config, [1, 8, 8], 5, reference);
        assert_eq!(reconstructs(&model).field_of_view(), Some(expected));
        let widest = widest_column_span(&model, &device);
        assert_eq!(widest, Some(expected));
    }
    assert_eq!(
        reconstructs(&lively(conv(&[3], Some(4)), [1, 8, 8], 1, &device)).field_of_view(),
        None
    );
}
