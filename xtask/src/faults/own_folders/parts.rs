//! Which images are trained on, chosen by and measured.

use std::collections::BTreeSet;

use super::super::bench::Bench;
use super::super::case::Case;
use super::super::synthetic::inputs::draw::disc;
use super::super::trouble::Trouble;
use super::answers::{
    BACKEND, FAMILY, content, discs, evaluated, expect, json, log, number, part, said, train,
    train_for,
};

const PARTS: [&str; 3] = ["train", "validation", "test"];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = by_content();
    cases.extend(named());
    cases.extend(measured());
    cases
}

/// The three parts of a run's set.
fn parts_of(bench: &Bench<'_>, run: &str, more: &[&str]) -> Result<Vec<BTreeSet<String>>, Trouble> {
    PARTS
        .into_iter()
        .map(|name| part(bench, run, name, more))
        .collect()
}

fn by_content() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "parts are disjoint, and together they are all",
            |bench| {
                discs(bench, "set", 0..60)?;
                train(bench, "set", "run").run().check_done()?;
                let parts = parts_of(bench, "run", &[])?;
                let all: BTreeSet<_> = parts.iter().flatten().collect();
                let sum: usize = parts.iter().map(BTreeSet::len).sum();
                expect(
                    all.len() == 60 && sum == 60 && parts.iter().all(|part| !part.is_empty()),
                    || format!("{} names, {sum} images", all.len()),
                )
            },
        ),
        Case::new(
            FAMILY,
            "a file added to the folder moves no other",
            |bench| {
                discs(bench, "set", 0..60)?;
                train(bench, "set", "run").run().check_done()?;
                let before = parts_of(bench, "run", &[])?;
                discs(bench, "set", 900..901)?;
                train(bench, "set", "again").run().check_done()?;
                let after = parts_of(bench, "again", &[])?;
                let moved = before.iter().zip(&after).find(|(b, a)| !b.is_subset(a));
                expect(moved.is_none(), || format!("{moved:?}"))
            },
        ),
        Case::new(FAMILY, "another --size moves no image", |bench| {
            discs(bench, "set", 0..60)?;
            train(bench, "set", "run").run().check_done()?;
            train(bench, "set", "small")
                .args(["--size", "12"])
                .run()
                .check_done()?;
            let (large, small) = (parts_of(bench, "run", &[])?, parts_of(bench, "small", &[])?);
            expect(large == small, || "the parts differ".to_owned())
        }),
        Case::new(FAMILY, "another name moves no image", |bench| {
            discs(bench, "set", 0..40)?;
            for number in 0..40 {
                bench.write(format!("other/z{number:03}.png"), &disc(39 - number).png())?;
            }
            train(bench, "set", "run").run().check_done()?;
            train(bench, "other", "renamed").run().check_done()?;
            let parts = parts_of(bench, "run", &[])?;
            let renamed = parts_of(bench, "renamed", &[])?;
            let back = |names: &BTreeSet<String>| -> BTreeSet<String> {
                let number = |name: &String| name.trim_start_matches('z')[..3].parse::<u64>().ok();
                let numbers = names.iter().filter_map(number);
                numbers
                    .map(|number| format!("{:03}.png", 39 - number))
                    .collect()
            };
            let same = parts.iter().zip(&renamed).all(|(a, b)| *a == back(b));
            expect(same, || format!("{parts:?} {renamed:?}"))
        })
        .slow(),
        Case::new(FAMILY, "copies of an image are in one part", |bench| {
            discs(bench, "set", 0..30)?;
            for number in 0..30 {
                bench.write(format!("set/copy-{number:03}.png"), &disc(number).png())?;
            }
            train(bench, "set", "run").run().check_done()?;
            for names in parts_of(bench, "run", &[])? {
                let lone = names.iter().find(|name| {
                    let plain = name.trim_start_matches("copy-");
                    !names.contains(plain) || !names.contains(&format!("copy-{plain}"))
                });
                expect(lone.is_none(), || format!("{lone:?} is alone in its part"))?;
            }
            Ok(())
        })
        .slow(),
        Case::new(FAMILY, "two images are too few to divide", |bench| {
            discs(bench, "set", 0..2)?;
            bench.refuses(train(bench, "set", "run"), 3, &["set"])?;
            discs(bench, "set", 0..3)?;
            Ok(train(bench, "set", "run").run().check_done()?)
        }),
        Case::new(FAMILY, "another seed divides otherwise", |bench| {
            discs(bench, "set", 0..60)?;
            train(bench, "set", "run").run().check_done()?;
            train(bench, "set", "other")
                .args(["--seed", "7"])
                .run()
                .check_done()?;
            let (one, other) = (parts_of(bench, "run", &[])?, parts_of(bench, "other", &[])?);
            expect(one != other, || "the same parts".to_owned())
        })
        .slow(),
    ]
}

fn named() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "train, val and test folders are the parts",
            |bench| {
                for (folder, numbers) in [("train", 0..30), ("val", 100..110), ("test", 200..210)] {
                    discs(bench, &format!("set/{folder}"), numbers)?;
                }
                train(bench, "set", "run").run().check_done()?;
                let sizes: Vec<usize> = parts_of(bench, "run", &[])?
                    .iter()
                    .map(BTreeSet::len)
                    .collect();
                expect(sizes == [30, 10, 10], || format!("{sizes:?}"))?;
                let (_, images) = evaluated(bench, &["run"])?;
                expect(images == 10, || format!("{images} images measured"))
            },
        ),
        Case::new(
            FAMILY,
            "validation comes from train where only test is there",
            |bench| {
                discs(bench, "set/train", 0..40)?;
                discs(bench, "set/test", 100..112)?;
                train(bench, "set", "run").run().check_done()?;
                let parts = parts_of(bench, "run", &[])?;
                let number =
                    |name: &String| name.rsplit('/').next().unwrap_or_default()[..3].parse();
                let numbers: Vec<Vec<u64>> = parts
                    .iter()
                    .map(|part| part.iter().filter_map(|name| number(name).ok()).collect())
                    .collect();
                expect(
                    numbers[2].len() == 12
                        && numbers[2].iter().all(|number| *number >= 100)
                        && !numbers[1].is_empty()
                        && numbers[1].iter().all(|number| *number < 100)
                        && numbers[0].len() + numbers[1].len() == 40,
                    || format!("{numbers:?}"),
                )
            },
        ),
        Case::new(FAMILY, "--limit spreads over the classes", |bench| {
            for class in ["a", "b"] {
                let first = if class == "a" { 0 } else { 500 };
                discs(bench, &format!("set/train/{class}"), first..first + 40)?;
                discs(bench, &format!("set/test/{class}"), first + 50..first + 80)?;
            }
            train(bench, "set", "run")
                .args(["--limit", "20"])
                .run()
                .check_done()?;
            let more = ["--limit", "20"];
            for name in ["train", "test"] {
                let names = part(bench, "run", name, &more)?;
                let of = |class: &str| {
                    let class = format!("{class}/");
                    names.iter().filter(|name| name.contains(&class)).count()
                };
                expect(of("a").abs_diff(of("b")) <= 1 && of("a") > 0, || {
                    format!("{name}: {} of a, {} of b", of("a"), of("b"))
                })?;
            }
            Ok(())
        }),
        Case::new(
            FAMILY,
            "without validation images the last epoch is taken",
            |bench| {
                discs(bench, "set", 0..40)?;
                let command = train(bench, "set", "run").args(["--validation-share", "0"]);
                let text = said(command.without(&["--quiet"]))?;
                expect(text.contains("last"), || format!("not said: {text}"))?;
                let last = content(bench, "run/last.safetensors")?;
                let best = content(bench, "run/model.safetensors")?;
                let weights = |file: &[u8]| file[file.len() - 4096..].to_vec();
                expect(weights(&last) == weights(&best), || {
                    "model.safetensors is another epoch".to_owned()
                })
            },
        ),
    ]
}

fn measured() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "a set that the run was not trained on is measured whole",
            |bench| {
                discs(bench, "set", 0..40)?;
                discs(bench, "foreign", 500..537)?;
                train(bench, "set", "run").run().check_done()?;
                let (_, images) = evaluated(bench, &["run", "--data", "foreign"])?;
                expect(images == 37, || format!("{images} of 37 images measured"))?;
                discs(bench, "divided/train", 600..610)?;
                discs(bench, "divided/test", 610..615)?;
                let (_, images) = evaluated(bench, &["run", "--data", "divided"])?;
                expect(images == 15, || format!("{images} of 15 images measured"))
            },
        ),
        Case::new(FAMILY, "the JSON names the part", |bench| {
            discs(bench, "set", 0..40)?;
            discs(bench, "foreign", 500..510)?;
            train(bench, "set", "run").run().check_done()?;
            for (arguments, expected) in [
                (&["run"][..], "test"),
                (&["run", "--part", "validation"], "validation"),
                (&["run", "--part", "train"], "train"),
                (&["run", "--data", "foreign"], "all"),
            ] {
                let found = json(bench.ae(["eval"]).args(arguments).args(BACKEND))?;
                expect(found["part"] == expected, || {
                    format!("{arguments:?}: part {}", found["part"])
                })?;
            }
            Ok(())
        }),
        Case::new(
            FAMILY,
            "test images are measured once, at the end",
            |bench| {
                discs(bench, "set", 0..60)?;
                train_for(bench, "set", "run", "3").run().check_done()?;
                let tests = log(bench, "run", "test")?;
                let [line] = &tests[..] else {
                    return Err(Trouble::Failed(format!("{} lines of test", tests.len())));
                };
                expect(line["part"] == "test", || line.to_string())?;
                let of_log = number(line, "/quality/mse")?;
                let found = json(bench.ae(["eval", "run"]).args(BACKEND))?;
                let of_eval = number(&found, "/model/mse")?;
                expect((of_log / of_eval - 1.0).abs() < 1e-3, || {
                    format!("{of_log} in the log, {of_eval} by eval")
                })
            },
        ),
    ]
}
