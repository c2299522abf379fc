//! What the check finds.

use std::fmt;
use std::path::PathBuf;

/// How many lines a source file may have.
pub const LONGEST: usize = 500;

/// Something that the architecture does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A dependency that the table does not list.
    Edge {
        /// The crate that has it.
        from: String,
        /// The crate it uses.
        to: String,
    },
    /// A crate that the table does not list.
    NotInTable {
        /// The crate.
        name: String,
    },
    /// A row of the table without a crate.
    NoSuchCrate {
        /// The row's crate.
        name: String,
    },
    /// A row that names a crate in its own or a later row.
    Upwards {
        /// The row's crate.
        from: String,
        /// The crate it may not name.
        to: String,
    },
    /// A crate with a name other than its folder's.
    Folder {
        /// The folder.
        folder: String,
        /// The crate.
        name: String,
    },
    /// A source file that names what only one place may.
    Source {
        /// The file, from the checkout's root.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What it names.
        found: &'static str,
        /// Where that belongs.
        belongs: &'static str,
    },
    /// Files of a crate that import from each other.
    Circle {
        /// Each file, from the checkout's root, with a name that it takes from the next; the last takes from the first.
        files: Vec<(PathBuf, String)>,
    },
    /// A source file that is too long to be about one thing.
    Length {
        /// The file, from the checkout's root.
        file: PathBuf,
        /// How many lines it has.
        lines: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edge { from, to } => {
                write!(
                    formatter,
                    "{from} depends on {to}, which docs/architecture.md does not allow"
                )
            }
            Self::NotInTable { name } => {
                write!(
                    formatter,
                    "{name} has no row in the table of docs/architecture.md"
                )
            }
            Self::NoSuchCrate { name } => {
                write!(
                    formatter,
                    "docs/architecture.md has a row for {name}, which does not exist"
                )
            }
            Self::Upwards { from, to } => write!(
                formatter,
                "docs/architecture.md: {from} may use {to} only in a row below that of {to}"
            ),
            Self::Folder { folder, name } => {
                write!(formatter, "the crate in {folder} is called {name}")
            }
            Self::Source {
                file,
                line,
                found,
                belongs,
            } => {
                write!(
                    formatter,
                    "{}:{line}: {found} belongs in {belongs}",
                    file.display()
                )
            }
            Self::Circle { files } => {
                formatter.write_str("circle: ")?;
                for (file, name) in files {
                    write!(formatter, "{} takes {name} from ", file.display())?;
                }
                let first = files.first().map(|(file, _)| file.display().to_string());
                formatter.write_str(&first.unwrap_or_default())
            }
            Self::Length { file, lines } => write!(
                formatter,
                "{} has {lines} lines, more than {LONGEST}",
                file.display()
            ),
        }
    }
}
