//! `datasets/sources.toml`: which data sets can be downloaded, from where, and how they are checked.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

/// Everything the file lists.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// The data sets, in the file's order.
    #[serde(rename = "set")]
    pub sets: Vec<DataSet>,
}

/// One data set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    /// The name it is asked for by, and that of its folder.
    pub name: String,
    /// What is in it.
    pub about: String,
    /// The terms it comes under.
    pub licence: String,
    /// Where its author describes it.
    pub home: String,
    /// Folders on the web that hold its files, each ending in a slash; tried in turn.
    pub mirrors: Vec<String>,
    /// Its files.
    #[serde(rename = "file")]
    pub files: Vec<SourceFile>,
}

/// One file of a data set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Name on the mirror and here.
    pub name: String,
    /// Exact length.
    pub bytes: u64,
    /// SHA-256 of the content.
    pub sha256: Sha256Sum,
}

/// A SHA-256 sum, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256Sum(pub [u8; 32]);

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourcesError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The list.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is no TOML, or not of the right form.
    #[error("cannot parse {}: {source}", path.display())]
    Parse {
        /// The list.
        path: PathBuf,
        /// The reason, with its line.
        source: Box<toml::de::Error>,
    },
    /// An entry would lead outside the downloads or to something that is not the web.
    #[error("{}: {set}: {reason}", path.display())]
    Entry {
        /// The list.
        path: PathBuf,
        /// The data set.
        set: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No data set of that name.
    #[error("unknown data set {name}: there are {}", known.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
}

impl Sources {
    /// Reads and checks the list.
    ///
    /// # Errors
    /// A file that cannot be read or parsed, an address other than http or https, and names that
    /// are not plain file names.
    pub fn read(path: &Path) -> Result<Self, SourcesError> {
        let text = fs::read_to_string(path).map_err(|source| SourcesError::Read {
            path: path.to_owned(),
            source,
        })?;
        let sources: Self = toml::from_str(&text).map_err(|source| SourcesError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        for set in &sources.sets {
            set.check().map_err(|reason| SourcesError::Entry {
                path: path.to_owned(),
                set: set.name.clone(),
                reason,
            })?;
        }
        Ok(sources)
    }

    /// Finds a data set.
    ///
    /// # Errors
    /// No set of that name.
    pub fn find(&self, name: &str) -> Result<&DataSet, SourcesError> {
        let found = self.sets.iter().find(|set| set.name == name);
        found.ok_or_else(|| SourcesError::Unknown {
            name: name.to_owned(),
            known: self.sets.iter().map(|set| set.name.clone()).collect(),
        })
    }
}

impl DataSet {
    /// Length of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn check(&self) -> Result<(), String> {
        for name in std::iter::once(&self.name).chain(self.files.iter().map(|file| &file.name)) {
            let plain = !name.is_empty()
                && !name.starts_with('.')
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if !plain {
                return Err(format!("{name:?} is not a plain file name"));
            }
        }
        if self.mirrors.is_empty() || self.files.is_empty() {
            return Err("it needs a mirror and a file".to_owned());
        }
        for mirror in &self.mirrors {
            let web = mirror.starts_with("https://") || mirror.starts_with("http://");
            if !web || !mirror.ends_with('/') {
                return Err(format!(
                    "mirror {mirror:?} is not an http or https address that ends in a slash"
                ));
            }
        }
        Ok(())
    }
}

impl Sha256Sum {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Display for Sha256Sum {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Sha256Sum {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Sha256Sum({self})")
    }
}

impl<'de> Deserialize<'de> for Sha256Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("a SHA-256 sum has 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Sources, SourcesError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sources.toml");
        fs::write(&path, text).unwrap();
        Sources::read(&path)
    }

    #[test]
    fn the_lists_own_entries_are_sound() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let sources = Sources::read(&root.join("datasets/sources.toml")).unwrap();
        for name in ["notmnist-small", "notmnist-large", "mnist"] {
            let set = sources.find(name).unwrap();
            assert!(set.mirrors.len() >= 2, "{name}");
            assert!(!set.licence.is_empty() && !set.about.is_empty(), "{name}");
        }
        assert_eq!(sources.find("notmnist-large").unwrap().bytes(), 247_336_696);
        assert_eq!(sources.find("mnist").unwrap().files.len(), 4);
    }

    #[test]
    fn unsound_entries_are_named() {
        let entry = |name: &str, mirror: &str, sum: &str| {
            format!(
                "[[set]]\nname = \"s\"\nabout = \"\"\nlicence = \"\"\nhome = \"\"\n\
                 mirrors = [\"{mirror}\"]\n\
                 [[set.file]]\nname = \"{name}\"\nbytes = 1\nsha256 = \"{sum}\"\n"
            )
        };
        let sum = "0".repeat(64);
        assert!(read(&entry("a.gz", "https://host/", &sum)).is_ok());
        for (name, mirror, sum, expected) in [
            (
                "../a",
                "https://host/",
                sum.as_str(),
                "\"../a\" is not a plain file name",
            ),
            ("", "https://host/", &sum, "\"\" is not a plain file name"),
            (
                ".hidden",
                "https://host/",
                &sum,
                "\".hidden\" is not a plain file name",
            ),
            (
                "a",
                "file:///etc/",
                &sum,
                "mirror \"file:///etc/\" is not an http or https address",
            ),
            (
                "a",
                "https://host/x",
                &sum,
                "mirror \"https://host/x\" is not an http or https",
            ),
            ("a", "https://host/", "12", "64 hexadecimal digits"),
        ] {
            let error = read(&entry(name, mirror, sum)).unwrap_err().to_string();
            assert!(error.contains(expected), "{name} {mirror}: {error}");
            assert!(error.contains("sources.toml"), "{error}");
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let sources = Sources { sets: Vec::new() };
        let error = sources.find("imagenet").unwrap_err();
        assert!(error.to_string().starts_with("unknown data set imagenet"));
    }

    #[test]
    fn sums_print_as_they_are_read() {
        let text = "76b2ef7ccc56452964780569db37b279c9cbe1bf442c3b38be784752683b3cec";
        assert_eq!(Sha256Sum::parse(text).unwrap().to_string(), text);
        assert_eq!(Sha256Sum::parse(&text[1..]), None);
        assert_eq!(Sha256Sum::parse(&text.replace('b', "g")), None);
    }
}
