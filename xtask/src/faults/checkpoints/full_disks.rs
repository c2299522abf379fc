//! Disks and quotas that end in the middle of a file.

use std::fs;
use std::path::Path;

use crate::faults::bench::copy_folder;
use crate::faults::case::Case;
use crate::faults::resumption::{FAMILY, check_same_model, go_on, undisturbed};
use crate::faults::small_disk::SmallDisk;
use crate::faults::trouble::{Trouble, at, broken};

pub(in crate::faults) fn cases() -> Vec<Case> {
    vec![
        Case::telling(
            FAMILY,
            "a quota on a file's size, at every 512 bytes",
            |bench| {
                let expected = undisturbed(bench)?;
                let (mut refused, mut done) = (0, 0);
                // In blocks of 512 bytes; the largest file of a checkpoint has a few thousand.
                for blocks in 1..=24 {
                    let run = bench.copy_run("run")?;
                    let ended = go_on(bench, "run").ulimit(&format!("-f {blocks}")).run();
                    let check = || match ended.code {
                        Some(0) => Ok(ended.check_done()?),
                        _ => Ok(ended.check_error(5, &["run", "ile too large"])?),
                    };
                    check().map_err(|trouble| at(trouble, &format!("{blocks} blocks")))?;
                    match ended.code {
                        Some(0) => done += 1,
                        _ => refused += 1,
                    }
                    go_on(bench, "run").run().check_done()?;
                    check_same_model(&run, &expected)
                        .map_err(|trouble| at(trouble, &format!("{blocks} blocks")))?;
                    fs::remove_dir_all(&run).map_err(broken(&run))?;
                }
                match refused {
                    0 => Err(Trouble::Failed("the quota was never met".to_owned())),
                    _ => Ok(format!("{refused} refused, {done} large enough")),
                }
            },
        ),
        Case::telling(FAMILY, "a disk that is full, at every 4 KiB", |bench| {
            let expected = undisturbed(bench)?;
            let place = bench.path().join("disk");
            let mut met = 0;
            for kibibytes in (0..=64).step_by(4) {
                let disk = SmallDisk::mount(&place, 192)?;
                let run = place.join("run");
                copy_folder(Path::new(&bench.run()), &run)?;
                disk.fill_but(kibibytes)?;
                let ended = go_on(bench, "disk/run").run();
                if ended.code != Some(0) {
                    met += 1;
                    ended
                        .check_error(5, &["disk/run", "o space left"])
                        .map_err(|reason| Trouble::Failed(format!("{kibibytes} KiB: {reason}")))?;
                }
                disk.make_room()?;
                go_on(bench, "disk/run").run().check_done()?;
                check_same_model(&run, &expected)
                    .map_err(|trouble| at(trouble, &format!("{kibibytes} KiB")))?;
            }
            match met {
                0 => Err(Trouble::Failed("the disk was never full".to_owned())),
                _ => Ok(format!("full {met} times of 17")),
            }
        }),
    ]
}
