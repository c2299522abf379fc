//! A disk that is soon full.

use std::fs;
use std::path::{Path, PathBuf};

use super::trouble::{Trouble, broken};

/// A file system in memory of a few hundred kibibytes; root alone may make one.
pub(super) struct SmallDisk {
    place: PathBuf,
}

impl SmallDisk {
    pub(super) fn mount(place: &Path, kibibytes: u32) -> Result<Self, Trouble> {
        fs::create_dir_all(place).map_err(broken(place))?;
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "tmpfs"])
            .arg(place)
            .stderr(std::process::Stdio::null())
            .status();
        match mounted.is_ok_and(|status| status.success()) {
            true => Ok(Self {
                place: place.to_owned(),
            }),
            false => Err(Trouble::Skipped(
                "a tmpfs cannot be mounted here".to_owned(),
            )),
        }
    }

    /// Fills the disk and gives so much of it back.
    pub(super) fn fill_but(&self, kibibytes: usize) -> Result<(), Trouble> {
        use std::io::Write as _;
        let path = self.place.join("filler");
        let mut file = fs::File::create(&path).map_err(broken(&path))?;
        while file.write_all(&[1; 4096]).is_ok() {}
        let length = file.metadata().map_err(broken(&path))?.len();
        file.set_len(length.saturating_sub(kibibytes as u64 * 1024))
            .map_err(broken(&path))
    }

    pub(super) fn make_room(&self) -> Result<(), Trouble> {
        let path = self.place.join("filler");
        fs::remove_file(&path).map_err(broken(&path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What cannot be unmounted goes with the machine.
        let _ = std::process::Command::new("umount")
            .arg(&self.place)
            .status();
    }
}
