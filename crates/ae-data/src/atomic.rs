//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::error::DataError;

/// Writes a file so that nothing partial ever stands under its name.
///
/// `write` fills a temporary file in the same folder, which takes the name `path` only when all of it is on the disk.
/// What is no regular file, such as `/dev/null` or a pipe, is written to directly.
///
/// # Errors
/// [`DataError::Write`] when the folder does not exist or may not be written to, `path` is a folder, the disk is full
/// or `write` fails; what `path` held before is still there then.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), DataError> {
    replace(path, write).map_err(|source| DataError::Write {
        path: path.to_owned(),
        source,
    })
}

fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
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
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ae-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is private by default; this one becomes an ordinary file, under the user's umask.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut writer = BufWriter::new(
        builder
            .tempfile_in(folder)
            .map_err(|error| without_path(&error, folder))?,
    );
    write(&mut writer)?;
    let file = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Makes a folder, and those above it that are missing, and brings their names to the disk. One that is there is fine.
///
/// # Errors
/// It cannot be made, or something that is no folder has its name.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    fs::create_dir_all(path)?;
    missing
        .iter()
        .rev()
        .try_for_each(|made| sync_folder(folder_of(made)))
}

/// The folder that a path's last name stands in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Brings a folder's new names to the disk, where the system has such a thing and the folder may be opened.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // A folder that one may write to but not read, or a file system that syncs no folders.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
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
        assert_eq!(
            error.to_string(),
            format!("cannot write {}: the disk is full", path.display())
        );
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_atomically(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn folders_are_made_with_those_above_them() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        for _ in 0..2 {
            create_folder(&deep).unwrap();
            assert!(deep.is_dir());
        }
        fs::write(folder.path().join("file"), b"").unwrap();
        assert!(create_folder(&folder.path().join("file")).is_err());
        assert!(create_folder(&folder.path().join("file/d")).is_err());
        assert_eq!(folder_of(Path::new("runs")), Path::new("."));
        assert_eq!(folder_of(Path::new("runs/a")), Path::new("runs"));
    }

    #[test]
    fn a_missing_folder_and_a_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing").join("a.txt");
        let error = write_atomically(&missing, |_| Ok(()))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("cannot write {}: No such file", missing.display())),
            "{error}"
        );
        assert!(!error.contains(".ae-"), "{error}");
        let error = write_atomically(folder.path(), |_| Ok(()))
            .unwrap_err()
            .to_string();
        assert!(error.contains("is a directory"), "{error}");
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
