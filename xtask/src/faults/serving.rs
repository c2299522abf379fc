//! `ae serve` among slow, broken and hostile clients.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::bench::Bench;
use super::bytes::{self, SIDE};
use super::case::Case;
use super::trouble::{Trouble, broken};

const FAMILY: &str = "service";
/// The model of the codec that is built in.
const CODEC: &str = "glyphs";

/// More than any request of these cases needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the service may take beyond what it takes at rest, with its limits as they are.
const MOST_GROWTH: u64 = 1 << 30;

/// A service that runs until it is dropped.
struct Service {
    child: Child,
    address: SocketAddr,
    rest_bytes: u64,
}

impl Service {
    /// Starts `ae serve` on a port that is free, with a run and the model of the codec that is built in.
    fn start(bench: &Bench<'_>, run: &Path) -> Result<Self, Trouble> {
        let mut child = Command::new(bench.ae_path())
            .arg("serve")
            .arg(run)
            .arg(CODEC)
            .args(["--port", "0", "--backend", "flex"])
            .current_dir(bench.path())
            .env("CI", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(broken(bench.ae_path()))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = BufReader::new(stdout).read_line(&mut line);
            read.map_err(broken(bench.ae_path()))?;
        }
        let address = line
            .strip_prefix("http://")
            .and_then(|rest| rest.split('/').next());
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let mut said = String::new();
            if let Some(stderr) = child.stderr.as_mut() {
                let _ = stderr.read_to_string(&mut said);
            }
            let _ = child.wait();
            return Err(match said.contains("not in this build") {
                true => Trouble::Skipped("this ae has no ae serve".to_owned()),
                false => Trouble::Failed(format!("it does not start: {line}{said}")),
            });
        };
        let mut service = Self {
            child,
            address,
            rest_bytes: 0,
        };
        service.check_served(bench)?;
        service.rest_bytes = service.peak_bytes();
        Ok(service)
    }

    fn connect(&self) -> Result<TcpStream, Trouble> {
        let failed = |error| Trouble::Failed(format!("no connection: {error}"));
        let stream = TcpStream::connect(self.address).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(failed)?;
        Ok(stream)
    }

    /// Sends bytes and reads what comes back until the connection is closed.
    fn exchange(&self, bytes: &[u8]) -> Result<Vec<u8>, Trouble> {
        let mut stream = self.connect()?;
        // It may close before all of it is sent.
        let _ = stream.write_all(bytes);
        Ok(all(stream))
    }

    /// A picture's request and its answer.
    fn denoised(&self, picture: &[u8]) -> Result<Vec<u8>, Trouble> {
        let mut bytes = head(picture.len() as u64, "image/png").into_bytes();
        bytes.extend(picture);
        self.exchange(&bytes)
    }

    /// That others are served, and in time.
    fn check_served(&self, bench: &Bench<'_>) -> Result<Vec<u8>, Trouble> {
        let photo = bench.photo();
        let picture = fs::read(&photo).map_err(broken(Path::new(&photo)))?;
        let begun = Instant::now();
        let answer = self.denoised(&picture)?;
        check_status(&answer, 200)?;
        match begun.elapsed() < Duration::from_secs(20) {
            true => Ok(answer),
            false => Err(Trouble::Failed(format!(
                "served after {:?}",
                begun.elapsed()
            ))),
        }
    }

    /// The most memory that it had in use, where the system says.
    fn peak_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
        kibibytes.unwrap_or(0_u64) << 10
    }

    /// That others are served still, memory is as bounded as it is said to be, and the service ends in good order.
    fn check_unharmed(mut self, bench: &Bench<'_>) -> Result<(), Trouble> {
        self.check_served(bench)?;
        let grown = self.peak_bytes().saturating_sub(self.rest_bytes);
        if grown > MOST_GROWTH {
            return Err(Trouble::Failed(format!("{} MiB more", grown >> 20)));
        }
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        told.map_err(broken(Path::new("kill")))?;
        let status = self.child.wait().map_err(broken(bench.ae_path()))?;
        let mut said = String::new();
        if let Some(stderr) = self.child.stderr.as_mut() {
            let _ = stderr.read_to_string(&mut said);
        }
        match (status.code(), said.as_str()) {
            (Some(0), "") => Ok(()),
            (code, said) => Err(Trouble::Failed(format!("it ended with {code:?}: {said}"))),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn head(length: u64, called: &str) -> String {
    head_to("run/denoise", length, called)
}

/// That of a request for a model to do something.
fn head_to(what: &str, length: u64, called: &str) -> String {
    format!(
        "POST /api/v1/models/{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {called}\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

fn all(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

fn check_status(answer: &[u8], expected: u16) -> Result<(), Trouble> {
    let text = String::from_utf8_lossy(answer);
    let is_refusal = expected >= 400;
    let is_said = !is_refusal || text.contains("{\"error\":\"");
    match text.starts_with(&format!("HTTP/1.1 {expected} ")) && is_said {
        true => Ok(()),
        false => {
            let start: String = text.chars().take(300).collect();
            Err(Trouble::Failed(format!("no {expected}: {start:?}")))
        }
    }
}

/// A service that somebody does something to, and that others use all the same.
fn survives(
    name: &'static str,
    harm: impl Fn(&Service, &Bench<'_>) -> Result<(), Trouble> + 'static,
) -> Case {
    Case::new(FAMILY, name, move |bench| {
        let run = bench.copy_run("run")?;
        let service = Service::start(bench, &run)?;
        harm(&service, bench)?;
        service.check_unharmed(bench)
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = bodies();
    cases.extend(connections());
    cases.extend(models());
    cases.push(containers());
    cases.push(Case::new(FAMILY, "a port in use", |bench| {
        // Whether there is a service at all.
        drop(Service::start(bench, &bench.copy_run("run")?)?);
        let taken = TcpListener::bind("127.0.0.1:0").map_err(broken(Path::new("a port")))?;
        let address = taken.local_addr().map_err(broken(Path::new("a port")))?;
        let port = address.port().to_string();
        let run = bench.ae(["serve", &bench.run(), "--port", &port]);
        bench.refuses(run, 6, &["cannot listen", &port, "in use"])
    }));
    cases
}

fn bodies() -> Vec<Case> {
    let refused = |name: &'static str, status: u16, called: &'static str, body: Vec<u8>| {
        survives(name, move |service, _| {
            let mut bytes = head(body.len() as u64, called).into_bytes();
            bytes.extend(&body);
            check_status(&service.exchange(&bytes)?, status)
        })
    };
    let mut many_pixels = bytes::png(SIDE, SIDE, &bytes::drawing(3));
    many_pixels.truncate(many_pixels.len() / 2);
    vec![
        refused("half of a picture", 422, "image/png", many_pixels),
        refused("a body that is no picture", 415, "image/png", b"<html>".to_vec()),
        refused("a body of another type", 415, "text/html", b"<html>".to_vec()),
        refused("an empty body", 422, "image/png", Vec::new()),
        refused(
            "an array that claims more than it has",
            422,
            "application/x-npy",
            b"\x93NUMPY\x01\x00\x46\x00{'descr': '|u1', 'fortran_order': False, 'shape': (9999999, 99, 99), }\n"
                .to_vec(),
        ),
        survives("10 GB that are only said", |service, _| {
            let begun = Instant::now();
            check_status(&service.exchange(head(10_000_000_000, "image/png").as_bytes())?, 413)?;
            match begun.elapsed() < Duration::from_secs(5) {
                true => Ok(()),
                false => Err(Trouble::Failed(format!("after {:?}", begun.elapsed()))),
            }
        }),
        survives("chunks without end", |service, _| {
            let mut stream = service.connect()?;
            let head = "POST /api/v1/models/run/denoise HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n\
                        Transfer-Encoding: chunked\r\n\r\n";
            let mut chunk = b"100000\r\n".to_vec();
            chunk.extend(vec![7; 0x10_0000]);
            chunk.extend(b"\r\n");
            let mut sent = stream.write_all(head.as_bytes());
            for _ in 0..200 {
                sent = sent.and_then(|()| stream.write_all(&chunk));
            }
            match sent {
                Ok(()) => Err(Trouble::Failed("200 MiB were taken".to_owned())),
                // It hung up after its answer.
                Err(_) => Ok(()),
            }
        }),
        survives("chunks that are none", |service, _| {
            let bytes = "POST /api/v1/models/run/denoise HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n\
                         Transfer-Encoding: chunked\r\n\r\nxyz\r\n";
            check_status(&service.exchange(bytes.as_bytes())?, 400)
        }),
    ]
}

fn connections() -> Vec<Case> {
    vec![
        survives("100 clients that say nothing", |service, bench| {
            let silent = (0..100).map(|_| service.connect());
            let silent: Vec<TcpStream> = silent.collect::<Result<_, _>>()?;
            service.check_served(bench)?;
            drop(silent);
            Ok(())
        }),
        survives(
            "100 clients that stop in the middle of a body",
            |service, bench| {
                let mut stopped = Vec::new();
                for _ in 0..100 {
                    let mut stream = service.connect()?;
                    let text = head(100_000, "image/png") + "a few bytes";
                    let sent = stream.write_all(text.as_bytes());
                    sent.map_err(|error| Trouble::Failed(error.to_string()))?;
                    stopped.push(stream);
                }
                service.check_served(bench)?;
                drop(stopped);
                Ok(())
            },
        ),
        survives("a header a byte at a time", |service, bench| {
            let mut stream = service.connect()?;
            let begun = Instant::now();
            let text = head(100, "image/png");
            for byte in text.as_bytes() {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                sleep(Duration::from_millis(200));
            }
            service.check_served(bench)?;
            // 10 s are given, and the whole would take 30.
            match begun.elapsed() < Duration::from_secs(25) {
                true => Ok(()),
                false => Err(Trouble::Failed("it waited for all of it".to_owned())),
            }
        })
        .slow(),
        survives(
            "clients that hang up in the middle of everything",
            |service, _| {
                let text = head(5_000, "image/png") + "a few bytes";
                for end in (0..text.len()).step_by(7) {
                    let mut stream = service.connect()?;
                    let _ = stream.write_all(&text.as_bytes()[..end]);
                }
                Ok(())
            },
        ),
        survives(
            "a client that takes nothing of its answers",
            |service, bench| {
                let mut stream = service.connect()?;
                let text =
                    "GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2_000);
                stream
                    .set_nonblocking(true)
                    .map_err(broken(Path::new("a socket")))?;
                let _ = stream.write_all(text.as_bytes());
                service.check_served(bench)?;
                Ok(())
            },
        ),
        survives("bytes that are no HTTP", |service, _| {
            for bytes in [
                &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[..],
                b"SSH-2.0-x\r\n\r\n",
                b"GET\r\n\r\n",
                &[0; 4096],
            ] {
                let answer = service.exchange(bytes)?;
                if !answer.is_empty() && !answer.starts_with(b"HTTP/1.1 4") {
                    return Err(Trouble::Failed(format!("answered {}", answer.len())));
                }
            }
            Ok(())
        }),
        survives("a header without end", |service, _| {
            let text = format!(
                "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}",
                "x".repeat(4 << 20)
            );
            let answer = service.exchange(text.as_bytes())?;
            match answer.is_empty() || answer.starts_with(b"HTTP/1.1 431") {
                true => Ok(()),
                false => Err(Trouble::Failed(
                    String::from_utf8_lossy(&answer).into_owned(),
                )),
            }
        }),
        survives(
            "a page elsewhere, and a host that is not this machine",
            |service, _| {
                for field in ["Origin: http://evil.example", "Host: evil.example"] {
                    let text = format!(
                        "GET /api/v1/models HTTP/1.1\r\n{field}\r\nConnection: close\r\n\r\n"
                    );
                    check_status(&service.exchange(text.as_bytes())?, 403)?;
                }
                Ok(())
            },
        ),
    ]
}

/// A container with a wrong byte at every third place, and cut off there.
fn containers() -> Case {
    survives("containers of the codec that are damaged", |service, _| {
        let asked = |what: &str, sent: &[u8]| {
            let what = format!("{CODEC}/{what}");
            let mut bytes =
                head_to(&what, sent.len() as u64, "application/octet-stream").into_bytes();
            bytes.extend(sent);
            service.exchange(&bytes)
        };
        let mut letters =
            b"\x93NUMPY\x01\x00\x46\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2, 28, 28), }".to_vec();
        letters.resize(79, b' ');
        letters.push(b'\n');
        letters.extend((0..2 * 784_u32).map(|place| (place * place / 300) as u8));
        let answer = asked("compress", &letters)?;
        check_status(&answer, 200)?;
        let whole = body(&answer);
        check_status(&asked("decompress", &whole)?, 200)?;
        for place in (0..whole.len()).step_by(3) {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            let status = if place < 4 { 415 } else { 422 };
            check_status(&asked("decompress", &damaged)?, status)?;
            check_status(&asked("decompress", &whole[..place])?, status)?;
        }
        Ok(())
    })
}

fn models() -> Vec<Case> {
    let changes = |name: &'static str, change: fn(&Path) -> std::io::Result<()>| {
        survives(name, move |service, bench| {
            let before = body(&service.check_served(bench)?);
            let file = bench.path().join("run/model.safetensors");
            change(&file).map_err(broken(&file))?;
            let after = body(&service.check_served(bench)?);
            match before == after {
                true => Ok(()),
                false => Err(Trouble::Failed("the answer changed".to_owned())),
            }
        })
    };
    vec![
        changes("a model that is written over", |file| {
            fs::write(file, b"no model")
        }),
        changes("a model that is cut short", |file| {
            let opened = fs::File::options().write(true).open(file)?;
            opened.set_len(100)
        }),
        changes("a model that goes away", |file| fs::remove_file(file)),
    ]
}

/// What comes after the header.
fn body(answer: &[u8]) -> Vec<u8> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    answer[end.map_or(0, |end| end + 4)..].to_vec()
}
