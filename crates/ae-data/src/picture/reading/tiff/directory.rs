//! A TIFF file's directories: what there is to say of each of its pages, before any pixel is decoded.
//!
//! # References
//! Adobe, "TIFF Revision 6.0" (1992), section 2; "BigTIFF" in libtiff's documentation.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read, Seek, SeekFrom};

/// The most directories that are looked at.
const MAX_DIRECTORIES: usize = 1 << 16;

/// The most bytes that one entry's values may take.
const MAX_VALUE_BYTES: u64 = 64 << 20;

/// How numbers are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Whether the most significant byte comes first.
    pub(crate) big_endian: bool,
    /// Whether it is BigTIFF, with offsets of 8 bytes.
    pub(crate) big_tiff: bool,
}

impl Form {
    fn number(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.big_endian {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        }
    }

    /// The bytes of a number, `count` of them.
    pub(crate) fn bytes(self, number: u64, count: usize) -> Vec<u8> {
        let mut bytes = number.to_le_bytes()[..count].to_vec();
        if self.big_endian {
            bytes.reverse();
        }
        bytes
    }

    /// Bytes of an offset.
    pub(crate) fn offset_bytes(self) -> usize {
        if self.big_tiff { 8 } else { 4 }
    }
}

/// An entry of a directory: the bytes of its values, or where they are.
#[derive(Clone, Debug)]
struct Entry {
    kind: u16,
    count: u64,
    inline: Vec<u8>,
}

/// A page's entries by their tags.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    entries: BTreeMap<u16, Entry>,
}

/// A TIFF file whose directories have been read.
#[derive(Debug)]
pub(crate) struct TiffFile<R> {
    pub(crate) reader: R,
    pub(crate) form: Form,
    pub(crate) file_bytes: u64,
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

impl<R: Read + Seek> TiffFile<R> {
    /// Reads the header and all directories of the main chain, in order.
    pub(crate) fn open(mut reader: R) -> io::Result<(Self, Vec<Directory>)> {
        let file_bytes = reader.seek(SeekFrom::End(0))?;
        reader.rewind()?;
        let mut header = [0; 16];
        reader.read_exact(&mut header[..8])?;
        let form = match &header[..4] {
            b"II*\0" => Form {
                big_endian: false,
                big_tiff: false,
            },
            b"MM\0*" => Form {
                big_endian: true,
                big_tiff: false,
            },
            b"II+\0" => Form {
                big_endian: false,
                big_tiff: true,
            },
            b"MM\0+" => Form {
                big_endian: true,
                big_tiff: true,
            },
            _ => return Err(bad("no TIFF header")),
        };
        let mut file = Self {
            reader,
            form,
            file_bytes,
        };
        let mut next = if form.big_tiff {
            file.reader.read_exact(&mut header[8..])?;
            form.number(&header[8..])
        } else {
            form.number(&header[4..8])
        };
        let mut directories = Vec::new();
        let mut seen = HashSet::new();
        while next != 0 {
            if !seen.insert(next) || directories.len() == MAX_DIRECTORIES {
                return Err(bad("the TIFF's directories go round in a circle"));
            }
            let (directory, after) = file.directory(next)?;
            directories.push(directory);
            next = after;
        }
        if directories.is_empty() {
            return Err(bad("the TIFF has no directory"));
        }
        Ok((file, directories))
    }

    /// The directory at a place, and where the next one is.
    pub(crate) fn directory(&mut self, at: u64) -> io::Result<(Directory, u64)> {
        let form = self.form;
        let count_bytes = if form.big_tiff { 8 } else { 2 };
        let entry_bytes = if form.big_tiff { 20 } else { 12 };
        let count = form.number(&self.bytes_at(at, count_bytes)?);
        if count == 0 || count > 4_096 {
            return Err(bad("a TIFF directory with no or too many entries"));
        }
        let length = count * entry_bytes + form.offset_bytes() as u64;
        let bytes = self.bytes_at(at + count_bytes, length)?;
        let (entries, next) = bytes.split_at(bytes.len() - form.offset_bytes());
        let mut directory = Directory::default();
        for entry in entries.chunks_exact(entry_bytes as usize) {
            let inline = entry.len() - form.offset_bytes();
            let tag = form.number(&entry[..2]) as u16;
            directory.entries.entry(tag).or_insert(Entry {
                kind: form.number(&entry[2..4]) as u16,
                count: form.number(&entry[4..inline]),
                inline: entry[inline..].to_vec(),
            });
        }
        Ok((directory, form.number(next)))
    }

    /// Bytes of the file, no more of them than it has.
    pub(crate) fn bytes_at(&mut self, at: u64, count: u64) -> io::Result<Vec<u8>> {
        let end = at
            .checked_add(count)
            .ok_or_else(|| bad("an offset is out of range"))?;
        if end > self.file_bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if count > MAX_VALUE_BYTES {
            return Err(bad("a TIFF entry of too many bytes"));
        }
        self.reader.seek(SeekFrom::Start(at))?;
        let mut bytes = vec![0; count as usize];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The raw bytes of an entry's values, and how many bytes one takes.
    pub(crate) fn raw(
        &mut self,
        directory: &Directory,
        tag: u16,
    ) -> io::Result<Option<(u16, usize, Vec<u8>)>> {
        let Some(entry) = directory.entries.get(&tag) else {
            return Ok(None);
        };
        let each = match entry.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => return Err(bad("a TIFF entry of an unknown type")),
        };
        let length = entry
            .count
            .checked_mul(each as u64)
            .ok_or_else(|| bad("a TIFF entry of too many bytes"))?;
        let bytes = if length <= entry.inline.len() as u64 {
            entry.inline[..length as usize].to_vec()
        } else {
            self.bytes_at(self.form.number(&entry.inline), length)?
        };
        Ok(Some((entry.kind, each, bytes)))
    }

    /// The unsigned whole numbers of an entry; nothing where there is no such entry.
    pub(crate) fn numbers(
        &mut self,
        directory: &Directory,
        tag: u16,
    ) -> io::Result<Option<Vec<u64>>> {
        let Some((kind, each, bytes)) = self.raw(directory, tag)? else {
            return Ok(None);
        };
        if !matches!(kind, 1 | 3 | 4 | 7 | 13 | 16 | 18) {
            return Err(bad("a TIFF entry that ought to be a whole number is none"));
        }
        Ok(Some(
            bytes
                .chunks_exact(each)
                .map(|bytes| self.form.number(bytes))
                .collect(),
        ))
    }

    /// The first number of an entry.
    pub(crate) fn number(&mut self, directory: &Directory, tag: u16) -> io::Result<Option<u64>> {
        Ok(self
            .numbers(directory, tag)?
            .and_then(|numbers| numbers.first().copied()))
    }

    /// The bytes of an entry, whatever they mean.
    pub(crate) fn bytes(&mut self, directory: &Directory, tag: u16) -> io::Result<Option<Vec<u8>>> {
        Ok(self.raw(directory, tag)?.map(|(_, _, bytes)| bytes))
    }

    /// The first fraction of an entry.
    pub(crate) fn fraction(&mut self, directory: &Directory, tag: u16) -> io::Result<Option<f64>> {
        let Some((5, 8, bytes)) = self.raw(directory, tag)? else {
            return Ok(None);
        };
        let Some((numerator, denominator)) = bytes.split_at_checked(4) else {
            return Ok(None);
        };
        let (numerator, denominator) = (
            self.form.number(numerator),
            self.form.number(&denominator[..denominator.len().min(4)]),
        );
        Ok((denominator > 0).then(|| numerator as f64 / denominator as f64))
    }
}

impl Directory {
    /// The tags of all entries, rising.
    pub(crate) fn tags(&self) -> impl Iterator<Item = u16> + use<> {
        let tags: Vec<u16> = self.entries.keys().copied().collect();
        tags.into_iter()
    }

    /// Whether there is an entry with this tag.
    pub(crate) fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }
}
