//! What a run is called that nobody named.

/// `glyphs-conv`: after the set and the kind of model.
pub(super) fn run_name_of(data: &str, kind: &str) -> String {
    let data: String = data
        .chars()
        .map(|character| match character.is_ascii_alphanumeric() {
            true => character.to_ascii_lowercase(),
            false => '-',
        })
        .collect();
    let data = data.trim_matches('-');
    let data = if data.is_empty() { "data" } else { data };
    format!("{data}-{kind}")
}
