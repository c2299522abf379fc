//! A set written as shards: tar archives by WebDataset's convention.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Component, Path, PathBuf};

use ae_files::write_atomically;
use rayon::prelude::*;
use tar::{Archive, Builder, EntryType, Header};

use crate::error::DataError;
use crate::set::ImageSet;

/// Images that are encoded at a time, so that only so many are in memory.
const AT_A_TIME: usize = 256;

/// The name of a shard: `shard-000012.tar`.
#[must_use]
pub fn shard_name(number: usize) -> String {
    format!("shard-{number:06}.tar")
}

/// Writes the images `range` of a set as one archive: of each the PNG file `KEY.png`, whose key is its index in the set with
/// nine digits, and where the set has labels `KEY.cls` beside it, its class's number. The file is there whole or not at
/// all, and the same images give the same bytes.
///
/// # Errors
/// An image that can't be read or encoded, or a disk that refuses.
pub fn write_shard(
    set: &ImageSet,
    range: std::ops::Range<usize>,
    path: &Path,
) -> Result<(), DataError> {
    let mut failed = None;
    let written = write_atomically(path, |file| {
        let mut archive = Builder::new(file);
        let indices: Vec<usize> = range.collect();
        for indices in indices.chunks(AT_A_TIME) {
            let encoded: Result<Vec<Vec<u8>>, DataError> = indices
                .par_iter()
                .map(|&index| set.image(index)?.to_png())
                .collect();
            let encoded = match encoded {
                Ok(encoded) => encoded,
                Err(error) => {
                    failed = Some(error);
                    return Err(io::Error::other("an image"));
                }
            };
            for (&index, png) in indices.iter().zip(&encoded) {
                append(&mut archive, Path::new(&format!("{index:09}.png")), png)?;
                if let Some(label) = set.label(index) {
                    let label = label.to_string();
                    append(
                        &mut archive,
                        Path::new(&format!("{index:09}.cls")),
                        label.as_bytes(),
                    )?;
                }
            }
        }
        archive.finish()
    });
    match (failed, written) {
        (Some(error), _) => Err(error),
        (None, written) => written.map_err(DataError::write(path)),
    }
}

/// Unpacks an archive of pictures and of what lies beside them into a folder, and gives the files in the archive's order.
///
/// # Errors
/// A path that leads out of the folder, something that is no file, an archive that ends early, or a disk that refuses.
pub fn unpack_shard(archive: &Path, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let broken = |error: io::Error| DataError::broken(archive, &error);
    let file = File::open(archive).map_err(|error| DataError::read(archive, error))?;
    let mut files = Vec::new();
    for entry in Archive::new(BufReader::new(file))
        .entries()
        .map_err(broken)?
    {
        let mut entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::Directory {
            continue;
        }
        let is_inside = name
            .components()
            .all(|component| matches!(component, Component::Normal(_)));
        if !is_inside || kind != EntryType::Regular {
            let reason = format!("{}: no file inside the archive", name.display());
            return Err(DataError::decode(archive, reason));
        }
        let path = folder.join(&name);
        let write = DataError::write(&path);
        let mut unpack = || {
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            io::copy(&mut entry, &mut File::create(&path)?)
        };
        unpack().map_err(write)?;
        files.push(name);
    }
    Ok(files)
}

/// Packs `files` as one archive, which is there whole or not at all: each from the first of `folders` that has it, or has it
/// with another ending behind its own.
///
/// # Errors
/// A file that can't be read, or a disk that refuses.
pub fn pack_shard(path: &Path, files: &[PathBuf], folders: &[&Path]) -> Result<(), DataError> {
    let found = |name: &Path| {
        folders.iter().find_map(|folder| {
            let with_png = PathBuf::from(format!("{}.png", name.display()));
            let mut names = [name.to_owned(), with_png].into_iter();
            names.find_map(|name| {
                Some((folder.join(&name), name)).filter(|(file, _)| file.is_file())
            })
        })
    };
    let written = write_atomically(path, |file| {
        let mut archive = Builder::new(file);
        for (file, name) in files.iter().filter_map(|name| found(name)) {
            append(&mut archive, &name, &fs::read(file)?)?;
        }
        archive.finish()
    });
    written.map_err(DataError::write(path))
}

/// Without the clock and the user, whose bytes would differ.
fn append(archive: &mut Builder<impl Write>, name: &Path, content: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, name, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageShape;
    use crate::sources::{OpenOptions, open};

    fn set(labels: Option<Vec<u32>>) -> ImageSet {
        let pixels = (0..7 * 6).map(|value| (value * 5) as u8).collect();
        ImageSet::from_images("s", ImageShape::new(1, 2, 3), pixels, labels, Vec::new()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back_with_its_labels() {
        let folder = tempfile::tempdir().unwrap();
        let set = set(Some(vec![0, 3, 1, 1, 2, 0, 3]));
        for (number, range) in [(0, 0..3), (1, 3..6), (2, 6..7)] {
            let path = folder.path().join(shard_name(number));
            write_shard(&set, range.clone(), &path).unwrap();
            let first = std::fs::read(&path).unwrap();
            write_shard(&set, range, &path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), first);
        }
        let source = folder.path().join("shard-{000000..000002}.tar");
        let read = open(source.to_str().unwrap(), &OpenOptions::default()).unwrap();
        assert_eq!(read.train.len(), 7);
        for index in 0..7 {
            assert_eq!(read.train.image(index).unwrap(), set.image(index).unwrap());
            let class = read
                .train
                .label(index)
                .map(|label| &read.train.classes()[label as usize]);
            assert_eq!(
                class,
                set.label(index).map(|label| label.to_string()).as_ref()
            );
            let name = format!("{index:09}.png");
            assert_eq!(read.train.file(index), Some(Path::new(&name)));
        }
        let small = OpenOptions {
            memory_bytes: 20,
            ..OpenOptions::default()
        };
        let refused = open(source.to_str().unwrap(), &small)
            .unwrap_err()
            .to_string();
        let expected = "is too large for memory: 3 shards, of which 1 fit; the limit is 20 bytes of pixels as one set";
        assert!(refused.ends_with(expected), "{refused}");
    }

    #[test]
    fn a_shard_is_unpacked_and_packed_with_what_was_made_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        let path = folder.path().join(shard_name(0));
        write_shard(&set(Some(vec![1; 7])), 0..2, &path).unwrap();
        let files = unpack_shard(&path, &old).unwrap();
        let names = [
            "000000000.png",
            "000000000.cls",
            "000000001.png",
            "000000001.cls",
        ];
        assert_eq!(files, names.map(PathBuf::from));
        std::fs::create_dir(&new).unwrap();
        let other = set(None).image(5).unwrap();
        other.write(&new.join(names[2])).unwrap();
        let packed = folder.path().join("packed.tar");
        pack_shard(&packed, &files, &[&new, &old]).unwrap();
        let read = open(packed.to_str().unwrap(), &OpenOptions::default()).unwrap();
        assert_eq!(read.train.image(1).unwrap(), other);
        assert_eq!(read.train.image(0).unwrap(), set(None).image(0).unwrap());
        assert_eq!(
            read.train.classes()[read.train.label(1).unwrap() as usize],
            "1"
        );
    }

    #[test]
    fn a_set_without_labels_has_none_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(shard_name(0));
        write_shard(&set(None), 0..7, &path).unwrap();
        let read = open(path.to_str().unwrap(), &OpenOptions::default()).unwrap();
        assert_eq!((read.train.len(), read.train.label(0)), (7, None));
    }
}
