//! Pages for people, held to the lists that the program is made from.

use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{NoiseKind, source_kinds};
use ae_eval::baselines::BUILTIN;
use ae_models::Registry;

use crate::command::{ae, done};
use crate::fixture::scratch;
use crate::help::commands;

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    fs::read_to_string(checkout().join(name)).expect("a page")
}

/// The command lines in a page's blocks of code, without what explains them.
fn command_lines(page: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        in_block ^= line.trim_start().starts_with("```");
        let Some(line) = line.trim_start().strip_prefix("ae ").filter(|_| in_block) else {
            continue;
        };
        let ends = ["  ", " #", " >", " |", " &&"];
        let end = ends.iter().filter_map(|end| line.find(end)).min();
        lines.push(line[..end.unwrap_or(line.len())].to_owned());
    }
    lines
}

/// The README's program is compiled where it is an example of `ae-train`.
#[test]
fn the_program_of_the_readme_is_the_example() {
    let example = page("crates/ae-train/examples/denoise_letters.rs");
    let readme = page("README.md");
    let block = readme.split("```rust").nth(1).expect("a program");
    let (_, program) = block.split_once('\n').expect("a line");
    let program = program.split("```").next().expect("an end");
    assert!(example.ends_with(program), "{program}");
    assert!(program.contains("fn main"), "{program}");
}

#[test]
fn the_page_of_the_command_line_shows_every_command() {
    let lines = command_lines(&page("crates/ae-cli/README.md"));
    for command in commands() {
        // A group is shown by what is in it.
        let is_shown = lines.iter().any(|line| {
            let rest = line.strip_prefix(&command);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        assert!(is_shown || command.is_empty(), "ae {command}");
    }
}

#[test]
fn command_lines_on_every_page_are_understood() {
    let folder = scratch();
    let mut pages = vec![PathBuf::from("README.md")];
    for place in ["docs", "crates"] {
        for entry in fs::read_dir(checkout().join(place)).expect("a folder") {
            let name = Path::new(place).join(entry.expect("an entry").file_name());
            pages.extend([name.join("README.md"), name]);
        }
    }
    let mut tried = 0;
    for name in pages {
        let is_page = name.extension().is_some_and(|extension| extension == "md");
        if !is_page || !checkout().join(&name).is_file() {
            continue;
        }
        for line in command_lines(&page(&name.display().to_string())) {
            // Parsed first and answered with help, it is not run.
            done(folder.path(), &format!("{line} --help"));
            let ended = ae(folder.path(), &format!("{line} --no-such-option"));
            assert!(
                ended.stderr.contains("error: --no-such-option: "),
                "{}: ae {line}: {}",
                name.display(),
                ended.stderr
            );
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried} command lines");
}

/// What a page or a help text must tell of, each by its name.
fn check_names<'a>(place: &str, text: &str, names: impl IntoIterator<Item = &'a str>) {
    for name in names {
        // As a word of its own: `conv` is not told by `convolutional`.
        let is_word = |index: usize| {
            let end = text[index + name.len()..].chars().next();
            let start = text[..index].chars().next_back();
            let inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '-');
            !inner(start) && !inner(end)
        };
        let found = text.match_indices(name).any(|(index, _)| is_word(index));
        assert!(found, "{name} in {place}:\n{text}");
    }
}

#[test]
fn noises_sets_and_baselines_are_told_of() {
    let folder = scratch();
    let help = |command: &str| done(folder.path(), &format!("{command} --help")).stdout;
    let noises = NoiseKind::ALL.iter().map(|noise| noise.name());
    check_names("ae train --help", &help("train"), noises);
    let readme = page("crates/ae-data/README.md");
    for noise in NoiseKind::ALL {
        let (name, effect, strength) = (noise.name(), noise.effect(), noise.strength_meaning());
        let second = noise.second_strength_meaning();
        let second = second.map_or_else(String::new, |second| format!("; {second}"));
        let row = format!("| `{name}` | {effect} | {strength}{second} |\n");
        assert!(readme.contains(&row), "no line {row}in {readme}");
    }
    let sets = || source_kinds().into_iter().filter_map(|kind| kind.name);
    check_names("ae data --help", &help("data"), sets());
    check_names("the README of ae-data", &readme, sets());
    let baselines = BUILTIN.iter().map(|baseline| baseline.name());
    check_names(
        "the README of ae-eval",
        &page("crates/ae-eval/README.md"),
        baselines,
    );
}

#[test]
fn kinds_of_models_and_their_settings_are_told_of() {
    let folder = scratch();
    let registry = Registry::builtin();
    let help = done(folder.path(), "train --help").stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for kind in registry.kinds() {
        let entry = format!("- {}:", kind.name());
        assert!(help.contains(&entry), "{entry} in {help}");
        assert!(
            help.contains(kind.summary()),
            "{} in {help}",
            kind.summary()
        );
    }
    for option in registry.options() {
        let flag = format!("--{}", option.spec.name);
        assert!(help.contains(&flag), "{flag} in {help}");
    }
    let names = || registry.kinds().iter().map(|kind| kind.name());
    let readme = "crates/ae-cli/README.md";
    check_names(readme, &page(readme), names());
    let list = names().collect::<Vec<_>>().join(", ");
    let ended = ae(folder.path(), "train --model no-such-kind");
    assert!(ended.stderr.contains(&list), "{list} in {}", ended.stderr);
}
