//! What each route answers.

use ae_data::{Image, ImageShape};
use ae_infer::{CodeSource, Device, PhotoDenoiser, Removal, denoise_page};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use super::fixture::{SHAPE, Served, conv, picture, png, vae};
use crate::exchange::array::{Array, ImageArray, Numbers};
use crate::exchange::pictures::{Picture, PictureFile};
use crate::page::FILES;

fn array(shapes: &[ImageShape], floats: bool) -> Vec<u8> {
    let images: Vec<Image> = shapes.iter().map(|&shape| picture(shape)).collect();
    let mut array = ImageArray::of_images(images).unwrap();
    if floats {
        array.numbers = Numbers::Floats(array.to_unit());
    }
    array.into_array().to_bytes()
}

#[test]
fn models_are_listed_with_what_they_can_do() {
    let served = Served::new();
    let list = served.get("/api/v1/models").json();
    let named = |name: &str| {
        let models = list["models"].as_array().unwrap();
        let found = models.iter().find(|model| model["name"] == name);
        found.unwrap().clone()
    };
    assert_eq!(list["models"].as_array().unwrap().len(), 3);
    let vae = named("vae");
    assert_eq!(
        vae["operations"],
        serde_json::json!([
            "denoise",
            "reconstruct",
            "encode",
            "decode",
            "generate",
            "score"
        ])
    );
    assert_eq!(vae["input"]["height"], 12);
    let photo = named("photo");
    assert_eq!(photo["operations"], serde_json::json!(["denoise"]));
    assert!(photo["input"].is_null() && photo["anomaly"].is_null());
    assert_eq!(named("conv")["has_prior"], false);
    assert_eq!(served.get("/api/v1/models/vae").json()["kind"], "vae");
}

#[test]
fn reconstructions_are_those_of_the_library_in_every_form() {
    let served = Served::new();
    let expected = conv().reconstruct(&[picture(SHAPE)]).unwrap();
    let path = "/api/v1/models/conv/reconstruct";
    for called in ["image/png", "application/octet-stream", ""] {
        let answer = served.post(path, called, "", png(SHAPE));
        assert_eq!(answer.called(), "image/png");
        assert_eq!(answer.image(), expected[0]);
    }
    let answer = served.post(path, "image/png", "image/webp", png(SHAPE));
    assert_eq!(answer.called(), "image/webp");
    assert_eq!(
        answer.image().with_channels(ae_data::Channels::Gray),
        expected[0]
    );
    let answer = served.post(path, "image/png", "application/x-npy", png(SHAPE));
    let read = Array::read(&answer.body).unwrap();
    assert_eq!(read.shape, [1, 1, 12, 12]);
    assert_eq!(read.numbers, Numbers::Bytes(expected[0].pixels().to_vec()));
    // Unrounded where they came so.
    let answer = served.post(path, "application/x-npy", "", array(&[SHAPE; 3], true));
    let read = Array::read(&answer.body).unwrap();
    assert_eq!(read.shape, [3, 1, 12, 12]);
    let Numbers::Floats(values) = read.numbers else {
        panic!("floats became bytes");
    };
    let direct = conv().reconstruct_values(SHAPE, 1, picture(SHAPE).to_unit());
    assert_eq!(&values[288..], direct.unwrap());
}

#[test]
fn codes_go_out_and_come_back() {
    let served = Served::new();
    let expected = vae().encode(&[picture(SHAPE)]).unwrap();
    let answer = served.post("/api/v1/models/vae/encode", "image/png", "", png(SHAPE));
    let codes = answer.json()["codes"].clone();
    let values: Vec<f32> = codes[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap() as f32)
        .collect();
    assert_eq!(values, expected.as_slice());
    let decoded = vae().decode(&expected).unwrap();
    let body = serde_json::json!({ "codes": codes }).to_string();
    let path = "/api/v1/models/vae/decode";
    assert_eq!(
        served.post(path, "application/json", "", body).image(),
        decoded[0]
    );
    let images = array(&[SHAPE; 2], false);
    let path_in = "/api/v1/models/vae/encode";
    let answer = served.post(path_in, "application/x-npy", "", images);
    assert_eq!(answer.called(), "application/x-npy");
    let answer = served.post(path, "application/x-npy", "", answer.body.to_vec());
    let read = Array::read(&answer.body).unwrap().into_images().unwrap();
    assert_eq!(read.to_images().unwrap()[1], decoded[0]);
}

#[test]
fn generated_images_are_those_of_the_seed() {
    let served = Served::new();
    let expected = vae().generate(&CodeSource::Prior, 3, 7).unwrap();
    let path = "/api/v1/models/vae/generate";
    let answer = served.post(&format!("{path}?count=3&seed=7"), "", "", Body::empty());
    let read = Array::read(&answer.body).unwrap().into_images().unwrap();
    assert_eq!(read.to_images().unwrap(), expected);
    let answer = served.post(&format!("{path}?seed=7"), "", "", Body::empty());
    assert_eq!(answer.image(), expected[0]);
}

#[test]
fn pictures_of_any_size_are_denoised_as_the_library_does() {
    let served = Served::new();
    let photo = PhotoDenoiser::open(&Device::flex(), None).unwrap();
    for (model, shape, strength) in [
        ("photo", ImageShape::new(3, 30, 40), 1.0),
        ("photo", ImageShape::new(1, 17, 9), 0.5),
        // More pixels than are decoded by the way.
        ("photo", ImageShape::new(1, 140, 130), 1.5),
    ] {
        let file = png(shape);
        let picture = PictureFile::new("x".into(), None, file.clone().into()).unwrap();
        let picture = picture.decode(&Default::default()).unwrap();
        let removal = Removal {
            strength,
            noise_level: None,
        };
        let page = denoise_page(&photo, &picture.page, removal).unwrap().page;
        let path = format!("/api/v1/models/{model}/denoise?strength={strength}");
        let answer = served.post(&path, "image/png", "", file);
        let expected = ae_infer::page_image(&page);
        assert_eq!(answer.image(), expected, "{model} {shape}");
    }
}

#[test]
fn a_picture_of_the_model_s_own_size_is_denoised_as_tiles_would() {
    let served = Served::new();
    let model = conv();
    let tiling = model.tiling(None).unwrap();
    let clean = picture(SHAPE);
    let expected = model.denoise(&clean, &tiling).unwrap();
    let path = "/api/v1/models/conv/denoise";
    let answer = served.post(path, "image/png", "", png(SHAPE));
    assert_eq!(answer.image(), expected);
    // Nothing removed is nothing changed.
    let answer = served.post(&format!("{path}?strength=0"), "image/png", "", png(SHAPE));
    assert_eq!(answer.image(), clean);
    // Other sizes go through tiles.
    let wide = ImageShape::new(3, 20, 30);
    let expected = model.denoise(&picture(wide), &tiling).unwrap();
    let answer = served.post(path, "image/png", "", png(wide));
    assert_eq!(answer.image(), expected);
    let answer = served.post(path, "application/x-npy", "", array(&[wide; 2], false));
    let read = Array::read(&answer.body).unwrap().into_images().unwrap();
    assert_eq!(read.to_images().unwrap(), [expected.clone(), expected]);
}

#[test]
fn several_pictures_come_and_go_as_parts() {
    let served = Served::new();
    let wide = ImageShape::new(1, 20, 30);
    let mut body = Vec::new();
    let webp = Picture::of_page(ImageArray::of_images(vec![picture(wide)]).unwrap().page(0));
    let webp = webp.encode(crate::exchange::form::Form::WebP).unwrap();
    for (name, called, file) in [
        ("a.png", "image/png", png(SHAPE)),
        ("b \u{e4}.webp", "image/webp", webp),
        ("c.png", "application/octet-stream", png(SHAPE)),
    ] {
        body.extend(format!("--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{name}\"\r\nContent-Type: {called}\r\n\r\n").bytes());
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let form = "multipart/form-data; boundary=x";
    let path = "/api/v1/models/conv/denoise";
    let answer = served.post(path, form, "", body.clone());
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(
        answer
            .called()
            .starts_with("multipart/form-data; boundary=")
    );
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    for part in [
        "filename=\"a.png\"\r\nContent-Type: image/png",
        "filename=\"b \u{e4}.webp\"\r\nContent-Type: image/webp",
        "filename=\"c.png\"\r\nContent-Type: image/png",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let served = served.calibrated();
    let scored = served
        .post("/api/v1/models/conv/score", form, "", body.clone())
        .json();
    assert_eq!(scored["images"][1]["name"], "b \u{e4}.webp");
    let answer = served.post(path, form, "image/png", body.clone());
    answer.check_refusal(422, "3 images are no single image/png");
    let answer = served.post(path, form, "application/x-npy", body);
    answer.check_refusal(422, "differ in size");
}

#[test]
fn scores_and_maps_are_those_of_the_library() {
    let served = Served::new().calibrated();
    let path = "/api/v1/models/conv/score";
    let scored = served.post(path, "image/png", "", png(SHAPE)).json();
    let model = conv();
    let output = model.reconstruct_values(SHAPE, 1, picture(SHAPE).to_unit());
    let errors: Vec<f32> = picture(SHAPE)
        .to_unit()
        .iter()
        .zip(output.unwrap())
        .map(|(own, output)| (own - output).abs())
        .collect();
    let squared: f64 = errors.iter().map(|error| f64::from(error * error)).sum();
    let score = scored["images"][0]["score"].as_f64().unwrap();
    assert!((score - squared / 144.0).abs() < 1e-6, "{scored}");
    assert_eq!(scored["calibration"]["state"], "uncalibrated");
    assert!(scored["images"][0]["p_value"].is_null() && scored["threshold"].is_null());
    let answer = served.post(path, "image/png", "application/x-npy", png(SHAPE));
    let map = Array::read(&answer.body).unwrap();
    assert_eq!(map.shape, [1, 12, 12]);
    let Numbers::Floats(found) = map.numbers else {
        panic!("a map of bytes");
    };
    let pairs = found.iter().zip(&errors);
    assert!(pairs.clone().all(|(own, other)| (own - other).abs() < 1e-6));
}

#[test]
fn health_and_metrics_tell() {
    let served = Served::new();
    assert_eq!(served.get("/health/live").body, "live\n");
    assert_eq!(served.get("/health/ready").body, "ready\n");
    let path = "/api/v1/models/conv/reconstruct";
    served.post(path, "application/x-npy", "", array(&[SHAPE; 3], false));
    served.get("/api/v1/models/nobody");
    let text = served.get("/metrics");
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    for line in [
        "ae_requests_total{route=\"/api/v1/models/{name}/reconstruct\",status=\"200\"} 1",
        "ae_requests_total{route=\"/api/v1/models/{name}\",status=\"404\"} 1",
        "ae_images_total{model=\"conv\"} 3",
        "ae_queue_length{model=\"conv\"} 0",
        "ae_batch_images_bucket{model=\"conv\",le=\"4\"} 1",
        "ae_request_seconds_count{route=\"/health/live\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    served.service.drain();
    served
        .get("/health/ready")
        .check_refusal(503, "about to end");
    assert_eq!(served.get("/health/live").status, StatusCode::OK);
}

#[test]
fn the_page_is_served_with_a_strict_policy() {
    let served = Served::new();
    for file in FILES {
        let answer = served.get(file.path);
        assert_eq!(answer.status, StatusCode::OK, "{}", file.path);
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    assert!(served.get("/").called().starts_with("text/html"));
}

#[test]
fn the_document_names_every_route_and_status() {
    let served = Served::new();
    let document = served.get("/api/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 15);
    let denoise = &paths["/api/v1/models/{name}/denoise"]["post"];
    for status in ["200", "400", "413", "415", "422", "429", "503"] {
        assert!(denoise["responses"].get(status).is_some(), "{status}");
    }
    for form in [
        "image/png",
        "image/jpeg",
        "image/webp",
        "application/x-npy",
        "multipart/form-data",
    ] {
        assert!(denoise["requestBody"]["content"].get(form).is_some());
        assert!(denoise["responses"]["200"]["content"].get(form).is_some());
    }
    // Whatever is referred to is there.
    let text = document.to_string();
    for (place, _) in text.match_indices("#/components/schemas/") {
        let name = text[place + 21..].split('"').next().unwrap();
        assert!(
            document["components"]["schemas"].get(name).is_some(),
            "{name}"
        );
    }
}

#[test]
fn head_is_answered_as_get_without_a_body() {
    let served = Served::new();
    let answer = served.ask(Request::head("/").body(Body::empty()).unwrap());
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
}
