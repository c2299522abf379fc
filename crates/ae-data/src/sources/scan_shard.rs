//! Going through an archive once, to know of its images what streaming takes.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tar::Entry;

use crate::error::DataError;
use crate::image::{Decoded, Fitted};
use crate::picture::{DeepRanges, Depths};
use crate::set::{Skipped, decoded, name_in};
use crate::sources::archive::{each_entry, is_tar};
use crate::sources::batch::{EntryKind, image_entry};
use crate::sources::class_files::ClassFiles;
use crate::sources::files::PassedOver;
use crate::sources::options::OpenOptions;
use crate::sources::shard_index::{ShardIndex, same_size};

/// Encoded bytes that are gathered before they are decoded side by side.
const BATCH_BYTES: usize = 8 << 20;
/// Files that are gathered before they are decoded side by side.
const BATCH_FILES: usize = 1_024;

/// A member on its way.
struct Member {
    /// As extension headers have it.
    name: PathBuf,
    /// As its own header has it, which alone is seen when it is read again.
    own_name: PathBuf,
    offset: u64,
    content: Vec<u8>,
}

/// An archive that is gone through.
struct Scan<'a> {
    path: &'a Path,
    options: &'a OpenOptions,
    /// What deep pictures' values are taken for.
    ranges: DeepRanges,
    index: ShardIndex,
    /// The names of the images, for their labels.
    names: Vec<PathBuf>,
    waiting: Vec<Member>,
    waiting_bytes: usize,
    passed_over: PassedOver,
    classes: ClassFiles,
    depths: Depths,
    fitted: Fitted,
}

/// Goes through an archive: each image is decoded once, for its shape and for what it is.
///
/// # Errors
/// It is no plain tar archive or damaged; its images differ in size; they are deeper than 8 bits and nobody says what their
/// values are.
pub fn index_shard(path: &Path, options: &OpenOptions) -> Result<ShardIndex, DataError> {
    let read = |error| DataError::read(path, error);
    let file = File::open(path).map_err(read)?;
    let bytes = file.metadata().map_err(read)?.len();
    let mut start = Vec::new();
    (&file).take(512).read_to_end(&mut start).map_err(read)?;
    if !is_tar(&start) {
        return Err(DataError::NotStreamed {
            path: path.to_owned(),
            reason: match start.starts_with(&[0x1f, 0x8b]) {
                true => "it is gzipped, and can be read from its beginning alone",
                false => "it is no tar archive",
            },
        });
    }
    let file = File::open(path).map_err(read)?;
    let mut scan = Scan {
        path,
        options,
        ranges: Depths::default()
            .ranges(options.image.range)
            .unwrap_or_default(),
        index: ShardIndex {
            bytes,
            ..ShardIndex::default()
        },
        names: Vec::new(),
        waiting: Vec::new(),
        waiting_bytes: 0,
        passed_over: PassedOver::default(),
        classes: ClassFiles::default(),
        depths: Depths::default(),
        fitted: Fitted::default(),
    };
    let walked = each_entry(path, BufReader::new(file), |name, kind, entry| {
        scan.take(name, kind, entry)?;
        Ok(ControlFlow::<()>::Continue(()))
    });
    let _whole = walked?;
    scan.finish()
}

impl Scan<'_> {
    fn take<R: Read>(
        &mut self,
        name: &Path,
        kind: EntryKind,
        entry: &mut Entry<'_, R>,
    ) -> Result<(), DataError> {
        if kind == EntryKind::File && ClassFiles::is_one(name) {
            return self.classes.take(self.path, name, entry);
        }
        let offset = entry.raw_file_position();
        let own_name = name_in(entry.header().as_bytes());
        let limit = self.options.image.limits.max_file_bytes;
        let limit = limit.min(u32::MAX.into());
        let taken = image_entry(self.path, name, kind, entry, &mut self.passed_over, limit)?;
        match taken {
            None => {}
            Some(Err(reason)) => self.skip(name, reason.to_owned()),
            Some(Ok((_, content))) if content.len() as u64 > limit => {
                self.skip(name, format!("too large: more than {limit} bytes"));
            }
            Some(Ok((name, content))) => {
                self.waiting_bytes += content.len();
                self.waiting.push(Member {
                    name,
                    own_name,
                    offset,
                    content,
                });
            }
        }
        match self.waiting_bytes >= BATCH_BYTES || self.waiting.len() >= BATCH_FILES {
            true => self.decode(),
            false => Ok(()),
        }
    }

    fn skip(&mut self, name: &Path, reason: String) {
        self.index.skipped.push(Skipped {
            file: self.path.join(name).display().to_string(),
            reason,
        });
    }

    fn decode(&mut self) -> Result<(), DataError> {
        self.waiting_bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let (options, ranges) = (&self.options.image, &self.ranges);
        let all: Vec<_> = waiting
            .into_par_iter()
            .map(|member| {
                let size = member.content.len() as u32;
                let image = decoded(member.content, &member.own_name, options, ranges);
                (member.name, member.offset, size, image)
            })
            .collect();
        for (name, offset, size, image) in all {
            match image {
                Ok(image) => self.add(name, offset, size, &image)?,
                Err(error) => self.skip(&name, error.reason()),
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        name: PathBuf,
        offset: u64,
        size: u32,
        decoded: &Decoded,
    ) -> Result<(), DataError> {
        self.depths.add(&decoded.depths);
        self.fitted.add(decoded.fitted);
        let index = &mut self.index;
        let shape = decoded.image.shape();
        let shown = name.to_string_lossy();
        match &mut index.first {
            None => index.first = Some((shown.into_owned(), shape)),
            Some((first, own)) => {
                same_size(self.path, (first, own), self.path, (&shown, &shape))?;
                own.channels = own.channels.max(shape.channels);
            }
        }
        index.in_folders += usize::from(name.components().count() > 1);
        index.offsets.push(offset);
        index.sizes.push(size);
        index.digests.push(decoded.digest);
        self.names.push(name);
        Ok(())
    }

    fn finish(mut self) -> Result<ShardIndex, DataError> {
        self.decode()?;
        let asked = self.options.image.range;
        if self.depths.ranges(asked) != Ok(self.ranges) {
            return Err(DataError::NotStreamed {
                path: self.path.to_owned(),
                reason: "it has pictures deeper than 8 bits, whose range of values has to be given",
            });
        }
        let labels = self
            .classes
            .labels(self.path, self.names.iter().map(PathBuf::as_path))?;
        self.index.labels = labels.unwrap_or_default();
        self.index.values = self.depths.notes_on_images(asked, &self.ranges);
        self.index.values.extend(self.fitted.notes());
        self.index.left_aside = self.passed_over.left_aside();
        Ok(self.index)
    }
}
