//! The programs that build what is distributed: maturin, and zig as the linker, in a Python environment of their own.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commands::{built_ae, cargo, run, target_folder};

/// The oldest glibc that what is built runs with: that of manylinux2014 (PEP 599), and the oldest that Rust supports.
const GLIBC: &str = "2.17";

/// The programs, found or installed.
pub(super) struct Tools {
    root: PathBuf,
    /// The environment's folder of programs.
    programs: PathBuf,
    /// The target with the glibc to link against; `None` for this machine's own.
    target: Option<String>,
}

impl Tools {
    /// Finds the environment beside the builds, or makes it from pinned versions.
    ///
    /// # Errors
    /// There is no Python 3, or the packages cannot be installed.
    pub(super) fn find(root: &Path, native: bool) -> Result<Self, Box<dyn Error>> {
        let environment = root.join(target_folder()).join("dist-tools");
        let programs = match cfg!(windows) {
            true => environment.join("Scripts"),
            false => environment.join("bin"),
        };
        let maturin = programs.join(format!("maturin{}", std::env::consts::EXE_SUFFIX));
        if !maturin.is_file() {
            let folder = environment.display().to_string();
            run(root, "python3", &["-m", "venv", &folder])?;
            let python = programs.join("python");
            let requirements = "xtask/dist/requirements.txt";
            run(root, python, &["-m", "pip", "install", "-r", requirements])?;
        }
        let arch = std::env::consts::ARCH;
        let target =
            (cfg!(target_os = "linux") && !native).then(|| format!("{arch}-unknown-linux-gnu"));
        Ok(Self {
            root: root.to_owned(),
            programs,
            target,
        })
    }

    /// A program of the environment, which finds the others there.
    fn command(&self, program: &str) -> Result<Command, Box<dyn Error>> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.programs.clone()].into_iter();
        let path: OsString = std::env::join_paths(folders.chain(std::env::split_paths(&path)))?;
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.root).env("PATH", path);
        Ok(command)
    }

    /// Builds the wheel into `out`.
    ///
    /// # Errors
    /// It does not build.
    pub(super) fn build_wheel(&self, out: &Path) -> Result<(), Box<dyn Error>> {
        let mut maturin = self.command("maturin")?;
        maturin.args(["build", "--release", "--strip", "--locked"]);
        maturin.args(["--manifest-path", "crates/ae-python/Cargo.toml", "--out"]);
        maturin.arg(out);
        if let Some(target) = &self.target {
            let tag = format!("manylinux_{}", GLIBC.replace('.', "_"));
            maturin.args(["--zig", "--target", target, "--compatibility", &tag]);
        }
        finish(maturin)
    }

    /// Builds the binary, and says where it is.
    ///
    /// # Errors
    /// It does not build.
    pub(super) fn build_binary(&self) -> Result<PathBuf, Box<dyn Error>> {
        let common = [
            "--release",
            "--locked",
            "-p",
            "ae-cli",
            "--features",
            "serve",
        ];
        let Some(target) = &self.target else {
            let mut build = Command::new(cargo());
            build.current_dir(&self.root).arg("build").args(common);
            finish(build)?;
            return Ok(built_ae(&self.root, "release"));
        };
        let mut build = self.command("cargo-zigbuild")?;
        build.arg("zigbuild").args(common);
        build.args(["--target", &format!("{target}.{GLIBC}")]);
        finish(build)?;
        Ok(built_ae(&self.root, &format!("{target}/release")))
    }
}

/// Runs a command to its end.
fn finish(mut command: Command) -> Result<(), Box<dyn Error>> {
    let name = command.get_program().display().to_string();
    let status = command
        .status()
        .map_err(|error| format!("{name}: {error}"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{name}: {status}").into()),
    }
}
