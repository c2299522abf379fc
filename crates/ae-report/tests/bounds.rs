//! Requests at the edge of what can be drawn, and beyond it: errors instead of panics.

#![expect(clippy::unwrap_used, reason = "tests")]

use ae_data::{Image, ImageShape};
use ae_report::{
    Bar, BarRequest, Cells, Curve, CurveRequest, DenoisingRequest, Detail, GridRequest, GridRow,
    ImageGridRequest, Panel, PanelsRequest, Picture, RateDistortionRequest, ReconstructionRequest,
    ReportError, bar_chart, denoising_picture, image_grid, loss_curves, panels, picture_grid,
    rate_distortion, reconstruction_picture,
};

fn images(count: usize, channels: usize, height: usize, width: usize) -> Vec<Image> {
    let shape = ImageShape::new(channels, height, width);
    let gradient: Vec<u8> = (0..shape.values())
        .map(|index| (index % 251) as u8)
        .collect();
    (0..count)
        .map(|_| Image::new(shape, gradient.clone()).unwrap())
        .collect()
}

fn grid(rows: Vec<GridRow>) -> Result<Picture, ReportError> {
    picture_grid(&GridRequest {
        rows,
        ..GridRequest::default()
    })
}

#[test]
fn bad_requests_are_errors_that_say_what_is_wrong() {
    let mixed = [images(2, 1, 28, 28), images(1, 1, 28, 20)].concat();
    let captions = GridRow {
        captions: vec!["one".to_owned()],
        ..GridRow::images("a", images(2, 1, 8, 8))
    };
    let reconstruction =
        |inputs: &[Image], codes: &[f32], shape: &[usize], outputs: &[Image], psnr: &[f64]| {
            reconstruction_picture(&ReconstructionRequest {
                title: "",
                subtitle: "",
                inputs,
                codes,
                code_shape: shape,
                outputs,
                psnr,
            })
        };
    let two = images(2, 1, 8, 8);
    let labels = ["a".to_owned()];
    let list = |images: &[Image], labels: &[String], columns| {
        image_grid(&ImageGridRequest {
            title: "",
            subtitle: "",
            images,
            labels,
            columns,
        })
    };
    let panel = |image: &Image| Panel {
        label: String::new(),
        caption: String::new(),
        image: image.clone(),
    };
    let panels_of = |images: &[Image], detail| {
        panels(&PanelsRequest {
            panels: images.iter().map(panel).collect(),
            detail,
            ..PanelsRequest::default()
        })
    };
    let curve = |points: Vec<(f64, f64)>| {
        loss_curves(&CurveRequest {
            title: "t".to_owned(),
            series: vec![Curve {
                points,
                ..Curve::default()
            }],
            ..CurveRequest::default()
        })
    };
    let bar = |values: &[f64]| {
        bar_chart(&BarRequest {
            title: "t".to_owned(),
            bars: values
                .iter()
                .map(|&value| Bar {
                    value,
                    ..Bar::default()
                })
                .collect(),
            ..BarRequest::default()
        })
    };
    let outside = Detail {
        left: 4,
        top: 0,
        width: 5,
        height: 1,
    };
    for (result, expected) in [
        (grid(vec![]), "no images to draw in the picture"),
        (
            grid(vec![GridRow::images("inputs", vec![])]),
            "no images to draw in row \"inputs\"",
        ),
        (
            grid(vec![GridRow::codes("", vec![], vec![7])]),
            "no images to draw in row 1",
        ),
        (
            grid(vec![GridRow::codes("", vec![1.0; 8], vec![7])]),
            "cannot draw codes of shape [7] from 8 values: the shape and the count of values do not go together",
        ),
        (
            grid(vec![GridRow::images("a", mixed)]),
            "image 2 of row \"a\" is 20x28x1, the first one is 28x28x1",
        ),
        (
            grid(vec![GridRow::images("a", images(1, 2, 8, 8))]),
            "cannot draw an image of 2 channels (1 and 3 are possible)",
        ),
        (
            grid(vec![captions]),
            "captions of row \"a\": expected 2, found 1",
        ),
        (
            grid(vec![GridRow::images("a", images(400, 1, 28, 28))]),
            "400 images do not fit on one picture (at most 62 would)",
        ),
        (list(&[], &[], None), "no images to draw in the grid"),
        (list(&two, &labels, None), "labels: expected 2, found 1"),
        (
            list(&two, &[], Some(0)),
            "columns, at least: expected 1, found 0",
        ),
        (
            list(&images(20_000, 1, 28, 28), &[], None),
            "20000 images do not fit on one picture",
        ),
        (
            reconstruction(&[], &[], &[1], &[], &[]),
            "no images to draw in the inputs",
        ),
        (
            reconstruction(&two, &[1.0; 2], &[1], &two[..1], &[]),
            "generated images: expected 2, found 1",
        ),
        (
            reconstruction(&two, &[1.0; 3], &[1], &two, &[]),
            "cannot draw codes of shape [1] from 3 values: the shape and the count of values do not go together",
        ),
        (
            reconstruction(&two, &[1.0; 2], &[1], &two, &[1.0]),
            "PSNR values: expected 2, found 1",
        ),
        (panels_of(&[], None), "no images to draw in the panels"),
        (
            panels_of(&images(100, 1, 8, 8), None),
            "100 images do not fit on one picture",
        ),
        (
            panels_of(&two, Some(outside)),
            "columns of the detail's right edge, at most: expected 8, found 9",
        ),
        (
            loss_curves(&CurveRequest::default()),
            "nothing to draw in the chart \"\": no points",
        ),
        (
            curve(vec![]),
            "nothing to draw in the chart \"t\": no points",
        ),
        (
            curve(vec![(1.0, f64::NAN), (f64::INFINITY, 1.0)]),
            "nothing to draw in the chart \"t\": no point is a finite number",
        ),
        (
            rate_distortion(&RateDistortionRequest::default()),
            "nothing to draw in the chart \"\": no points",
        ),
        (bar(&[]), "nothing to draw in the chart \"t\": no bars"),
        (
            bar(&[f64::NAN]),
            "nothing to draw in the chart \"t\": no value is a finite number",
        ),
        (
            bar(&[1.0; 23]),
            "bars of a chart, at most: expected 22, found 23",
        ),
    ] {
        let message = result
            .map(|picture| format!("{picture:?}"))
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with(expected),
            "{message:?} is not {expected:?}"
        );
    }
    let denoising = DenoisingRequest {
        title: "",
        subtitle: "",
        noisy: &two,
        denoised: &two,
        clean: &two[..1],
        noisy_psnr: &[],
        denoised_psnr: &[],
    };
    assert_eq!(
        denoising_picture(&denoising).unwrap_err().to_string(),
        "clean images: expected 2, found 1"
    );
}

/// Sides stay within the page for whatever shapes and counts are asked for.
#[test]
fn grids_fit_the_page() {
    for (count, channels, height, width) in [
        (1, 1, 1, 1),
        (1, 3, 2000, 3000),
        (10, 1, 28, 28),
        (40, 1, 28, 28),
        (12, 3, 32, 32),
        (5, 1, 4, 300),
        (5, 1, 900, 20),
    ] {
        for code in [&[128, 7, 7][..], &[32], &[3, 64, 64], &[2048]] {
            let images = images(count, channels, height, width);
            let numbers = count * code.iter().product::<usize>();
            let rows = vec![
                GridRow::images("input", images.clone()),
                GridRow::codes("encoded", vec![0.5; numbers], code.to_vec()),
                GridRow::images("generated", images),
            ];
            let picture = grid(rows).unwrap();
            let what = format!("{count} of {channels}x{height}x{width}, {code:?}: {picture:?}");
            assert!(
                picture.width() <= 1600 && picture.height() <= 1200,
                "{what}"
            );
        }
    }
}

/// Where nothing is said and no frame or note falls, the page is white; where images lie, it is not.
#[test]
fn small_images_are_enlarged_by_whole_factors() {
    let image = Image::new(ImageShape::new(1, 1, 2), vec![0, 200]).unwrap();
    let picture = grid(vec![GridRow::images("", vec![image])]).unwrap();
    let count = |gray: u8| {
        picture
            .pixels()
            .chunks_exact(3)
            .filter(|pixel| **pixel == [gray; 3])
            .count()
    };
    assert_eq!(count(0), 128 * 128);
    assert_eq!(count(200), 128 * 128);
    assert_eq!(&picture.pixels()[..3], [255; 3]);
}

/// A color image's planes must come out as red, green and blue.
#[test]
fn colors_keep_their_order() {
    let image = Image::new(ImageShape::new(3, 1, 1), vec![10, 120, 230]).unwrap();
    let picture = grid(vec![GridRow::images("", vec![image])]).unwrap();
    let middle = (picture.height() / 2 * picture.width() + picture.width() / 2) * 3;
    assert_eq!(picture.pixels()[middle..middle + 3], [10, 120, 230]);
}

#[test]
fn shrunk_images_keep_their_mean() {
    let picture = panels(&PanelsRequest {
        panels: vec![Panel {
            label: String::new(),
            caption: String::new(),
            image: Image::new(
                ImageShape::new(1, 3000, 3001),
                (0..3000 * 3001)
                    .map(|at| if at % 2 == 0 { 100 } else { 200 })
                    .collect(),
            )
            .unwrap(),
        }],
        ..PanelsRequest::default()
    })
    .unwrap();
    let middle = (picture.height() / 2 * picture.width() + picture.width() / 2) * 3;
    assert!(
        picture.pixels()[middle].abs_diff(150) <= 12,
        "{}",
        picture.pixels()[middle]
    );
    assert!(
        picture.width() <= 1600 && picture.height() <= 1200,
        "{picture:?}"
    );
}

#[test]
fn rows_may_be_shorter_and_codes_may_stand_alone() {
    let rows = vec![
        GridRow::images("three", images(3, 1, 8, 8)),
        GridRow::images("two", images(2, 1, 8, 8)),
    ];
    assert!(grid(rows).is_ok());
    let cells = Cells::Codes {
        values: vec![f32::NAN, f32::INFINITY, 1.0, -1.0],
        shape: vec![2],
    };
    let row = GridRow {
        cells,
        ..GridRow::images("codes", vec![])
    };
    assert!(grid(vec![row]).is_ok());
}

#[test]
fn a_picture_that_cannot_be_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let picture = grid(vec![GridRow::images("", images(1, 1, 8, 8))]).unwrap();
    let missing = folder.path().join("missing/picture.png");
    let message = picture.write_png(&missing).unwrap_err().to_string();
    assert!(
        message.starts_with(&format!("cannot write {}", missing.display())),
        "{message}"
    );
    assert!(
        picture.write_png(folder.path()).is_err(),
        "a folder is no file"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let path = folder.path().join("picture.png");
    std::fs::write(&path, "old").unwrap();
    picture.write_png(&path).unwrap();
    let read = image::open(&path).unwrap().to_rgb8();
    assert_eq!(read.as_raw(), picture.pixels());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
