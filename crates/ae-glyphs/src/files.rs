//! Finding font files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::GlyphError;

/// Folders deeper than this are a loop of links.
const MAXIMUM_DEPTH: usize = 32;

/// Lists the font files among `sources` and in the folders among them, sorted and each once.
pub(crate) fn find(sources: &[PathBuf]) -> Result<Vec<PathBuf>, GlyphError> {
    let mut files = Vec::new();
    for source in sources {
        let metadata = fs::metadata(source).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => GlyphError::NotFound {
                path: source.clone(),
            },
            _ => GlyphError::read(source)(error),
        })?;
        if metadata.is_dir() {
            find_in_folder(source, 0, &mut files)?;
        } else {
            files.push(source.clone());
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn find_in_folder(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), GlyphError> {
    let entries = fs::read_dir(folder).map_err(GlyphError::read(folder))?;
    for entry in entries {
        let path = entry.map_err(GlyphError::read(folder))?.path();
        // Follows links; a link to nowhere is no font.
        if path.is_dir() {
            if depth < MAXIMUM_DEPTH {
                find_in_folder(&path, depth + 1, files)?;
            }
        } else if path.is_file() && has_font_extension(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn has_font_extension(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    ["ttf", "otf", "ttc", "otc"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(extension))
}
