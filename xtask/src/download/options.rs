//! How a download is made, and who hears of it.

use std::time::Duration;

/// How patient a download is.
#[derive(Debug, Clone)]
pub struct DownloadOptions {
    /// How long a server may take to answer or send nothing. Less than 1 KiB a second over this
    /// time is a stall too.
    pub stall: Duration,
    /// How long a connection may take.
    pub connect: Duration,
    /// Pause before the second attempt; before each further one it is twice as long.
    pub pause: Duration,
    /// Attempts without progress before giving up, all mirrors together.
    pub attempts: u32,
    /// Whether the usual environment variables may name a proxy.
    pub proxy: bool,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self {
            stall: Duration::from_secs(30),
            connect: Duration::from_secs(15),
            pause: Duration::from_secs(1),
            attempts: 6,
            proxy: true,
        }
    }
}

/// Hears how a download goes.
pub trait Report {
    /// A file of so many bytes is next.
    fn file(&mut self, name: &str, bytes: u64);
    /// So many bytes of the file are there.
    fn position(&mut self, bytes: u64);
    /// Something worth a line of text happened.
    fn note(&mut self, text: &str);
}
