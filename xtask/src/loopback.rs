//! A small HTTP server on loopback that misbehaves on request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a server does with one request.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    /// The file, or the part asked for.
    Honest,
    /// Announces everything and closes after so many bytes of the body.
    BreaksOff(usize),
    /// The right number of wrong bytes.
    WrongBytes,
    /// Announces another length than the file's.
    WrongLength,
    /// A page that says sorry, with status 200.
    Page,
    /// The whole file, whatever part was asked for.
    IgnoresRange,
    /// Bytes without announced length and without end.
    Endless,
    /// So many bytes of the body, then silence.
    Stalls(usize),
    /// The body a byte at a time.
    Drips,
    /// Nothing at all, not even a status.
    Silent,
    /// This status and no body.
    Status(u16),
    /// Another part than the one asked for.
    WrongPart,
    /// A redirection to itself.
    Redirects,
    /// A redirection to another address, which may have another scheme.
    RedirectsTo(&'static str),
    /// Bytes that are no HTTP.
    Garbage,
    /// The file as `Content-Encoding: gzip`, as servers do that mistake a stored archive.
    SaysGzip,
}

/// Serves one file, whatever it is asked for, until it is dropped.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    content: Vec<u8>,
    /// One for each request; the last one stays.
    behaviours: Mutex<Vec<Behaviour>>,
    /// The `Range` headers of the requests so far.
    ranges: Mutex<Vec<Option<String>>>,
    closing: AtomicBool,
}

impl Server {
    /// Starts to serve `content`; each request meets the next of `behaviours`, the last of which stays.
    ///
    /// # Panics
    /// When the system has no loopback address, or there are no behaviours.
    pub fn start(content: &[u8], behaviours: &[Behaviour]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback is there");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let state = Arc::new(State {
            content: content.to_vec(),
            behaviours: Mutex::new(behaviours.to_vec()),
            ranges: Mutex::new(Vec::new()),
            closing: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for connection in listener.incoming() {
                if shared.closing.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&shared);
                // Clients hang up on purpose here, so failing to write to them is no error.
                thread::spawn(move || {
                    connection.and_then(|connection| answer(connection, &shared))
                });
            }
        });
        Self { address, state }
    }

    /// The mirror's address.
    pub fn mirror(&self) -> String {
        format!("http://{}/files/", self.address)
    }

    /// The `Range` headers of the requests so far.
    pub fn ranges(&self) -> Vec<Option<String>> {
        lock(&self.state.ranges).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.closing.store(true, Ordering::SeqCst);
        // Wakes the listener, which then ends.
        drop(TcpStream::connect(self.address));
    }
}

/// A thread that panicked with a lock held has changed nothing by half.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn answer(mut connection: TcpStream, state: &State) -> std::io::Result<()> {
    let request = read_request(&mut connection)?;
    let range = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("range")
            .then(|| value.trim().to_owned())
    });
    lock(&state.ranges).push(range.clone());
    let behaviour = {
        let mut behaviours = lock(&state.behaviours);
        if behaviours.len() > 1 {
            behaviours.remove(0)
        } else {
            behaviours[0]
        }
    };
    let from: usize = range
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse()
                .ok()
        })
        .unwrap_or(0);
    let length = state.content.len();
    let rest = &state.content[from.min(length)..];
    let part = head(from, length, rest.len(), "");
    match behaviour {
        Behaviour::Honest if from > 0 && from >= length => status(&mut connection, 416),
        Behaviour::Honest => send(&mut connection, &part, rest),
        Behaviour::BreaksOff(count) => send(&mut connection, &part, &rest[..count.min(rest.len())]),
        Behaviour::WrongBytes => {
            let wrong: Vec<u8> = rest.iter().map(|byte| byte ^ 0x55).collect();
            send(&mut connection, &part, &wrong)
        }
        Behaviour::WrongLength => send(&mut connection, &head(from, length, rest.len() + 7, ""), rest),
        Behaviour::Page => {
            let page = b"<html><body>Sorry</body></html>";
            let kind = "Content-Type: text/html; charset=utf-8\r\n";
            send(&mut connection, &head(0, length, page.len(), kind), page)
        }
        Behaviour::IgnoresRange => {
            send(&mut connection, &head(0, length, length, ""), &state.content)
        }
        Behaviour::Endless => {
            connection.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                connection.write_all(&[0x42; 4096])?;
            }
        }
        Behaviour::Stalls(count) => {
            send(&mut connection, &part, &rest[..count.min(rest.len())])?;
            wait_for_the_end(&mut connection, state)
        }
        Behaviour::Drips => {
            connection.write_all(part.as_bytes())?;
            for byte in rest {
                connection.write_all(&[*byte])?;
                thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
        Behaviour::Silent => wait_for_the_end(&mut connection, state),
        Behaviour::Status(code) => status(&mut connection, code),
        Behaviour::WrongPart => {
            let start = from / 2;
            send(&mut connection, &head(start, length, length - start, ""), &state.content[start..])
        }
        Behaviour::Redirects => connection.write_all(
            b"HTTP/1.1 302 Found\r\nLocation: /files/again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ),
        Behaviour::RedirectsTo(address) => connection.write_all(
            format!("HTTP/1.1 302 Found\r\nLocation: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        ),
        Behaviour::Garbage => connection.write_all(b"\x00\x01\x02 this is not the web\r\n\r\n"),
        Behaviour::SaysGzip => {
            send(&mut connection, &head(from, length, rest.len(), "Content-Encoding: gzip\r\n"), rest)
        }
    }
}

fn read_request(connection: &mut TcpStream) -> std::io::Result<String> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if connection.read(&mut byte)? == 0 {
            break;
        }
        request.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&request).into_owned())
}

fn head(from: usize, length: usize, body: usize, more: &str) -> String {
    let start = if from == 0 {
        "HTTP/1.1 200 OK\r\n".to_owned()
    } else {
        let last = length - 1;
        format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{last}/{length}\r\n")
    };
    format!("{start}Content-Length: {body}\r\n{more}Connection: close\r\n\r\n")
}

fn status(connection: &mut TcpStream, code: u16) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {code} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    connection.write_all(head.as_bytes())
}

fn send(connection: &mut TcpStream, head: &str, body: &[u8]) -> std::io::Result<()> {
    connection.write_all(head.as_bytes())?;
    connection.write_all(body)
}

/// Holds the connection open without a word until the client or the test is done with it.
fn wait_for_the_end(connection: &mut TcpStream, state: &State) -> std::io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_millis(20)))?;
    let mut byte = [0];
    while !state.closing.load(Ordering::SeqCst) {
        match connection.read(&mut byte) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
