//! Containers as commands read and write them: from files and pipes.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use ae_codec::ContainerHeader;

use crate::destination::PIPE;
use crate::error::CliError;

/// More than the bytes of the longest header.
const MOST_HEADER_BYTES: u64 = 64;

/// Counts what is written or read through it.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    bytes: u64,
}

impl<S> Counted<S> {
    /// Counts what is written to `stream`, or read from it.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, bytes: 0 }
    }

    /// How many bytes that were.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(bytes)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// A container that is about to be read.
pub(crate) enum Container {
    /// A file, which can be read more than once.
    File(PathBuf),
    /// Standard input, of which the beginning has been read.
    Pipe(Cursor<Vec<u8>>),
    /// Standard input, all of it read.
    Memory(Vec<u8>),
}

/// A container's bytes.
pub(crate) type Bytes<'a> = Box<dyn Read + 'a>;

impl Container {
    /// The container at `path`, or on standard input where that is `-`, and its header.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub(crate) fn open(path: &Path) -> Result<(Self, ContainerHeader), CliError> {
        let mut start = Vec::new();
        let read = |from: &mut dyn Read, start: &mut Vec<u8>| {
            from.take(MOST_HEADER_BYTES)
                .read_to_end(start)
                .map_err(|error| CliError::io(path, "read", &error))
        };
        let container = match path == Path::new(PIPE) {
            true => {
                read(&mut io::stdin().lock(), &mut start)?;
                Self::Pipe(Cursor::new(start.clone()))
            }
            false => {
                let mut file =
                    File::open(path).map_err(|error| CliError::io(path, "read", &error))?;
                read(&mut file, &mut start)?;
                Self::File(path.to_owned())
            }
        };
        let header = ContainerHeader::read(&start[..]);
        let header = header.map_err(|error| CliError::from(error).about(path))?;
        Ok((container, header))
    }

    /// The same, to be read more than once: what comes by a pipe, coded as it is, in memory.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn repeatable(self) -> Result<Self, CliError> {
        match self {
            Self::Pipe(start) => {
                let mut bytes = start.into_inner();
                let read = io::stdin().lock().read_to_end(&mut bytes);
                read.map_err(|error| CliError::io(Path::new(PIPE), "read", &error))?;
                Ok(Self::Memory(bytes))
            }
            other => Ok(other),
        }
    }

    /// Its bytes from the beginning; those of a pipe once.
    ///
    /// # Errors
    /// It can no longer be opened.
    pub(crate) fn bytes(&mut self) -> Result<Bytes<'_>, CliError> {
        Ok(match self {
            Self::File(path) => {
                Box::new(File::open(&*path).map_err(|error| CliError::io(path, "read", &error))?)
            }
            Self::Pipe(start) => {
                let all: Chain<_, _> = start.chain(io::stdin().lock());
                Box::new(all)
            }
            Self::Memory(bytes) => Box::new(&bytes[..]),
        })
    }
}
