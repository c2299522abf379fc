//! What was built, tried as on a machine that has nothing of this checkout.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::archive::unpack;

/// A gray picture of 32x32 as a PGM.
fn picture() -> Vec<u8> {
    let mut bytes = b"P5\n32 32\n255\n".to_vec();
    bytes.extend((0..32 * 32).map(|index: u32| (index * 37 % 251) as u8));
    bytes
}

/// Installs the wheel in a fresh environment, with no variables of this one, and runs there the command, the program of the
/// package's README and its tests. Says what was done.
///
/// # Errors
/// Any of that fails.
pub(super) fn wheel(root: &Path, wheel: &Path) -> Result<String, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let bare = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .env("PATH", "/usr/bin:/bin");
        finish(command)
    };
    let environment = folder.path().join("environment");
    let python = environment.join("bin/python");
    let venv = environment.display().to_string();
    let system_python = system_python()?;
    bare(&system_python, &["-m", "venv", &venv])?;
    // As a user does; that pip may need a proxy's settings, which pip takes from the caller.
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet"])
        .arg(wheel)
        .arg("pytest")
        .current_dir(folder.path());
    finish(pip)?;
    let version = bare(&environment.join("bin/ae"), &["--version"])?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    if version != format!("ae {}", env!("CARGO_PKG_VERSION")) {
        return Err(format!("ae --version: {version}").into());
    }
    let readme = fs::read_to_string(root.join("crates/ae-python/README.md"))?;
    let program = readme.split("```python\n").nth(1);
    let program = program.and_then(|rest| rest.split("```").next());
    let program = program.ok_or("crates/ae-python/README.md: no program")?;
    bare(&python, &["-c", program])?;
    let tests = folder.path().join("tests");
    fs::create_dir(&tests)?;
    for entry in fs::read_dir(root.join("crates/ae-python/tests"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            fs::copy(&path, tests.join(path.file_name().unwrap_or_default()))?;
        }
    }
    let tested = bare(
        &python,
        &["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "tests"],
    )?;
    let tested = String::from_utf8_lossy(&tested.stdout);
    let summary = tested
        .trim()
        .lines()
        .next_back()
        .unwrap_or_default()
        .to_owned();
    Ok(format!(
        "tried in a fresh environment, an empty folder and no variables: {version}, the README's program, {summary}"
    ))
}

/// The Python that environments are made of, by its own path.
fn system_python() -> Result<PathBuf, Box<dyn Error>> {
    let mut command = Command::new("python3");
    command.args(["-c", "import sys; print(sys.executable)"]);
    let output = finish(command)?;
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim(),
    ))
}

/// Unpacks the archive and runs its binary in a root that has nothing but it and the libraries that it names; where the system
/// allows no other root, in an empty folder without variables. Says which.
///
/// # Errors
/// It does not run, or the archive lacks something.
pub(super) fn archive(archive: &Path) -> Result<String, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let unpacked = unpack(archive, folder.path())?;
    for name in [
        "completions/_ae",
        "man/man1/ae.1",
        "man/man1/ae-train.1",
        "LICENSE-MIT",
    ] {
        if !fs::read(unpacked.join(name)).is_ok_and(|content| !content.is_empty()) {
            return Err(format!("{}: {name} is missing or empty", archive.display()).into());
        }
    }
    fs::write(unpacked.join("noisy.pgm"), picture())?;
    let lines: [&[&str]; 3] = [
        &["--version"],
        &["devices"],
        &[
            "denoise",
            "noisy.pgm",
            "-o",
            "clean.pgm",
            "--model",
            "photo",
        ],
    ];
    let place = match Root::new(&unpacked) {
        Some(root) => {
            for line in lines {
                finish(root.command(line))?;
            }
            "a root with nothing but it and its libraries"
        }
        None => {
            for line in lines {
                let mut command = Command::new(unpacked.join("ae"));
                command.args(line).current_dir(&unpacked).env_clear();
                finish(command)?;
            }
            "its folder, without variables: this system allows no other root"
        }
    };
    let denoised = fs::read(unpacked.join("clean.pgm"))?;
    if denoised.len() != picture().len() || denoised == picture() {
        return Err("ae denoise: nothing was denoised".into());
    }
    Ok(format!("tried in {place}: a picture was denoised"))
}

/// A folder as a root.
struct Root<'a> {
    folder: &'a Path,
    /// What changes to it: as root by itself, as any other user in a namespace.
    program: &'static [&'static str],
}

impl<'a> Root<'a> {
    /// Puts the libraries of the folder's `ae` where it looks for them; `None` where no root can be changed to.
    fn new(folder: &'a Path) -> Option<Self> {
        let mut ldd = Command::new("ldd");
        ldd.arg(folder.join("ae"));
        let libraries = finish(ldd).ok()?;
        let text = String::from_utf8_lossy(&libraries.stdout).into_owned();
        for library in text.split_whitespace().filter(|word| word.starts_with('/')) {
            let copy = folder.join(library.trim_start_matches('/'));
            fs::create_dir_all(copy.parent()?).ok()?;
            fs::copy(library, copy).ok()?;
        }
        let ways: [&[&str]; 2] = [&["chroot"], &["unshare", "--map-root-user", "chroot"]];
        ways.into_iter()
            .map(|program| Self { folder, program })
            .find(|root| finish(root.command(&["--version"])).is_ok())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program[0]);
        command
            .args(&self.program[1..])
            .arg(self.folder)
            .arg("/ae")
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }
}

/// Runs a command to its end.
fn finish(mut command: Command) -> Result<Output, Box<dyn Error>> {
    let name = format!("{command:?}");
    let output = command
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let (out, err) = (&output.stdout, &output.stderr);
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    );
    let lines: Vec<&str> = text.lines().collect();
    let end = lines[lines.len().saturating_sub(30)..].join("\n");
    Err(format!("{name}: {}\n{end}", output.status).into())
}
