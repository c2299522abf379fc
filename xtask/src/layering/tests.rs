use super::*;

const PAGE: &str = "# Architecture\n\n## Allowed edges\n\n\
    | crate | may use of ours | Burn |\n|---|---|---|\n\
    | `low` | nothing | no |\n| `high` | `low` | yes |\n| `xtask` | `low` | no |\n\n## Next\n\n| a | b |\n";

/// A checkout of files; manifests are given as their dependencies.
fn checkout(page: &str, manifests: &[(&str, &str)], sources: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("docs/architecture.md", page);
    for (path, dependencies) in manifests {
        let name = path.rsplit('/').next().unwrap();
        let manifest = format!("[package]\nname = \"{name}\"\n{dependencies}\n");
        write(&format!("{path}/Cargo.toml"), &manifest);
    }
    for (path, source) in sources {
        write(path, source);
    }
    folder
}

fn violations(manifests: &[(&str, &str)], sources: &[(&str, &str)]) -> Vec<String> {
    let folder = checkout(PAGE, manifests, sources);
    check(folder.path())
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The three crates of [`PAGE`], with the dependencies of `high` and `low`.
fn crates(low: &'static str, high: &'static str) -> [(&'static str, &'static str); 3] {
    [("crates/low", low), ("crates/high", high), ("xtask", "")]
}

#[test]
fn this_checkout_keeps_to_its_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let violations = check(&root).unwrap();
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "\n{}", lines.join("\n"));
}

#[test]
fn edges_in_the_table_are_allowed() {
    for high in [
        "[dependencies]\nlow.workspace = true\nserde = \"1\"",
        "[dev-dependencies]\nlow = { path = \"../low\" }\nhigh = { path = \".\", features = [\"x\"] }",
        "[dependencies]\nburn.workspace = true\nburn-optim = \"1\"",
    ] {
        assert_eq!(violations(&crates("", high), &[]), [""; 0], "{high}");
    }
}

#[test]
fn edges_outside_the_table_are_found_wherever_they_hide() {
    for low in [
        "[dependencies]\nhigh.workspace = true",
        "[dev-dependencies]\nhigh = { path = \"../high\" }",
        "[build-dependencies]\nhigh = { path = \"../high\" }",
        "[target.'cfg(unix)'.dependencies]\nhigh = { path = \"../high\" }",
        "[dependencies]\nother = { package = \"high\", path = \"../high\" }",
        "[dependencies.high]\npath = \"../high\"",
    ] {
        let expected = "low depends on high, which docs/architecture.md does not allow";
        assert_eq!(violations(&crates(low, ""), &[]), [expected], "{low}");
    }
    for burn in ["burn", "burn-ndarray"] {
        let low: &'static str = format!("[dependencies]\n{burn} = \"1\"").leak();
        let expected = format!("low depends on {burn}, which docs/architecture.md does not allow");
        assert_eq!(violations(&crates(low, ""), &[]), [expected]);
    }
}

#[test]
fn table_and_crates_agree() {
    let three = crates("", "");
    let extra = [three[0], three[1], three[2], ("crates/extra", "")];
    let expected = "extra has no row in the table of docs/architecture.md";
    assert_eq!(violations(&extra, &[]), [expected]);
    let expected = "docs/architecture.md has a row for high, which does not exist";
    assert_eq!(violations(&[three[0], three[2]], &[]), [expected]);
    let renamed = [three[0], three[1], three[2]];
    let folder = checkout(
        PAGE,
        &renamed,
        &[("crates/low/Cargo.toml", "[package]\nname = \"lower\"\n")],
    );
    let found = check(folder.path()).unwrap();
    let folder = Violation::Folder {
        folder: "crates/low".to_owned(),
        name: "lower".to_owned(),
    };
    assert!(found.contains(&folder), "{found:?}");
}

#[test]
fn rows_name_only_rows_above() {
    let upwards = PAGE.replace("| `low` | nothing |", "| `low` | `high` |");
    let folder = checkout(&upwards, &crates("", ""), &[]);
    let expected = Violation::Upwards {
        from: "low".to_owned(),
        to: "high".to_owned(),
    };
    assert_eq!(check(folder.path()).unwrap(), [expected]);
}

#[test]
fn confined_texts_are_found_outside_tests_and_comments() {
    let source = "//! `Device::flex()` in a comment.\n\
        use std::collections::BTreeMap;\n\
        fn f() { g(Device::ndarray()) }\n\
        #[cfg(test)]\nuse std::fmt;\n\
        fn h() { std::net::lookup() }\n\
        #[cfg(test)]\n#[expect(clippy::unwrap_used)]\nmod tests {\n fn t() { Device::wgpu(); }\n}\n";
    assert_eq!(
        violations(
            &crates("", ""),
            &[
                ("crates/high/src/inner/deep.rs", source),
                ("crates/high/src/tests.rs", source),
                ("crates/high/src/deep/tests/more.rs", source),
                ("crates/high/tests/all.rs", source),
                ("crates/ae-cli/src/backend.rs", source),
            ]
        ),
        [
            "crates/high/src/inner/deep.rs:3: Device::ndarray belongs in crates/ae-cli/src/backend.rs",
            "crates/high/src/inner/deep.rs:6: std::net belongs in xtask",
        ]
    );
}

#[test]
fn the_one_place_is_left_alone() {
    let page = PAGE.replace("`high` | `low`", "`ae-cli` | `low`");
    let manifests = [("crates/low", ""), ("crates/ae-cli", ""), ("xtask", "")];
    let sources = [
        (
            "crates/ae-cli/src/backend.rs",
            "fn f() { Device::flex(); Device::wgpu_options() }",
        ),
        (
            "xtask/src/main.rs",
            "use std::net::TcpListener;\nuse ureq::Agent;",
        ),
    ];
    let folder = checkout(&page, &manifests, &sources);
    assert_eq!(check(folder.path()).unwrap(), []);
}

#[test]
fn a_page_without_its_table_is_an_error() {
    for (page, expected) in [
        (
            "# Architecture\n",
            "there is no table under a heading \"Allowed edges\"",
        ),
        (
            "## Allowed edges\n\n| `a` | nothing |\n",
            "has 2 cells instead of three",
        ),
        (
            "## Allowed edges\n\n| `a` | nothing | maybe |\n",
            "says \"maybe\" instead of yes or no",
        ),
        (
            "## Allowed edges\n\n| `a` | b | no |\n",
            "\"b\" is not a crate's name in backticks",
        ),
    ] {
        let folder = checkout(page, &crates("", ""), &[]);
        let error = check(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("architecture.md") && error.contains(expected),
            "{error}"
        );
    }
}
