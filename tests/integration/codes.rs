//! `ae encode`, `ae decode`, `ae reconstruct`.

use std::fs;
use std::path::Path;

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, files_in, scratch};

/// The shape and the numbers of an `.npy` file of `float32`, read as the format's description says.
pub(crate) fn read_npy(path: &Path) -> (Vec<usize>, Vec<f32>) {
    let bytes = fs::read(path).expect("a file");
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + length]).expect("text");
    assert!(
        header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': ("),
        "{header}"
    );
    assert!(
        header.ends_with('\n') && (10 + length) % 64 == 0,
        "{header:?}"
    );
    let shape = header.split_once("'shape': (").expect("a shape").1;
    let shape: Vec<usize> = shape[..shape.find(')').expect("its end")]
        .split(',')
        .filter_map(|axis| axis.trim().parse().ok())
        .collect();
    let numbers: Vec<f32> = bytes[10 + length..]
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    assert_eq!(numbers.len(), shape.iter().product::<usize>());
    (shape, numbers)
}

#[test]
fn codes_have_the_stated_shape_and_decode_to_the_reconstruction() {
    let folder = scratch();
    for (run, code_shape) in [("plain", vec![32, 7, 7]), ("narrow", vec![12])] {
        let model = FIXTURE.argument(run);
        let data = FIXTURE.argument("drawings");
        let codes = format!("{run}.npy");
        let line = format!("encode {model} --data {data} --part test -o {codes} --json");
        let json = done(folder.path(), &line).json();
        let expected: Vec<usize> = [vec![32], code_shape].concat();
        assert_eq!(json["shape"], serde_json::json!(expected));
        assert_eq!(json["dtype"], "float32");
        assert_eq!(read_npy(&folder.path().join(&codes)).0, expected);

        let (decoded, passed) = (format!("{run}-decoded"), format!("{run}-passed"));
        done(
            folder.path(),
            &format!("decode {codes} --model {model} -o {decoded}"),
        );
        let line = format!("reconstruct {model} --data {data} --part test -o {passed}");
        done(folder.path(), &line);
        let files = files_in(&folder.path().join(&decoded));
        assert_eq!(files.len(), 32);
        assert_eq!(files, files_in(&folder.path().join(&passed)));
        for file in files {
            let pixels = |from: &str| {
                let image = image::open(folder.path().join(from).join(&file)).expect("a picture");
                image.to_luma8().into_raw()
            };
            assert_eq!(
                pixels(&decoded),
                pixels(&passed),
                "{run} {}",
                file.display()
            );
        }
    }
}

#[test]
fn the_test_images_of_the_model_s_own_set_are_encoded_however_it_is_named() {
    let folder = scratch();
    let run = FIXTURE.argument("narrow");
    let data = FIXTURE.argument("drawings");
    // The run named its set relative to the folder of then.
    let own = done(folder.path(), &format!("encode {run} -o own.npy --json")).json();
    assert_eq!(own["shape"][0], 32);
    let named = format!("encode {run} --data {data} -o named.npy --json");
    assert_eq!(done(folder.path(), &named).json()["shape"][0], 32);
    let all = format!("encode {run} --data {data} --part all -o all.npy --json");
    assert_eq!(done(folder.path(), &all).json()["shape"][0], 96 + 32);
    let limited = format!("encode {run} --data {data} --limit 5 -o limited.npy --json");
    assert_eq!(done(folder.path(), &limited).json()["shape"][0], 5);
}

#[test]
fn one_picture_goes_through_as_one_picture() {
    let folder = scratch();
    let run = FIXTURE.argument("plain");
    let gray =
        image::GrayImage::from_fn(60, 40, |x, y| image::Luma([(x * 4) as u8 ^ (y * 3) as u8]));
    gray.save(folder.path().join("photo.png")).expect("written");
    done(
        folder.path(),
        &format!("reconstruct {run} --data photo.png -o again.png"),
    );
    let again = image::open(folder.path().join("again.png")).expect("a picture");
    assert_eq!((again.width(), again.height()), (28, 28));
    done(
        folder.path(),
        &format!("encode {run} --data photo.png -o code.npy"),
    );
    done(
        folder.path(),
        &format!("decode code.npy --model {run} -o decoded.png"),
    );
    let decoded = image::open(folder.path().join("decoded.png")).expect("a picture");
    assert_eq!(decoded.to_luma8(), again.to_luma8());
}

#[test]
fn codes_of_another_model_and_codes_that_are_none_are_refused() {
    let folder = scratch();
    let (plain, narrow) = (FIXTURE.argument("plain"), FIXTURE.argument("narrow"));
    let data = FIXTURE.argument("drawings");
    done(
        folder.path(),
        &format!("encode {narrow} --data {data} --limit 2 -o codes.npy"),
    );
    let good = fs::read(folder.path().join("codes.npy")).expect("there");
    let mut not_finite = good.clone();
    let end = not_finite.len();
    not_finite[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    fs::write(folder.path().join("inf.npy"), not_finite).expect("written");
    fs::write(folder.path().join("cut.npy"), &good[..good.len() - 3]).expect("written");
    for (codes, model, reason) in [
        ("codes.npy", &plain, "so a code of 12 values"),
        ("inf.npy", &narrow, "is inf, not finite"),
        ("cut.npy", &narrow, "bytes of numbers, but"),
    ] {
        let ended = ae(
            folder.path(),
            &format!("decode {codes} --model {model} -o out-d"),
        );
        assert_eq!(ended.code, 3, "{ended:#?}");
        let errors = ended.lines("error:");
        assert!(
            errors.len() == 1 && errors[0].contains(codes) && errors[0].contains(reason),
            "{ended:#?}"
        );
    }
}
