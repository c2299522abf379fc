//! Files that are no images: counted by their ending, with the reason where they are pictures of a kind that is not read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use crate::picture::{Recognized, START_BYTES, has_name_of, not_read, recognize};
use crate::set::LeftAside;

/// Files that are no images, by their ending and reason.
#[derive(Debug, Default)]
pub(crate) struct PassedOver {
    files: BTreeMap<(String, Option<String>), usize>,
}

impl PassedOver {
    /// Whether a file is taken for an image, readable or not: its first bytes say that it is one, or its name does.
    /// Others are counted. `start` gives the first bytes, and is asked only where the name does not tell.
    pub(crate) fn is_image(&mut self, file: &Path, start: impl FnOnce() -> Vec<u8>) -> bool {
        if has_name_of(file).is_some() {
            return true;
        }
        let reason = match recognize(&start()) {
            Some(Recognized::Readable(_)) => return true,
            Some(Recognized::Unreadable(name)) => Some(not_read(name)),
            None => None,
        };
        let ending = file.extension().unwrap_or_default();
        let ending = ending.to_string_lossy().to_lowercase();
        *self.files.entry((ending, reason)).or_default() += 1;
        false
    }

    /// What was passed over, in words.
    pub(crate) fn left_aside(self) -> Vec<LeftAside> {
        let named = |ending: String, reason: Option<String>| {
            let ending = match ending.as_str() {
                "" => "without an ending".to_owned(),
                _ => format!(".{ending}"),
            };
            match reason {
                Some(reason) => format!("{ending} ({reason})"),
                None => ending,
            }
        };
        let files = self.files.into_iter();
        files
            .map(|((ending, reason), count)| LeftAside {
                what: named(ending, reason),
                count,
            })
            .collect()
    }
}

/// The first bytes of a file; none of what is no regular file, or cannot be read.
pub(crate) fn first_bytes(path: &Path) -> Vec<u8> {
    let mut start = Vec::with_capacity(START_BYTES);
    // Opening a pipe would wait for a writer.
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
        && let Ok(file) = File::open(path)
        && file
            .take(START_BYTES as u64)
            .read_to_end(&mut start)
            .is_err()
    {
        start.clear();
    }
    start
}
