//! Files that appear whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Cursor, Seek, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::folder::{folder_of, sync_folder};

/// What kind of file a process was writing, as the temporary name tells that a killed one leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// `.ae-XXXXXX.tmp`: any file.
    File,
    /// `.model-XXXXXX`: a model. Only whoever holds a run's lock writes models into its directory, so that the holder
    /// may remove what has such a name there.
    Model,
}

impl Unfinished {
    /// Whether a file of this name is such a file.
    #[must_use]
    pub fn is_named(self, file_name: &OsStr) -> bool {
        let name = file_name.to_string_lossy();
        let (prefix, suffix) = self.around();
        name.starts_with(prefix) && name.ends_with(suffix)
    }

    /// What stands before and after the random part of the name.
    const fn around(self) -> (&'static str, &'static str) {
        match self {
            Self::File => (".ae-", ".tmp"),
            Self::Model => (".model-", ""),
        }
    }
}

/// Writes a file so that nothing partial ever stands under its name.
///
/// `write` fills a temporary file in the same folder, which takes the name `path` only when all of it is on the disk. A
/// file that is written over keeps its permissions, and where the system lets it, its owner. What is no regular file,
/// such as `/dev/null` or a pipe, is written to directly.
///
/// # Errors
/// The folder does not exist or may not be written to, `path` is a folder, the disk is full or `write` fails; what
/// `path` held before is still there then.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    write_atomically_as(Unfinished::File, path, write)
}

/// As [`write_atomically`], with a temporary name that tells what is being written.
///
/// # Errors
/// As for [`write_atomically`].
pub fn write_atomically_as(
    unfinished: Unfinished,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let Some(place) = Place::of(path)? else {
        let mut writer = BufWriter::new(File::options().write(true).open(path)?);
        write(&mut writer)?;
        return writer.flush();
    };
    let temporary = place.temporary(unfinished)?;
    // Through the bare file, whose errors don't tell of the temporary name.
    let mut writer = BufWriter::new(temporary.as_file());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    place.name(temporary)
}

/// What formats are written to whose beginnings are only known at their ends.
pub trait WriteSeek: Write + Seek {}

impl<T: Write + Seek> WriteSeek for T {}

/// As [`write_atomically`], for formats that go back in what they have written. What is no regular file gets all of it
/// at the end, from memory.
///
/// # Errors
/// As for [`write_atomically`].
pub fn write_atomically_seeking(
    path: &Path,
    write: impl FnOnce(&mut dyn WriteSeek) -> io::Result<()>,
) -> io::Result<()> {
    let Some(place) = Place::of(path)? else {
        let mut written = Cursor::new(Vec::new());
        write(&mut written)?;
        let mut device = File::options().write(true).open(path)?;
        return device.write_all(written.get_ref());
    };
    let temporary = place.temporary(Unfinished::File)?;
    let mut writer = BufWriter::new(temporary.as_file());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    place.name(temporary)
}

/// Where a regular file is going to be.
struct Place<'a> {
    path: &'a Path,
    folder: &'a Path,
    /// The file that is written over.
    before: Option<Metadata>,
}

impl<'a> Place<'a> {
    /// Nothing for what is no regular file.
    fn of(path: &'a Path) -> io::Result<Option<Self>> {
        let before = fs::metadata(path).ok();
        match &before {
            Some(metadata) if metadata.is_dir() => {
                return Err(io::Error::from(io::ErrorKind::IsADirectory));
            }
            Some(metadata) if !metadata.is_file() => return Ok(None),
            _ => {}
        }
        let folder = folder_of(path);
        Ok(Some(Self {
            path,
            folder,
            before,
        }))
    }

    fn temporary(&self, unfinished: Unfinished) -> io::Result<NamedTempFile> {
        let (prefix, suffix) = unfinished.around();
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).suffix(suffix);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // A temporary file is private by default; this one becomes an ordinary file, under the user's umask, or one
            // that no more people may read than the one that it replaces.
            let before = self.before.as_ref().map(Metadata::permissions);
            builder.permissions(before.unwrap_or_else(|| fs::Permissions::from_mode(0o666)));
        }
        let temporary = builder
            .tempfile_in(self.folder)
            .map_err(|error| without_path(&error, self.folder))?;
        if let Some(before) = &self.before {
            keep_owner(temporary.as_file(), before);
            temporary.as_file().set_permissions(before.permissions())?;
        }
        Ok(temporary)
    }

    fn name(&self, temporary: NamedTempFile) -> io::Result<()> {
        temporary.as_file().sync_all()?;
        temporary.persist(self.path).map_err(|error| error.error)?;
        sync_folder(self.folder)
    }
}

/// Gives a file to those who owned another one, as far as the system lets us: only root may give files away.
fn keep_owner(file: &File, before: &Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        if let Ok(now) = file.metadata()
            && (now.uid(), now.gid()) != (before.uid(), before.gid())
        {
            // Who may not is left with an own file of the same permissions.
            let _ = fchown(file, Some(before.uid()), Some(before.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = (file, before);
}

/// The same error without the temporary file's path, which the user never asked for.
fn without_path(error: &io::Error, folder: &Path) -> io::Error {
    fs::metadata(folder).err().unwrap_or_else(|| {
        error
            .raw_os_error()
            .or_else(|| system_number(&error.to_string()))
            .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
    })
}

/// The number in `… (os error 24) …`: around the path, tempfile keeps the system's error as text alone.
fn system_number(message: &str) -> Option<i32> {
    let (_, rest) = message.split_once("(os error ")?;
    rest.split_once(')')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_reason_is_found_behind_the_path() {
        let message = "Too many open files (os error 24) at path \"/a/.ae-b.tmp\"";
        assert_eq!(system_number(message), Some(24));
        assert_eq!(system_number("no such error (os error x)"), None);
        assert_eq!(system_number("anything else"), None);
    }

    #[test]
    fn a_failed_write_leaves_what_was_there_and_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_atomically(&path, |file| file.write_all(b"old")).unwrap();
        let error = write_atomically(&path, |file| {
            file.write_all(b"half of the ne")?;
            Err(io::Error::other("the disk is full"))
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "the disk is full");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_atomically(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_missing_folder_and_a_folder_are_told_without_the_temporary_name() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing").join("a.txt");
        for (path, kind) in [
            (missing.as_path(), io::ErrorKind::NotFound),
            (folder.path(), io::ErrorKind::IsADirectory),
        ] {
            let error = write_atomically(path, |_| Ok(())).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(!error.to_string().contains(".ae-"), "{error}");
        }
    }

    #[test]
    fn a_file_is_known_as_unfinished_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        for unfinished in [Unfinished::File, Unfinished::Model] {
            let path = folder.path().join("a");
            write_atomically_as(unfinished, &path, |_| {
                let names: Vec<_> = fs::read_dir(folder.path())?
                    .filter_map(|entry| Some(entry.ok()?.file_name()))
                    .filter(|name| unfinished.is_named(name))
                    .collect();
                assert_eq!(names.len(), 1, "{unfinished:?}");
                Ok(())
            })
            .unwrap();
            assert!(!unfinished.is_named(OsStr::new("a")));
        }
        for (name, file, model) in [
            (".ae-x1y2z3.tmp", true, false),
            (".model-x1y2z3", false, true),
            (".ae-x1y2z3", false, false),
            ("model.safetensors", false, false),
        ] {
            let name = OsStr::new(name);
            assert_eq!(Unfinished::File.is_named(name), file, "{name:?}");
            assert_eq!(Unfinished::Model.is_named(name), model, "{name:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_device_stays_a_device() {
        write_atomically(Path::new("/dev/null"), |file| file.write_all(b"gone")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_the_file_as_any_other() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let ordinary = folder.path().join("ordinary");
        fs::write(&ordinary, b"").unwrap();
        let atomic = folder.path().join("atomic");
        write_atomically(&atomic, |_| Ok(())).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&atomic), mode(&ordinary));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_written_over_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for mode in [0o600, 0o640, 0o664, 0o444, 0o755] {
            fs::write(&path, b"old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let mode_now = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            write_atomically(&path, |file| {
                // Nobody else may read the new content before it has its name.
                for entry in fs::read_dir(folder.path())? {
                    assert_eq!(mode_now(&entry?.path()), mode);
                }
                file.write_all(b"new")
            })
            .unwrap();
            assert_eq!(mode_now(&path), mode, "{mode:o}");
            write_atomically_seeking(&path, |file| file.write_all(b"newer")).unwrap();
            assert_eq!(mode_now(&path), mode, "{mode:o}");
            assert_eq!(fs::read(&path).unwrap(), b"newer");
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_writer_may_go_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomically_seeking(&path, |file| {
            file.write_all(b"____ and the rest")?;
            file.seek(io::SeekFrom::Start(0))?;
            file.write_all(b"head")
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"head and the rest");
        #[cfg(unix)]
        write_atomically_seeking(Path::new("/dev/null"), |file| {
            file.seek(io::SeekFrom::Start(2)).map(|_| ())
        })
        .unwrap();
    }
}
