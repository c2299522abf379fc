//! The score, in a line and as the table of `docs/reliability.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::case::Passed;
use super::trouble::{FaultsError, Trouble};

/// The table stands between these lines.
const BEGIN: &str = "<!-- faults: written by `cargo xtask faults --table` -->";
const END: &str = "<!-- faults end -->";

/// How a case ended.
pub(super) struct Score {
    pub(super) family: &'static str,
    pub(super) name: String,
    pub(super) result: Result<Passed, Trouble>,
    pub(super) elapsed: Duration,
}

impl Score {
    pub(super) fn is_failure(&self) -> bool {
        matches!(self.result, Err(Trouble::Failed(_)))
    }

    pub(super) fn line(&self) -> String {
        let (mark, told) = match &self.result {
            Ok(told) => ("ok  ", told.as_str()),
            Err(Trouble::Failed(reason)) => ("FAIL", reason.as_str()),
            Err(Trouble::Skipped(reason)) => ("skip", reason.as_str()),
        };
        let line = format!(
            "{mark} {:12} {:<52} {:6.2} s  {told}",
            self.family,
            self.name,
            self.elapsed.as_secs_f64()
        );
        line.trim_end().to_owned()
    }
}

/// `survived 120/120`, and how many were skipped.
pub(super) fn survived(scores: &[Score]) -> String {
    let passed = scores.iter().filter(|score| score.result.is_ok()).count();
    let failed = scores.iter().filter(|score| score.is_failure()).count();
    let skipped = scores.len() - passed - failed;
    let more = match skipped {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    format!("survived {passed}/{}{more}", passed + failed)
}

/// The score as a page's section: families first, then every case.
pub(super) fn markdown(scores: &[Score]) -> String {
    let mut families: BTreeMap<&str, (usize, usize, f64)> = BTreeMap::new();
    for score in scores {
        let (survived, all, seconds) = families.entry(score.family).or_default();
        *survived += usize::from(score.result.is_ok());
        *all += 1;
        *seconds += score.elapsed.as_secs_f64();
    }
    let mut text = format!(
        "{}.\n\n| family | survived | seconds |\n|---|---|---|\n",
        survived(scores)
    );
    for (family, (survived, all, seconds)) in families {
        text.push_str(&format!("| {family} | {survived}/{all} | {seconds:.0} |\n"));
    }
    text.push_str("\n| family | case | outcome |\n|---|---|---|\n");
    for score in scores {
        let outcome = match &score.result {
            Ok(told) if told.is_empty() => "survived".to_owned(),
            Ok(told) => format!("survived: {told}"),
            Err(Trouble::Failed(reason)) => format!("**failed**: {reason}"),
            Err(Trouble::Skipped(reason)) => format!("skipped: {reason}"),
        };
        let outcome = outcome.replace('|', "\\|");
        text.push_str(&format!(
            "| {} | {} | {outcome} |\n",
            score.family, score.name
        ));
    }
    text
}

/// Puts the score into the page, in place of the one that is there.
///
/// # Errors
/// The page has no place for it, or cannot be read or written.
pub(super) fn write(page: &Path, scores: &[Score]) -> Result<(), FaultsError> {
    let text = fs::read_to_string(page).map_err(FaultsError::io("read", page))?;
    let around = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = around else {
        let reason = format!("{}: no lines {BEGIN} and {END}", page.display());
        return Err(FaultsError::Unusable(reason));
    };
    let text = format!("{before}{BEGIN}\n\n{}\n{END}{after}", markdown(scores));
    ae_files::write_atomically(page, |file| file.write_all(text.as_bytes()))
        .map_err(FaultsError::io("write", page))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(name: &str, result: Result<&str, Trouble>) -> Score {
        Score {
            family: "images",
            name: name.to_owned(),
            result: result.map(str::to_owned),
            elapsed: Duration::from_millis(600),
        }
    }

    fn scores() -> [Score; 3] {
        [
            score("zero bytes", Ok("")),
            score("a bomb", Err(Trouble::Failed("exit code 1 | 2".to_owned()))),
            score(
                "a FIFO",
                Err(Trouble::Skipped("mkfifo is not there".to_owned())),
            ),
        ]
    }

    #[test]
    fn skipped_cases_count_neither_way() {
        assert_eq!(survived(&scores()), "survived 1/2, 1 skipped");
        assert_eq!(survived(&scores()[..1]), "survived 1/1");
    }

    #[test]
    fn the_page_keeps_what_stands_around_the_table() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.md");
        fs::write(&page, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        write(&page, &scores()).unwrap();
        write(&page, &scores()).unwrap();
        let text = fs::read_to_string(&page).unwrap();
        assert!(
            text.starts_with("before\n") && text.ends_with("\nafter\n"),
            "{text}"
        );
        assert!(!text.contains("old"), "{text}");
        assert!(text.contains("| images | 1/3 | 2 |"), "{text}");
        assert!(
            text.contains("| images | a bomb | **failed**: exit code 1 \\| 2 |"),
            "{text}"
        );
        fs::write(&page, "nothing").unwrap();
        assert!(write(&page, &scores()).is_err());
    }
}
