//! Draws every kind of picture, from real images and made-up results, to be looked at.
//!
//! ```text
//! cargo run -p ae-report --example gallery -- FOLDER [IMAGES [PHOTO]]
//! ```
//!
//! `IMAGES` is any source of images that `ae --data` takes (default: the built-in glyphs), `PHOTO` an image file for
//! the before-and-after picture.

use std::error::Error;
use std::path::{Path, PathBuf};

use ae_data::{Image, ImageOptions, OpenOptions};
use ae_random::{Draw, Purpose};
use ae_report::{
    AxisScale, Bar, BarRequest, Curve, CurveRequest, DenoisingRequest, Detail, GridRequest,
    GridRow, ImageGridRequest, Panel, PanelsRequest, Picture, RateDistortionRequest, RatePoint,
    RateSeries, ReconstructionRequest,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(
        arguments
            .next()
            .ok_or("usage: gallery FOLDER [IMAGES [PHOTO]]")?,
    );
    std::fs::create_dir_all(&folder)?;
    let source = arguments.next().unwrap_or_else(|| "glyphs".to_owned());
    let set = ae_data::open(&source, &OpenOptions::default())?.train;
    let images: Vec<Image> = (0..set.len().min(1000))
        .map(|index| set.image(index))
        .collect::<Result<_, _>>()?;
    let labels: Vec<String> = (0..images.len())
        .map(|index| {
            set.label(index)
                .map_or(String::new(), |label| set.classes()[label as usize].clone())
        })
        .collect();
    let save = |name: &str, picture: Picture| picture.write_png(&folder.join(name));

    for count in [1, 3, 6, 10, 20] {
        let inputs = &images[..count];
        let codes: Vec<f32> = inputs.iter().flat_map(feature_maps).collect();
        let picture = reconstructions(
            inputs,
            &codes,
            &[128, 7, 7],
            "conv, 314,625 parameters, 10 epochs",
        )?;
        save(&format!("reconstruction-{count}.png"), picture)?;
    }
    for numbers in [2, 10, 32, 37, 500] {
        let codes: Vec<f32> = (0..8 * numbers).map(|index| normal(index as u64)).collect();
        let picture = reconstructions(&images[..8], &codes, &[numbers], "a flat code")?;
        save(&format!("flat-{numbers}.png"), picture)?;
    }
    save("denoising.png", denoising(&images[..10])?)?;
    save("noises.png", noises(&images[..12])?)?;
    for count in [1, 7, 40, 100, 1000] {
        let picture = ae_report::image_grid(&ImageGridRequest {
            title: set.name(),
            subtitle: &format!("{count} of {} images, 28 × 28", set.len()),
            images: &images[..count],
            labels: if count < 1000 { &labels[..count] } else { &[] },
            columns: None,
        })?;
        save(&format!("grid-{count}.png"), picture)?;
    }
    for (name, request) in curves() {
        save(name, ae_report::loss_curves(&request)?)?;
    }
    save("rate.png", rates()?)?;
    save("bars.png", bars()?)?;
    if let Some(photo) = arguments.next() {
        let (whole, detailed) = photographs(Path::new(&photo))?;
        save("photo.png", whole)?;
        save("photo-detail.png", detailed)?;
    }
    Ok(())
}

fn normal(index: u64) -> f32 {
    let draw = Draw {
        seed: 1,
        purpose: Purpose::Noise,
        epoch: 0,
        index,
    };
    draw.stream().standard_normal()
}

fn noisy(image: &Image, strength: f32) -> Image {
    let draw = Draw {
        seed: 2,
        purpose: Purpose::Noise,
        epoch: 0,
        index: 3,
    };
    let mut rng = draw.stream();
    let values = image.to_unit();
    let values: Vec<f32> = values
        .iter()
        .map(|value| value + strength * rng.standard_normal())
        .collect();
    Image::from_unit(image.shape(), &values)
}

/// A three by three mean: what a tired model might give.
fn blurred(image: &Image) -> Image {
    let shape = image.shape();
    let values = image.to_unit();
    let mut soft = values.clone();
    for channel in 0..shape.channels {
        let plane = channel * shape.pixels();
        for y in 1..shape.height - 1 {
            for x in 1..shape.width - 1 {
                let at =
                    |dy: usize, dx: usize| values[plane + (y + dy - 1) * shape.width + x + dx - 1];
                let sum: f32 = (0..9).map(|cell| at(cell / 3, cell % 3)).sum();
                soft[plane + y * shape.width + x] = sum / 9.0;
            }
        }
    }
    Image::from_unit(shape, &soft)
}

fn psnr(reference: &Image, candidate: &Image) -> f64 {
    let pairs = reference.to_unit().into_iter().zip(candidate.to_unit());
    let sum: f64 = pairs
        .map(|(one, other)| f64::from(one - other).powi(2))
        .sum();
    -10.0 * (sum / reference.shape().values() as f64).log10()
}

/// 128 maps of 7 x 7 as a ReLU leaves them: random filters over the image, most numbers zero.
fn feature_maps(image: &Image) -> Vec<f32> {
    let values = image.to_unit();
    let mut maps = Vec::new();
    for map in 0..128 {
        for row in 0..7 {
            for column in 0..7 {
                let pixel = |cell: usize| values[(row * 4 + cell / 4) * 28 + column * 4 + cell % 4];
                let weights = (0..16).map(|cell| normal(map * 16 + cell as u64) * pixel(cell));
                maps.push((weights.sum::<f32>() - 0.8 + 0.4 * normal(9000 + map)).max(0.0));
            }
        }
    }
    maps
}

fn reconstructions(
    inputs: &[Image],
    codes: &[f32],
    shape: &[usize],
    note: &str,
) -> Result<Picture, ae_report::ReportError> {
    let outputs: Vec<Image> = inputs.iter().map(blurred).collect();
    let quality: Vec<f64> = inputs
        .iter()
        .zip(&outputs)
        .map(|(one, other)| psnr(one, other))
        .collect();
    ae_report::reconstruction_picture(&ReconstructionRequest {
        title: "Reconstructions of test images",
        subtitle: note,
        inputs,
        codes,
        code_shape: shape,
        outputs: &outputs,
        psnr: &quality,
    })
}

fn denoising(clean: &[Image]) -> Result<Picture, ae_report::ReportError> {
    let noisy: Vec<Image> = clean.iter().map(|image| noisy(image, 0.5)).collect();
    let denoised: Vec<Image> = noisy.iter().map(blurred).collect();
    let quality = |images: &[Image]| -> Vec<f64> {
        clean
            .iter()
            .zip(images)
            .map(|(one, other)| psnr(one, other))
            .collect()
    };
    ae_report::denoising_picture(&DenoisingRequest {
        title: "Denoised test images",
        subtitle: "gaussian:0.5, drawn anew for each image",
        noisy: &noisy,
        denoised: &denoised,
        clean,
        noisy_psnr: &quality(&noisy),
        denoised_psnr: &quality(&denoised),
    })
}

fn noises(images: &[Image]) -> Result<Picture, ae_report::ReportError> {
    let rows = [0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0].map(|strength| {
        let label = if strength == 0.0 {
            "clean".to_owned()
        } else {
            format!("gaussian:{strength}")
        };
        GridRow::images(
            label,
            images.iter().map(|image| noisy(image, strength)).collect(),
        )
    });
    ae_report::picture_grid(&GridRequest {
        title: "The same images under each noise".to_owned(),
        subtitle: String::new(),
        column_labels: Vec::new(),
        rows: rows.to_vec(),
    })
}

fn curves() -> Vec<(&'static str, CurveRequest)> {
    let falling = |epochs: usize, from: f64, to: f64, seed: u64| -> Vec<(f64, f64)> {
        let value = |epoch: usize| {
            let wobble = 1.0 + 0.04 * f64::from(normal(seed + epoch as u64));
            (to + (from - to) * (-(epoch as f64) / epochs as f64 * 6.0).exp()) * wobble
        };
        (1..=epochs)
            .map(|epoch| (epoch as f64, value(epoch)))
            .collect()
    };
    let request = |title: &str, y_scale, lines: Vec<(&str, Vec<(f64, f64)>)>| CurveRequest {
        title: title.to_owned(),
        subtitle: "notMNIST, 6,300 training and 700 validation images".to_owned(),
        x_label: "epoch".to_owned(),
        y_label: "mean squared error".to_owned(),
        y_scale,
        series: lines
            .into_iter()
            .map(|(name, points)| Curve {
                name: name.to_owned(),
                points,
                mark_lowest: name == "validation",
            })
            .collect(),
    };
    let mut broken = falling(40, 0.3, 0.01, 5);
    for epoch in [11, 12, 25] {
        broken[epoch].1 = f64::NAN;
    }
    let many = |count: usize| {
        (0..count)
            .map(|line| {
                (
                    ["one", "two", "three", "four", "five", "six", "seven"][line],
                    falling(
                        30,
                        0.2 + line as f64 * 0.1,
                        0.02 * (line + 1) as f64,
                        line as u64,
                    ),
                )
            })
            .collect()
    };
    vec![
        (
            "curves-10.png",
            request(
                "Loss by epoch",
                AxisScale::Auto,
                vec![
                    ("training", falling(10, 0.08, 0.005, 1)),
                    ("validation", falling(10, 0.07, 0.006, 2)),
                ],
            ),
        ),
        (
            "curves-200.png",
            request(
                "Loss by epoch",
                AxisScale::Auto,
                vec![
                    ("training", falling(200, 0.2, 0.003, 3)),
                    ("validation", falling(200, 0.2, 0.005, 400)),
                ],
            ),
        ),
        (
            "curves-linear.png",
            request(
                "Loss by epoch",
                AxisScale::Linear,
                vec![
                    ("training", falling(10, 0.03, 0.015, 1)),
                    ("validation", falling(10, 0.034, 0.017, 2)),
                ],
            ),
        ),
        (
            "curves-flat.png",
            request(
                "A loss that does not move",
                AxisScale::Auto,
                vec![(
                    "training",
                    (1..=10).map(|epoch| (f64::from(epoch), 0.25)).collect(),
                )],
            ),
        ),
        (
            "curves-one.png",
            request(
                "One epoch",
                AxisScale::Auto,
                vec![
                    ("training", vec![(1.0, 0.021)]),
                    ("validation", vec![(1.0, 0.024)]),
                ],
            ),
        ),
        (
            "curves-nan.png",
            request(
                "A loss with gaps",
                AxisScale::Auto,
                vec![
                    ("training", broken),
                    ("validation", falling(40, 0.3, 0.02, 77)),
                ],
            ),
        ),
        (
            "curves-huge.png",
            request(
                "A loss of many decades",
                AxisScale::Auto,
                vec![(
                    "training",
                    (0..60)
                        .map(|epoch| (f64::from(epoch), 10f64.powf(12.0 - f64::from(epoch) * 0.4)))
                        .collect(),
                )],
            ),
        ),
        (
            "curves-tiny.png",
            request(
                "A tiny loss",
                AxisScale::Linear,
                vec![("training", falling(50, 4e-6, 1e-6, 8))],
            ),
        ),
        (
            "curves-steps.png",
            request(
                "Loss by step",
                AxisScale::Auto,
                vec![("training", falling(200_000, 0.4, 0.01, 9))],
            ),
        ),
        (
            "curves-seven.png",
            request(
                "Seven runs with a rather long title that goes on and on until it has to be shortened somewhere before the margin",
                AxisScale::Auto,
                many(7),
            ),
        ),
    ]
}

fn rates() -> Result<Picture, ae_report::ReportError> {
    let point = |bits_per_pixel: f64, psnr: f64, label: &str| RatePoint {
        bits_per_pixel,
        psnr,
        label: label.to_owned(),
    };
    let series = |name: &str, points| RateSeries {
        name: name.to_owned(),
        points,
    };
    ae_report::rate_distortion(&RateDistortionRequest {
        title: "Quality for the bits".to_owned(),
        subtitle: "1,000 test images, 28 × 28; a code's numbers count 32 bits each".to_owned(),
        series: vec![
            series("this model", vec![point(1.31, 19.8, "32 numbers")]),
            series(
                "JPEG",
                vec![
                    point(3.8, 18.2, "quality 10"),
                    point(4.9, 24.3, "quality 50"),
                    point(6.6, 33.0, "quality 90"),
                    point(2.9, 12.0, "quality 1"),
                ],
            ),
            series(
                "PCA",
                vec![
                    point(0.33, 12.1, "8"),
                    point(0.65, 14.2, "16"),
                    point(1.31, 16.9, "32"),
                    point(2.61, 19.7, "64"),
                ],
            ),
            series("identity", vec![point(8.0, f64::INFINITY, "")]),
        ],
    })
}

fn bars() -> Result<Picture, ae_report::ReportError> {
    let bar = |name: &str, value, is_highlighted| Bar {
        name: name.to_owned(),
        value,
        is_highlighted,
    };
    ae_report::bar_chart(&BarRequest {
        title: "Against other methods".to_owned(),
        subtitle: "notMNIST, 1,000 test images, gaussian:0.5".to_owned(),
        value_label: "PSNR in dB (higher is better)".to_owned(),
        bars: vec![
            bar("this model", 18.31, true),
            bar("non-local means", 14.9, false),
            bar("median, radius 2", 13.02, false),
            bar("Gaussian, sigma 1.2", 12.77, false),
            bar("mean image", 7.9, false),
            bar("identity (clean)", f64::INFINITY, false),
        ],
    })
}

fn photographs(file: &Path) -> Result<(Picture, Picture), Box<dyn Error>> {
    let clean = Image::read(file, &ImageOptions::default())?;
    let noisy = noisy(&clean, 0.15);
    let denoised = blurred(&noisy);
    let shape = clean.shape();
    let panel = |label: &str, image: &Image| Panel {
        label: label.to_owned(),
        caption: if image == &clean {
            String::new()
        } else {
            format!("PSNR {:.2} dB", psnr(&clean, image))
        },
        image: image.clone(),
    };
    let mut request = PanelsRequest {
        title: "A photograph, denoised".to_owned(),
        subtitle: format!("{} × {} pixels, gaussian:0.15", shape.width, shape.height),
        panels: vec![
            panel("noisy", &noisy),
            panel("denoised", &denoised),
            panel("clean", &clean),
        ],
        detail: None,
    };
    let whole = ae_report::panels(&request)?;
    request.detail = Some(Detail {
        left: shape.width / 3,
        top: shape.height / 5,
        width: shape.width / 5,
        height: shape.height / 6,
    });
    Ok((whole, ae_report::panels(&request)?))
}
