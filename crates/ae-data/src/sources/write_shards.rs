//! A set written as shards: tar archives by WebDataset's convention.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};

use ae_files::write_atomically;
use rayon::prelude::*;
use tar::{Builder, EntryType, Header};

use crate::error::DataError;
use crate::set::ImageSet;
use crate::sources::archive::each_entry;
use crate::sources::batch::EntryKind;

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

/// A file of an archive, and where its content lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFile {
    /// Its path in the archive.
    pub name: PathBuf,
    /// The file on the disk.
    pub file: PathBuf,
}

/// Unpacks an archive of pictures and of what lies beside them into a folder, and gives the files in the archive's order, a `./` that
/// their names begin with left out.
///
/// # Errors
/// A path that leads out of the folder, a path that two files have, something that is no file, an archive that ends early, or a
/// disk that refuses.
pub fn unpack_shard(archive: &Path, folder: &Path) -> Result<Vec<ShardFile>, DataError> {
    let file = File::open(archive).map_err(|error| DataError::read(archive, error))?;
    let mut files = Vec::new();
    let mut names = HashSet::new();
    let ControlFlow::Continue(()) =
        each_entry::<_, Infallible>(archive, BufReader::new(file), |name, kind, entry| {
            let refuse = |name: &Path, reason: &str| {
                let reason = format!("{}: {reason}", name.display());
                Err(DataError::decode(archive, reason))
            };
            match kind {
                EntryKind::File => {}
                EntryKind::Folder => return Ok(ControlFlow::Continue(())),
                EntryKind::Other(reason) => return refuse(name, reason),
            }
            let parts = name.components();
            let parts = parts.filter(|part| *part != Component::CurDir);
            let inside: Option<PathBuf> = parts
                .map(|part| match part {
                    Component::Normal(part) => Some(part),
                    _ => None,
                })
                .collect();
            let Some(name) = inside else {
                return refuse(name, "leads out of the archive");
            };
            if !names.insert(name.clone()) {
                return refuse(&name, "two files have this name");
            }
            let path = folder.join(&name);
            let mut unpack = || {
                fs::create_dir_all(path.parent().unwrap_or(folder))?;
                io::copy(entry, &mut File::create(&path)?)
            };
            unpack().map_err(DataError::write(&path))?;
            files.push(ShardFile { name, file: path });
            Ok(ControlFlow::Continue(()))
        })?;
    Ok(files)
}

/// Packs `files` as one archive, which is there whole or not at all.
///
/// # Errors
/// Two of them have one name, a file can't be read, or the disk refuses.
pub fn pack_shard(path: &Path, files: &[ShardFile]) -> Result<(), DataError> {
    let mut names = HashSet::new();
    for ShardFile { name, .. } in files {
        if !names.insert(name) {
            let reason = format!("two files would be {} in it", name.display());
            return Err(DataError::write(path)(io::Error::other(reason)));
        }
    }
    let written = write_atomically(path, |file| {
        let mut archive = Builder::new(file);
        for ShardFile { name, file } in files {
            append(&mut archive, name, &fs::read(file)?)?;
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
        let expected = names.map(|name| ShardFile {
            name: name.into(),
            file: old.join(name),
        });
        assert_eq!(files, expected);
        std::fs::create_dir(&new).unwrap();
        let other = set(None).image(5).unwrap();
        let mut files = files;
        files[2].file = new.join(names[2]);
        other.write(&files[2].file).unwrap();
        let packed = folder.path().join("packed.tar");
        pack_shard(&packed, &files).unwrap();
        let read = open(packed.to_str().unwrap(), &OpenOptions::default()).unwrap();
        assert_eq!(read.train.image(1).unwrap(), other);
        assert_eq!(read.train.image(0).unwrap(), set(None).image(0).unwrap());
        assert_eq!(
            read.train.classes()[read.train.label(1).unwrap() as usize],
            "1"
        );
    }

    /// An archive of these files, named as they are.
    fn archive(path: &Path, files: &[&str]) {
        let mut archive = Builder::new(File::create(path).unwrap());
        for name in files {
            append_named(&mut archive, name);
        }
        archive.finish().unwrap();
    }

    /// [`Builder`] would take a `./` away.
    fn append_named(archive: &mut Builder<File>, name: &str) {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(1);
        header.set_cksum();
        archive.append(&header, &b"x"[..]).unwrap();
    }

    #[test]
    fn names_begin_where_the_archive_does_and_no_two_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        let unpacked = folder.path().join("unpacked");
        let names = |files: &[&str]| -> Result<Vec<PathBuf>, String> {
            archive(&path, files);
            let files = unpack_shard(&path, &unpacked).map_err(|error| error.to_string())?;
            Ok(files.into_iter().map(|file| file.name).collect())
        };
        assert_eq!(
            names(&["./a/1.png", "b/1.png"]),
            Ok(vec!["a/1.png".into(), "b/1.png".into()])
        );
        let twice = names(&["a/1.png", "./a/1.png"]).unwrap_err();
        assert!(
            twice.ends_with("a/1.png: two files have this name"),
            "{twice}"
        );
        let mut global = Builder::new(File::create(&path).unwrap());
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::XGlobalHeader);
        let comment = b"16 comment=abcd\n";
        header.set_size(comment.len() as u64);
        header.set_cksum();
        global.append(&header, &comment[..]).unwrap();
        append_named(&mut global, "1.png");
        global.finish().unwrap();
        let found = unpack_shard(&path, &unpacked).unwrap();
        assert_eq!(found[0].name, Path::new("1.png"));
        assert_eq!(found.len(), 1);
        let outside = names(&["a/../../1.png"]).unwrap_err();
        assert!(outside.ends_with("leads out of the archive"), "{outside}");
        let one = ShardFile {
            name: "1.png".into(),
            file: unpacked.join("a/1.png"),
        };
        let packed = folder.path().join("packed.tar");
        assert!(pack_shard(&packed, &[one.clone(), one]).is_err());
        assert!(!packed.exists());
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
