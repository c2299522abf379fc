//! Models put to use: what comes out, and what is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ae_data::{Image, ImageLimits, ImageShape};
use ae_models::{ConvAutoencoderConfig, ModelConfig};

use crate::{Capability, CodeSource, Codes, Device, InferError, OpenModel, ProgressUnit};

/// A small convolutional model of 28x28 gray images, untrained.
fn small_model() -> OpenModel {
    let config = ModelConfig::from(ConvAutoencoderConfig {
        widths: vec![4],
        ..ConvAutoencoderConfig::default()
    });
    let device = Device::flex();
    let model = config.init([1, 28, 28], 1, &device).unwrap();
    OpenModel::new("small", model, &device)
}

fn picture(shape: ImageShape) -> Image {
    let pixels = (0..shape.values()).map(|value| (value * 37 % 256) as u8);
    Image::new(shape, pixels.collect()).unwrap()
}

#[test]
fn images_become_codes_and_codes_images() {
    let model = small_model();
    let images = vec![picture(model.image_shape()); 3];
    let codes = model.encode(&images).unwrap();
    assert_eq!(codes.len(), 3);
    assert_eq!(codes.values_per_code(), model.code_values().unwrap());
    let decoded = model.decode(&codes).unwrap();
    assert_eq!(decoded, model.reconstruct(&images).unwrap());
}

#[test]
fn values_pass_unrounded_and_alone_as_together() {
    let model = small_model();
    let shape = model.image_shape();
    let images = [
        picture(shape),
        Image::new(shape, vec![99; shape.values()]).unwrap(),
    ];
    let values: Vec<f32> = images.iter().flat_map(Image::to_unit).collect();
    let codes = model.encode_values(2, values.clone()).unwrap();
    assert_eq!(codes, model.encode(&images).unwrap().into_values());
    let decoded = model.decode_values(2, codes).unwrap();
    let together = model.reconstruct_values(shape, 2, values.clone()).unwrap();
    // A pass through the whole may keep what lies between in another place, and round there otherwise.
    let differences = decoded.iter().zip(&together).map(|(a, b)| (a - b).abs());
    assert!(differences.fold(0.0, f32::max) < 1e-5);
    let alone = values
        .chunks(shape.values())
        .flat_map(|values| model.reconstruct_values(shape, 1, values.to_vec()).unwrap());
    assert_eq!(alone.collect::<Vec<_>>(), together);
    let rounded = Image::from_unit(shape, &together[..shape.values()]);
    assert_eq!(rounded, model.reconstruct(&images[..1]).unwrap()[0]);
}

#[test]
fn an_image_is_the_same_from_its_bytes_as_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    picture(ImageShape::new(3, 40, 30)).write(&path).unwrap();
    let model = small_model();
    let bytes = std::fs::read(&path).unwrap();
    let decode = |limits| model.preparation().decode(&bytes, &path, limits);
    assert_eq!(
        decode(ImageLimits::default()).unwrap(),
        model.read_image(&path).unwrap()
    );
    let error = decode(ImageLimits::with_max_pixels(Some(1_199))).unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let model = small_model();
    let wide = picture(ImageShape::new(1, 28, 30));
    let error = model.encode(&[wide]).unwrap_err();
    assert!(matches!(error, InferError::Shape { .. }), "{error}");
    let mut short = Codes::new(5);
    short.extend([0.0; 5]);
    let error = model.decode(&short).unwrap_err();
    assert!(matches!(error, InferError::CodeLength { .. }), "{error}");
}

#[test]
fn a_model_without_a_prior_says_so_in_a_sentence() {
    let error = small_model()
        .generate(&CodeSource::Prior, 1, 0)
        .unwrap_err();
    let is_refused = matches!(
        error,
        InferError::Lacks {
            missing: Capability::Prior,
            ..
        }
    );
    assert!(is_refused, "{error}");
    assert_eq!(
        error.to_string(),
        "small: a model of kind conv has no prior to draw codes from"
    );
}

#[test]
fn a_picture_keeps_its_size_and_progress_counts_its_tiles() {
    let color = picture(ImageShape::new(3, 50, 70));
    let model = small_model();
    let tiling = model.tiling(32).unwrap();
    // A gray model does the channels one after the other.
    let tiles = 3 * tiling.tiles(color.shape().size());
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let model = model.with_progress(move |progress| {
        assert_eq!(progress.unit, ProgressUnit::Tiles);
        assert_eq!(progress.total, tiles);
        // A few tiles at once.
        let before = count.swap(progress.done, Ordering::SeqCst);
        assert!((1..=4).contains(&(progress.done - before)));
    });
    let denoised = model.denoise(&color, &tiling).unwrap();
    assert_eq!(denoised.shape(), color.shape());
    assert_eq!(seen.load(Ordering::SeqCst), tiles);
    assert!(tiles >= 12, "{tiles}");
}

#[test]
fn interpolation_begins_and_ends_at_the_images_own_codes() {
    let model = small_model();
    let shape = model.image_shape();
    let (from, to) = (
        picture(shape),
        Image::new(shape, vec![200; shape.values()]).unwrap(),
    );
    let between = model
        .interpolate(&from, &to, ae_eval::Interpolation::Linear, &[0.0, 0.5, 1.0])
        .unwrap();
    let ends = model.reconstruct(&[from, to]).unwrap();
    assert_eq!(between[0], ends[0]);
    assert_eq!(between[2], ends[1]);
}
