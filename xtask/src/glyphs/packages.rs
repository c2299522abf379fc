//! Debian packages: which should be there, which are, and which fonts they have.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::error::GlyphsError;

/// The list of packages, with the comment that stands before it.
#[derive(Debug)]
pub(super) struct Packages {
    comment: String,
    list: Vec<Package>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    package: Vec<Package>,
}

impl Packages {
    pub(super) fn read(path: &Path) -> Result<Packages, GlyphsError> {
        let text = fs::read_to_string(path).map_err(|source| GlyphsError::Read {
            path: path.to_owned(),
            source,
        })?;
        Packages::parse(&text).map_err(|source| GlyphsError::List {
            path: path.to_owned(),
            source,
        })
    }

    fn parse(text: &str) -> Result<Packages, toml::de::Error> {
        let List { package: list } = toml::from_str(text)?;
        let comment = text.lines().take_while(|line| line.starts_with('#'));
        Ok(Packages {
            comment: comment.map(|line| format!("{line}\n")).collect(),
            list,
        })
    }

    pub(super) fn to_toml(&self) -> String {
        let mut text = self.comment.clone();
        for Package {
            name,
            version,
            licence,
        } in &self.list
        {
            text += &format!(
                "\n[[package]]\nname = {name:?}\nversion = {version:?}\nlicence = {licence:?}\n"
            );
        }
        text
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|package| package.name.as_str())
    }

    pub(super) fn licence(&self, name: &str) -> &str {
        let package = self.list.iter().find(|package| package.name == name);
        package.map_or("", |package| &package.licence)
    }

    /// Fails when what is installed is not what the list says.
    pub(super) fn check_versions(&self, fonts: &Fonts) -> Result<(), GlyphsError> {
        let others = self
            .list
            .iter()
            .filter_map(|Package { name, version, .. }| {
                let installed = fonts
                    .versions
                    .get(name)
                    .filter(|installed| *installed != version)?;
                Some(format!("{name} {installed} instead of {version}"))
            });
        let others: Vec<String> = others.collect();
        if others.is_empty() {
            Ok(())
        } else {
            Err(GlyphsError::Versions(others))
        }
    }

    pub(super) fn set_versions(&mut self, fonts: &Fonts) {
        for package in &mut self.list {
            if let Some(version) = fonts.versions.get(&package.name) {
                package.version.clone_from(version);
            }
        }
    }
}

/// The fonts of the installed packages.
#[derive(Debug, Default)]
pub(super) struct Fonts {
    versions: BTreeMap<String, String>,
    packages: BTreeMap<PathBuf, String>,
}

impl Fonts {
    pub(super) fn of(packages: &Packages) -> Result<Fonts, GlyphsError> {
        let mut fonts = Fonts::default();
        let format = "-f=${Package}\t${Version}\t${db:Status-Status}\n";
        for line in dpkg_query(&["-W", format], packages.names())?.lines() {
            if let [name, version, "installed"] = line.split('\t').collect::<Vec<_>>()[..] {
                fonts.versions.insert(name.to_owned(), version.to_owned());
            }
        }
        let missing = packages
            .names()
            .filter(|name| !fonts.versions.contains_key(*name));
        let missing: Vec<String> = missing.map(str::to_owned).collect();
        if !missing.is_empty() {
            return Err(GlyphsError::Missing {
                names: missing,
                total: packages.list.len(),
            });
        }
        for name in packages.names() {
            let files = dpkg_query(&["-L"], [name].into_iter())?;
            for path in files
                .lines()
                .map(PathBuf::from)
                .filter(|path| is_font(path))
            {
                fonts.packages.insert(path, name.to_owned());
            }
        }
        Ok(fonts)
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.packages.keys().cloned().collect()
    }

    pub(super) fn package(&self, file: &Path) -> Option<&str> {
        self.packages.get(file).map(String::as_str)
    }
}

/// Links are left to the package that has the file itself.
fn is_font(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    ["ttf", "otf", "ttc", "otc"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(extension))
        && fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn dpkg_query<'a>(
    arguments: &[&str],
    names: impl Iterator<Item = &'a str>,
) -> Result<String, GlyphsError> {
    // It fails when a package is unknown, but prints the others: the caller sees which are missing.
    let output = Command::new("dpkg-query")
        .args(arguments)
        .args(names)
        .output()
        .map_err(GlyphsError::Dpkg)?;
    String::from_utf8(output.stdout).map_err(|error| GlyphsError::Dpkg(io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# Two fonts.\n# Free ones.\n\n[[package]]\nname = \"fonts-a\"\nversion = \"1:2.0-1\"\n\
                        licence = \"OFL-1.1\"\n\n[[package]]\nname = \"fonts-b\"\nversion = \"3\"\nlicence = \"MIT\"\n";

    fn installed(versions: &[(&str, &str)]) -> Fonts {
        let versions = versions
            .iter()
            .map(|(name, version)| (name.to_string(), version.to_string()));
        Fonts {
            versions: versions.collect(),
            ..Fonts::default()
        }
    }

    #[test]
    fn the_list_is_written_as_it_was_read() {
        let packages = Packages::parse(LIST).unwrap();
        assert_eq!(packages.names().collect::<Vec<_>>(), ["fonts-a", "fonts-b"]);
        assert_eq!(packages.licence("fonts-b"), "MIT");
        assert_eq!(packages.to_toml(), LIST);
    }

    #[test]
    fn other_versions_are_named_and_taken_over() {
        let mut packages = Packages::parse(LIST).unwrap();
        packages
            .check_versions(&installed(&[("fonts-a", "1:2.0-1"), ("fonts-b", "3")]))
            .unwrap();
        let fonts = installed(&[("fonts-a", "1:2.0-2"), ("fonts-b", "3")]);
        let error = packages.check_versions(&fonts).unwrap_err().to_string();
        assert!(
            error.ends_with("drawn from: fonts-a 1:2.0-2 instead of 1:2.0-1"),
            "{error}"
        );
        packages.set_versions(&fonts);
        packages.check_versions(&fonts).unwrap();
    }

    #[test]
    fn missing_packages_are_named() {
        if Command::new("dpkg-query")
            .arg("--version")
            .output()
            .is_err()
        {
            eprintln!("skipped: there is no dpkg-query");
            return;
        }
        let list =
            "[[package]]\nname = \"fonts-no-such-thing\"\nversion = \"1\"\nlicence = \"MIT\"\n";
        let error = Fonts::of(&Packages::parse(list).unwrap())
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("1 of 1 font packages are not installed: fonts-no-such-thing;"),
            "{error}"
        );
    }
}
