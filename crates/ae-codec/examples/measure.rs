//! Trains a model and measures it: `measure TRAIN TEST [SETTING=VALUE ...]`, IDX files, gzipped or not.
//!
//! `TEST` is `-` to hold out the last tenth of `TRAIN` instead. `model=FILE` keeps the model, `load=FILE` takes one that was kept.

use std::error::Error;
use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::time::Instant;

use ae_codec::{
    Decoder, DecoderSettings, Encoder, EncoderSettings, ImageShape, Near, PixelModel,
    TrainingSettings,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [train, test, options @ ..] = &arguments[..] else {
        return Err("usage: measure TRAIN TEST [SETTING=VALUE ...]".into());
    };
    let (shape, mut images) = read_idx(train)?;
    let tested = if test == "-" {
        let count = images.len() / shape.pixels();
        images.split_off((count - count / 10) * shape.pixels())
    } else {
        read_idx(test)?.1
    };
    let mut settings = TrainingSettings::default();
    let mut file = None;
    let mut nears = vec![0];
    let mut loaded = None;
    for option in options {
        let (name, value) = option.split_once('=').ok_or("SETTING=VALUE")?;
        match name {
            "seed" => settings.seed = value.parse()?,
            "batch" => settings.batch = value.parse()?,
            "steps" => settings.steps = value.parse()?,
            "rate" => settings.learning_rate = value.parse()?,
            "neighbors" => settings.neighbors = value.parse()?,
            "marked" => settings.marked = value.parse()?,
            "graded" => settings.graded = value.parse()?,
            "first" => settings.units[0] = value.parse()?,
            "second" => settings.units[1] = value.parse()?,
            "near" => nears = value.split(',').map(str::parse).collect::<Result<_, _>>()?,
            "load" => loaded = Some(value),
            "model" => file = Some(value),
            _ => return Err(format!("no setting {name}").into()),
        }
    }
    println!("{settings:?}");
    let start = Instant::now();
    let mut mean = 0.0;
    let model = match loaded {
        Some(file) => PixelModel::read(&mut fs::File::open(file)?)?,
        None => PixelModel::train(shape, &images, &settings, |progress| {
            mean += (progress.bits_per_pixel - mean) / 200.0;
            if progress.step % 2000 == 0 {
                eprintln!("{} {mean:.4} {:.1?}", progress.step, start.elapsed());
            }
            ControlFlow::Continue(())
        })?,
    };
    println!(
        "trained or loaded in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let mut bytes = Vec::new();
    model.write(&mut bytes)?;
    println!("the model {} has {} bytes", model.hash(), bytes.len());
    if let Some(file) = file {
        fs::write(file, bytes)?;
    }
    for near in nears {
        let near = Near::new(near).ok_or("too much")?;
        for group in [64, 1]
            .into_iter()
            .filter(|&group| group == 64 || near == Near::LOSSLESS)
        {
            measure(&model, &tested, near, group)?;
        }
    }
    Ok(())
}

/// Writes the images into a container and reads them again, and prints what that takes.
fn measure(
    model: &PixelModel,
    images: &[u8],
    near: Near,
    group: usize,
) -> Result<(), Box<dyn Error>> {
    let pixels = model.shape().pixels();
    let count = images.len() / pixels;
    let settings = EncoderSettings {
        group,
        near,
        is_verified: false,
        ..EncoderSettings::default()
    };
    let start = Instant::now();
    let mut encoder = Encoder::new(Vec::new(), model, &settings)?;
    for image in images.chunks(pixels) {
        encoder.push(image, None)?;
    }
    let file = encoder.finish()?;
    let encoding = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let mut decoded = Vec::with_capacity(images.len());
    for chunk in Decoder::new(&file[..], model, &DecoderSettings::default())? {
        decoded.extend(chunk?.pixels);
    }
    let decoding = start.elapsed().as_secs_f64();
    let differences = images.iter().zip(&decoded).map(|(a, b)| a.abs_diff(*b));
    let largest = differences.max().unwrap_or(0);
    if decoded.len() != images.len() || largest > near.levels() {
        return Err("decoded to something else".into());
    }
    println!(
        "near {} group {group}: {} bytes, {:.4} bits per pixel, {:.0} images a second encoded, {:.0} decoded",
        near.levels(),
        file.len(),
        file.len() as f64 * 8.0 / images.len() as f64,
        count as f64 / encoding,
        count as f64 / decoding,
    );
    Ok(())
}

/// The images of an IDX file of bytes in three dimensions.
fn read_idx(path: &str) -> Result<(ImageShape, Vec<u8>), Box<dyn Error>> {
    let mut bytes = fs::read(path)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain)?;
        bytes = plain;
    }
    let (header, pixels) = bytes.split_at_checked(16).ok_or("no IDX file")?;
    if header[..4] != [0, 0, 8, 3] {
        return Err("no IDX file of gray images".into());
    }
    let side = |at: usize| u16::from_be_bytes([header[at + 2], header[at + 3]]);
    let shape = ImageShape::new(side(8), side(12)).ok_or("images without pixels")?;
    Ok((shape, pixels.to_vec()))
}
