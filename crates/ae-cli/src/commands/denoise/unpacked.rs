//! Archives on the disk, whose files are told of as members.

use std::path::Path;

/// An archive that was unpacked to be denoised.
#[derive(Clone, Copy)]
pub(super) struct Unpacked<'a> {
    pub(super) archive: &'a Path,
    /// Where its files are.
    pub(super) folder: &'a Path,
    /// Where their results go.
    pub(super) results: &'a Path,
}

impl Unpacked<'_> {
    /// A file, or its result, as what it is: a member of the archive.
    fn shown(&self, path: &Path) -> Option<String> {
        let inside = [self.folder, self.results]
            .into_iter()
            .find_map(|folder| path.strip_prefix(folder).ok())?;
        Some(format!("{}: {}", self.archive.display(), inside.display()))
    }
}

/// What a picture is called in messages.
pub(super) fn shown(path: &Path, unpacked: Option<Unpacked<'_>>) -> String {
    unpacked
        .and_then(|unpacked| unpacked.shown(path))
        .unwrap_or_else(|| path.display().to_string())
}
