//! `cargo xtask dist`: what users install, made and tried: the Python wheel, and an archive of the binary with its completions
//! and manual pages, and the checksums of both.

mod archive;
mod tools;
mod trial;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use self::tools::Tools;

/// What `dist` makes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(after_help = "\
Takes two release builds of the workspace: maturin and cargo-zigbuild link by programs of their own, and cargo builds anew what
another program links. Needs python3 with venv, and PyPI the first time, for maturin and zig, which links against an old
glibc.")]
pub struct DistOptions {
    /// The folder to write to [default: dist of the checkout].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Link against this machine's glibc, without zig: what is built runs here, and perhaps nowhere else.
    #[arg(long)]
    pub native: bool,
    /// Make the wheel alone, or the archive alone.
    #[arg(long, value_name = "WHAT", value_parser = ["wheel", "archive"])]
    pub only: Option<String>,
    /// Leave out the trials: install nothing and run nothing.
    #[arg(long)]
    pub untried: bool,
    /// Try what lies in the folder already, and build nothing.
    #[arg(long, conflicts_with = "untried")]
    pub built: bool,
}

impl DistOptions {
    fn makes(&self, what: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == what)
    }
}

/// Makes the wheel and the archive, tries both and writes `SHA256SUMS`.
///
/// # Errors
/// A tool is missing, something doesn't build, or what was built fails where it is tried.
pub fn run(root: &Path, options: &DistOptions) -> Result<(), Box<dyn Error>> {
    let out = match &options.out {
        Some(out) => std::path::absolute(out)?,
        None => root.join("dist"),
    };
    fs::create_dir_all(&out)?;
    if options.makes("wheel") {
        if !options.built {
            remove(&out, ".whl")?;
            Tools::find(root, options.native)?.build_wheel(&out)?;
        }
        let wheel = only_one(&out, ".whl")?;
        println!("{}", wheel.display());
        if !options.untried {
            println!("{}", trial::wheel(root, &wheel)?);
        }
    }
    if options.makes("archive") {
        if !options.built {
            remove(&out, ".tar.gz")?;
            let ae = Tools::find(root, options.native)?.build_binary()?;
            archive::write(root, &ae, &out)?;
        }
        let archive = only_one(&out, ".tar.gz")?;
        println!("{}", archive.display());
        if !options.untried {
            println!("{}", trial::archive(&archive)?);
        }
    }
    let sums = write_sums(&out)?;
    println!("{}", sums.display());
    Ok(())
}

/// The files of a folder whose names end so, sorted.
fn ending(folder: &Path, end: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Removes what was made before.
fn remove(folder: &Path, end: &str) -> Result<(), Box<dyn Error>> {
    for path in ending(folder, end)? {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn only_one(folder: &Path, end: &str) -> Result<PathBuf, Box<dyn Error>> {
    match ending(folder, end)?.as_slice() {
        [path] => Ok(path.clone()),
        found => Err(format!(
            "{}: {} files end with {end}, where one is expected",
            folder.display(),
            found.len()
        )
        .into()),
    }
}

/// Writes the SHA-256 of the wheel and the archive, as `sha256sum --check` reads them.
fn write_sums(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut lines = String::new();
    for end in [".tar.gz", ".whl"] {
        for path in ending(folder, end)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            lines += &format!("{}  {name}\n", sha256(&fs::read(&path)?));
        }
    }
    let path = folder.join("SHA256SUMS");
    ae_files::write_atomically(&path, |file| file.write_all(lines.as_bytes()))?;
    Ok(path)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.whl"), "abc").unwrap();
        fs::write(folder.path().join("b.tar.gz"), "").unwrap();
        fs::write(folder.path().join("c.txt"), "").unwrap();
        let sums = fs::read_to_string(write_sums(folder.path()).unwrap()).unwrap();
        // FIPS 180-4's examples.
        assert_eq!(
            sums,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b.tar.gz\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.whl\n"
        );
        assert!(only_one(folder.path(), ".whl").is_ok());
        fs::write(folder.path().join("d.whl"), "").unwrap();
        assert!(only_one(folder.path(), ".whl").is_err());
        remove(folder.path(), ".whl").unwrap();
        assert!(ending(folder.path(), ".whl").unwrap().is_empty());
    }
}
