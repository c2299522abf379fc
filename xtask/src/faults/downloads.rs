//! `cargo xtask download` from a server on loopback that misbehaves.

use std::fs;
use std::time::Duration;

use ae_random::{Draw, Purpose};

use super::bench::Bench;
use super::case::Case;
use super::process::{Ended, Run};
use super::snapshot::{sha256, sha256_of};
use super::trouble::{Trouble, broken};
use crate::loopback::{Behaviour, Server};

pub(super) const FAMILY: &str = "download";
/// Enough for several of the client's buffers.
const BYTES: usize = 300_000;

fn content() -> Vec<u8> {
    (0..BYTES)
        .map(|index| (index * index / 7 + index) as u8)
        .collect()
}

/// A server, and the list of sets that names it.
pub(super) struct Site<'a> {
    bench: &'a Bench<'a>,
    server: Server,
}

impl<'a> Site<'a> {
    pub(super) fn open(bench: &'a Bench<'a>, behaviours: &[Behaviour]) -> Result<Self, Trouble> {
        let content = content();
        let server = Server::start(&content, behaviours);
        let list = format!(
            "[[set]]\nname = \"letters\"\nabout = \"\"\nlicence = \"none\"\nhome = \"\"\n\
             mirrors = [\"{}\"]\n\
             [[set.file]]\nname = \"letters.bin\"\nbytes = {BYTES}\nsha256 = \"{}\"\n",
            server.mirror(),
            sha256(&content)
        );
        bench.write("sources.toml", list.as_bytes())?;
        Ok(Self { bench, server })
    }

    pub(super) fn download(&self) -> Result<Run<'a>, Trouble> {
        let run = self
            .bench
            .xtask(["download", "--sources", "sources.toml", "--into", "data"])?;
        Ok(run
            .args([
                "--attempts",
                "2",
                "--pause",
                "0.01",
                "--stall",
                "0.5",
                "letters",
            ])
            .time(Duration::from_secs(20)))
    }

    /// The set is there, and right to the byte.
    pub(super) fn check_there(&self) -> Result<(), Trouble> {
        let path = self.bench.path().join("data/letters/letters.bin");
        match sha256_of(&path)? == sha256(&content()) {
            true => Ok(()),
            false => Err(Trouble::Failed("the file has other bytes".to_owned())),
        }
    }

    /// Nothing has the set's name.
    fn check_not_there(&self) -> Result<(), Trouble> {
        match self.bench.path().join("data/letters").exists() {
            false => Ok(()),
            true => Err(Trouble::Failed("the set has its name already".to_owned())),
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = failures();
    cases.extend(recoveries());
    cases.extend(processes());
    cases
}

/// A server that never gets better: exit code 6 and no set; then an honest one.
fn fails(name: impl Into<String>, behaviour: Behaviour, reason: &'static str) -> Case {
    Case::new(FAMILY, name, move |bench| {
        let site = Site::open(bench, &[behaviour])?;
        site.download()?
            .run()
            .check_error(6, &["letters.bin", reason])?;
        site.check_not_there()?;
        drop(site);
        let site = Site::open(bench, &[Behaviour::Honest])?;
        site.download()?.run().check_done()?;
        site.check_there()
    })
}

fn failures() -> Vec<Case> {
    let statuses = [
        400, 401, 403, 404, 408, 410, 418, 429, 451, 500, 502, 503, 504,
    ];
    let mut cases: Vec<Case> = statuses
        .into_iter()
        .map(|status| {
            fails(
                format!("status {status}"),
                Behaviour::Status(status),
                "status",
            )
        })
        .collect();
    cases.extend([
        fails("status 204, no content", Behaviour::Status(204), "status"),
        fails(
            "a web page instead of the file",
            Behaviour::Page,
            "text/html",
        ),
        fails(
            "a body without end",
            Behaviour::Endless,
            "more than 300000 bytes",
        ),
        fails("a stall in the middle", Behaviour::Stalls(0), "stalled"),
        fails("a byte at a time", Behaviour::Drips, "stalled"),
        fails("no answer at all", Behaviour::Silent, "request failed"),
        fails(
            "another length",
            Behaviour::WrongLength,
            "instead of 300000",
        ),
        fails("other bytes", Behaviour::WrongBytes, "SHA-256"),
        fails(
            "a redirection to itself",
            Behaviour::Redirects,
            "request failed",
        ),
        fails(
            "a redirection to a file",
            Behaviour::RedirectsTo("file:///etc/passwd"),
            "request failed",
        ),
        fails(
            "a redirection to ftp",
            Behaviour::RedirectsTo("ftp://127.0.0.1/letters.bin"),
            "request failed",
        ),
        fails(
            "bytes that are no HTTP",
            Behaviour::Garbage,
            "request failed",
        ),
        Case::new(FAMILY, "a server that is not there", |bench| {
            let site = Site::open(bench, &[Behaviour::Honest])?;
            let run = site.download()?;
            let Site { server, .. } = site;
            drop(server);
            run.run()
                .check_error(6, &["letters.bin", "request failed"])?;
            let site = Site::open(bench, &[Behaviour::Honest])?;
            site.check_not_there()?;
            site.download()?.run().check_done()?;
            site.check_there()
        }),
        Case::new(FAMILY, "a set that is not known", |bench| {
            let site = Site::open(bench, &[Behaviour::Honest])?;
            let run = bench.xtask(["download", "--sources", "sources.toml", "lettres"])?;
            run.run().check_error(2, &["lettres"])?;
            site.check_not_there()
        }),
    ]);
    cases
}

/// A server that misbehaves once: the download is done all the same.
fn recovers(name: impl Into<String>, behaviours: Vec<Behaviour>) -> Case {
    Case::new(FAMILY, name, move |bench| {
        let site = Site::open(bench, &behaviours)?;
        site.download()?.run().check_done()?;
        site.check_there()
    })
}

fn recoveries() -> Vec<Case> {
    let mut cases: Vec<Case> = (1..10)
        .map(|tenth| {
            let bytes = tenth * BYTES / 10;
            Case::new(
                FAMILY,
                format!("broken off after {tenth} tenths"),
                move |bench| {
                    let site =
                        Site::open(bench, &[Behaviour::BreaksOff(bytes), Behaviour::Honest])?;
                    site.download()?.run().check_done()?;
                    site.check_there()?;
                    let ranges = site.server.ranges();
                    match ranges.as_slice() {
                        [None, Some(range)] if *range == format!("bytes={bytes}-") => Ok(()),
                        other => Err(Trouble::Failed(format!("asked for {other:?}"))),
                    }
                },
            )
        })
        .collect();
    let half = Behaviour::BreaksOff(BYTES / 2);
    cases.extend([
        recovers(
            "the rest is asked for and all is sent",
            vec![half, Behaviour::IgnoresRange],
        ),
        recovers(
            "another part is sent",
            vec![half, Behaviour::WrongPart, Behaviour::Honest],
        ),
        recovers(
            "a stall, then the rest",
            vec![Behaviour::Stalls(BYTES / 3), Behaviour::Honest],
        ),
        recovers(
            "other bytes, then the right ones",
            vec![Behaviour::WrongBytes, Behaviour::Honest],
        ),
        recovers(
            "a page, then the file",
            vec![Behaviour::Page, Behaviour::Honest],
        ),
        recovers("called gzipped, which it is not", vec![Behaviour::SaysGzip]),
        recovers(
            "status 416 for the rest",
            vec![half, Behaviour::Status(416), Behaviour::Honest],
        ),
    ]);
    cases
}

fn processes() -> Vec<Case> {
    vec![
        Case::telling(FAMILY, "killed at 20 random moments", |bench| {
            let slow: Vec<Behaviour> = (0..40)
                .map(|part| Behaviour::Stalls(BYTES / 40 + part))
                .chain([Behaviour::Honest])
                .collect();
            let site = Site::open(bench, &slow)?;
            let mut random = Draw {
                seed: bench.seed,
                purpose: Purpose::Display,
                epoch: 1,
                index: 0,
            }
            .stream();
            for _ in 0..20 {
                let mut started = site.download()?.start();
                std::thread::sleep(Duration::from_millis(80).mul_f64(random.uniform_f64()));
                started.kill();
                started.wait();
                site.check_not_there()?;
            }
            drop(site);
            let kept = fs::metadata(bench.path().join("data/.partial/letters/letters.bin"))
                .map_or(0, |metadata| metadata.len());
            let site = Site::open(bench, &[Behaviour::Honest])?;
            site.download()?.run().check_done()?;
            site.check_there()?;
            Ok(format!("{kept} of {BYTES} bytes were there after the last"))
        }),
        Case::new(FAMILY, "two at once", |bench| {
            let site = Site::open(bench, &[Behaviour::Drips, Behaviour::Honest])?;
            let first = site.download()?.start();
            let lock = bench.path().join("data/.partial/letters.lock");
            while !lock.exists() {
                std::thread::sleep(Duration::from_millis(2));
            }
            std::thread::sleep(Duration::from_millis(100));
            let second = site.download()?.run();
            first.wait().check_done()?;
            site.check_there()?;
            Ok(second.check_error(5, &["letters.lock", "another download"])?)
        }),
        Case::new(FAMILY, "the file damaged later", |bench| {
            let site = Site::open(bench, &[Behaviour::Honest])?;
            site.download()?.run().check_done()?;
            let path = bench.path().join("data/letters/letters.bin");
            let mut bytes = fs::read(&path).map_err(broken(&path))?;
            bytes[BYTES / 2] ^= 1;
            fs::write(&path, &bytes).map_err(broken(&path))?;
            let again: Ended = site.download()?.run();
            again.check_error(5, &["letters.bin", "SHA-256"])?;
            if fs::read(&path).map_err(broken(&path))? != bytes {
                return Err(Trouble::Failed("the file was changed".to_owned()));
            }
            fs::remove_dir_all(bench.path().join("data/letters")).map_err(broken(&path))?;
            site.download()?.run().check_done()?;
            site.check_there()
        }),
        Case::new(FAMILY, "a file where the folder should be", |bench| {
            let site = Site::open(bench, &[Behaviour::Honest])?;
            bench.write("data", b"mine")?;
            site.download()?.run().check_error(5, &["data"])?;
            match fs::read(bench.path().join("data")) {
                Ok(content) if content == b"mine" => Ok(()),
                _ => Err(Trouble::Failed("the file was changed".to_owned())),
            }
        }),
        Case::new(FAMILY, "a quota on the file's size", |bench| {
            let site = Site::open(bench, &[Behaviour::Honest])?;
            let limited = site.download()?.ulimit("-f 100").run();
            limited.check_error(5, &["letters.bin", "ile too large"])?;
            site.check_not_there()?;
            site.download()?.run().check_done()?;
            site.check_there()
        }),
        Case::new(FAMILY, "no room on the disk", |bench| {
            let site = Site::open(bench, &[Behaviour::Honest])?;
            let place = bench.path().join("data");
            let disk = super::small_disk::SmallDisk::mount(&place, 1024)?;
            disk.fill_but(100)?;
            site.download()?
                .run()
                .check_error(5, &["letters.bin", "o space left"])?;
            site.check_not_there()?;
            disk.make_room()?;
            site.download()?.run().check_done()?;
            site.check_there()
        }),
    ]
}
