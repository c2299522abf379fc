//! Names of pages: `scans.tif[3]` is the page with the number 3 of `scans.tif`, the first being 0.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A page's name.
pub(crate) fn page_name(file: &Path, page: usize) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(format!("[{page}]"));
    name.into()
}

/// The file and the page that a name means, where it ends as a page's does: of `scans.tif[3]`, `scans.tif` and 3.
#[must_use]
pub fn split_page(path: &Path) -> Option<(PathBuf, usize)> {
    let name = path.file_name()?.to_str()?;
    let (file, digits) = name.strip_suffix(']')?.rsplit_once('[')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if file.is_empty() || !is_number {
        return None;
    }
    Some((path.with_file_name(file), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_names_that_are_understood_again() {
        let file = Path::new("a/scans.tif");
        for page in [0, 3, 1_234] {
            let name = page_name(file, page);
            assert_eq!(split_page(&name), Some((file.to_owned(), page)));
        }
        assert_eq!(page_name(file, 3), Path::new("a/scans.tif[3]"));
        for name in [
            "scans.tif",
            "scans[].tif",
            "scans.tif[]",
            "[3]",
            "scans.tif[-1]",
            "scans.tif[x]",
            "a[3]/b.tif",
            "x]",
        ] {
            assert_eq!(split_page(Path::new(name)), None, "{name}");
        }
    }
}
