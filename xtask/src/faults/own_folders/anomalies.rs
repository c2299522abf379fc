//! Alarms at the rate asked for, a verdict for every file.

use serde_json::Value;

use super::super::bench::Bench;
use super::super::case::Case;
use super::super::process::Run;
use super::super::synthetic::inputs::draw::{defect, disc};
use super::super::trouble::Trouble;
use super::answers::{BACKEND, FAMILY, content, discs, done, expect, json, number, train_for};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            FAMILY,
            "every file of a delivery is judged, in its order",
            |bench| {
                trained(bench, 120)?;
                delivery(bench)?;
                let found = json(anomaly(bench, &["--data", "delivery"]))?;
                let files = files(&found)?;
                let mut sorted = files.clone();
                sorted.sort();
                expect(files.len() == 20 && files == sorted, || {
                    format!("{files:?}")
                })?;
                let text = done(anomaly(bench, &["--data", "delivery"]))?;
                let unnamed = files.iter().find(|file| !text.contains(file.as_str()));
                expect(unnamed.is_none(), || {
                    format!("{unnamed:?} is not in the text")
                })
            },
        ),
        Case::new(FAMILY, "defects score above what is normal", |bench| {
            // Enough to tell a disc from another: after ten epochs the model knows their mean alone.
            trained_for(bench, 120, "200")?;
            delivery(bench)?;
            let found = json(anomaly(bench, &["--data", "delivery", "--sort", "score"]))?;
            let files = files(&found)?;
            let first = files
                .iter()
                .take(4)
                .filter(|file| file.contains("bad"))
                .count();
            expect(first >= 3, || format!("{files:?}"))
        }),
        Case::new(FAMILY, "the delivery does not calibrate itself", |bench| {
            trained(bench, 120)?;
            delivery(bench)?;
            discs(bench, "normal", 700..710)?;
            let of = |set: &str| -> Result<f64, Trouble> {
                number(&json(anomaly(bench, &["--data", set]))?, "/threshold")
            };
            let (one, other) = (of("delivery")?, of("normal")?);
            expect((one / other - 1.0).abs() < 1e-9, || {
                format!("thresholds {one} and {other}")
            })
        })
        .slow(),
        Case::new(
            FAMILY,
            "fresh normal images alarm about as often as asked",
            |bench| {
                trained(bench, 400)?;
                discs(bench, "fresh", 5_000..5_200)?;
                let rate = ["--false-alarm-rate", "0.1"];
                let found = json(anomaly(bench, &["--data", "fresh"]).args(rate))?;
                let alarms = number(&found, "/judged/anomalous")?;
                // 80 images calibrate: the rate has a deviation of .034, and 200 images add .021.
                expect((alarms / 200.0 - 0.1).abs() < 0.12, || {
                    format!("{alarms} of 200 alarms")
                })
            },
        )
        .slow(),
        Case::new(
            FAMILY,
            "a rate below the smallest attainable has no threshold",
            |bench| {
                trained(bench, 60)?;
                delivery(bench)?;
                let rate = ["--data", "delivery", "--false-alarm-rate", "0.001"];
                let found = json(anomaly(bench, &rate))?;
                expect(found["threshold"].is_null(), || {
                    found["threshold"].to_string()
                })?;
                let images = number(&found, "/calibration/images")?;
                let smallest = number(&found, "/calibration/smallest_rate")?;
                expect((smallest * (images + 1.0) - 1.0).abs() < 1e-9, || {
                    format!("{smallest} of {images} images")
                })?;
                let ended = anomaly(bench, &rate).run();
                ended.check_done()?;
                let text = format!("{}{}", ended.stdout, ended.stderr);
                let told = format!("{:.4} at least", (smallest * 1e4).ceil() / 1e4);
                expect(text.contains(&told), || format!("not said: {text}"))
            },
        ),
        Case::new(
            FAMILY,
            "a p-value is a share of the calibration images",
            |bench| {
                trained(bench, 120)?;
                delivery(bench)?;
                let found = json(anomaly(bench, &["--data", "delivery"]))?;
                let images = number(&found, "/calibration/images")?;
                let rate = number(&found, "/false_alarm_rate")?;
                for file in judged(&found)? {
                    let p_value = number(file, "/p_value")?;
                    let rank = p_value * (images + 1.0);
                    expect((rank - rank.round()).abs() < 1e-6 && rank > 0.5, || {
                        file.to_string()
                    })?;
                    let is_anomalous = file["verdict"] == "anomalous";
                    expect(is_anomalous == (p_value <= rate), || file.to_string())?;
                }
                Ok(())
            },
        )
        .slow(),
        Case::new(FAMILY, "the CSV has the JSON's verdicts", |bench| {
            trained(bench, 120)?;
            delivery(bench)?;
            let found = json(anomaly(
                bench,
                &["--data", "delivery", "--csv", "table.csv"],
            ))?;
            let table = String::from_utf8_lossy(&content(bench, "table.csv")?).into_owned();
            expect(table.lines().count() == 21, || table.clone())?;
            for (line, file) in table.lines().skip(1).zip(files(&found)?) {
                expect(line.contains(&file), || format!("{line} is not of {file}"))?;
            }
            let again = anomaly(bench, &["--data", "delivery", "--csv", "table.csv"]);
            bench.refuses(again, 5, &["table.csv"])
        })
        .slow(),
        Case::new(
            FAMILY,
            "good/ beside other folders gives an AUROC, brightness beside it",
            |bench| {
                trained(bench, 120)?;
                discs(bench, "delivery/good", 900..915)?;
                for number in 0..15 {
                    let name = format!("delivery/broken/{number:03}.png");
                    bench.write(name, &defect(950 + number).0.png())?;
                }
                let found = json(anomaly(bench, &["--data", "delivery"]))?;
                let auroc = number(&found, "/auroc")?;
                expect(auroc > 0.8, || format!("AUROC {auroc}"))?;
                let text = done(anomaly(bench, &["--data", "delivery"]))?;
                expect(text.contains("brightness"), || text.clone())
            },
        ),
        Case::new(
            FAMILY,
            "a damaged file of a delivery is named, not judged",
            |bench| {
                trained(bench, 120)?;
                delivery(bench)?;
                let half = disc(1).png();
                bench.write("delivery/half.png", &half[..half.len() / 2])?;
                let found = json(anomaly(bench, &["--data", "delivery"]))?;
                expect(number(&found, "/judged/unreadable")? as usize == 1, || {
                    found.to_string()
                })?;
                let half = judged(&found)?
                    .iter()
                    .find(|file| file["file"] == "half.png");
                let half = half.map(|file| (file["verdict"].clone(), file["score"].clone()));
                expect(half == Some(("unreadable".into(), Value::Null)), || {
                    format!("{half:?}")
                })?;
                let good = judged(&found)?
                    .iter()
                    .filter(|file| !file["score"].is_null())
                    .count();
                expect(good == 20, || format!("{good} of 20 judged"))
            },
        )
        .slow(),
    ]
}

/// Makes the run `run`, trained on this many discs.
fn trained(bench: &Bench<'_>, count: u64) -> Result<(), Trouble> {
    trained_for(bench, count, "10")
}

fn trained_for(bench: &Bench<'_>, count: u64, epochs: &str) -> Result<(), Trouble> {
    discs(bench, "own", 0..count)?;
    Ok(train_for(bench, "own", "run", epochs).run().check_done()?)
}

/// Twenty pictures, every fifth with a defect.
fn delivery(bench: &Bench<'_>) -> Result<(), Trouble> {
    for number in 0..20 {
        let (name, picture) = match number % 5 {
            0 => (format!("bad_{number:02}"), defect(1_000 + number).0),
            _ => (format!("ok_{number:02}"), disc(1_000 + number)),
        };
        bench.write(format!("delivery/{name}.png"), &picture.png())?;
    }
    Ok(())
}

fn anomaly<'a>(bench: &'a Bench<'_>, more: &[&str]) -> Run<'a> {
    bench.ae(["anomaly", "run"]).args(more).args(BACKEND)
}

fn judged(found: &Value) -> Result<&Vec<Value>, Trouble> {
    let files = found.pointer("/judged/files").and_then(Value::as_array);
    files.ok_or_else(|| Trouble::Failed(format!("no files in {found}")))
}

fn files(found: &Value) -> Result<Vec<String>, Trouble> {
    let files = judged(found)?.iter();
    Ok(files
        .map(|file| file["file"].as_str().unwrap_or_default().to_owned())
        .collect())
}
