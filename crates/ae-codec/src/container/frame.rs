//! What a container is made of after its header: chunks and the trailer.

use std::io::Read;

use super::header::ContainerHeader;
use super::names;
use super::shapes;
use super::source::Source;
use super::varint;
use crate::error::CodecError;

/// Bytes of the longest head: five numbers, the method, the check.
const LONGEST_HEAD: usize = 5 * varint::LONGEST + 3;

/// Chunks that a damaged head may hide, at most, while others after them are still found.
const SEARCHED: u64 = 8;

/// How a chunk's pixels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// As they are.
    Raw = 0,
    /// Coded.
    Coded = 1,
}

/// A chunk as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Images in it.
    pub(super) count: usize,
    pub(super) method: Method,
    /// Bytes that stand for its images when they are not coded.
    pub(super) bytes: usize,
    pub(super) payload: Vec<u8>,
    /// The images' shapes as they are stored; nothing where the header has them.
    pub(super) shapes: Vec<u8>,
    /// Nothing where the container has no names.
    pub(super) names: Vec<u8>,
    /// See [`checksum`].
    pub(super) checksum: u32,
}

/// The CRC-32 of a chunk's pixels and, as they are stored, shapes and names.
pub(super) fn checksum(pixels: &[u8], shapes: &[u8], names: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(pixels);
    hasher.update(shapes);
    hasher.update(names);
    hasher.finalize()
}

impl Frame {
    /// The bytes of the chunk with this `index`.
    pub(super) fn bytes(&self, index: u64, header: &ContainerHeader) -> Vec<u8> {
        let mut bytes = Vec::new();
        varint::write(self.count as u64, &mut bytes);
        bytes.push(self.method as u8);
        varint::write(self.payload.len() as u64, &mut bytes);
        if header.shape.is_none() {
            varint::write(self.bytes as u64, &mut bytes);
            varint::write(self.shapes.len() as u64, &mut bytes);
        }
        if header.has_names {
            varint::write(self.names.len() as u64, &mut bytes);
        }
        bytes.extend(check(index, &bytes));
        bytes.extend(&self.payload);
        bytes.extend(&self.shapes);
        bytes.extend(&self.names);
        bytes.extend(self.checksum.to_le_bytes());
        bytes
    }
}

/// The checksum over all chunks: of theirs, one after the other, and of the images' number.
#[derive(Debug, Clone, Default)]
pub(super) struct Total {
    hasher: crc32fast::Hasher,
    images: u64,
}

impl Total {
    /// Adds a chunk.
    pub(super) fn add(&mut self, frame: &Frame) {
        self.hasher.update(&frame.checksum.to_le_bytes());
        self.images += frame.count as u64;
    }

    /// The bytes of the trailer after `chunks` chunks.
    pub(super) fn trailer(&self, chunks: u64) -> Vec<u8> {
        let mut bytes = vec![0];
        varint::write(self.images, &mut bytes);
        bytes.extend(check(chunks, &bytes));
        bytes.extend(self.checksum().to_le_bytes());
        bytes
    }

    fn checksum(&self) -> u32 {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.images.to_le_bytes());
        hasher.finalize()
    }
}

/// The check of a head: the lower half of the CRC-32 of its chunk's index and its bytes.
fn check(index: u64, head: &[u8]) -> [u8; 2] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&index.to_le_bytes());
    hasher.update(head);
    let [low, high, ..] = hasher.finalize().to_le_bytes();
    [low, high]
}

/// What a head says of what follows it.
enum Head {
    Chunk {
        count: usize,
        method: Method,
        bytes: usize,
        payload: usize,
        shapes: usize,
        names: usize,
    },
    Trailer {
        images: u64,
    },
}

/// Reads frames, one after the other.
#[derive(Debug)]
pub(super) struct Frames<R> {
    source: Source<R>,
    header: ContainerHeader,
    /// The most bytes that names, or pictures of any sizes, may have.
    limit: usize,
    index: u64,
    total: Total,
    /// Whether a chunk was damaged, so that the sum over all is not known.
    has_gap: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// The head of the next chunk is damaged.
    Lost,
    /// The chunk with fewer images was read.
    LastRead,
    Ended,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(source: Source<R>, header: ContainerHeader, limit: usize) -> Self {
        Self {
            source,
            header,
            limit,
            index: 0,
            total: Total::default(),
            has_gap: false,
            state: State::Reading,
        }
    }

    /// Says that a frame's pixels are not those that were written.
    pub(super) fn damaged(&mut self) {
        self.has_gap = true;
    }

    /// The next chunk with its index, or nothing after the trailer. After an error it looks for what is still whole.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Frame)>, CodecError> {
        let head = match self.state {
            State::Ended => return Ok(None),
            State::Lost => self.search()?,
            State::Reading | State::LastRead => self.head()?,
        };
        match head {
            None => Ok(None),
            Some((length, Head::Trailer { images })) => {
                self.source.consume(length);
                self.trailer(images)?;
                Ok(None)
            }
            Some((length, head)) => {
                if self.state == State::LastRead {
                    return Err(self.lost("it follows the last one"));
                }
                self.source.consume(length);
                self.chunk(&head).map(Some)
            }
        }
    }

    /// The head at the beginning of what is left.
    fn head(&mut self) -> Result<Option<(usize, Head)>, CodecError> {
        let bytes = self.source.peek(LONGEST_HEAD).map_err(CodecError::Read)?;
        let is_empty = bytes.is_empty();
        match head(bytes, self.index, &self.header, self.limit) {
            Some(found) => Ok(Some(found)),
            None if is_empty => {
                self.state = State::Ended;
                Err(self.bad_trailer("the trailer is missing"))
            }
            None => Err(self.lost("its head is damaged")),
        }
    }

    fn lost(&mut self, reason: &'static str) -> CodecError {
        self.state = State::Lost;
        self.has_gap = true;
        bad_chunk(self.index, &self.header, reason)
    }

    /// Looks for a head of one of the next chunks.
    fn search(&mut self) -> Result<Option<(usize, Head)>, CodecError> {
        self.state = State::Reading;
        loop {
            self.source.consume(1);
            let bytes = self.source.peek(LONGEST_HEAD).map_err(CodecError::Read)?;
            if bytes.is_empty() {
                self.state = State::Ended;
                return Err(self.bad_trailer("no other chunk is found"));
            }
            for index in self.index + 1..=self.index + SEARCHED {
                if let Some(found) = head(bytes, index, &self.header, self.limit) {
                    self.index = index;
                    return Ok(Some(found));
                }
            }
        }
    }

    fn chunk(&mut self, head: &Head) -> Result<(u64, Frame), CodecError> {
        let &Head::Chunk {
            count,
            method,
            bytes: bytes_of_images,
            payload,
            shapes,
            names,
        } = head
        else {
            unreachable!("the trailer was told apart");
        };
        let index = self.index;
        self.index += 1;
        if count < self.header.group {
            self.state = State::LastRead;
        }
        let length = payload + shapes + names + 4;
        let bytes = self.source.peek(length).map_err(CodecError::Read)?;
        let Some((rest, checksum)) = bytes.split_last_chunk().filter(|_| bytes.len() == length)
        else {
            self.state = State::Ended;
            return Err(bad_chunk(index, &self.header, "the file ends in it"));
        };
        let frame = Frame {
            count,
            method,
            bytes: bytes_of_images,
            payload: rest[..payload].to_vec(),
            shapes: rest[payload..payload + shapes].to_vec(),
            names: rest[payload + shapes..].to_vec(),
            checksum: u32::from_le_bytes(*checksum),
        };
        self.source.consume(length);
        self.total.add(&frame);
        Ok((index, frame))
    }

    fn trailer(&mut self, images: u64) -> Result<(), CodecError> {
        self.state = State::Ended;
        let checksum = self.source.peek(5).map_err(CodecError::Read)?;
        let is_last = checksum.len() <= 4;
        let Some(&checksum) = checksum.first_chunk::<4>() else {
            return Err(self.bad_trailer("the file ends in the trailer"));
        };
        if !is_last {
            return Err(self.bad_trailer("something follows the trailer"));
        }
        let expected = (self.total.images, self.total.checksum());
        if !self.has_gap && (images, u32::from_le_bytes(checksum)) != expected {
            return Err(self.bad_trailer("the trailer's checksum is wrong"));
        }
        Ok(())
    }

    fn bad_trailer(&self, reason: &'static str) -> CodecError {
        CodecError::Trailer {
            chunks: self.index,
            reason,
        }
    }
}

/// The error of a chunk.
pub(super) fn bad_chunk(index: u64, header: &ContainerHeader, reason: &'static str) -> CodecError {
    CodecError::Chunk {
        chunk: index,
        first_image: index.saturating_mul(header.group as u64),
        reason,
    }
}

/// The head at the beginning of `bytes`, if it is that of the chunk with this `index`, and its length.
fn head(bytes: &[u8], index: u64, header: &ContainerHeader, limit: usize) -> Option<(usize, Head)> {
    let mut left = bytes;
    let number = |left: &mut &[u8]| usize::try_from(varint::take(left)?).ok();
    let count = number(&mut left)?;
    let head = if count == 0 {
        Head::Trailer {
            images: varint::take(&mut left)?,
        }
    } else {
        let method = match left.split_off_first()? {
            0 => Method::Raw,
            1 => Method::Coded,
            _ => return None,
        };
        let payload = number(&mut left)?;
        let (bytes, shapes) = match header.bytes_of_image() {
            // Its product with the header's number of images was checked.
            Some(bytes) if count <= header.group => (count * bytes, 0),
            Some(_) => return None,
            None => (number(&mut left)?, number(&mut left)?),
        };
        let has_names = header.has_names;
        let names = if has_names { number(&mut left)? } else { 0 };
        let least = |bytes: usize| count.saturating_mul(bytes);
        let most = |bytes: usize| limit.min(least(bytes));
        let possible = match method {
            Method::Raw => payload == bytes,
            Method::Coded => payload < bytes,
        };
        if !possible
            || count > header.group
            || names > most(names::LONGEST + 4)
            || has_names && names < least(names::LEAST)
            || header.shape.is_none() && (bytes > limit || shapes > most(shapes::LONGEST))
            // So that there are no more images than bytes.
            || header.shape.is_none() && shapes < least(shapes::LEAST)
        {
            return None;
        }
        Head::Chunk {
            count,
            method,
            bytes,
            payload,
            shapes,
            names,
        }
    };
    let length = bytes.len() - left.len();
    let is_right = left.first_chunk() == Some(&check(index, &bytes[..length]));
    is_right.then_some((length + 2, head))
}
