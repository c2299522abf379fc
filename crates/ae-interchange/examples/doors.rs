//! Every kind of model through every door, for `tests/reference/doors.py` to open:
//!
//! ```text
//! cargo run -p ae-interchange --example doors -- OUT
//! ```
//!
//! For each model it writes `OUT/NAME.onnx`, with halves where it has them, the folder `OUT/NAME` for PyTorch, and the
//! numbers that go in and come out as `.npy` files, from the model itself and from rten.

#![expect(clippy::unwrap_used, reason = "models of the tests")]

#[path = "../tests/doors/cases.rs"]
mod cases;

use std::error::Error;
use std::fs;
use std::path::Path;

use ae_interchange::{Half, ImagePreparation, to_onnx, write_pytorch};
use ae_models::{ModelCard, Trainable as _};
use burn::tensor::Device;

use crate::cases::{CASES, IMAGES, furthest, images, run_by_rten, tensor, values};

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args_os().nth(1).ok_or("usage: doors OUT")?;
    let out = Path::new(&out);
    fs::create_dir_all(out)?;
    let device = Device::flex();
    for case in &CASES {
        let model = case.model(&device);
        let card = ModelCard::new(&model);
        let preparation = ImagePreparation {
            fit: "stretch".to_owned(),
            ..ImagePreparation::default()
        };
        write_pytorch(&out.join(case.name), &model, &card, &preparation)?;
        let [channels, height, width] = case.input_shape;
        let sizes = [IMAGES, channels, height, width];
        let pixels = images(case.input_shape);
        let file = |end: &str| out.join(format!("{}{end}", case.name));
        write_npy(&file(".images.npy"), &sizes, &pixels)?;
        let (onnx, _) = to_onnx(&model, &card, &preparation, Half::Both)?;
        let by_rten = run_by_rten(&onnx, &pixels, &sizes);
        fs::write(file(".onnx"), onnx)?;
        let input = tensor(&pixels, case.input_shape, &device);
        let reconstructs = model.as_reconstruct().ok_or("every kind reconstructs")?;
        let native = values(reconstructs.reconstruct(input.clone()));
        println!("{:30} {:.1e}", case.name, furthest(&native, &by_rten[0]));
        write_npy(&file(".native.npy"), &sizes, &native)?;
        write_npy(&file(".rten.npy"), &sizes, &by_rten[0])?;
        let Some(codes) = model.as_codes() else {
            continue;
        };
        let code_shape = [&[IMAGES], codes.code_shape().as_slice()].concat();
        let code = values(codes.encode(input));
        write_npy(&file(".native-code.npy"), &code_shape, &code)?;
        write_npy(&file(".rten-code.npy"), &code_shape, &by_rten[1])?;
        for half in [Half::Encoder, Half::Decoder] {
            let (onnx, _) = to_onnx(&model, &card, &preparation, half)?;
            fs::write(file(&format!("-{half}.onnx")), onnx)?;
        }
    }
    Ok(())
}

/// An `.npy` file, version 1, of little-endian float32.
fn write_npy(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), Box<dyn Error>> {
    let sides: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}",
        sides.join(", ")
    );
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.push_str(&" ".repeat(length - 1 - header.len()));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    Ok(fs::write(path, bytes)?)
}
