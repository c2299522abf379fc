//! What users are told, held to the list of commands.

use std::fs;
use std::path::Path;

use super::*;
use crate::commands;
use crate::error::Status;

/// The lists of commands that people read; that of the workspace is not in the crate's package.
fn readmes() -> Vec<(&'static str, String)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let own = include_str!("../../README.md").to_owned();
    let mut readmes = vec![("crates/ae-cli/README.md", own)];
    readmes.extend(fs::read_to_string(workspace).map(|text| ("README.md", text)));
    readmes
}

fn refused(line: &str) -> CliError {
    let parsed = parser(&commands::all(), &Registry::builtin())
        .try_get_matches_from(line.split_whitespace());
    usage_error(&parsed.expect_err(line))
}

/// Every command as it is typed, `data info` for one in a group.
fn typed_names(entries: &[Entry]) -> Vec<String> {
    let mut names = Vec::new();
    for entry in entries {
        match entry.entries() {
            [] => names.push(entry.name().to_owned()),
            inner => names.extend(
                inner
                    .iter()
                    .map(|inner| format!("{} {}", entry.name(), inner.name())),
            ),
        }
    }
    names
}

#[test]
fn clap_finds_no_contradiction() {
    parser(&commands::all(), &Registry::builtin()).debug_assert();
}

#[test]
fn complaints_name_the_argument_and_the_reason() {
    let table = [
        ("ae", "error: ae: no command given"),
        ("ae tarin", "error: tarin: no such command"),
        (
            "ae train --epoch 3",
            "error: --epoch: unknown option or argument",
        ),
        ("ae train --epochs", "error: --epochs: needs a value"),
        (
            "ae train --epochs 0",
            "error: --epochs: '0': must be at least 1",
        ),
        (
            "ae train --epochs many",
            "error: --epochs: 'many': not a whole number",
        ),
        (
            "ae train --batch-size 0",
            "error: --batch-size: '0': must be at least 1",
        ),
        (
            "ae train --learning-rate -1",
            "error: --learning-rate: '-1': must be above 0",
        ),
        (
            "ae train --seed 1 --seed 2",
            "error: --seed: given more than once",
        ),
        (
            "ae train --optimizer adan",
            "error: --optimizer: 'adan' is not one of adam, adamw, rmsprop, sgd",
        ),
        (
            "ae train --backend cuda",
            "error: --backend: 'cuda': not one of auto, flex, ndarray, wgpu, wgpu:cpu, wgpu:NUMBER",
        ),
        (
            "ae denoise -o x",
            "error: <PICTURE>...: required, but not given",
        ),
    ];
    for (line, expected) in table {
        let error = refused(line);
        assert_eq!(error.lines()[0], expected, "{line}");
        assert_eq!(error.status(), Status::Usage, "{line}");
    }
}

#[test]
fn a_misspelt_option_is_answered_with_the_right_one() {
    let lines = refused("ae train --epoch 3").lines();
    assert_eq!(lines[1], "hint: perhaps --epochs?");
}

#[test]
fn a_misspelt_command_is_answered_with_the_right_one() {
    for name in typed_names(&commands::all()) {
        let mistyped = format!("ae {}", &name[..name.len() - 1]);
        let lines = refused(&mistyped).lines();
        let right = name.split(' ').next_back().expect("a name");
        assert!(lines[1].contains(right), "{mistyped}: {lines:?}");
    }
}

#[test]
fn every_command_says_what_it_is_and_shows_examples() {
    let entries = commands::all();
    let examples_of = |command: &Command, typed: &str| {
        assert!(command.get_about().is_some(), "{typed}");
        let help = command.get_after_help().expect(typed).to_string();
        let first = format!("Examples:\n  ae {typed}");
        assert!(help.starts_with(&first), "{typed}: {help}");
    };
    let parser = parser(&entries, &Registry::builtin());
    for command in parser.get_subcommands() {
        examples_of(command, command.get_name());
        for inner in command.get_subcommands() {
            let typed = format!("{} {}", command.get_name(), inner.get_name());
            examples_of(inner, &typed);
        }
    }
}

/// A README's lists are lines to copy, each with an explanation after two blanks or a `#`.
#[test]
fn the_lines_of_the_readmes_are_understood() {
    let parser = parser(&commands::all(), &Registry::builtin());
    let mut tried = 0;
    for (file, text) in &readmes() {
        for line in text.lines().filter(|line| line.starts_with("ae ")) {
            let typed = line.split("  ").next().expect("a first part");
            let typed = typed.split(" #").next().expect("a first part");
            let parsed = parser
                .clone()
                .try_get_matches_from(typed.split_whitespace());
            assert!(parsed.is_ok(), "{file}: {typed}");
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried} lines");
}

/// The words after each `ae ` in a text, where it is typed: at the beginning of a line or after a quote.
fn typed_in(text: &str) -> Vec<&str> {
    let is_start = |before: &str| {
        before.is_empty() || before.ends_with(['\n', '`']) || before.ends_with("\n$ ")
    };
    text.match_indices("ae ")
        .filter(|(at, _)| is_start(&text[..*at]))
        .map(|(at, _)| text[at + 3..].lines().next().unwrap_or_default())
        .collect()
}

#[test]
fn the_readmes_list_every_command_and_no_other() {
    let entries = commands::all();
    for (file, text) in &readmes() {
        let typed = typed_in(text);
        for name in typed_names(&entries) {
            let is_named = typed.iter().any(|line| {
                let rest = line.strip_prefix(name.as_str());
                rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
            });
            assert!(is_named, "{file} does not name ae {name}");
        }
        for line in typed {
            let word: String = line
                .chars()
                .take_while(|character| character.is_ascii_lowercase() || *character == '-')
                .collect();
            let is_known = entries.iter().any(|entry| entry.name() == word);
            assert!(is_known, "{file}: ae {line}: no such command");
        }
    }
}
