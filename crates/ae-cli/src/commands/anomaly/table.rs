//! The verdicts as text and as CSV.

use std::path::Path;

use ae_files::write_atomically;
use ae_report::{Column, significant, table, thousands};

use super::detection::Detection;
use super::judged::{Judged, JudgedFile, Verdict};
use super::report::Anomalies;
use crate::error::CliError;

/// What is printed for people.
pub(super) fn text(anomalies: &Anomalies) -> String {
    let mut text = format!(
        "{}: score is {}, {}\n{}",
        anomalies.model,
        anomalies.score,
        anomalies.score_is,
        anomalies.calibrated.text(),
    );
    // Of the model's own set the files are only counted.
    if anomalies.judged.set.relation != "own" {
        text.push_str(&format!("\n{}", files(&anomalies.judged)));
    }
    text.push('\n');
    for judged in [Some(&anomalies.judged), anomalies.foreign.as_ref()]
        .into_iter()
        .flatten()
    {
        text.push_str(&counts(judged, anomalies.calibrated.rate()));
    }
    if let Some(measured) = &anomalies.false_alarms {
        text.push_str(&measured.text(&anomalies.calibrated));
    }
    for detection in anomalies.detections.iter().map(Detection::text) {
        text.push_str(&format!("\n{detection}"));
    }
    for (name, file) in [("CSV", &anomalies.csv), ("picture", &anomalies.picture)] {
        if let Some(file) = file {
            text.push_str(&format!("{name:<8}  {}\n", file.display()));
        }
    }
    text
}

/// How many images are anomalous, and how many would be by mistake.
fn counts(judged: &Judged, rate: f64) -> String {
    let images = judged.images as u64;
    let unreadable = match judged.unreadable {
        0 => String::new(),
        count => format!("; {} unreadable", thousands(count as u64)),
    };
    match judged.anomalous {
        Some(count) => format!(
            "{}: {} of {} images anomalous, {:.1}%; about {} were to be expected if all were normal{unreadable}\n",
            judged.set.data,
            thousands(count as u64),
            thousands(images),
            100.0 * count as f64 / images as f64,
            significant(rate * images as f64, 2),
        ),
        None => format!(
            "{}: {} images scored, none judged{unreadable}\n",
            judged.set.data,
            thousands(images)
        ),
    }
}

/// A line a file.
fn files(judged: &Judged) -> String {
    let has_classes = judged.files.iter().any(|file| file.class.is_some());
    let mut columns = vec![Column::left("file")];
    if has_classes {
        columns.push(Column::left("class"));
    }
    columns.extend([
        Column::decimal("score"),
        Column::decimal("p-value"),
        Column::left("verdict"),
    ]);
    let row = |file: &JudgedFile| {
        let mut cells = vec![printable(&file.file)];
        if has_classes {
            cells.push(file.class.clone().unwrap_or_default());
        }
        let number = |number: Option<f64>, digits| {
            number.map_or_else(String::new, |number| significant(number, digits))
        };
        let verdict = file.verdict.map_or("", Verdict::name);
        cells.extend([
            number(file.score, 4),
            number(file.p_value, 3),
            match &file.reason {
                Some(reason) => format!("{verdict}: {}", printable(reason)),
                None => verdict.to_owned(),
            },
        ]);
        cells
    };
    let rows: Vec<Vec<String>> = judged.files.iter().map(row).collect();
    table(&columns, &rows)
}

/// A name without line breaks and other control characters, which a file name may have.
fn printable(name: &str) -> String {
    let shown = |letter: char| match letter.is_control() {
        true => '\u{fffd}',
        false => letter,
    };
    name.chars().map(shown).collect()
}

/// Writes a line a file of all that was judged, with a line of headings.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write_csv(path: &Path, anomalies: &Anomalies) -> Result<(), CliError> {
    let mut text = "set,file,class,score,p_value,verdict,reason\n".to_owned();
    for judged in [Some(&anomalies.judged), anomalies.foreign.as_ref()]
        .into_iter()
        .flatten()
    {
        for file in &judged.files {
            let number =
                |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
            let fields = [
                field(&judged.set.data),
                field(&file.file),
                field(file.class.as_deref().unwrap_or_default()),
                number(file.score),
                number(file.p_value),
                file.verdict.map_or("", Verdict::name).to_owned(),
                field(file.reason.as_deref().unwrap_or_default()),
            ];
            text.push_str(&fields.join(","));
            text.push('\n');
        }
    }
    write_atomically(path, |file| file.write_all(text.as_bytes()))
        .map_err(|error| CliError::io(path, "write", &error))
}

/// A field as RFC 4180 has it: quoted where it must be.
fn field(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        for (text, expected) in [
            ("a.png", "a.png"),
            ("a,b.png", "\"a,b.png\""),
            ("a\"b", "\"a\"\"b\""),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
        ] {
            assert_eq!(field(text), expected);
        }
        assert_eq!(printable("a\nb\u{1b}c"), "a\u{fffd}b\u{fffd}c");
    }
}
