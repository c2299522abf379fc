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
        .violations
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The three crates of [`PAGE`], with the dependencies of `high` and `low`.
fn crates(low: &'static str, high: &'static str) -> [(&'static str, &'static str); 3] {
    [("crates/low", low), ("crates/high", high), ("xtask", "")]
}

#[test]
fn this_checkout_keeps_to_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let violations = check(&root).unwrap().violations;
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
    let found = check(folder.path()).unwrap().violations;
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
    assert_eq!(check(folder.path()).unwrap().violations, [expected]);
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
            "crates/high/src/inner/deep.rs:6: std::net belongs in crates/ae-serve",
        ]
    );
}

#[test]
fn one_crate_listens_and_none_connects() {
    let page = PAGE.replace("`high` | `low`", "`ae-serve` | `low`");
    let manifests = [("crates/low", ""), ("crates/ae-serve", ""), ("xtask", "")];
    let server = "use std::net::SocketAddr;\nuse tokio::net::TcpListener;\nuse axum::Router;\nfn f() { TcpStream::connect(a) }";
    let sources = [
        ("crates/ae-serve/src/server.rs", server),
        ("crates/low/src/a.rs", server),
    ];
    let folder = checkout(&page, &manifests, &sources);
    let violations = check(folder.path()).unwrap().violations;
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "crates/ae-serve/src/server.rs:4: TcpStream::connect belongs in xtask",
            "crates/low/src/a.rs:1: std::net belongs in crates/ae-serve",
            "crates/low/src/a.rs:2: tokio::net belongs in crates/ae-serve",
            "crates/low/src/a.rs:3: axum:: belongs in crates/ae-serve",
            "crates/low/src/a.rs:4: TcpStream::connect belongs in xtask",
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
    assert_eq!(check(folder.path()).unwrap().violations, []);
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

/// The circles among files of the crate `low`, each as its files' paths below `src`.
fn circles(sources: &[(&str, &str)]) -> Vec<String> {
    let paths: Vec<(String, &str)> = sources
        .iter()
        .map(|(path, text)| (format!("crates/low/src/{path}"), *text))
        .collect();
    let sources: Vec<(&str, &str)> = paths
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    let found = violations(&crates("", ""), &sources);
    found
        .iter()
        .map(|line| {
            line.replace("crates/low/src/", "")
                .replacen("circle: ", "", 1)
        })
        .collect()
}

#[test]
fn circles_of_any_length_are_found_once() {
    let two = [
        ("lib.rs", "mod a;\nmod b;"),
        ("a.rs", "use crate::b::B;\npub struct A(B);"),
        ("b.rs", "pub struct B;\nfn f() -> crate::a::A { g() }"),
    ];
    assert_eq!(circles(&two), ["a.rs takes B from b.rs takes A from a.rs"]);
    let three = [
        ("lib.rs", "mod a; mod b; mod c;"),
        (
            "a.rs",
            "use super::b::{self, other};\npub(crate) fn f() { b::f() }",
        ),
        ("b.rs", "use crate::c;\npub(crate) fn f() { c::inner::f() }"),
        (
            "c.rs",
            "pub(crate) mod inner { pub(crate) fn f() { super::super::a::f() } }",
        ),
    ];
    assert_eq!(
        circles(&three),
        ["a.rs takes other from b.rs takes f from c.rs takes f from a.rs"]
    );
}

#[test]
fn circles_are_followed_through_nested_modules_and_re_exports() {
    let nested = [
        ("lib.rs", "mod top;"),
        ("top.rs", "mod one;\nmod two;\npub use one::One;"),
        ("top/one.rs", "mod deep;\npub struct One;"),
        (
            "top/one/deep.rs",
            "use crate::top::two::Two;\nfn f(_: super::One) {}",
        ),
        ("top/two.rs", "use super::One;\npub struct Two(One);"),
    ];
    assert_eq!(circles(&nested), [""; 0]);
    let through_root = [
        (
            "lib.rs",
            "mod a;\nmod b;\npub use a::{A, more as less};\npub use b::*;",
        ),
        ("a.rs", "use crate::B;\npub struct A(B);\npub fn more() {}"),
        ("b.rs", "pub enum B { One }\nfn f() { crate::less(); }"),
    ];
    assert_eq!(
        circles(&through_root),
        ["a.rs takes B from b.rs takes less from a.rs"]
    );
    let by_all_names = [
        ("lib.rs", "mod a;\nmod b;"),
        ("a.rs", "use crate::b::*;\npub struct A;"),
        ("b.rs", "pub struct B(crate::a::A);"),
    ];
    assert_eq!(
        circles(&by_all_names),
        ["a.rs takes B from b.rs takes A from a.rs"]
    );
    let by_an_attribute = [
        ("lib.rs", "mod a;\nmod b;"),
        (
            "a.rs",
            "struct A { #[arg(value_parser = crate::b::parse)] x: u8 }\npub const ONE: u8 = 1;",
        ),
        ("b.rs", "use crate::a;\npub fn parse() -> u8 { a::ONE }"),
    ];
    assert_eq!(
        circles(&by_an_attribute),
        ["a.rs takes parse from b.rs takes ONE from a.rs"]
    );
}

#[test]
fn a_parent_may_re_export_its_children_but_not_use_those_that_use_it() {
    let child = (
        "top/child.rs",
        "use super::Shared;\npub struct Child(Shared);",
    );
    let with = |top: &'static str| circles(&[("lib.rs", "mod top;"), ("top.rs", top), child]);
    let shared = "pub(crate) struct Shared;\nmod child;\n";
    let circle = ["top.rs takes Child from top/child.rs takes Shared from top.rs"];
    for allowed in [
        "pub use child::Child;",
        "pub(crate) use self::child::{Child as Other};",
        "pub use child::*;",
        "#[cfg(test)]\nuse child::Child;",
        "#[cfg(test)]\nmod more { fn f(_: super::child::Child) {} }",
        "fn f() { #[cfg(test)] child::Child::new(); }",
        "// use child::Child;",
        "const TEXT: &str = \"child::Child\";",
    ] {
        assert_eq!(
            with(format!("{shared}{allowed}").leak()),
            [""; 0],
            "{allowed}"
        );
    }
    for forbidden in [
        "use child::Child;",
        "fn f(_: child::Child) {}",
        "fn f() { use child::Child; }",
        "pub use child::Child;\nfn f(_: &Child) {}",
        "#[cfg(feature = \"test\")]\nuse child::Child;",
    ] {
        assert_eq!(
            with(format!("{shared}{forbidden}").leak()),
            circle,
            "{forbidden}"
        );
    }
}

#[test]
fn files_for_tests_are_in_no_circle() {
    let sources = [
        ("lib.rs", "#[cfg(test)]\nmod probe;\nmod a;"),
        ("probe.rs", "use crate::a::A;\npub struct Probe(A);"),
        (
            "a.rs",
            "pub struct A;\n#[cfg(test)]\nuse crate::probe::Probe;\n#[cfg(test)]\nmod tests;",
        ),
        ("a/tests.rs", "use super::*;\nuse crate::probe::Probe;"),
    ];
    assert_eq!(circles(&sources), [""; 0]);
}

#[test]
fn long_files_are_found_and_the_longest_is_told() {
    let (long, longest) = ("\n".repeat(501), "\n".repeat(502));
    let sources = [
        ("crates/low/tests/all.rs", long.as_str()),
        ("tests/integration/topic.rs", &longest),
        ("fuzz/bodies/short.rs", &long[1..]),
        ("fuzz/target/long.rs", &longest),
    ];
    let folder = checkout(PAGE, &crates("", ""), &sources);
    let findings = check(folder.path()).unwrap();
    let lines: Vec<String> = findings
        .violations
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        lines,
        [
            "crates/low/tests/all.rs has 501 lines, more than 500",
            "tests/integration/topic.rs has 502 lines, more than 500",
        ]
    );
    assert_eq!(
        findings.to_string(),
        "0 circles, longest file 502 lines (tests/integration/topic.rs)"
    );
}

#[test]
fn the_command_line_names_burn_in_one_file() {
    let page = PAGE.replace("`high` | `low`", "`ae-cli` | `low`");
    let manifests = [("crates/low", ""), ("crates/ae-cli", ""), ("xtask", "")];
    let sources = [
        ("crates/ae-cli/src/backend.rs", "use burn::Device;"),
        (
            "crates/ae-cli/src/commands.rs",
            "use auburn::Hair;\n// as burn::Tensor",
        ),
        (
            "crates/ae-cli/src/commands/tests.rs",
            "fn f(_: burn::Device) {}",
        ),
        ("crates/low/src/a.rs", "use burn::Device;"),
    ];
    let folder = checkout(&page, &manifests, &sources);
    let violations = check(folder.path()).unwrap().violations;
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "crates/ae-cli/src/commands/tests.rs:1: burn:: belongs in crates/ae-cli/src/backend.rs",
            "crates/ae-cli/src/commands.rs:2: burn:: belongs in crates/ae-cli/src/backend.rs",
        ]
    );
}
