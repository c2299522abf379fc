//! Sets in several archives, *shards*: finding them by a pattern, and as one set.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::set::{Dataset, ImageSet, Layout};
use crate::sources::files::is_hidden;
use crate::sources::options::OpenOptions;

/// More shards than these are none.
const MOST: u64 = 1_000_000;

/// The archives that a source names: by a range of numbers in braces, as `shards/shard-{000000..000099}.tar`, by a star in the
/// file's name, as `shards/*.tar`, or by a folder that holds `.tar` files and nothing else. `None` where it names no shards.
///
/// They come in the order of their numbers or names.
///
/// # Errors
/// [`DataError::NotFound`] where a file of a range is missing or no file fits a star; [`DataError::InvalidValue`] where the
/// range is none, or something else than a `.tar` file fits the star.
pub fn shards(source: &str) -> Result<Option<Vec<PathBuf>>, DataError> {
    let path = Path::new(source);
    if path.is_file() {
        return Ok(None);
    }
    if path.is_dir() {
        let files = listed(path, |_| true)?;
        let are_shards = !files.is_empty() && files.iter().all(|file| is_tar(file));
        return Ok(are_shards.then_some(files));
    }
    if let Some((before, rest)) = source.split_once('{') {
        return match rest.split_once('}') {
            Some((range, after)) => numbered(source, before, range, after).map(Some),
            None => Ok(None),
        };
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some((start, end)) = name.split_once('*') else {
        return Ok(None);
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let fits = |name: &str| {
        let is_long_enough = name.len() >= start.len() + end.len();
        is_long_enough && name.starts_with(start) && name.ends_with(end)
    };
    let files = listed(folder, fits)?;
    if files.is_empty() {
        return Err(DataError::NotFound {
            path: path.to_owned(),
        });
    }
    match files.iter().all(|file| is_tar(file)) {
        true => Ok(Some(files)),
        false => Err(DataError::InvalidValue {
            what: "shards",
            value: source.to_owned(),
            expected:
                "a pattern of .tar archives; other files are listed by the shell, without quotes"
                    .to_owned(),
        }),
    }
}

fn is_tar(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "tar")
}

/// The files of a folder whose names fit, sorted; `None` of them are hidden ones.
fn listed(folder: &Path, fits: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, DataError> {
    let read = |error| DataError::read(folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let name = entry.map_err(read)?.file_name();
        if !is_hidden(&name) && name.to_str().is_some_and(&fits) {
            files.push(folder.join(name));
        }
    }
    files.sort();
    Ok(files)
}

fn numbered(
    source: &str,
    before: &str,
    range: &str,
    after: &str,
) -> Result<Vec<PathBuf>, DataError> {
    let invalid = || DataError::InvalidValue {
        what: "shards",
        value: source.to_owned(),
        expected: "two numbers in braces, as shard-{000000..000099}.tar".to_owned(),
    };
    let (first, last) = range.split_once("..").ok_or_else(invalid)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| invalid());
    let (from, until) = (number(first)?, number(last)?);
    if until < from || until - from >= MOST {
        return Err(invalid());
    }
    let width = first.len();
    let paths = (from..=until).map(|number| {
        let path = PathBuf::from(format!("{before}{number:0width$}{after}"));
        match path.is_file() {
            true => Ok(path),
            false => Err(DataError::NotFound { path }),
        }
    });
    paths.collect()
}

/// What is said of a shard that has labels where those before it have none, or the other way round.
pub(crate) fn unlike_labels(is_labeled: bool) -> &'static str {
    match is_labeled {
        true => "it has .cls files beside its images, and shards before it have none",
        false => "it has no .cls files beside its images, as shards before it have",
    }
}

/// What a set of shards is called: as the folder that they are in.
pub(crate) fn name_of_shards(paths: &[PathBuf]) -> String {
    let folder = paths.first().and_then(|path| path.parent());
    let name = folder.and_then(Path::file_name).unwrap_or_default();
    match name.to_string_lossy() {
        name if name.is_empty() => "shards".to_owned(),
        name => name.into_owned(),
    }
}

/// How many shards a set has, in words.
pub(crate) fn number_of_shards(count: usize) -> String {
    match count {
        1 => "1 shard".to_owned(),
        count => format!("{count} shards"),
    }
}

/// Opens the shards as one set, in memory as a whole.
///
/// # Errors
/// They take more memory than allowed, or have images of different shapes; what `open` says of one of them.
pub(crate) fn open_shards(
    source: &str,
    paths: &[PathBuf],
    options: &OpenOptions,
    open: impl Fn(&Path, &OpenOptions) -> Result<Dataset, DataError>,
) -> Result<Dataset, DataError> {
    let mut left = options.clone();
    let mut sets: Vec<ImageSet> = Vec::new();
    let (mut skipped, mut files, mut value_range) = (Vec::new(), 0, None);
    let mut layout = Layout::recognized(number_of_shards(paths.len()));
    for path in paths {
        let too_large = || DataError::ShardsTooLarge {
            path: PathBuf::from(source),
            shards: paths.len(),
            read: sets.len(),
            limit_bytes: options.memory_bytes,
        };
        let dataset = open(path, &left).map_err(|error| match error {
            DataError::TooLarge { .. } => too_large(),
            error => error,
        })?;
        let set = dataset.train;
        if let Some(first) = sets.first() {
            if first.shape() != set.shape() {
                return Err(DataError::ShapeMismatch {
                    what: path.display().to_string(),
                    expected: first.shape(),
                    found: set.shape(),
                });
            }
            let is_labeled = !set.classes().is_empty();
            if is_labeled == first.classes().is_empty() {
                return Err(DataError::decode(path, unlike_labels(is_labeled)));
            }
        }
        if let (Some(before), Some(found)) = (value_range, dataset.value_range)
            && before != found
        {
            let reason = format!(
                "its pictures of more than 8 bits look as if black and white were {found}, those of shards before it {before}: say \
                 with --range LOW..HIGH what is black and white"
            );
            return Err(DataError::decode(path, reason));
        }
        let bytes = (set.len() as u64).saturating_mul(set.shape().values() as u64);
        left.memory_bytes = left.memory_bytes.checked_sub(bytes).ok_or_else(too_large)?;
        skipped.extend(dataset.skipped);
        files += dataset.files;
        value_range = value_range.or(dataset.value_range);
        layout.add(dataset.layout);
        sets.push(set);
    }
    Ok(Dataset {
        skipped,
        files,
        value_range,
        layout,
        ..Dataset::new(name_of_shards(paths), ImageSet::concatenated(&sets), None)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_found_by_range_by_star_and_by_folder() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["s-08.tar", "s-09.tar", "s-10.tar", ".hidden.tar"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let of = |pattern: &str| {
            let source = format!("{}{pattern}", folder.path().display());
            shards(&source).map(|found| {
                let names = found?.into_iter().map(|path| {
                    let name = path.file_name().unwrap().to_owned();
                    name.into_string().unwrap()
                });
                Some(names.collect::<Vec<_>>().join(" "))
            })
        };
        let all = Some("s-08.tar s-09.tar s-10.tar".to_owned());
        assert_eq!(of("/s-{08..10}.tar").unwrap(), all);
        assert_eq!(of("/*.tar").unwrap(), all);
        assert_eq!(of("/").unwrap(), all);
        assert_eq!(
            of("/s-0*.tar").unwrap().as_deref(),
            Some("s-08.tar s-09.tar")
        );
        assert_eq!(of("/s-08.tar").unwrap(), None, "an archive by itself");
        assert_eq!(of("/nothing").unwrap(), None);
        let missing = of("/s-{08..11}.tar").unwrap_err().to_string();
        assert!(missing.contains("s-11.tar"), "{missing}");
        for pattern in ["/t*.tar", "/s-{10..08}.tar", "/s-{a..b}.tar", "/s-{8}.tar"] {
            assert!(of(pattern).is_err(), "{pattern}");
        }
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        assert_eq!(of("/").unwrap(), None, "a folder of other things");
    }
}
