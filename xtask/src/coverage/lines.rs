//! Lines of code that were run, out of `llvm-cov`'s record.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// How often each line of a crate's code was run.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Coverage {
    files: BTreeMap<PathBuf, BTreeMap<usize, u64>>,
}

impl Coverage {
    /// What `record` says of the code in the folder `sources`.
    ///
    /// # Errors
    /// A source cannot be read, or the record says nothing of any.
    pub(super) fn of(record: &str, sources: &Path) -> Result<Self, Box<dyn Error>> {
        let mut texts = BTreeMap::new();
        read_sources(sources, &mut texts)?;
        let tests: Vec<PathBuf> = texts
            .iter()
            .flat_map(|(path, text)| test_files(path, text))
            .collect();
        let mut files = counts(record);
        files.retain(|path, _| texts.contains_key(path) && !tests.contains(path));
        for (path, lines) in &mut files {
            let end = code_lines(&texts[path]);
            lines.retain(|line, _| *line <= end);
        }
        match files.values().all(BTreeMap::is_empty) {
            true => Err(format!("{}: the record says nothing of it", sources.display()).into()),
            false => Ok(Self { files }),
        }
    }

    /// Lines of code.
    pub(super) fn lines(&self) -> usize {
        self.files.values().map(BTreeMap::len).sum()
    }

    /// Those that were run.
    pub(super) fn run(&self) -> usize {
        let counts = self.files.values().flat_map(BTreeMap::values);
        counts.filter(|&&count| count > 0).count()
    }

    pub(super) fn percent(&self) -> f64 {
        100.0 * self.run() as f64 / self.lines() as f64
    }

    /// The lines that were not run, a line for each stretch of them.
    pub(super) fn missed(&self, root: &Path) -> String {
        let mut text = String::new();
        for (path, lines) in &self.files {
            let name = path.strip_prefix(root).unwrap_or(path).display();
            let mut missed = lines.iter().filter(|(_, count)| **count == 0).peekable();
            while let Some((&first, _)) = missed.next() {
                let mut last = first;
                while let Some((&next, _)) = missed.next_if(|(line, _)| **line == last + 1) {
                    last = next;
                }
                text += &match first == last {
                    true => format!("{name}:{first}\n"),
                    false => format!("{name}:{first}-{last}\n"),
                };
            }
        }
        text
    }
}

/// Reads every source below a folder.
fn read_sources(folder: &Path, texts: &mut BTreeMap<PathBuf, String>) -> Result<(), String> {
    let about = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(about)? {
        let path = entry.map_err(about)?.path();
        if path.is_dir() {
            read_sources(&path, texts)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).map_err(about)?;
            texts.insert(path, text);
        }
    }
    Ok(())
}

/// The counts of each file's lines, from a record in the format of lcov's `geninfo`.
fn counts(record: &str) -> BTreeMap<PathBuf, BTreeMap<usize, u64>> {
    let mut files: BTreeMap<PathBuf, BTreeMap<usize, u64>> = BTreeMap::new();
    let mut file = PathBuf::new();
    for line in record.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = path.into();
        } else if let Some((line, count)) = line.strip_prefix("DA:").and_then(line_and_count) {
            // A file may come more than once.
            *files
                .entry(file.clone())
                .or_default()
                .entry(line)
                .or_default() += count;
        }
    }
    files
}

fn line_and_count(text: &str) -> Option<(usize, u64)> {
    let mut parts = text.split(',');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// How many lines a file has before its tests, which stand at its end.
fn code_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| {
            pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
        })
        .unwrap_or(lines.len())
}

/// The files that a file declares as tests.
fn test_files(path: &Path, text: &str) -> Vec<PathBuf> {
    let is_root = path.ends_with("lib.rs") || path.ends_with("main.rs");
    let folder = match is_root {
        true => path.with_file_name(""),
        false => path.with_extension(""),
    };
    let lines: Vec<&str> = text.lines().collect();
    let name = |pair: &[&str]| {
        let name = pair[1].strip_prefix("mod ")?.strip_suffix(';')?;
        (pair[0] == "#[cfg(test)]").then(|| folder.join(format!("{name}.rs")))
    };
    lines.windows(2).filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_tests_and_of_other_crates_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let sources = folder.path().join("src");
        fs::create_dir_all(sources.join("noise")).unwrap();
        let write = |name: &str, text: &str| fs::write(sources.join(name), text).unwrap();
        write("lib.rs", "mod noise;\n#[cfg(test)]\nmod images;\n");
        write(
            "noise.rs",
            "fn a() {\n    b();\n}\nfn c() {\n}\n#[cfg(test)]\nmod tests;\n",
        );
        write("noise/tests.rs", "fn t() {}\n");
        write(
            "noise/apply.rs",
            "fn d() {}\n\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n",
        );
        write("images.rs", "fn t() {}\n");
        let at = |name: &str| sources.join(name).display().to_string();
        let record = format!(
            "SF:{}\nDA:1,4\nDA:2,4\nDA:4,0\nend_of_record\n\
             SF:{}\nDA:1,1\nend_of_record\n\
             SF:{}\nDA:1,0\nDA:5,1\nend_of_record\n\
             SF:{}\nDA:1,1\nend_of_record\n\
             SF:/other/lib.rs\nDA:1,1\nend_of_record\n\
             SF:{}\nDA:4,0\nDA:5,0\nend_of_record\n",
            at("noise.rs"),
            at("noise/tests.rs"),
            at("noise/apply.rs"),
            at("images.rs"),
            at("noise.rs"),
        );
        let coverage = Coverage::of(&record, &sources).unwrap();
        assert_eq!((coverage.lines(), coverage.run()), (5, 2));
        assert_eq!(coverage.percent(), 40.0);
        assert_eq!(
            coverage.missed(folder.path()),
            "src/noise/apply.rs:1\nsrc/noise.rs:4-5\n"
        );
        let error = Coverage::of("", &sources).unwrap_err().to_string();
        assert!(error.ends_with("the record says nothing of it"), "{error}");
    }
}
