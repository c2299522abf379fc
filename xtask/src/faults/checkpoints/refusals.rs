//! Runs that are not what is to be resumed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::faults::bench::{Bench, SMALL, copy_folder};
use crate::faults::case::Case;
use crate::faults::process::{Run, held_to_permissions};
use crate::faults::resumption::{FAMILY, check_same_model, checkpoints, go_on, undisturbed};
use crate::faults::snapshot::{Snapshot, sha256};
use crate::faults::trouble::{Trouble, broken};

/// Rewrites the newest checkpoint's manifest with a sum that fits.
fn rewrite_manifest(run: &Path, change: impl Fn(&str) -> String) -> Result<(), Trouble> {
    let path = checkpoints(run)[0].join("state.toml");
    let text = fs::read_to_string(&path).map_err(broken(&path))?;
    let rest = change(text.split_once('\n').map_or("", |(_, rest)| rest));
    let text = format!("# sha256 {}\n{rest}", sha256(rest.as_bytes()));
    fs::write(&path, text).map_err(broken(&path))
}

pub(in crate::faults) fn cases() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "a later format version", |bench| {
            let run = bench.copy_run("run")?;
            rewrite_manifest(&run, |text| {
                text.replace("format_version = 2", "format_version = 3")
            })?;
            // Not even passed over: the older one would in the end replace it.
            let refused = ["step-00000004", "format version 3", "reads 2"];
            bench.refuses(go_on(bench, "run"), 4, &refused)
        }),
        Case::new(FAMILY, "a manifest of other fields", |bench| {
            let expected = undisturbed(bench)?;
            let run = bench.copy_run("run")?;
            rewrite_manifest(&run, |text| format!("mood = \"good\"\n{text}"))?;
            let ended = go_on(bench, "run").run();
            ended.check_done()?;
            match ended.stderr.contains("mood") {
                true => check_same_model(&run, &expected),
                false => Err(Trouble::Failed(ended.said())),
            }
        }),
        Case::new(FAMILY, "another learning rate in config.toml", |bench| {
            changed_configuration(
                bench,
                "learning_rate = 0.008",
                "learning_rate = 0.5",
                "learning_rate was 0.008, now 0.5",
            )
        }),
        Case::new(FAMILY, "other widths in config.toml", |bench| {
            changed_configuration(
                bench,
                "widths = [4, 4]",
                "widths = [4, 8]",
                "model.widths was [4, 4], now [4, 8]",
            )
        }),
        Case::new(FAMILY, "another seed in config.toml", |bench| {
            changed_configuration(bench, "seed = 1", "seed = 2", "seed was 1, now 2")
        }),
        Case::new(FAMILY, "a configuration that is no TOML", |bench| {
            let run = bench.copy_run("run")?;
            let path = run.join("config.toml");
            fs::write(&path, b"epochs = = 3").map_err(broken(&path))?;
            bench.refuses(go_on(bench, "run"), 2, &["run/config.toml"])
        }),
        Case::new(FAMILY, "other images under the same name", |bench| {
            let set = PathBuf::from(bench.set());
            copy_folder(&set, &bench.path().join("set"))?;
            let arguments = ["train", "--data", "set", "--out", "run", "--epochs", "1"];
            bench.ae(arguments).args(SMALL).run().check_done()?;
            let images = bench.path().join("set/train-images-idx3-ubyte");
            let before = fs::read(&images).map_err(broken(&images))?;
            let mut after = before.clone();
            after[100] ^= 1;
            fs::write(&images, after).map_err(broken(&images))?;
            bench.refuses(go_on(bench, "run"), 2, &["the training images was"])?;
            fs::write(&images, before).map_err(broken(&images))?;
            Ok(go_on(bench, "run").run().check_done()?)
        }),
        Case::new(FAMILY, "a folder that holds no run", |bench| {
            bench.write("thesis/chapter.tex", b"mine")?;
            bench.refuses(go_on(bench, "thesis"), 4, &["thesis", "no run"])?;
            bench.refuses(go_on(bench, "gone"), 5, &["gone"])?;
            let onto = bench.train("thesis", &["--epochs", "1"]);
            bench.refuses(onto, 5, &["thesis", "holds no run"])
        }),
        Case::new(FAMILY, "a read-only run", |bench| {
            use std::os::unix::fs::PermissionsExt as _;
            let run = bench.copy_run("run")?;
            let set_mode = |mode| {
                fs::set_permissions(&run, fs::Permissions::from_mode(mode)).map_err(broken(&run))
            };
            set_mode(0o555)?;
            let before = Snapshot::of(&run);
            let ended = held_to_permissions(go_on(bench, "run")).map(Run::run);
            set_mode(0o755)?;
            ended?.check_error(5, &["run", "ermission denied"])?;
            before.check_same(&Snapshot::of(&run), |name| name.ends_with("lock"))?;
            Ok(go_on(bench, "run").run().check_done()?)
        }),
        Case::new(FAMILY, "a read-only folder for a new run", |bench| {
            use std::os::unix::fs::PermissionsExt as _;
            let folder = bench.path().join("locked");
            fs::create_dir(&folder).map_err(broken(&folder))?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o555))
                .map_err(broken(&folder))?;
            let ended = held_to_permissions(bench.train("locked/run", &["--epochs", "1"]))?.run();
            Ok(ended.check_error(5, &["locked/run", "ermission denied"])?)
        }),
    ]
}

fn changed_configuration(
    bench: &Bench<'_>,
    from: &str,
    to: &str,
    reason: &str,
) -> Result<(), Trouble> {
    let run = bench.copy_run("run")?;
    let path = run.join("config.toml");
    let text = fs::read_to_string(&path).map_err(broken(&path))?;
    if !text.contains(from) {
        return Err(Trouble::Failed(format!(
            "harness: {from:?} is not in {text}"
        )));
    }
    fs::write(&path, text.replace(from, to)).map_err(broken(&path))?;
    let again = ["train", "--resume", "run", "--backend", "flex"];
    let before = Snapshot::of(&run);
    bench.ae(again).run().check_error(2, &["run", reason])?;
    before.check_same(&Snapshot::of(&run), |_| false)?;
    fs::write(&path, text).map_err(broken(&path))?;
    Ok(go_on(bench, "run").run().check_done()?)
}
