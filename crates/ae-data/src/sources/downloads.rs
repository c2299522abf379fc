//! Sets that are known by name and lie where they were downloaded to.

use crate::error::DataError;
use crate::sources::options::OpenOptions;
use crate::sources::source::{Found, NamedSet};

/// Yaroslav Bulatov's letters A to J, those that were looked through by hand.
pub(crate) const NOTMNIST_SMALL: Download = Download {
    name: "notmnist-small",
    file: "notMNIST_small.tar.gz",
    summary: "notMNIST's 18,726 letters A to J that were looked through by hand, if downloaded",
};

/// Yaroslav Bulatov's letters A to J, all of them.
pub(crate) const NOTMNIST_LARGE: Download = Download {
    name: "notmnist-large",
    file: "notMNIST_large.tar.gz",
    summary: "notMNIST's 529,119 letters A to J, if downloaded",
};

/// The handwritten digits.
pub(crate) const MNIST: Download = Download {
    name: "mnist",
    file: "mnist",
    summary: "MNIST's 70,000 handwritten digits, if downloaded",
};

/// A set that has to be downloaded first.
pub(crate) struct Download {
    name: &'static str,
    /// The file or folder that it has in the downloads' folder, or in a folder with the set's name there.
    file: &'static str,
    summary: &'static str,
}

impl NamedSet for Download {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn find(&self, options: &OpenOptions) -> Result<Found, DataError> {
        let downloads = &options.downloads;
        let folder = downloads.join(self.name);
        let candidates = [
            folder.join(self.file),
            downloads.join(self.file),
            downloads.join(format!("{}.tar.gz", self.name)),
            folder,
        ];
        candidates
            .into_iter()
            .find(|candidate| candidate.exists())
            .map(Found::Path)
            .ok_or_else(|| DataError::NotDownloaded {
                name: self.name,
                folder: downloads.clone(),
            })
    }
}
