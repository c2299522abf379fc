//! Files that appear whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

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
/// `write` fills a temporary file in the same folder, which takes the name `path` only when all of it is on the disk.
/// What is no regular file, such as `/dev/null` or a pipe, is written to directly.
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
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(metadata) if !metadata.is_file() => {
            let mut writer = BufWriter::new(File::options().write(true).open(path)?);
            write(&mut writer)?;
            return writer.flush();
        }
        _ => {}
    }
    let folder = folder_of(path);
    let (prefix, suffix) = unfinished.around();
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is private by default; this one becomes an ordinary file, under the user's umask.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let temporary = builder
        .tempfile_in(folder)
        .map_err(|error| without_path(&error, folder))?;
    // Through the bare file, whose errors don't tell of the temporary name.
    let mut writer = BufWriter::new(temporary.as_file());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
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
}
