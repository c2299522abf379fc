//! Checkpoints and logs with a part that is cut, changed or gone.

use std::fs;

use crate::faults::case::Case;
use crate::faults::resumption::{FAMILY, check_same_model, checkpoints, go_on, undisturbed};
use crate::faults::snapshot::sha256_of;
use crate::faults::trouble::{Trouble, at, broken};

/// Damages the newest checkpoint at many places: each time the run goes on from the one before it, says so, and ends
/// with the same bytes.
fn falls_back(
    name: &'static str,
    file: &'static str,
    places: usize,
    damage: fn(Vec<u8>, usize, usize) -> Vec<u8>,
) -> Case {
    Case::telling(FAMILY, name, move |bench| {
        let expected = undisturbed(bench)?;
        for place in 0..places {
            let run = bench.copy_run("run")?;
            let newest = checkpoints(&run)[0].clone();
            let path = newest.join(file);
            let content = fs::read(&path).map_err(broken(&path))?;
            fs::write(&path, damage(content, place, places)).map_err(broken(&path))?;
            let ended = go_on(bench, "run").run();
            let check = || {
                ended.check_done()?;
                let said = ended.stderr.contains("passed over")
                    && ended.stderr.contains("step-00000004")
                    && ended.stderr.contains(file);
                match said {
                    true => check_same_model(&run, &expected),
                    false => Err(Trouble::Failed(format!("not named: {}", ended.said()))),
                }
            };
            check().map_err(|trouble| at(trouble, &format!("place {place}")))?;
            fs::remove_dir_all(&run).map_err(broken(&run))?;
        }
        Ok(format!("{places} places"))
    })
}

fn cut(mut content: Vec<u8>, place: usize, places: usize) -> Vec<u8> {
    content.truncate(place * content.len() / places);
    content
}

fn flip(mut content: Vec<u8>, place: usize, places: usize) -> Vec<u8> {
    // Also the very first and the very last byte.
    let byte = place * (content.len() - 1) / (places - 1).max(1);
    content[byte] ^= 1 << (place % 8);
    content
}

pub(in crate::faults) fn cases() -> Vec<Case> {
    vec![
        falls_back("the manifest cut at 16 places", "state.toml", 16, cut),
        falls_back("the model cut at 16 places", "model.safetensors", 16, cut),
        falls_back(
            "the optimiser cut at 16 places",
            "optimizer.safetensors",
            16,
            cut,
        )
        .slow(),
        falls_back(
            "the best model cut at 16 places",
            "best.safetensors",
            16,
            cut,
        )
        .slow(),
        falls_back("a bit of the manifest flipped", "state.toml", 12, flip),
        falls_back("a bit of the model flipped", "model.safetensors", 12, flip).slow(),
        falls_back(
            "a bit of the optimiser flipped",
            "optimizer.safetensors",
            12,
            flip,
        )
        .slow(),
        falls_back(
            "a bit of the best model flipped",
            "best.safetensors",
            12,
            flip,
        )
        .slow(),
        Case::new(FAMILY, "a file of the newest is gone", |bench| {
            let expected = undisturbed(bench)?;
            for file in [
                "state.toml",
                "model.safetensors",
                "optimizer.safetensors",
                "best.safetensors",
            ] {
                let run = bench.copy_run("run")?;
                let path = checkpoints(&run)[0].join(file);
                fs::remove_file(&path).map_err(broken(&path))?;
                go_on(bench, "run").run().check_done()?;
                check_same_model(&run, &expected)?;
                fs::remove_dir_all(&run).map_err(broken(&run))?;
            }
            Ok(())
        }),
        Case::new(FAMILY, "the optimiser of another step", |bench| {
            let expected = undisturbed(bench)?;
            let run = bench.copy_run("run")?;
            let all = checkpoints(&run);
            let name = "optimizer.safetensors";
            fs::copy(all[1].join(name), all[0].join(name)).map_err(broken(&run))?;
            let ended = go_on(bench, "run").run();
            ended.check_done()?;
            if !ended.stderr.contains("passed over") {
                return Err(Trouble::Failed(ended.said()));
            }
            check_same_model(&run, &expected)
        }),
        Case::new(FAMILY, "every checkpoint damaged", |bench| {
            let run = bench.copy_run("run")?;
            for checkpoint in checkpoints(&run) {
                let path = checkpoint.join("model.safetensors");
                fs::write(&path, b"half a model").map_err(broken(&path))?;
            }
            bench.refuses(
                go_on(bench, "run"),
                4,
                &["step-00000004", "model.safetensors"],
            )
        }),
        Case::new(FAMILY, "stale staging files", |bench| {
            let expected = undisturbed(bench)?;
            let run = bench.copy_run("run")?;
            bench.write("run/checkpoints/.staging/model.safetensors", b"half")?;
            bench.write("run/checkpoints/.staging/more/and/more", b"x")?;
            bench.write("run/.model-123456", b"half a model")?;
            go_on(bench, "run").run().check_done()?;
            if run.join("checkpoints/.staging").exists() {
                return Err(Trouble::Failed("the staging folder is left".to_owned()));
            }
            check_same_model(&run, &expected)
        }),
        Case::new(FAMILY, "a log that is longer, shorter or gone", |bench| {
            let expected = undisturbed(bench)?;
            for change in ["longer", "shorter", "gone"] {
                let run = bench.copy_run("run")?;
                let path = run.join("metrics.jsonl");
                let mut log = fs::read(&path).map_err(broken(&path))?;
                match change {
                    "longer" => log.extend_from_slice(b"{\"kind\":\"step\",\"epoch\":3,\"st"),
                    "shorter" => log.truncate(log.len() / 2),
                    _ => log.clear(),
                }
                fs::write(&path, log).map_err(broken(&path))?;
                go_on(bench, "run").run().check_done()?;
                check_same_model(&run, &expected)?;
                fs::remove_dir_all(&run).map_err(broken(&run))?;
            }
            Ok(())
        }),
        Case::new(
            FAMILY,
            "a best model that a killed run was ahead with",
            |bench| {
                let run = bench.copy_run("run")?;
                let best = run.join("model.safetensors");
                let expected = sha256_of(&best)?;
                fs::write(&best, b"of a later epoch").map_err(broken(&best))?;
                // No more epochs: the run's result is measured and drawn again.
                let again = ["train", "--resume", "run", "--backend", "flex", "--quiet"];
                bench.ae(again).run().check_done()?;
                match sha256_of(&best)? == expected {
                    true => Ok(()),
                    false => Err(Trouble::Failed("the best model is another one".to_owned())),
                }
            },
        ),
    ]
}
