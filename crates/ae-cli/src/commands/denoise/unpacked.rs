//! Archives on the disk, whose files are told of as members.

use std::path::Path;

use crate::error::CliError;

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
    /// A message that names files, or their results, as what they are: members of the archive.
    fn told(&self, message: &str) -> String {
        let archive = self.archive.display().to_string();
        [self.folder, self.results]
            .into_iter()
            .fold(message.to_owned(), |message, folder| {
                let folder = folder.display().to_string();
                message
                    .replace(&format!("{folder}/"), &format!("{archive}: "))
                    .replace(&folder, &archive)
            })
    }

    /// An error whose message names them so.
    pub(super) fn error(&self, error: CliError) -> CliError {
        error.reworded(|message| self.told(message))
    }
}

/// What a picture is called in messages.
pub(super) fn shown(path: &Path, unpacked: Option<Unpacked<'_>>) -> String {
    let path = path.display().to_string();
    match unpacked {
        Some(unpacked) => unpacked.told(&path),
        None => path,
    }
}
