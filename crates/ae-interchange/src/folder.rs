//! Folders of results, which appear with all their files.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use ae_files::{create_folder, move_folder};

use crate::error::InterchangeError;

/// Has `write` fill a folder, which gets its name when all files are in it. Where there is a folder of that name with
/// something in it, they are written into it, each when it is whole.
pub(crate) fn write_folder(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), InterchangeError>,
) -> Result<(), InterchangeError> {
    let is_full = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    let staging = match staging_of(path) {
        Some(staging) if !is_full => staging,
        _ => return write(path),
    };
    // What a killed process left there.
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(InterchangeError::io("write", path))?;
    }
    create_folder(&staging).map_err(InterchangeError::io("make the folder", path))?;
    let written = write(&staging)
        .and_then(|()| move_folder(&staging, path).map_err(InterchangeError::io("write", path)));
    if written.is_err() {
        // What cannot be removed is known by its name.
        let _ = fs::remove_dir_all(&staging);
    }
    written.map_err(|error| named(error, path))
}

/// `.NAME.unfinished`, beside it; `None` for a folder that is not named, as `.`.
fn staging_of(path: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(".");
    name.push(path.file_name()?);
    name.push(".unfinished");
    Some(path.with_file_name(name))
}

/// The same error of the folder that was asked for.
fn named(error: InterchangeError, path: &Path) -> InterchangeError {
    match error {
        InterchangeError::Io { action, source, .. } => InterchangeError::Io {
            action,
            path: path.to_owned(),
            source,
        },
        InterchangeError::Model(ae_models::ModelError::Io { action, source, .. }) => {
            InterchangeError::Io {
                action,
                path: path.to_owned(),
                source,
            }
        }
        error => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str) -> Result<(), InterchangeError> {
        let path = folder.join(name);
        fs::write(&path, name).map_err(InterchangeError::io("write", &path))
    }

    #[test]
    fn a_folder_is_there_with_all_its_files_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("model");
        let error = write_folder(&path, |folder| {
            file(folder, "a")?;
            assert!(!path.exists());
            file(&folder.join("missing"), "b")
        })
        .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("cannot write {}: ", path.display())),
            "{error}"
        );
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);

        // What a killed process left does no harm.
        let left = staging_of(&path).unwrap();
        fs::create_dir(&left).unwrap();
        file(&left, ".ae-x.tmp").unwrap();
        let two = |folder: &Path| file(folder, "a").and_then(|()| file(folder, "b"));
        write_folder(&path, two).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);

        // One that is there keeps what else is in it.
        file(&path, "notes").unwrap();
        write_folder(&path, two).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 3);
    }
}
