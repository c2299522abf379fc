//! Pictures compared with ones that a person has looked at.
//!
//! `AE_UPDATE_GOLDEN=1 cargo test -p ae-report` draws them again under `tests/golden`: look at each before it is
//! committed.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use ae_data::{Image, ImageShape};
use ae_report::{
    AxisScale, Bar, BarRequest, Curve, CurveRequest, DenoisingRequest, Detail, GridRequest,
    GridRow, HeatMap, HeatMapsRequest, ImageGridRequest, Panel, PanelsRequest, Picture,
    RateDistortionRequest, RatePoint, RateSeries, ReconstructionRequest, ReportError, bar_chart,
    denoising_picture, heat_maps, image_grid, loss_curves, panels, picture_grid, rate_distortion,
    reconstruction_picture,
};

/// Rings, discs and bars with soft edges, black to white: enough to see that nothing is mirrored or cut.
fn shape_image(index: usize, side: usize) -> Image {
    let half = side as f32 / 2.0;
    let pixel = |at: usize| {
        let (x, y) = (
            (at % side) as f32 + 0.5 - half,
            (at / side) as f32 + 0.5 - half,
        );
        let radius = (x * x + y * y).sqrt() / half;
        let distance = match index % 4 {
            0 => (radius - 0.6).abs() - 0.15,
            1 => radius - 0.7,
            2 => (x / half + y / half * 0.5).abs() - 0.2,
            _ => (x.abs().max(y.abs()) / half - 0.5).abs() - 0.1,
        };
        ((0.05 - distance) * 10.0).clamp(0.0, 1.0)
    };
    let values: Vec<f32> = (0..side * side).map(pixel).collect();
    Image::from_unit(ImageShape::new(1, side, side), &values)
}

fn shapes(count: usize) -> Vec<Image> {
    (0..count).map(|index| shape_image(index, 28)).collect()
}

/// Numbers between -1 and 1 by a rule that any language can follow.
fn wobble(index: usize) -> f32 {
    let mixed = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

fn speckled(image: &Image, strength: f32) -> Image {
    let values = image.to_unit();
    let values: Vec<f32> = values
        .iter()
        .enumerate()
        .map(|(index, value)| value + strength * wobble(index))
        .collect();
    Image::from_unit(image.shape(), &values)
}

fn falling(epochs: u32, from: f64, to: f64) -> Vec<(f64, f64)> {
    let value = |epoch: u32| {
        to + (from - to) / f64::from(epoch * epoch) + 0.02 * to * f64::from(wobble(epoch as usize))
    };
    (1..=epochs)
        .map(|epoch| (f64::from(epoch), value(epoch)))
        .collect()
}

fn curve(name: &str, points: Vec<(f64, f64)>) -> Curve {
    Curve {
        name: name.to_owned(),
        points,
        mark_lowest: name == "validation",
    }
}

fn curves(series: Vec<Curve>) -> CurveRequest {
    CurveRequest {
        title: "Loss by epoch".to_owned(),
        subtitle: "28 × 28 images".to_owned(),
        x_label: "epoch".to_owned(),
        y_label: "mean squared error".to_owned(),
        y_scale: AxisScale::Auto,
        series,
    }
}

fn reconstruction(shape: &[usize], count: usize) -> Result<Picture, ReportError> {
    let inputs = shapes(count);
    let outputs: Vec<Image> = inputs.iter().map(|image| speckled(image, 0.2)).collect();
    let numbers = count * shape.iter().product::<usize>();
    let codes: Vec<f32> = (0..numbers)
        .map(|index| (wobble(index) * 3.0 - 1.5).max(if shape.len() == 3 { 0.0 } else { -9.0 }))
        .collect();
    reconstruction_picture(&ReconstructionRequest {
        title: "Reconstructions",
        subtitle: "shapes, 10 epochs",
        inputs: &inputs,
        codes: &codes,
        code_shape: shape,
        outputs: &outputs,
        psnr: &[21.53, f64::INFINITY, 18.0, 9.96][..count],
    })
}

fn denoising() -> Result<Picture, ReportError> {
    let clean = shapes(4);
    let noisy: Vec<Image> = clean.iter().map(|image| speckled(image, 0.9)).collect();
    let denoised: Vec<Image> = clean.iter().map(|image| speckled(image, 0.2)).collect();
    denoising_picture(&DenoisingRequest {
        title: "Denoised",
        subtitle: "",
        noisy: &noisy,
        denoised: &denoised,
        clean: &clean,
        noisy_psnr: &[7.25, 7.5, 8.0, -1.0],
        denoised_psnr: &[18.0, 17.5, 21.25, 20.0],
    })
}

fn noise_rows() -> Result<Picture, ReportError> {
    let rows = [("clean", 0.0), ("uniform:0.3", 0.3), ("uniform:0.9", 0.9)];
    picture_grid(&GridRequest {
        title: "The same images under each noise".to_owned(),
        column_labels: ["ring", "disc", "bar", "square"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows
            .map(|(label, strength)| {
                GridRow::images(
                    label,
                    shapes(4)
                        .iter()
                        .map(|image| speckled(image, strength))
                        .collect(),
                )
            })
            .to_vec(),
        ..GridRequest::default()
    })
}

fn labeled_images() -> Result<Picture, ReportError> {
    let labels: Vec<String> = (0..11)
        .map(|index| ["ring", "disc", "bar", "a class with a long name"][index % 4].to_owned())
        .collect();
    image_grid(&ImageGridRequest {
        title: "shapes",
        subtitle: "11 of 11 images",
        images: &shapes(11),
        labels: &labels,
        columns: Some(6),
    })
}

fn before_and_after() -> Result<Picture, ReportError> {
    let clean = shape_image(3, 150);
    let color: Vec<u8> = [&clean, &shape_image(0, 150), &shape_image(2, 150)]
        .iter()
        .flat_map(|image| image.pixels().to_vec())
        .collect();
    let clean = Image::new(ImageShape::new(3, 150, 150), color).unwrap();
    let panel = |label: &str, caption: &str, image: Image| Panel {
        label: label.to_owned(),
        caption: caption.to_owned(),
        image,
    };
    panels(&PanelsRequest {
        title: "Before and after".to_owned(),
        subtitle: String::new(),
        panels: vec![
            panel("noisy", "PSNR 12.50 dB", speckled(&clean, 0.6)),
            panel("clean", "", clean),
        ],
        detail: Some(Detail {
            left: 20,
            top: 30,
            width: 40,
            height: 25,
        }),
    })
}

fn rates() -> Result<Picture, ReportError> {
    let point = |bits_per_pixel: f64, psnr: f64, label: &str| RatePoint {
        bits_per_pixel,
        psnr,
        label: label.to_owned(),
    };
    let series = |name: &str, points| RateSeries {
        name: name.to_owned(),
        points,
    };
    rate_distortion(&RateDistortionRequest {
        title: "Quality for the bits".to_owned(),
        subtitle: String::new(),
        series: vec![
            series("this model", vec![point(1.31, 19.8, "32 numbers")]),
            series(
                "JPEG",
                vec![
                    point(6.6, 33.0, "quality 90"),
                    point(3.8, 18.2, "quality 10"),
                    point(4.9, 24.3, "quality 50"),
                ],
            ),
            series("identity", vec![point(8.0, f64::INFINITY, "")]),
        ],
    })
}

fn bars() -> Result<Picture, ReportError> {
    let bar = |name: &str, value, is_highlighted| Bar {
        name: name.to_owned(),
        value,
        is_highlighted,
    };
    bar_chart(&BarRequest {
        title: "Against other methods".to_owned(),
        subtitle: String::new(),
        value_label: "test MSE (lower is better)".to_owned(),
        bars: vec![
            bar("this model", 0.0148, true),
            bar("median, radius 1", 0.0503, false),
            bar("mean image", 0.162, false),
            bar("broken", f64::NAN, false),
        ],
    })
}

fn heat_map_pairs() -> Result<Picture, ReportError> {
    let maps: Vec<HeatMap> = (0..7)
        .map(|index| HeatMap {
            image: speckled(&shape_image(index, 28), 0.1),
            heat: (0..784)
                .map(|at| {
                    0.1 * wobble(at).abs() + if index == 2 && at / 28 < 9 { 0.5 } else { 0.0 }
                })
                .collect(),
            name: match index {
                3 => "a name that is longer than the pair of pictures above it is wide.png"
                    .to_owned(),
                _ => format!("part_{index:02}.png"),
            },
            caption: format!("score 0.00{index}21, p 0.{index}5"),
            is_marked: index == 2,
        })
        .collect();
    heat_maps(&HeatMapsRequest {
        title: "runs/parts-conv-1",
        subtitle: "the most anomalous of 40 pictures",
        maps: &maps,
        scale: "colors: absolute error of each pixel",
        mark: "anomalous: above 0.00213",
    })
}

fn pictures() -> Vec<(&'static str, Picture)> {
    let gap = |mut points: Vec<(f64, f64)>| {
        points[4].1 = f64::NAN;
        points[6].1 = f64::INFINITY;
        points
    };
    let mut all = vec![
        ("reconstruction-maps", reconstruction(&[128, 7, 7], 4)),
        ("reconstruction-flat", reconstruction(&[10], 3)),
        ("denoising", denoising()),
        ("noise-rows", noise_rows()),
        ("labeled-images", labeled_images()),
        ("before-and-after", before_and_after()),
        ("rate-distortion", rates()),
        ("bars", bars()),
        ("heat-maps", heat_map_pairs()),
    ];
    let charts = [
        (
            "curves",
            vec![
                curve("training", falling(10, 0.1, 0.002)),
                curve("validation", falling(10, 0.09, 0.003)),
            ],
        ),
        (
            "curves-linear",
            vec![curve("training", falling(60, 0.03, 0.01))],
        ),
        (
            "curves-gaps",
            vec![curve("training", gap(falling(9, 0.1, 0.05)))],
        ),
        (
            "curves-one-point",
            vec![curve("validation", vec![(1.0, 0.021)])],
        ),
        (
            "curves-flat",
            vec![curve("training", vec![(1.0, 0.25), (2.0, 0.25)])],
        ),
    ];
    all.extend(charts.map(|(name, series)| (name, loss_curves(&curves(series)))));
    all.into_iter()
        .map(|(name, picture)| (name, picture.unwrap()))
        .collect()
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.png"))
}

#[test]
fn pictures_are_the_ones_that_were_looked_at() {
    let update = std::env::var_os("AE_UPDATE_GOLDEN").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for (name, picture) in pictures() {
        if update {
            picture.write_png(&golden(name)).unwrap();
            continue;
        }
        let expected = image::open(golden(name)).unwrap().to_rgb8();
        let sides = (picture.width() as u32, picture.height() as u32);
        // Other processors may round the blending of an edge the other way; nobody sees that.
        let differs = |(one, other): (&u8, &u8)| one.abs_diff(*other) > 3;
        if sides != expected.dimensions()
            || picture.pixels().iter().zip(expected.as_raw()).any(differs)
        {
            wrong.push(name);
        }
    }
    assert!(
        wrong.is_empty(),
        "differ from tests/golden (draw again with AE_UPDATE_GOLDEN=1 and look): {wrong:?}"
    );
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    for ((name, one), (_, other)) in pictures().iter().zip(pictures()) {
        assert_eq!(
            one.encode_png().unwrap(),
            other.encode_png().unwrap(),
            "{name}"
        );
    }
}
