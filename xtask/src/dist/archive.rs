//! The archive of the binary: with its completions, manual pages, licenses and what to read.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Shells and the names that their completion scripts have.
const COMPLETIONS: [(&str, &str); 3] = [("bash", "ae.bash"), ("zsh", "_ae"), ("fish", "ae.fish")];
/// Files of the checkout that go with it.
const PAGES: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// A file in the archive.
struct Entry {
    /// Below the archive's one folder.
    name: String,
    content: Vec<u8>,
    is_program: bool,
}

/// Writes the archive of the binary `ae` into `out`. The same files give the same bytes.
///
/// # Errors
/// The binary doesn't run here, or a file cannot be read or written.
pub(super) fn write(root: &Path, ae: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let version = env!("CARGO_PKG_VERSION");
    let (arch, system) = (std::env::consts::ARCH, std::env::consts::OS);
    let folder = format!("ae-{version}-{arch}-{system}");
    let mut entries = vec![Entry {
        name: format!("ae{}", std::env::consts::EXE_SUFFIX),
        content: fs::read(ae)?,
        is_program: true,
    }];
    for (shell, name) in COMPLETIONS {
        let output = Command::new(ae).args(["completions", shell]).output()?;
        if !output.status.success() || output.stdout.is_empty() {
            return Err(format!("ae completions {shell}: {}", output.status).into());
        }
        entries.push(Entry {
            name: format!("completions/{name}"),
            content: output.stdout,
            is_program: false,
        });
    }
    let pages = tempfile::tempdir()?;
    let status = Command::new(ae)
        .args(["man", "--out"])
        .arg(pages.path())
        .stdout(std::process::Stdio::null())
        .status()?;
    if !status.success() {
        return Err(format!("ae man: {status}").into());
    }
    for page in fs::read_dir(pages.path())? {
        let page = page?;
        entries.push(Entry {
            name: format!("man/man1/{}", page.file_name().to_string_lossy()),
            content: fs::read(page.path())?,
            is_program: false,
        });
    }
    for name in PAGES {
        entries.push(Entry {
            name: name.to_owned(),
            content: fs::read(root.join(name))?,
            is_program: false,
        });
    }
    let path = out.join(format!("{folder}.tar.gz"));
    ae_files::write_atomically(&path, |file| {
        pack(&folder, entries, file).map_err(std::io::Error::other)
    })?;
    Ok(path)
}

/// Packs the files, in the order of their names.
fn pack(folder: &str, mut entries: Vec<Entry>, to: &mut dyn std::io::Write) -> std::io::Result<()> {
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    let mut tar = tar::Builder::new(GzEncoder::new(to, Compression::best()));
    for entry in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(entry.content.len() as u64);
        header.set_mode(if entry.is_program { 0o755 } else { 0o644 });
        // Nobody's, and of no time.
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        let path = format!("{folder}/{}", entry.name);
        tar.append_data(&mut header, path, &entry.content[..])?;
    }
    tar.into_inner()?.finish()?.flush()
}

/// Unpacks an archive into a folder, and says which folder it has made there.
///
/// # Errors
/// It cannot be read, or has not one folder.
pub(super) fn unpack(archive: &Path, into: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(File::open(archive)?));
    tar.unpack(into)?;
    let mut folders = fs::read_dir(into)?;
    match (folders.next(), folders.next()) {
        (Some(folder), None) => Ok(folder?.path()),
        _ => Err(format!("{}: not one folder", archive.display()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_the_same_whatever_the_order() {
        let entry = |name: &str, is_program| Entry {
            name: name.to_owned(),
            content: name.as_bytes().to_vec(),
            is_program,
        };
        let packed = |entries| {
            let mut bytes = Vec::new();
            pack("ae-1", entries, &mut bytes).unwrap();
            bytes
        };
        let bytes = packed(vec![entry("ae", true), entry("man/man1/ae.1", false)]);
        let other = packed(vec![entry("man/man1/ae.1", false), entry("ae", true)]);
        assert_eq!(bytes, other);

        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.tar.gz");
        fs::write(&archive, bytes).unwrap();
        let into = folder.path().join("into");
        fs::create_dir(&into).unwrap();
        let unpacked = unpack(&archive, &into).unwrap();
        assert_eq!(unpacked, into.join("ae-1"));
        assert_eq!(fs::read(unpacked.join("ae")).unwrap(), b"ae");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(unpacked.join("ae"))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o755);
        }
    }
}
