//! Where a case works: a folder of its own, beside ready-made images and a run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::bytes::{self, SIDE};
use super::process::Run;
use super::snapshot::Snapshot;
use super::trouble::{FaultsError, Trouble, broken};

/// The model of every case: the smallest convolutional one.
pub(super) const SMALL: [&str; 9] = [
    "--widths",
    "4,4",
    "--batch-size",
    "8",
    "--warmup-steps",
    "2",
    "--backend",
    "flex",
    "--quiet",
];

/// What all cases share and none changes.
pub(super) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    /// Makes the set `set`, the picture `photo.png` and, by `ae` itself, the run `run`.
    pub(super) fn make(ae: &Path) -> Result<Self, FaultsError> {
        let folder =
            tempfile::tempdir().map_err(FaultsError::io("make a folder in", Path::new("/tmp")))?;
        let fixture = Self { folder };
        bytes::write_set(&fixture.path().join("set"))
            .map_err(FaultsError::io("write", fixture.path()))?;
        fs::write(
            fixture.path().join("photo.png"),
            bytes::png(SIDE, SIDE, &bytes::drawing(3)),
        )
        .map_err(FaultsError::io("write", fixture.path()))?;
        let bench = fixture.bench(ae, 0)?;
        let run = fixture.path().join("run");
        let ended = bench
            .ae(["train", "--data"])
            .arg(fixture.path().join("set"))
            .arg("--out")
            .arg(&run)
            .args([
                "--epochs",
                "2",
                "--noise",
                "masking:0.2",
                "--schedule",
                "constant",
            ])
            .args(SMALL)
            .run();
        match ended.code {
            Some(0) => Ok(fixture),
            _ => Err(FaultsError::Unusable(format!(
                "ae does not train: {ended:?}"
            ))),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A fresh folder for a case.
    pub(super) fn bench<'a>(&'a self, ae: &'a Path, seed: u64) -> Result<Bench<'a>, FaultsError> {
        let folder =
            tempfile::tempdir().map_err(FaultsError::io("make a folder in", Path::new("/tmp")))?;
        Ok(Bench {
            fixture: self.path(),
            folder,
            ae,
            seed,
        })
    }
}

/// A case's place.
pub(super) struct Bench<'a> {
    fixture: &'a Path,
    folder: TempDir,
    ae: &'a Path,
    pub(super) seed: u64,
}

impl Bench<'_> {
    /// The case's own folder, where its commands run.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the case's folder.
    pub(super) fn write(&self, name: impl AsRef<Path>, content: &[u8]) -> Result<(), Trouble> {
        let path = self.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(broken(parent))?;
        }
        fs::write(&path, content).map_err(broken(&path))
    }

    /// A good set, as an argument.
    pub(super) fn set(&self) -> String {
        self.fixture.join("set").display().to_string()
    }

    /// A good picture, as an argument.
    pub(super) fn photo(&self) -> String {
        self.fixture.join("photo.png").display().to_string()
    }

    /// A good run, as an argument.
    pub(super) fn run(&self) -> String {
        self.fixture.join("run").display().to_string()
    }

    /// A copy of the good run in the case's folder.
    pub(super) fn copy_run(&self, name: &str) -> Result<PathBuf, Trouble> {
        let to = self.path().join(name);
        copy_folder(&self.fixture.join("run"), &to)?;
        Ok(to)
    }

    /// The program under test.
    pub(super) fn ae<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Run<'_> {
        Run::new(self.ae, self.path()).args(arguments)
    }

    pub(super) fn ae_path(&self) -> &Path {
        self.ae
    }

    /// The downloader: this very program.
    pub(super) fn xtask<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
    ) -> Result<Run<'_>, Trouble> {
        let program = std::env::current_exe().map_err(broken(Path::new("xtask")))?;
        Ok(Run::new(&program, self.path()).args(arguments))
    }

    /// Training on the good set with the small model into `out`, from the first step.
    pub(super) fn train(&self, out: &str, more: &[&str]) -> Run<'_> {
        self.ae(["train", "--data", &self.set(), "--out", out])
            .args(SMALL)
            .args(more)
    }

    /// Runs a command that must fail as documented and leave the case's folder as it was.
    pub(super) fn refuses(&self, run: Run<'_>, code: i32, parts: &[&str]) -> Result<(), Trouble> {
        let before = Snapshot::of(self.path());
        let ended = run.run();
        ended.check_error(code, parts)?;
        before.check_same(&Snapshot::of(self.path()), |_| false)?;
        Ok(())
    }
}

pub(super) fn copy_folder(from: &Path, to: &Path) -> Result<(), Trouble> {
    fs::create_dir_all(to).map_err(broken(to))?;
    for entry in fs::read_dir(from).map_err(broken(from))? {
        let path = entry.map_err(broken(from))?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(broken(&path))?;
        }
    }
    Ok(())
}
