//! How much the service takes on before it refuses.

use std::time::Duration;

/// How much the service takes on before it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body, and pixels of all images that it compresses or decompresses; more is refused with 413.
    pub max_body_bytes: u64,
    /// Pixels of one picture, height times width; more is refused with 413.
    pub max_pixels: u64,
    /// Pictures, array rows or codes of one request, and images that are generated at once; more is refused with 413 or 422.
    pub max_images: usize,
    /// Requests that wait for one model; a request beyond them is refused with 429.
    pub max_queue: usize,
    /// Bytes of all bodies together that are held at once; a body that would exceed them is refused with 429.
    pub max_held_bytes: u64,
    /// Connections that are served at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long a request's answer may take, counted from its whole body; then it is refused with 503.
    pub answer_time: Duration,
    /// How long a request's header may take to arrive; then the connection is closed. Idle connections, too.
    pub header_time: Duration,
    /// How long a request's body may take to arrive; then it is refused with 408.
    pub body_time: Duration,
    /// How long a client may take nothing of its answer; then the connection is closed.
    pub stall_time: Duration,
    /// How long requests that are being answered have once the service is told to end.
    pub drain_time: Duration,
}

impl Default for Limits {
    /// Bodies of 64 MiB, pictures of 16 Mi pixels, 4,096 images a request, 256 requests that wait for a model, 256 MiB of
    /// bodies, 512 connections; 60 s for an answer, 10 s for a header, 30 s for a body, for taking an answer and for the end.
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 20,
            max_pixels: 1 << 24,
            max_images: 4_096,
            max_queue: 256,
            max_held_bytes: 256 << 20,
            max_connections: 512,
            answer_time: Duration::from_secs(60),
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(30),
        }
    }
}

/// How requests of small images are put together to pass through a model at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batching {
    /// How long a request may wait for others that have arrived and are being decoded. Where there are none it does not wait.
    pub wait: Duration,
    /// Images that pass through a model at once.
    pub max_images: usize,
}

impl Default for Batching {
    /// 2 ms, 128 images.
    fn default() -> Self {
        Self {
            wait: Duration::from_millis(2),
            max_images: 128,
        }
    }
}
