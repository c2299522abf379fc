//! A run that is killed again and again, at random moments, and ends with the bytes of one that never was.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use ae_random::{Draw, Purpose};

use super::bench::Bench;
use super::case::Case;
use super::process::Run;
use super::resumption::{FAMILY, check_same_model, checkpoints, sums};
use super::trouble::{Trouble, broken};

/// A few seconds of training, most of it in steps.
const RUN: [&str; 12] = [
    "--epochs",
    "60",
    "--noise",
    "gaussian:0.3",
    "--optimizer",
    "adam",
    "--clip-norm",
    "1",
    "--patience",
    "60",
    "--checkpoint-every",
    "2steps",
];
const STEPS: u64 = 120;

pub(super) fn cases() -> Vec<Case> {
    let sweep = |backend: &'static str, threads: &'static str, kills: u64| {
        let name = format!("{kills} kills of a run on {backend}, {threads} threads");
        Case::telling(FAMILY, name, move |bench| {
            Sweep {
                bench,
                backend,
                threads,
                kills,
            }
            .run()
        })
    };
    vec![
        sweep("flex", "2", 10),
        sweep("flex", "1", 50).slow(),
        sweep("flex", "2", 50).slow(),
        sweep("ndarray", "1", 50).slow(),
        sweep("ndarray", "2", 50).slow(),
        Case::telling(FAMILY, "the same bytes with 1, 2 and 5 threads", |bench| {
            let mut first = None;
            let mut told = Vec::new();
            for backend in ["flex", "ndarray"] {
                for threads in ["1", "2", "5"] {
                    let name = format!("{backend}-{threads}");
                    let run = bench.train(&name, &RUN);
                    let placed = [
                        "--backend",
                        backend,
                        "--threads",
                        threads,
                        "--loader-threads",
                        threads,
                    ];
                    replaced(run, &placed).run().check_done()?;
                    let found = sums(&bench.path().join(&name))?;
                    if threads == "1" {
                        first = Some(found);
                    } else if first.as_ref() != Some(&found) {
                        return Err(Trouble::Failed(format!(
                            "{name}: the weights are other ones"
                        )));
                    }
                }
                told.push(backend);
            }
            Ok(told.join(" and "))
        })
        .slow(),
    ]
}

/// `SMALL` names flex already, and no option may come twice.
fn replaced<'a>(run: Run<'a>, placed: &[&str]) -> Run<'a> {
    run.without(&["--backend", "flex"]).args(placed)
}

struct Sweep<'a> {
    bench: &'a Bench<'a>,
    backend: &'static str,
    threads: &'static str,
    kills: u64,
}

impl Sweep<'_> {
    fn run(&self) -> Result<String, Trouble> {
        let begin = Instant::now();
        self.start("whole").run().check_done()?;
        let whole = self.bench.path().join("whole");
        let expected = sums(&whole)?;
        let undisturbed = begin.elapsed();

        let killed = self.bench.path().join("killed");
        let mut random = Draw {
            seed: self.bench.seed,
            purpose: Purpose::Display,
            epoch: 0,
            index: 0,
        }
        .stream();
        let (mut kills, mut runs) = (0, 0);
        let mut moments = Vec::new();
        while kills < self.kills {
            let mut started = match killed.join("config.toml").exists() {
                true => self.resume(),
                false => self.start("killed"),
            }
            .start();
            // Twice the time of an undisturbed start and a few steps: many a kill comes before the first one.
            let share = random.uniform_f64();
            let limit = (undisturbed / 6).max(Duration::from_millis(150));
            std::thread::sleep(limit.mul_f64(share));
            if started.has_ended() {
                started.wait().check_done()?;
                self.check(&killed, &expected)?;
                runs += 1;
                continue;
            }
            started.kill();
            started.wait();
            kills += 1;
            moments.push(newest_step(&killed));
        }
        if killed.exists() {
            self.resume_or_start(&killed).run().check_done()?;
            self.check(&killed, &expected)?;
            runs += 1;
        }
        moments.sort_unstable();
        moments.dedup();
        Ok(format!(
            "{kills} kills over {runs} runs of {STEPS} steps, after checkpoints of {} different steps",
            moments.len()
        ))
    }

    fn resume_or_start(&self, run: &Path) -> Run<'_> {
        match run.join("config.toml").exists() {
            true => self.resume(),
            false => self.start("killed"),
        }
    }

    fn start(&self, name: &str) -> Run<'_> {
        let run = self.bench.train(name, &RUN);
        replaced(run, &["--backend", self.backend, "--threads", self.threads])
    }

    fn resume(&self) -> Run<'_> {
        self.bench
            .ae(["train", "--resume", "killed", "--quiet"])
            .args(["--backend", self.backend, "--threads", self.threads])
    }

    /// A run that is over has the expected models, and makes room for the next.
    fn check(&self, run: &Path, expected: &str) -> Result<(), Trouble> {
        check_same_model(run, expected)?;
        let log = fs::read_to_string(run.join("metrics.jsonl")).map_err(broken(run))?;
        let steps = log.matches("\"kind\":\"step\"").count() as u64;
        if steps != STEPS {
            return Err(Trouble::Failed(format!("the log has {steps} steps")));
        }
        fs::remove_dir_all(run).map_err(broken(run))
    }
}

fn newest_step(run: &Path) -> u64 {
    let name = checkpoints(run)
        .first()
        .and_then(|path| path.file_name()?.to_str().map(str::to_owned));
    name.and_then(|name| name.get(5..13)?.parse().ok())
        .unwrap_or(0)
}
