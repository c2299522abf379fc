//! Where results go: never over something that exists, unless told to.

use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{PictureFormat, writable_extensions};
use ae_files::create_folder;

use crate::error::{CliError, Status};

/// What stands for standard input, or output.
pub(crate) const PIPE: &str = "-";

/// Checks, before any work is done, that a file may be written.
///
/// # Errors
/// It exists and `force` is off, it is a folder, its folder does not exist, or it is `-`, which means the standard output
/// where a command says so.
pub(crate) fn check_writable(path: &Path, force: bool) -> Result<(), CliError> {
    if path == Path::new(PIPE) {
        let reason =
            "a file is written here; /dev/stdout is the standard output, ./- a file of this name";
        return Err(CliError::usage(PIPE, reason));
    }
    if path.is_dir() || names_folder(path) {
        return Err(CliError::usage(
            path.display(),
            "a folder; --out takes a file here",
        ));
    }
    if !force && path.symlink_metadata().is_ok() && !is_device(path) {
        return Err(
            CliError::failure(Status::Files, path.display(), "exists already")
                .hint("--force writes over it; --out names another file"),
        );
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(
            CliError::failure(Status::Files, path.display(), "its folder does not exist"),
        ),
        _ => Ok(()),
    }
}

/// Whether a path ends with a slash: a folder, whether it is there or not.
pub(crate) fn names_folder(path: &Path) -> bool {
    path.as_os_str()
        .to_string_lossy()
        .ends_with(std::path::is_separator)
}

/// As [`check_writable`], for a drawing, which is a PNG file whatever its name says.
///
/// # Errors
/// Those of [`check_writable`], and a name with the extension of another format.
pub(crate) fn check_drawing(path: &Path, force: bool) -> Result<(), CliError> {
    match path
        .extension()
        .map(|extension| extension.to_ascii_lowercase())
    {
        Some(extension) if extension != "png" => Err(CliError::usage(
            path.display(),
            "drawings are written as PNG: name it .png",
        )),
        _ => check_writable(path, force),
    }
}

/// Whether two paths are of one file, which need not be there yet.
pub(crate) fn is_one_file(a: &Path, b: &Path) -> bool {
    let [a, b] = [a, b].map(|path| {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok();
        fs::canonicalize(path)
            .ok()
            .or_else(|| Some(folder?.join(path.file_name()?)))
    });
    a.is_some() && a == b
}

/// `/dev/null` and the like exist, and nothing is lost by writing to them.
fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Makes a folder for results, with the folders above it.
///
/// # Errors
/// It cannot be made, or something that is no folder has its name.
pub(crate) fn make_folder(path: &Path) -> Result<(), CliError> {
    if path.exists() && !path.is_dir() {
        return Err(CliError::usage(
            path.display(),
            "a file; --out takes a folder here",
        ));
    }
    create_folder(path).map_err(|error| CliError::io(path, "make the folder", &error))
}

/// Where several pictures go, or a single one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The one picture's file.
    File(PathBuf),
    /// The folder for all of them.
    Folder(PathBuf),
}

impl Destination {
    /// A folder that is there, a path that ends with a slash and one without an extension are folders; with the
    /// extension of a format that can be written it is a file.
    ///
    /// # Errors
    /// The extension is that of no format that can be written, several pictures were asked into one file, or pictures into
    /// standard output.
    pub(crate) fn of(out: &Path, pictures: usize) -> Result<Self, CliError> {
        if out == Path::new(PIPE) {
            return Err(CliError::usage(
                "--out -",
                "pictures go into files, whose names say their format",
            ));
        }
        if out.is_dir() || names_folder(out) || out.extension().is_none() {
            return Ok(Self::Folder(out.to_owned()));
        }
        if PictureFormat::of_written(out).is_none() {
            let extension = out.extension().unwrap_or_default().to_string_lossy();
            let known: Vec<_> = writable_extensions().collect();
            return Err(CliError::usage(
                format!("--out {}", out.display()),
                format!(
                    "pictures cannot be written as .{extension}, but as {}",
                    known.join(", ")
                ),
            )
            .hint("a slash at its end makes it a folder"));
        }
        if pictures > 1 {
            return Err(CliError::usage(
                format!("--out {}", out.display()),
                format!("one file for {pictures} pictures"),
            )
            .hint("name a folder, or take one picture"));
        }
        Ok(Self::File(out.to_owned()))
    }

    /// Makes the folder, where it is one.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn prepare(&self) -> Result<(), CliError> {
        match self {
            Self::File(_) => Ok(()),
            Self::Folder(folder) => make_folder(folder),
        }
    }

    /// Where the picture called `name` goes.
    pub(crate) fn path(&self, name: &Path) -> PathBuf {
        match self {
            Self::File(file) => file.clone(),
            Self::Folder(folder) => folder.join(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_is_not_written_over_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        assert_eq!(check_writable(&path, false), Ok(()));
        fs::write(&path, "").unwrap();
        let error = check_writable(&path, false).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: exists already", path.display())
        );
        assert_eq!(check_writable(&path, true), Ok(()));
        assert!(check_writable(folder.path(), true).is_err(), "a folder");
        assert!(check_writable(Path::new("-"), true).is_err(), "a pipe");
        assert_eq!(check_writable(Path::new("./-"), false), Ok(()));
        let error = check_writable(&folder.path().join("new/"), false).unwrap_err();
        assert!(error.to_string().ends_with("--out takes a file here"));
        assert!(check_writable(&folder.path().join("none/a.png"), true).is_err());
        assert_eq!(check_writable(Path::new("/dev/null"), false), Ok(()));
    }

    #[test]
    fn a_picture_s_extension_makes_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for (out, pictures, expected) in [
            ("a.png", 1, Some(Destination::File("a.png".into()))),
            ("a.JPG", 1, Some(Destination::File("a.JPG".into()))),
            ("a", 1, Some(Destination::Folder("a".into()))),
            ("a.jp2", 1, None),
            ("a.jp2", 3, None),
            ("a.d", 3, None),
            ("a.d/", 3, Some(Destination::Folder("a.d/".into()))),
            (".a", 3, Some(Destination::Folder(".a".into()))),
            ("a.png", 2, None),
            ("-", 1, None),
            ("a.png/", 2, Some(Destination::Folder("a.png/".into()))),
        ] {
            assert_eq!(
                Destination::of(Path::new(out), pictures).ok(),
                expected,
                "{out}"
            );
        }
        let existing = folder.path().join("v1.2");
        fs::create_dir(&existing).unwrap();
        assert_eq!(
            Destination::of(&existing, 3).unwrap(),
            Destination::Folder(existing)
        );
        let destination = Destination::of(folder.path(), 1).unwrap();
        assert_eq!(
            destination.path(Path::new("x.png")),
            folder.path().join("x.png")
        );
    }
}
