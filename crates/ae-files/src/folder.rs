//! Folders whose names, and the names in them, are on the disk.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Makes a folder, and those above it that are missing, and fsyncs the folders that hold their names. One that is there
/// is fine.
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

/// Gives a folder of fsynced files its final name: fsyncs it, renames it, and fsyncs the folder that it is in then.
///
/// # Errors
/// The operating system refuses; a folder that is not empty cannot be replaced.
pub fn move_folder(from: &Path, to: &Path) -> io::Result<()> {
    sync_folder(from)?;
    fs::rename(from, to)?;
    sync_folder(folder_of(to))
}

/// Fsyncs a folder, and with it the names in it, where the system has such a thing and the folder may be opened.
///
/// # Errors
/// The disk fails.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
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

/// The folder that a path's last name stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_moved_folder_has_its_files_and_replaces_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join(".staging"), folder.path().join("final"));
        for is_free in [true, false] {
            fs::create_dir(&from).unwrap();
            fs::write(from.join("a"), b"whole").unwrap();
            assert_eq!(move_folder(&from, &to).is_ok(), is_free);
            assert_eq!(from.exists(), !is_free);
            assert_eq!(fs::read(to.join("a")).unwrap(), b"whole");
        }
    }
}
