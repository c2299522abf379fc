//! `ae serve` as a client sees it, by a socket and nothing more.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use ae_data::{Image, ImageShape};

use crate::command::{ae, command, done};
use crate::fixture::{FIXTURE, SIDE, drawing, scratch};

/// A service that runs until it is dropped.
struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    fn start(arguments: &str) -> Self {
        let line = format!("serve {arguments} --port 0 --backend flex");
        let mut child = command(FIXTURE.path(), &line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ae starts");
        let stdout = child.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line
            .strip_prefix("http://")
            .and_then(|rest| rest.split('/').next())
            .and_then(|address| address.parse().ok());
        let Some(address) = address else {
            panic!("{line:?}: {:?}", child.wait_with_output());
        };
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        let limit = Some(Duration::from_secs(60));
        stream.set_read_timeout(limit).expect("a limit");
        stream
    }

    /// One request on a connection of its own.
    fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        stream.write_all(text.as_bytes()).expect("written");
        stream.write_all(body).expect("written");
        Answer::read(stream)
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    fn post(&self, path: &str, called: &str, body: &[u8]) -> Answer {
        self.ask("POST", path, &[("Content-Type", called)], body)
    }

    /// Ends it by a signal, and says how it ended.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let sent = std::process::Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        let status = self.child.wait().expect("it ends");
        let mut said = String::new();
        let stderr = self.child.stderr.as_mut().expect("its errors");
        stderr.read_to_string(&mut said).expect("text");
        (status.code(), said)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A connection that is closed over an unread body may end in an error after the answer.
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no header: {}", String::from_utf8_lossy(&bytes)));
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1);
        Self {
            status: status
                .and_then(|status| status.parse().ok())
                .expect("a status"),
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn json(&self) -> serde_json::Value {
        let parsed = serde_json::from_slice(&self.body);
        parsed.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn check_refusal(&self, status: u16, sentence: &str) {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        let error = json["error"].as_str().expect("a sentence");
        assert!(error.contains(sentence), "{error}");
    }
}

fn letter(number: usize) -> Vec<u8> {
    let shape = ImageShape::new(1, SIDE, SIDE);
    Image::new(shape, drawing(number))
        .and_then(|image| image.to_png())
        .expect("a PNG")
}

fn noisy_color() -> Vec<u8> {
    let shape = ImageShape::new(3, 150, 170);
    let pixels = (0..shape.values()).map(|place| (place * 31 % 97 + place / 300) as u8);
    let image = Image::new(shape, pixels.collect()).expect("an image");
    image.to_png().expect("a PNG")
}

#[test]
fn pictures_are_denoised_to_the_very_file_that_the_command_writes() {
    let folder = scratch();
    let service = Service::start("photo denoiser plain");
    for (name, bytes, model) in [
        ("a.png", noisy_color(), "photo"),
        ("b.png", letter(3), "denoiser"),
        ("c.png", noisy_color(), "denoiser"),
    ] {
        for strength in ["1", "0.5"] {
            fs::write(folder.path().join(name), &bytes).expect("written");
            let path = match model {
                "photo" => model.to_owned(),
                model => FIXTURE.argument(model),
            };
            let line = format!(
                "denoise {name} -o out.png --model {path} --strength {strength} --force --backend flex --quiet"
            );
            done(folder.path(), &line);
            let expected = fs::read(folder.path().join("out.png")).expect("a file");
            let path = format!("/api/v1/models/{model}/denoise?strength={strength}");
            let answer = service.post(&path, "image/png", &bytes);
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(answer.body == expected, "{name} by {model} at {strength}");
        }
    }
}

#[test]
fn scores_are_those_of_the_command() {
    let folder = scratch();
    let pictures = folder.path().join("pictures");
    fs::create_dir(&pictures).expect("a folder");
    let mut inverted = drawing(2);
    inverted.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
    let inverted = Image::new(ImageShape::new(1, SIDE, SIDE), inverted);
    let inverted = inverted.and_then(|image| image.to_png()).expect("a PNG");
    for (name, bytes) in [("a.png", letter(1)), ("b.png", inverted)] {
        fs::write(pictures.join(name), bytes).expect("written");
    }
    let line = format!(
        "anomaly {} --data pictures --json --backend flex --false-alarm-rate 0.2",
        FIXTURE.argument("plain")
    );
    let expected = done(folder.path(), &line).json();
    let service = Service::start("plain");
    let path = "/api/v1/models/plain/score?false_alarm_rate=0.2";
    for file in expected["judged"]["files"].as_array().expect("files") {
        let name = file["file"].as_str().expect("a name");
        let bytes = fs::read(pictures.join(name)).expect("a file");
        let mut answer = service.post(path, "image/png", &bytes);
        while answer.status == 503 {
            thread::sleep(Duration::from_millis(50));
            answer = service.post(path, "image/png", &bytes);
        }
        let found = answer.json();
        let image = &found["images"][0];
        assert_eq!(image["score"], file["score"], "{name}");
        assert_eq!(image["p_value"], file["p_value"], "{name}");
        let verdict = match image["is_anomalous"].as_bool() {
            Some(true) => "anomalous",
            Some(false) => "normal",
            None => "none",
        };
        assert_eq!(
            file["verdict"].as_str().unwrap_or("none"),
            verdict,
            "{name}"
        );
        assert_eq!(found["threshold"], expected["threshold"]);
    }
}

#[test]
fn containers_are_those_of_the_command() {
    let folder = scratch();
    let letters = folder.path().join("letters");
    fs::create_dir(&letters).expect("a folder");
    let mut body = Vec::new();
    for index in 0..5_usize {
        let pixels = (0..784).map(|place| (place * (index + 2) / 5) as u8);
        let image = Image::new(ImageShape::new(1, 28, 28), pixels.collect());
        let png = image.and_then(|image| image.to_png()).expect("a PNG");
        let name = format!("{index}.png");
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(&png);
        body.extend(b"\r\n");
        fs::write(letters.join(name), png).expect("written");
    }
    body.extend(b"--x--\r\n");
    done(
        folder.path(),
        "compress letters --model glyphs -o a.aez --near 1 --quiet",
    );
    let expected = fs::read(folder.path().join("a.aez")).expect("a file");
    let service = Service::start("glyphs");
    let path = "/api/v1/models/glyphs/compress?near=1";
    let answer = service.post(path, "multipart/form-data; boundary=x", &body);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body == expected);
    let path = "/api/v1/models/glyphs/decompress";
    let answer = service.post(path, "application/x-aez", &expected);
    // A header of 128 bytes, then the levels.
    assert_eq!(answer.body.len(), 128 + 5 * 784);
}

#[test]
fn curves_grow_with_the_log() {
    let folder = scratch();
    let run = folder.path().join("growing");
    fs::create_dir(&run).expect("a folder");
    fs::write(run.join("config.toml"), "").expect("written");
    let service = Service::start(&format!("photo {}", run.display()));
    let runs = service.get("/api/v1/runs").json();
    assert_eq!(runs["runs"], serde_json::json!(["growing"]));
    assert_eq!(service.get("/api/v1/runs/growing/log").json()["next"], 0);
    let line = "{\"kind\":\"step\",\"step\":1,\"loss\":0.5}\n";
    fs::write(run.join("metrics.jsonl"), line).expect("written");
    let part = service.get("/api/v1/runs/growing/log").json();
    assert_eq!(part["lines"][0]["loss"], 0.5);
    fs::write(run.join("metrics.jsonl"), line.repeat(3)).expect("written");
    let path = format!("/api/v1/runs/growing/log?from={}", part["next"]);
    assert_eq!(
        service.get(&path).json()["lines"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn a_model_that_changes_on_the_disk_is_served_as_it_was() {
    let folder = scratch();
    let file = folder.path().join("mine.safetensors");
    fs::copy(FIXTURE.path().join("denoiser/model.safetensors"), &file).expect("copied");
    let service = Service::start(&file.display().to_string());
    let path = "/api/v1/models/mine";
    let before = service.get(path).json();
    assert_eq!(before["is_changed_on_disk"], false);
    let denoise = format!("{path}/denoise");
    let denoised = service.post(&denoise, "image/png", &letter(5)).body;
    for change in ["write", "remove"] {
        match change {
            "write" => fs::write(&file, "no model at all"),
            _ => fs::remove_file(&file),
        }
        .expect("changed");
        let after = service.get(path).json();
        assert_eq!(after["is_changed_on_disk"], true);
        assert_eq!(after["sha256"], before["sha256"]);
        let again = service.post(&denoise, "image/png", &letter(5)).body;
        assert!(again == denoised, "another picture after {change}");
    }
}

#[test]
fn many_clients_at_once_get_each_their_own() {
    let service = Service::start("plain");
    let path = "/api/v1/models/plain/reconstruct";
    let expected: Vec<Vec<u8>> = (0..8)
        .map(|number| service.post(path, "image/png", &letter(number)).body)
        .collect();
    thread::scope(|scope| {
        for client in 0..64 {
            let (service, expected) = (&service, &expected);
            scope.spawn(move || {
                for round in 0..4 {
                    let number = (client + round) % 8;
                    let answer = service.post(path, "image/png", &letter(number));
                    assert_eq!(answer.status, 200, "{answer:?}");
                    assert!(answer.body == expected[number], "client {client}");
                }
            });
        }
    });
    let metrics = service.get("/metrics");
    let metrics = String::from_utf8(metrics.body).expect("text");
    assert!(
        metrics.contains("ae_images_total{model=\"plain\"} 264\n"),
        "{metrics}"
    );
}

#[test]
fn hostile_clients_harm_nobody() {
    let service = Service::start("plain --timeout 5");
    let path = "/api/v1/models/plain/denoise";
    // Ten gigabytes that are only said.
    let mut huge = service.connect();
    let text = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 10000000000\r\n\r\n"
    );
    huge.write_all(text.as_bytes()).expect("written");
    Answer::read(huge).check_refusal(413, "more than 67108864 bytes");
    // Some that send a part of what they say, and wait.
    let waiting: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = service.connect();
            let text = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 5000\r\n\r\nabc"
            );
            stream.write_all(text.as_bytes()).expect("written");
            stream
        })
        .collect();
    // One that breaks off.
    let mut broken = service.connect();
    let text =
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nabc");
    broken.write_all(text.as_bytes()).expect("written");
    drop(broken);
    // Chunks that are none.
    let mut chunked = service.connect();
    let text = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"
    );
    chunked.write_all(text.as_bytes()).expect("written");
    assert_eq!(Answer::read(chunked).status, 400);
    // Another's host, and a body that is no picture.
    let answer = service.ask(
        "GET",
        "/api/v1/models",
        &[("Origin", "http://evil.example")],
        b"",
    );
    answer.check_refusal(403, "from a page");
    service
        .post(path, "image/png", b"\x89PNG\r\n\x1a\nand nothing")
        .check_refusal(422, "cannot decode");
    // The others are served.
    let answer = service.post(path, "image/png", &letter(0));
    assert_eq!(answer.status, 200, "{answer:?}");
    drop(waiting);
    let (code, said) = service.end("-TERM");
    assert_eq!((code, said.as_str()), (Some(0), ""));
}

#[test]
fn a_signal_ends_it_when_requests_are_answered() {
    for signal in ["-TERM", "-INT"] {
        let service = Service::start("denoiser");
        let bytes = noisy_color();
        let mut stream = service.connect();
        let text = format!(
            "POST /api/v1/models/denoiser/denoise HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n",
            bytes.len()
        );
        stream.write_all(text.as_bytes()).expect("written");
        stream.write_all(&bytes[..100]).expect("written");
        // It is asked to end once it has the request's header.
        while !String::from_utf8_lossy(&service.get("/metrics").body).contains("/metrics") {}
        thread::sleep(Duration::from_millis(200));
        let address = service.address;
        let ending = thread::spawn(move || service.end(signal));
        thread::sleep(Duration::from_millis(200));
        stream.write_all(&bytes[100..]).expect("written");
        assert_eq!(Answer::read(stream).status, 200);
        assert_eq!(ending.join().expect("an end"), (Some(0), String::new()));
        assert!(TcpStream::connect(address).is_err(), "it still listens");
    }
}

#[test]
fn a_port_that_is_taken_is_one_line_and_exit_code_6() {
    let service = Service::start("plain");
    let port = service.address.port();
    let ended = ae(FIXTURE.path(), &format!("serve plain --port {port}"));
    assert_eq!(ended.code, 6, "{ended:?}");
    let expected = format!("error: cannot listen at 127.0.0.1:{port}: address already in use");
    assert_eq!(ended.lines("error:"), [expected]);
    assert_eq!(ended.lines("hint:").len(), 1);
}

#[test]
fn a_token_is_asked_for() {
    let folder = scratch();
    let file = folder.path().join("token");
    fs::write(&file, "0123456789abcdef\n").expect("written");
    let service = Service::start(&format!("plain --token-file {}", file.display()));
    service.get("/api/v1/models").check_refusal(401, "token");
    let shown = [("Authorization", "Bearer 0123456789abcdef")];
    assert_eq!(
        service.ask("GET", "/api/v1/models", &shown, b"").status,
        200
    );
    assert_eq!(service.get("/health/ready").status, 200);
    fs::write(&file, "short").expect("written");
    let line = format!("serve plain --port 0 --token-file {}", file.display());
    let ended = ae(FIXTURE.path(), &line);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert_eq!(ended.lines("error:").len(), 1);
}

#[test]
fn what_cannot_be_served_is_refused_before_anything_listens() {
    for (line, code, part) in [
        ("serve nowhere --port 0", 5, "nowhere: cannot read"),
        (
            "serve drawings --port 0",
            4,
            "no model.safetensors in this directory",
        ),
        (
            "serve plain plain/model.safetensors --port 0",
            2,
            "plain is the name of plain, too",
        ),
        ("serve plain --port 70000", 2, "70000"),
        ("serve plain --bind elsewhere", 2, "elsewhere"),
    ] {
        let ended = ae(FIXTURE.path(), line);
        assert_eq!(ended.code, code, "{line}: {ended:?}");
        let errors = ended.lines("error:");
        assert!(
            errors.len() == 1 && errors[0].contains(part),
            "{line}: {ended:?}"
        );
    }
}

#[test]
fn the_page_and_its_address_are_told_in_json_too() {
    let mut child = command(FIXTURE.path(), "serve plain photo --port 0 --json")
        .stdout(Stdio::piped())
        .spawn()
        .expect("ae starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
    let mut text = String::new();
    while !text.trim_end().ends_with('}') && stdout.read_line(&mut text).expect("a line") > 0 {}
    let _ = child.kill();
    let _ = child.wait();
    let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(
        told["address"]
            .as_str()
            .is_some_and(|at| at.starts_with("http://127.0.0.1:"))
    );
    assert_eq!(told["names"], serde_json::json!(["photo", "plain"]));
}
