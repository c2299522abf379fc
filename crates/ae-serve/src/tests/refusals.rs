//! What is refused, with which status and sentence.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use ae_data::ImageShape;
use ae_infer::{Device, Registry};
use axum::body::Body;
use axum::http::{Method, Request, header};
use tokio::time::Instant;

use super::fixture::{SHAPE, Served, conv, png};
use crate::exchange::array::{Array, Numbers};
use crate::limits::Limits;
use crate::models::catalog::Models;
use crate::token::Token;

fn npy(shape: &[usize], numbers: Numbers) -> Vec<u8> {
    Array {
        shape: shape.to_vec(),
        numbers,
    }
    .to_bytes()
}

/// Path | Content-Type | Accept | body | status | part of the sentence.
const TABLE: &str = "
nobody/denoise                    | image/png           | | png     | 404 | no model nobody; there are: conv, photo, vae
photo/reconstruct                 | image/png           | | png     | 404 | photo is a model of kind unet
photo/encode                      | image/png           | | png     | 404 | has no codes
conv/generate                     |                     | | empty   | 404 | no prior to draw codes from
conv/denoise?strength=2           | image/png           | | png     | 400 | strength is 2, and may be 0 to 1.5
conv/denoise?strength=nan         | image/png           | | png     | 400 | strength is NaN
conv/denoise?strength=x           | image/png           | | png     | 400 | after the question mark
conv/denoise?force=1              | image/png           | | png     | 400 | unknown field
conv/denoise                      | image/tiff          | | png     | 415 | is called image/tiff
conv/denoise                      | text/plain          | | png     | 415 | image/png
conv/denoise                      | image/jpeg          | | png     | 415 | is called image/jpeg and is image/png
conv/denoise                      | image/png           | | text    | 415 | no PNG, JPEG or WebP
conv/denoise                      |                     | | text    | 415 | no PNG, JPEG or WebP
conv/denoise                      | image/png           | | empty   | 422 | the body is empty
conv/denoise                      | image/png           | | cut     | 422 | cannot decode
conv/denoise                      | image/jpeg          | | jpeg    | 422 | cannot decode
conv/denoise                      | image/png           | text/html | png | 406 | the answer can be image/png
conv/denoise                      | application/x-npy   | | 1,2,4,4 | 422 | 2 channels
conv/denoise                      | application/x-npy   | | 7       | 422 | 1 axes
conv/denoise                      | application/x-npy   | | text    | 422 | not an .npy file
conv/denoise                      | multipart/form-data | | png     | 400 | cannot be told
conv/denoise | multipart/form-data; boundary=x | | --x--        | 422 | has no part
conv/reconstruct                  | application/x-npy   | | 1,1,12,13 | 422 | conv takes 12x12x1
conv/reconstruct                  | image/png           | | cut     | 422 | cannot decode
vae/generate?count=0              |                     | | empty   | 400 | count is 0
vae/generate?count=100000         |                     | | empty   | 400 | may be 1 to 4096
vae/generate?count=-1             |                     | | empty   | 400 | invalid digit
vae/generate?seed=9007199254740992 |                    | | empty   | 400 | seed is 9007199254740992
vae/generate?count=2              |         | image/png | empty     | 422 | 2 images are no single image/png
conv/decode | application/json | | {'codes': [[1, 2]]}             | 422 | codes of 2 values
conv/decode | application/json | | {'codes': [[1], [1, 2]]}        | 422 | of 1 and of 2 values
conv/decode | application/json | | {'codes': []}                   | 422 | no code
conv/decode | application/json | | {'codes': [[1e39]]}             | 422 | 32 bits
conv/decode | application/json | | {'code': 1}                     | 422 | not what it should be
conv/decode                       | application/x-npy   | | floats  | 422 | codes of 3 values
conv/decode                       | application/x-npy   | | 1,3     | 422 | uint8
conv/decode                       | image/png           | | png     | 415 | application/json
conv/decode                       |                     | | text    | 415 | codes are application/json
conv/score?false_alarm_rate=1     | image/png           | | png     | 400 | between 0 and 1
conv/score                        | image/png           | image/png | png | 406 | application/json, application/x-npy
";

/// The body that a row of the table names: an array of bytes by its shape, JSON, or what it is.
fn body(named: &str) -> Vec<u8> {
    let letter = png(SHAPE);
    match named {
        "png" => letter,
        "cut" => letter[..60].to_vec(),
        "jpeg" => b"\xff\xd8\xff\xe0".to_vec(),
        "empty" => Vec::new(),
        "floats" => npy(&[1, 3], Numbers::Floats(vec![0.5; 3])),
        json if json.starts_with('{') => json.replace('\'', "\"").into_bytes(),
        shape if shape.starts_with(|first: char| first.is_ascii_digit()) => {
            let shape: Vec<usize> = shape.split(',').map(|axis| axis.parse().unwrap()).collect();
            let count = shape.iter().product();
            npy(&shape, Numbers::Bytes(vec![7; count]))
        }
        text => format!("{text}\r\n").into_bytes(),
    }
}

#[test]
fn what_means_nothing_is_refused_with_a_sentence() {
    let served = Served::new().calibrated();
    for row in TABLE.trim().lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [path, called, accept, named, status, expected] = cells.as_slice() else {
            panic!("{row}");
        };
        // Shown where the row fails.
        println!("{row}");
        let path = format!("/api/v1/models/{path}");
        let answer = served.post(&path, called, accept, body(named));
        answer.check_refusal(status.parse().unwrap(), expected);
    }
}

#[test]
fn addresses_and_methods_that_are_not_there_are_refused_in_json() {
    let served = Served::new();
    served
        .get("/nowhere")
        .check_refusal(404, "nothing at this address");
    served
        .get("/page/../Cargo.toml")
        .check_refusal(404, "nothing at this address");
    served
        .get("/api/v1/models/nobody")
        .check_refusal(404, "no model nobody");
    served
        .get("/api/v1/models/%ff")
        .check_refusal(404, "no text");
    served
        .get("/api/v1/runs/nobody/log")
        .check_refusal(404, "no run nobody");
    served
        .get("/api/v1/models/conv/denoise")
        .check_refusal(405, "GET is not what");
    let request = Request::builder()
        .method(Method::DELETE)
        .uri("/api/v1/models");
    let answer = served.ask(request.body(Body::empty()).unwrap());
    answer.check_refusal(405, "DELETE is not what");
}

#[test]
fn too_much_is_refused() {
    let limits = Limits {
        max_body_bytes: 2_000,
        max_pixels: 400,
        max_images: 3,
        ..Limits::default()
    };
    let served = Served::with(limits, None);
    let path = "/api/v1/models/conv/denoise";
    served
        .post(path, "image/png", "", vec![0; 2_001])
        .check_refusal(413, "more than 2000 bytes");
    // A length that is said is believed before any of it comes.
    let request = Request::post(path).header(header::CONTENT_LENGTH, "10000000000");
    let answer = served.ask(request.body(Body::empty()).unwrap());
    answer.check_refusal(413, "more than 2000 bytes");
    served
        .post(path, "image/png", "", png(ImageShape::new(1, 21, 20)))
        .check_refusal(413, "too large");
    served
        .post(
            "/api/v1/models/conv/reconstruct",
            "image/png",
            "",
            png(ImageShape::new(1, 21, 20)),
        )
        .check_refusal(413, "too large");
    let many = npy(&[4, 1, 2, 2], Numbers::Bytes(vec![0; 16]));
    served
        .post(path, "application/x-npy", "", many)
        .check_refusal(413, "4 at once, the limit is 3");
    let large = npy(&[1, 1, 1, 500], Numbers::Bytes(vec![0; 500]));
    served
        .post(path, "application/x-npy", "", large)
        .check_refusal(413, "the limit is 400");
    assert_eq!(served.post(path, "image/png", "", png(SHAPE)).status, 200);
}

#[test]
fn a_few_bytes_that_unpack_to_many_pixels_are_refused() {
    let served = Served::new();
    let bomb = png_of_zeros(20_000, 20_000);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    for operation in ["denoise", "reconstruct"] {
        let path = format!("/api/v1/models/conv/{operation}");
        let answer = served.post(&path, "image/png", "", bomb.clone());
        answer.check_refusal(413, "too large");
    }
}

/// A PNG that says it has so many pixels, and holds a few.
fn png_of_zeros(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(ImageShape::new(1, 8, 8));
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// ISO 3309, as PNG has it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 * (sum & 1))
        })
    })
}

#[test]
fn the_room_of_all_bodies_has_an_end() {
    let limits = Limits {
        max_held_bytes: 1_024,
        ..Limits::default()
    };
    let served = Served::with(limits, None);
    let path = "/api/v1/models/conv/denoise";
    let answer = served.post(path, "image/png", "", vec![0; 1_500]);
    answer.check_refusal(429, "as many bytes");
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    // It is given back.
    for _ in 0..3 {
        assert_eq!(served.post(path, "image/png", "", png(SHAPE)).status, 200);
    }
}

#[test]
fn no_answer_in_time_is_said() {
    let limits = Limits {
        answer_time: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = Served::with(limits, None);
    let service = Arc::clone(&served.service);
    let (begun, has_begun) = channel();
    let (release, held) = channel::<()>();
    let busy = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let worker = &service.model("conv").unwrap().worker;
        runtime.block_on(async {
            let later = Instant::now() + Duration::from_secs(60);
            let waited = worker.alone(later, move |_| {
                begun.send(()).unwrap();
                let _ = held.recv();
                Ok(())
            });
            waited.await.unwrap();
        });
    });
    has_begun.recv().unwrap();
    let answer = served.post("/api/v1/models/conv/denoise", "image/png", "", png(SHAPE));
    drop(release);
    busy.join().unwrap();
    answer.check_refusal(503, "within the time");
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
}

#[test]
fn a_full_queue_is_said() {
    let limits = Limits {
        max_queue: 0,
        ..Limits::default()
    };
    let served = Served::with(limits, None);
    for path in [
        "/api/v1/models/conv/denoise",
        "/api/v1/models/photo/denoise",
    ] {
        let answer = served.post(path, "image/png", "", png(SHAPE));
        answer.check_refusal(429, "as many requests wait");
    }
}

#[test]
fn without_the_token_only_the_page_and_health_are_there() {
    let token = Token::new("a-long-enough-secret", "test").unwrap();
    let served = Served::with(Limits::default(), Some(token));
    for path in ["/", "/page/main.js", "/health/live", "/health/ready"] {
        assert_eq!(served.get(path).status, 200, "{path}");
    }
    let shown = |path: &str, value: &str| {
        let request = Request::get(path).header(header::AUTHORIZATION, value);
        served.ask(request.body(Body::empty()).unwrap())
    };
    for path in [
        "/metrics",
        "/api/v1/models",
        "/api/openapi.json",
        "/api/v1/runs",
        "/api/nothing",
    ] {
        let answer = served.get(path);
        answer.check_refusal(401, "token");
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
        for wrong in [
            "Bearer wrong",
            "Basic a-long-enough-secret",
            "Bearer",
            "a-long-enough-secret",
        ] {
            shown(path, wrong).check_refusal(401, "token");
        }
        let status = shown(path, "bearer a-long-enough-secret").status;
        assert_ne!(status, 401, "{path}");
    }
}

#[test]
fn pages_elsewhere_cannot_use_it() {
    let served = Served::new();
    let ask = |host: &str, origin: &str| {
        let mut request = Request::get("/api/v1/models");
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        served.ask(request.body(Body::empty()).unwrap())
    };
    for (host, origin) in [
        ("127.0.0.1:7878", ""),
        ("localhost:7878", "http://localhost:7878"),
        ("[::1]:7878", "http://[::1]:7878"),
        ("", ""),
    ] {
        assert_eq!(ask(host, origin).status, 200, "{host} {origin}");
    }
    for (host, origin, expected) in [
        ("evil.example:7878", "", "another host"),
        ("127.0.0.1:7878", "http://evil.example", "from a page"),
        ("127.0.0.1:7878", "http://127.0.0.1:1", "from a page"),
        ("127.0.0.1:7878", "null", "from a page"),
    ] {
        ask(host, origin).check_refusal(403, expected);
    }
}

#[test]
fn models_that_cannot_be_told_apart_or_are_not_there_are_refused() {
    let device = Device::flex();
    let open = |paths: &[PathBuf]| {
        let opened = Models::open(paths, &Registry::builtin(), &device);
        opened.map(drop).unwrap_err().to_string()
    };
    let photo = || PathBuf::from("photo");
    assert_eq!(
        open(&[photo(), photo()]),
        "photo: photo is the name of photo, too"
    );
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        let card = ae_models::ModelCard::new(conv().model());
        let file = folder.path().join(name).join("letters.safetensors");
        ae_models::save_model(&file, conv().model(), &card).unwrap();
    }
    let file = |name: &str| folder.path().join(name).join("letters.safetensors");
    let message = open(&[file("a"), file("b")]);
    assert!(message.contains("letters is the name of"), "{message}");
    let message = open(&[folder.path().join("c")]);
    assert!(message.contains("cannot read"), "{message}");
    let message = open(&[folder.path().join("a")]);
    assert!(message.contains("no model.safetensors"), "{message}");
}
