//! Runs that are too short, resumed otherwise, or learn nothing, and figures that say what they are of.

use super::super::bench::Bench;
use super::super::case::Case;
use super::super::snapshot::Snapshot;
use super::super::synthetic::inputs::draw::{disc, scene};
use super::super::trouble::Trouble;
use super::answers::{
    BACKEND, FAMILY, TRAIN, content, discs, done, expect, json, log, number, said, train, train_for,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = training();
    cases.extend(resumed());
    cases.extend(figures());
    cases
}

fn training() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "the default warm-up is at most a tenth of all steps",
            |bench| {
                discs(bench, "set", 0..60)?;
                train_for(bench, "set", "run", "3").run().check_done()?;
                // 9 steps of 3 batches: the rate is full from the first on.
                let found = json(bench.ae(["info", "run"]))?;
                let steps = log(bench, "run", "step")?;
                let rate = |line: &serde_json::Value| line["learning_rate"].as_f64();
                let first = steps.first().and_then(rate);
                let most = steps.iter().filter_map(rate).fold(0.0, f64::max);
                expect(first.is_some_and(|first| first > 0.9 * most), || {
                    format!("{first:?} at first, {most} at most: {found}")
                })
            },
        ),
        Case::new(
            FAMILY,
            "an explicit warm-up beyond a tenth is kept with a warning",
            |bench| {
                discs(bench, "set", 0..40)?;
                let command = train(bench, "set", "run").args(["--warmup-steps", "50"]);
                let text = said(command)?;
                expect(text.contains("warning") && text.contains("warm"), || {
                    text.clone()
                })
            },
        ),
        Case::new(
            FAMILY,
            "a run that does not beat the mean image says so",
            |bench| {
                discs(bench, "set", 0..40)?;
                let command = train(bench, "set", "run").args([
                    "--learning-rate",
                    "1e-9",
                    "--clip-norm",
                    "off",
                ]);
                let text = said(command)?;
                expect(
                    text.contains("warning") && text.contains("mean image"),
                    || format!("not said: {text}"),
                )
            },
        ),
        Case::new(FAMILY, "noise as a fraction is that number", |bench| {
            discs(bench, "set", 0..40)?;
            for (noise, out) in [
                ("gaussian:25/255", "a"),
                ("gaussian:0.09803921568627451", "b"),
            ] {
                let command = train(bench, "set", out).args(["--noise", noise]);
                command.run().check_done()?;
            }
            let same = content(bench, "a/last.safetensors")?.len();
            let text_of = |run: &str| content(bench, format!("{run}/metrics.jsonl"));
            let loss = |text: Vec<u8>| {
                let text = String::from_utf8_lossy(&text).into_owned();
                let place = text.find("\"loss\":").map(|place| place + 7);
                place.map(|place| text[place..].chars().take(12).collect::<String>())
            };
            let (one, other) = (loss(text_of("a")?), loss(text_of("b")?));
            expect(same > 0 && one.is_some() && one == other, || {
                format!("{one:?} {other:?}")
            })
        }),
        Case::new(FAMILY, "noise on the scale of bytes gets a hint", |bench| {
            discs(bench, "set", 0..40)?;
            for noise in ["gaussian:25", "gaussian:10"] {
                let ended = train(bench, "set", "run").args(["--noise", noise]).run();
                let text = ended.said();
                expect(text.contains("/255"), || format!("{noise}: {text}"))?;
            }
            Ok(())
        })
        .slow(),
        Case::new(FAMILY, "train gives the warnings of data info", |bench| {
            // One picture many times: nothing can be learned of it.
            for number in 0..40 {
                bench.write(format!("set/{number:03}.png"), &disc(number % 4).png())?;
            }
            let info = bench.ae(["data", "info", "set"]).run();
            info.check_done()?;
            let of = |text: &str| {
                let lines = text.lines().filter(|line| line.contains("warning"));
                lines.map(str::to_owned).collect::<Vec<_>>()
            };
            let all = format!("{}\n{}", info.stdout, info.stderr);
            let text = said(train(bench, "set", "run"))?;
            let missing = of(&all)
                .into_iter()
                .find(|line| !text.contains(line.trim()));
            expect(missing.is_none(), || {
                format!("not said by train: {missing:?}: {text}")
            })
        }),
    ]
}

fn trained(bench: &Bench<'_>, epochs: &str) -> Result<(), Trouble> {
    discs(bench, "set", 0..40)?;
    Ok(train_for(bench, "set", "run", epochs).run().check_done()?)
}

fn resumed() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "--resume with fewer epochs than done changes nothing",
            |bench| {
                trained(bench, "5")?;
                let before = Snapshot::of(bench.path());
                let resume = ["train", "--resume", "run", "--epochs", "3", "--quiet"];
                let ended = bench.ae(resume).args(BACKEND).run();
                expect(ended.code.is_some_and(|code| code != 0), || ended.said())?;
                expect(
                    ended.errors().len() == 1 && ended.said().contains('5'),
                    || ended.said(),
                )?;
                Ok(before.check_same(&Snapshot::of(bench.path()), |_| false)?)
            },
        ),
        Case::new(
            FAMILY,
            "--resume with more epochs says the rate's jump",
            |bench| {
                trained(bench, "3")?;
                let resume = ["train", "--resume", "run", "--epochs", "9"];
                let text = said(bench.ae(resume).args(BACKEND))?;
                expect(text.contains("rate"), || format!("not said: {text}"))?;
                let config =
                    String::from_utf8_lossy(&content(bench, "run/config.toml")?).into_owned();
                expect(config.contains("epochs = 9"), || config.clone())
            },
        ),
        Case::new(FAMILY, "a resumed run divides its set as before", |bench| {
            trained(bench, "1")?;
            let test = super::answers::part(bench, "run", "test", &[])?;
            let resume = ["train", "--resume", "run", "--epochs", "2", "--quiet"];
            bench.ae(resume).args(BACKEND).run().check_done()?;
            let again = super::answers::part(bench, "run", "test", &[])?;
            expect(test == again, || format!("{test:?} {again:?}"))
        }),
    ]
}

fn figures() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "JPEG's error on color is JPEG's", |bench| {
            for number in 0..30 {
                let picture = scene(48, 48, 3, number);
                bench.write(format!("set/{number:02}.png"), &picture.png())?;
            }
            train(bench, "set", "run").run().check_done()?;
            let found = json(bench.ae(["eval", "run"]).args(BACKEND))?;
            let baselines = found["baselines"].as_array().cloned().unwrap_or_default();
            let error = |quality: &str| {
                let row = baselines.iter().find(|row| row["setting"] == quality);
                row.and_then(|row| row["mse"].as_f64().or(row["quality"]["mse"].as_f64()))
            };
            for quality in ["quality 50", "quality 90"] {
                let mse = error(quality);
                expect(mse.is_some_and(|mse| mse < 0.0005), || {
                    format!("{quality}: MSE {mse:?}")
                })?;
            }
            Ok(())
        }),
        Case::new(
            FAMILY,
            "bits of a Gaussian likelihood are of 256 levels",
            |bench| {
                discs(bench, "set", 0..40)?;
                let training = bench.ae(["train", "--data", "set", "--out", "run"]);
                let training = training.args(TRAIN).without(&["--model", "dense"]);
                let vae = [
                    "--model",
                    "vae",
                    "--network",
                    "dense",
                    "--likelihood",
                    "gaussian:0.05",
                ];
                training.args(vae).run().check_done()?;
                let found = json(bench.ae(["eval", "run", "--nll", "4"]).args(BACKEND))?;
                let nats = number(&found, "/likelihood/negative_log_likelihood")?;
                let bits = number(&found, "/likelihood/bits_per_pixel")?;
                let expected = nats / std::f64::consts::LN_2 / 1024.0 + 8.0;
                expect((bits - expected).abs() < 1e-6 && bits > 0.0, || {
                    format!("{bits} bits, not {expected}")
                })
            },
        ),
        Case::new(FAMILY, "sizes are width x height", |bench| {
            for number in 0..12 {
                bench.write(
                    format!("set/{number:02}.png"),
                    &scene(40, 24, 1, number).png(),
                )?;
            }
            let info = done(bench.ae(["data", "info", "set"]))?;
            expect(info.contains("40x24"), || info.clone())?;
            train(bench, "set", "run").run().check_done()?;
            let info = done(bench.ae(["info", "run"]))?;
            expect(info.contains("40x24") && !info.contains("24x40"), || {
                info.clone()
            })
        }),
        Case::new(
            FAMILY,
            "a map of three images is no t-SNE, and says so",
            |bench| {
                discs(bench, "set", 0..40)?;
                discs(bench, "few", 100..103)?;
                train(bench, "set", "run").run().check_done()?;
                let map = ["map", "run", "--data", "few", "-o", "map.png"];
                let found = json(bench.ae(map).args(BACKEND))?;
                expect(found["method"] == "PCA", || found.to_string())
            },
        ),
    ]
}
