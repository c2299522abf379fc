//! `--help`, on every command.

use crate::command::{ae, done};
use crate::fixture::scratch;

/// Every command, `ae` itself first, as help lists them.
pub(crate) fn commands() -> Vec<String> {
    let mut commands = vec![String::new()];
    let mut next = 0;
    while let Some(command) = commands.get(next).cloned() {
        let text = done(scratch().path(), &format!("{command} --help")).stdout;
        let list = text
            .split_once("Commands:\n")
            .map_or("", |(_, list)| list)
            .lines()
            .take_while(|line| line.starts_with("  "));
        let names = list.filter_map(|line| line.split_whitespace().next());
        commands.extend(names.map(|name| format!("{command} {name}").trim().to_owned()));
        next += 1;
    }
    commands
}

#[test]
fn every_command_explains_itself_with_examples() {
    let folder = scratch();
    assert!(commands().len() > 22, "{:?}", commands());
    for command in commands() {
        for help in ["-h", "--help"] {
            let ended = done(folder.path(), &format!("{command} {help}"));
            let text = &ended.stdout;
            assert!(text.contains("Usage: ae"), "{command}: {text}");
            let examples = text.split_once("Examples:\n").map(|(_, examples)| examples);
            let first = examples.and_then(|examples| examples.lines().next());
            assert!(
                first.is_some_and(|line| line.starts_with("  ae ")),
                "{command}: {text}"
            );
            assert!(ended.stderr.is_empty(), "{command}: {}", ended.stderr);
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(
                longest <= Some(105),
                "{command}: {longest:?} letters in a line"
            );
        }
    }
}

#[test]
fn examples_are_command_lines_that_are_understood() {
    let folder = scratch();
    let mut tried = 0;
    for command in commands() {
        let ended = done(folder.path(), &format!("{command} --help"));
        let examples = ended
            .stdout
            .split_once("Examples:\n")
            .expect("examples")
            .1
            .to_owned();
        for line in examples.lines().take_while(|line| !line.is_empty()) {
            let Some(line) = line.trim_start().strip_prefix("ae ") else {
                continue;
            };
            // What comes after two blanks is an explanation, after `>` a redirection.
            let line = line.split("  ").next().expect("a first part");
            let line = line.split(" >").next().expect("a first part");
            // Parsed first and answered with help, it is not run.
            done(folder.path(), &format!("{line} --help"));
            let ended = ae(folder.path(), &format!("{line} --no-such-option"));
            let expected = "error: --no-such-option: unknown option or argument";
            assert_eq!(ended.lines("error:"), [expected], "ae {line}");
            tried += 1;
        }
    }
    assert!(tried > 25, "{tried} examples");
}

#[test]
fn flags_are_called_the_same_everywhere() {
    let folder = scratch();
    let help = |command: &str| done(folder.path(), &format!("{command} --help")).stdout;
    let table = [
        ("--data <SET>", "train eval reconstruct encode show"),
        ("--noise <CHAIN>", "train eval reconstruct denoise show"),
        (
            "--backend <BACKEND>",
            "train eval reconstruct denoise encode decode show",
        ),
        (
            "--threads <N>",
            "train eval reconstruct denoise encode decode show",
        ),
        ("--seed <N>", "train eval reconstruct denoise show"),
        (
            "-o, --out <",
            "train reconstruct denoise encode decode show",
        ),
        ("--force", "train reconstruct denoise encode decode show"),
        (
            "--json",
            "train eval reconstruct denoise encode decode show info devices",
        ),
        (
            "--quiet",
            "train eval reconstruct denoise encode decode show info devices",
        ),
        (
            "--model <",
            "train eval reconstruct denoise encode decode show info",
        ),
    ];
    for (flag, commands) in table {
        for command in commands.split_whitespace() {
            assert!(help(command).contains(flag), "{command} {flag}");
        }
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    let folder = scratch();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = done(folder.path(), &format!("completions {shell}"));
        assert!(ended.stdout.contains("learning-rate"), "{shell}");
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let folder = scratch();
    done(folder.path(), "man -o pages");
    for command in commands() {
        let name = format!("ae {command}").trim().replace(' ', "-");
        let page = folder.path().join("pages").join(format!("{name}.1"));
        let text = std::fs::read_to_string(&page).expect(&name);
        assert!(text.contains(&format!(".TH {name} 1")), "{name}: {text}");
    }
    let refused = ae(folder.path(), "man -o pages");
    assert_eq!(refused.code, 5, "{}", refused.stderr);
    done(folder.path(), "man -o pages --force");
}
