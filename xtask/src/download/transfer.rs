//! One file over HTTP, from servers that may do anything.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::error::{AttemptError, DownloadError};
use super::options::{DownloadOptions, Report};
use super::sum::sha256;
use crate::sources::SourceFile;

/// Below this a server is as good as silent.
const SLOWEST_BYTES_PER_SECOND: u64 = 1024;
/// An attempt that brought this much counts as progress, however it ended.
const PROGRESS_BYTES: u64 = 64 << 10;
const BUFFER_BYTES: usize = 64 << 10;
const MOST_REDIRECTS: u32 = 5;
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Whether ureq's clock ended a read; it says so in an error of its own inside the usual one.
fn is_timeout(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    error.kind() == io::ErrorKind::TimedOut || matches!(inner, Some(ureq::Error::Timeout(_)))
}

/// An attempt's end: one that the next may mend, or the disk's refusal.
enum Failure {
    Attempt(AttemptError),
    Disk(DownloadError),
}

impl From<AttemptError> for Failure {
    fn from(error: AttemptError) -> Self {
        Self::Attempt(error)
    }
}

impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        Self::Disk(error)
    }
}

pub(super) struct Client {
    agent: Agent,
    options: DownloadOptions,
}

impl Client {
    pub(super) fn new(options: &DownloadOptions) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(MOST_REDIRECTS)
            .timeout_resolve(Some(options.connect))
            .timeout_connect(Some(options.connect))
            .timeout_recv_response(Some(options.stall))
            .timeout_per_read(Some(options.stall))
            .timeout_per_write(Some(options.stall))
            .user_agent(concat!("ae-xtask/", env!("CARGO_PKG_VERSION")))
            // The sums are of the files as they are stored.
            .accept_encoding("identity");
        if !options.proxy {
            config = config.proxy(None);
        }
        Self {
            agent: config.build().into(),
            options: options.clone(),
        }
    }

    /// Fetches a file to `path`, resuming what is there, until it is complete and right.
    pub(super) fn fetch(
        &self,
        expected: &SourceFile,
        mirrors: &[String],
        path: &Path,
        report: &mut dyn Report,
    ) -> Result<(), DownloadError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(DownloadError::disk("create", path))?;
        report.file(&expected.name, expected.bytes);
        let mut transfer = Transfer {
            client: self,
            expected,
            path,
            file: &mut file,
            report,
        };
        let mut failures = 0;
        let mut pause = self.options.pause;
        for mirror in mirrors.iter().cycle() {
            let before = transfer.length()?;
            let failure = match transfer.attempt(&format!("{mirror}{}", expected.name)) {
                Ok(()) => return Ok(()),
                Err(Failure::Disk(error)) => return Err(error),
                Err(Failure::Attempt(failure)) => failure,
            };
            transfer.report.note(&format!("{mirror}: {failure}"));
            if transfer.length()? >= before + PROGRESS_BYTES {
                pause = self.options.pause;
                continue;
            }
            failures += 1;
            if failures >= self.options.attempts {
                return Err(DownloadError::Exhausted {
                    file: expected.name.clone(),
                    attempts: failures,
                    last: Box::new(failure),
                });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        unreachable!("a checked list of sources has at least one mirror")
    }
}

/// A file on its way.
struct Transfer<'a> {
    client: &'a Client,
    expected: &'a SourceFile,
    path: &'a Path,
    file: &'a mut File,
    report: &'a mut dyn Report,
}

impl Transfer<'_> {
    fn attempt(&mut self, url: &str) -> Result<(), Failure> {
        let mut length = self.length()?;
        if length > self.expected.bytes {
            self.cut(0)?;
            length = 0;
        }
        if length < self.expected.bytes {
            let response = self.request(url, length)?;
            let start = self.start_of(&response, length)?;
            self.cut(start)?;
            self.receive(response, start)?;
        }
        self.verify()
    }

    fn request(&self, url: &str, from: u64) -> Result<Response<Body>, AttemptError> {
        let mut request = self.client.agent.get(url);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        request
            .call()
            .map_err(|error| AttemptError::Request(Box::new(error)))
    }

    /// Where an answer's body belongs, if it is about our file: at the `length` bytes that are
    /// there, or at 0 from a server that does not resume.
    fn start_of(&mut self, response: &Response<Body>, length: u64) -> Result<u64, Failure> {
        let bytes = self.expected.bytes;
        let text = |name| {
            let value = response.headers().get(name);
            value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if length > 0 => length,
            status => {
                if status == StatusCode::RANGE_NOT_SATISFIABLE {
                    // That server's file ends before ours: start again elsewhere.
                    self.cut(0)?;
                }
                return Err(AttemptError::Status(status).into());
            }
        };
        if let Some(kind) = text(header::CONTENT_TYPE)
            && kind
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        {
            return Err(AttemptError::Page(kind).into());
        }
        if start > 0 {
            let found = text(header::CONTENT_RANGE).unwrap_or_default();
            let expected = format!("bytes {start}-{}/", bytes - 1);
            let total = found.strip_prefix(&expected);
            if !total.is_some_and(|total| total == "*" || total.parse() == Ok(bytes)) {
                return Err(AttemptError::Range {
                    from: start,
                    bytes,
                    found,
                }
                .into());
            }
        }
        match response.body().content_length() {
            Some(found) if found != bytes - start => Err(AttemptError::Length {
                expected: bytes - start,
                found,
            }
            .into()),
            _ => Ok(start),
        }
    }

    fn receive(&mut self, response: Response<Body>, start: u64) -> Result<(), Failure> {
        let bytes = self.expected.bytes;
        let stall = self.client.options.stall;
        let least_bytes = SLOWEST_BYTES_PER_SECOND * stall.as_millis() as u64 / 1000;
        let mut position = start;
        let mut window = (Instant::now(), position);
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; BUFFER_BYTES];
        self.report.position(position);
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) if position < bytes => {
                    return Err(AttemptError::BrokenOff {
                        position,
                        bytes,
                        source: None,
                    }
                    .into());
                }
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if is_timeout(&error) => {
                    return Err(AttemptError::Stalled { position, bytes }.into());
                }
                Err(error) => {
                    let source = Some(error);
                    return Err(AttemptError::BrokenOff {
                        position,
                        bytes,
                        source,
                    }
                    .into());
                }
            };
            position += count as u64;
            if position > bytes {
                // Whatever this is, the part of it that is here cannot be trusted either.
                self.cut(0)?;
                return Err(AttemptError::TooLong { bytes }.into());
            }
            self.file
                .write_all(&buffer[..count])
                .map_err(DownloadError::disk("write", self.path))?;
            self.report.position(position);
            if window.0.elapsed() >= stall {
                if position - window.1 < least_bytes && position < bytes {
                    return Err(AttemptError::Stalled { position, bytes }.into());
                }
                window = (Instant::now(), position);
            }
        }
    }

    /// Checks the sum of a complete file; a wrong one is emptied, since no part of it is known to
    /// be right.
    fn verify(&mut self) -> Result<(), Failure> {
        let read = |file: &mut File| {
            file.sync_all()?;
            file.rewind()?;
            sha256(file)
        };
        let found = read(self.file).map_err(DownloadError::disk("read", self.path))?;
        if found != self.expected.sha256 {
            self.cut(0)?;
            let expected = self.expected.sha256;
            return Err(AttemptError::Sum { expected, found }.into());
        }
        Ok(())
    }

    fn length(&self) -> Result<u64, DownloadError> {
        let metadata = self
            .file
            .metadata()
            .map_err(DownloadError::disk("read", self.path))?;
        Ok(metadata.len())
    }

    /// Keeps the first `length` bytes and goes to their end.
    fn cut(&mut self, length: u64) -> Result<(), DownloadError> {
        let cut = |file: &mut File| {
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))
        };
        cut(self.file).map_err(DownloadError::disk("write", self.path))?;
        Ok(())
    }
}
