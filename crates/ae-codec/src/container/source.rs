//! A stream that can be looked at ahead of being read.

use std::io::{self, Read};

/// Reads through a buffer that holds what was looked at.
#[derive(Debug)]
pub(super) struct Source<R> {
    from: R,
    buffer: Vec<u8>,
    start: usize,
}

/// Bytes that are read at once.
const BLOCK: usize = 1 << 16;

impl<R: Read> Source<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            start: 0,
        }
    }

    /// The next `count` bytes, or fewer where the stream ends, which stay where they are.
    pub(super) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.buffer.len() - self.start < count {
            self.buffer.drain(..self.start);
            self.start = 0;
            let missing = count - self.buffer.len();
            // Grows as bytes come, not as they are asked for.
            let mut from = (&mut self.from).take(missing.max(BLOCK) as u64);
            from.read_to_end(&mut self.buffer)?;
        }
        let end = self.buffer.len().min(self.start + count);
        Ok(&self.buffer[self.start..end])
    }

    /// Goes past bytes that [`peek`](Self::peek) has shown.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.buffer.len().min(self.start + count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slowly(Vec<u8>);

    impl Read for Slowly {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() || to.is_empty() {
                return Ok(0);
            }
            to[0] = self.0.remove(0);
            Ok(1)
        }
    }

    #[test]
    fn what_was_looked_at_is_still_there() {
        let mut source = Source::new(Slowly((0..10).collect()));
        assert_eq!(source.peek(3).unwrap(), [0, 1, 2]);
        assert_eq!(source.peek(2).unwrap(), [0, 1]);
        source.consume(2);
        assert_eq!(source.peek(4).unwrap(), [2, 3, 4, 5]);
        source.consume(4);
        assert_eq!(source.peek(100).unwrap(), [6, 7, 8, 9]);
        source.consume(100);
        assert_eq!(source.peek(1).unwrap(), []);
    }
}
