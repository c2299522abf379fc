//! Models of the codec: containers out and in.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use ae_codec::{
    Encoder, EncoderSettings, LosslessModel, Near, PictureModel, PictureTrainingSettings,
    PixelModel, TrainingImages,
};
use ae_data::{Image, ImageShape};

use super::fixture::{Served, conv, picture, png};
use crate::exchange::array::{Array, ImageArray, Numbers};
use crate::limits::Limits;
use crate::models::catalog::Models;

const LETTER: ImageShape = ImageShape::new(1, 28, 28);

/// What the model for pictures of any sizes is trained on.
struct Slope;

impl TrainingImages for Slope {
    fn count(&self) -> usize {
        4
    }

    fn shape(&self, _: usize) -> ae_codec::ImageShape {
        ae_codec::ImageShape::new(16, 16).unwrap()
    }

    fn read(&self, _: u64, index: usize, pixels: &mut [u8]) -> io::Result<()> {
        pixels
            .iter_mut()
            .enumerate()
            .for_each(|(place, pixel)| *pixel = (place / 2 + 9 * index) as u8);
        Ok(())
    }
}

fn pictures() -> LosslessModel {
    let settings = PictureTrainingSettings {
        batch: 16,
        steps: 10,
        units: [2, 3],
        ..PictureTrainingSettings::default()
    };
    let mut go = |_: ae_codec::TrainingProgress| ControlFlow::Continue(());
    LosslessModel::Picture(PictureModel::train_on(&Slope, &settings, None, &mut go).unwrap())
}

/// `glyphs`, `pictures`, and `conv`, which is none of the codec's.
fn served(limits: Limits) -> Served {
    let glyphs = LosslessModel::Pixel(PixelModel::glyphs().unwrap());
    let models = Models::default()
        .with_codec(Path::new("glyphs"), None, glyphs)
        .and_then(|models| models.with_codec(Path::new("pictures"), None, pictures()))
        .and_then(|models| models.with_model("conv", conv()));
    Served::of(models.unwrap(), limits, None)
}

/// Letters of a kind, each another one.
fn letters(count: usize) -> Vec<Image> {
    let pixels = |index: usize| (0..784).map(move |place| (place * (index + 3) / 7 % 256) as u8);
    let letters = (0..count).map(|index| Image::new(LETTER, pixels(index).collect()).unwrap());
    letters.collect()
}

fn npy(images: &[Image]) -> Vec<u8> {
    let array = ImageArray::of_images(images.to_vec()).unwrap();
    array.into_array().to_bytes()
}

/// A multipart body of these files.
fn multipart(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file) in files {
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    body
}

const MULTIPART: &str = "multipart/form-data; boundary=x";
const AEZ: &str = "application/x-aez";

#[test]
fn an_array_becomes_the_container_that_the_library_writes_and_comes_back() {
    let served = served(Limits::default());
    let letters = letters(70);
    let path = "/api/v1/models/glyphs/compress?near=2&group=32";
    let answer = served.post(path, "application/x-npy", "", npy(&letters));
    assert_eq!(answer.called(), AEZ);
    let model = PixelModel::glyphs().unwrap();
    let settings = EncoderSettings {
        group: 32,
        near: Near::new(2).unwrap(),
        ..EncoderSettings::default()
    };
    let mut encoder = Encoder::new(Vec::new(), &model, &settings).unwrap();
    for letter in &letters {
        encoder.push(letter.pixels(), None).unwrap();
    }
    assert!(answer.body == encoder.finish().unwrap());

    let back = "/api/v1/models/glyphs/decompress";
    for called in [AEZ, "application/octet-stream", ""] {
        let decoded = served.post(back, called, "", answer.body.clone());
        let array = Array::read(&decoded.body).unwrap();
        assert_eq!(array.shape, [70, 1, 28, 28]);
        let Numbers::Bytes(levels) = array.numbers else {
            panic!("levels became floats");
        };
        let expected = letters.iter().flat_map(|letter| letter.pixels());
        let furthest = levels.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
        assert_eq!(furthest.max(), Some(2));
    }
}

#[test]
fn files_keep_their_names_and_pictures_their_sizes() {
    let served = served(Limits::default());
    let shapes = [
        ImageShape::new(1, 20, 31),
        ImageShape::new(1, 1, 1),
        ImageShape::new(1, 9, 40),
    ];
    let files = [
        ("a.png", png(shapes[0])),
        ("b.png", png(shapes[1])),
        ("c.png", png(shapes[2])),
    ];
    let path = "/api/v1/models/pictures/compress";
    let container = served.post(path, MULTIPART, "", multipart(&files));
    assert_eq!(container.called(), AEZ);
    let back = "/api/v1/models/pictures/decompress";
    let answer = served.post(back, AEZ, "", container.body);
    let text = String::from_utf8_lossy(&answer.body);
    assert!(answer.called().starts_with("multipart/form-data"));
    let places: Vec<_> = files.iter().map(|(name, _)| text.find(name)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}");
    for (_, file) in &files {
        let is_there = answer.body.windows(file.len()).any(|part| part == file);
        assert!(is_there);
    }
    // One picture is the answer itself.
    let one = served.post(path, "image/png", "", png(shapes[0])).body;
    let answer = served.post(back, AEZ, "image/png", one);
    assert_eq!(answer.image(), picture(shapes[0]));
}

#[test]
fn a_codec_says_what_it_can_do() {
    let served = served(Limits::default());
    let glyphs = served.get("/api/v1/models/glyphs").json();
    assert_eq!(glyphs["kind"], "pixel");
    assert_eq!(
        glyphs["operations"],
        serde_json::json!(["compress", "decompress"])
    );
    assert_eq!(glyphs["input"]["height"], 28);
    let pictures = served.get("/api/v1/models/pictures").json();
    assert!(pictures["input"].is_null() && pictures["anomaly"].is_null());
}

#[test]
fn what_the_codec_cannot_use_is_refused() {
    let served = served(Limits::default());
    let path = |tail: &str| format!("/api/v1/models/{tail}");
    let npy_of = |shape: &[usize], numbers| {
        let shape = shape.to_vec();
        Array { shape, numbers }.to_bytes()
    };
    let levels = |shape: &[usize]| npy_of(shape, Numbers::Bytes(vec![1; shape.iter().product()]));
    let container = served
        .post(&path("glyphs/compress"), "", "", npy(&letters(3)))
        .body;
    let mut damaged = container.to_vec();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let cut = container[..container.len() - 1].to_vec();
    let floats = npy_of(&[1, 28, 28], Numbers::Floats(vec![0.5; 784]));
    let color = png(ImageShape::new(3, 28, 28));
    for (tail, body, status, expected) in [
        ("conv/compress", levels(&[28, 28]), 404, "none of the codec"),
        ("glyphs/denoise", color.clone(), 404, "it cannot denoise"),
        ("glyphs/compress", levels(&[28, 27]), 422, "27x28x1"),
        (
            "glyphs/compress",
            levels(&[1, 3, 28, 28]),
            422,
            "3 channels",
        ),
        ("glyphs/compress", floats, 422, "uint8"),
        ("glyphs/compress", color, 422, "not gray of 8 bits"),
        ("glyphs/compress", container.to_vec(), 415, "no PNG"),
        (
            "glyphs/compress?near=128",
            levels(&[28, 28]),
            400,
            "0 to 127",
        ),
        (
            "glyphs/compress?near=-1",
            levels(&[28, 28]),
            400,
            "invalid digit",
        ),
        (
            "glyphs/compress?group=0",
            levels(&[28, 28]),
            400,
            "1 to 4096",
        ),
        ("glyphs/decompress", levels(&[28, 28]), 415, "no container"),
        (
            "glyphs/decompress",
            damaged,
            422,
            "chunk 0, from image 0 on",
        ),
        ("glyphs/decompress", cut, 422, "after chunk 1"),
        (
            "pictures/decompress",
            container.to_vec(),
            422,
            "coded with the model",
        ),
    ] {
        println!("{tail} {expected}");
        served
            .post(&path(tail), "", "", body)
            .check_refusal(status, expected);
    }
    let one = letters(1)[0].to_png().unwrap();
    let twice = multipart(&[("00.png", one.clone()), ("00.png", one)]);
    served
        .post(&path("glyphs/compress"), MULTIPART, "", twice)
        .check_refusal(422, "two images are named 00.png");
    let no = served.post(&path("glyphs/decompress"), AEZ, "text/html", container);
    no.check_refusal(406, "image/png");
}

#[test]
fn containers_of_too_much_are_refused() {
    let all = served(Limits::default());
    let limits = Limits {
        max_body_bytes: 3_000,
        max_images: 3,
        ..Limits::default()
    };
    let small = served(limits);
    // Four letters of one level take few bytes and 3,136 pixels.
    let letters = vec![Image::new(LETTER, vec![0; 784]).unwrap(); 4];
    let path = "/api/v1/models/glyphs/compress";
    let container = all.post(path, "", "", npy(&letters)).body;
    assert!(container.len() < 200, "{}", container.len());
    let back = "/api/v1/models/glyphs/decompress";
    small
        .post(back, AEZ, "", container)
        .check_refusal(413, "more than 3000 pixels together");
    let files = vec![("a.png", letters[0].to_png().unwrap()); 4];
    small
        .post(path, MULTIPART, "", multipart(&files))
        .check_refusal(413, "4 at once");
    let tiny = Limits {
        max_pixels: 1_000,
        ..Limits::default()
    };
    let container = all.post(path, "", "", npy(&letters)).body;
    served(tiny)
        .post(back, AEZ, "", container)
        .check_refusal(413, "more than the 1000 bytes");
    let model = PixelModel::glyphs().unwrap();
    let empty = Encoder::new(Vec::new(), &model, &EncoderSettings::default()).unwrap();
    all.post(back, AEZ, "", empty.finish().unwrap())
        .check_refusal(422, "no image in it");
}
