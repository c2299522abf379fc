//! Downloads from servers that break off, lie and stall.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use xtask::download::{DownloadError, DownloadOptions, Report, download};
use xtask::loopback::{Behaviour, Server};
use xtask::sources::{DataSet, Sha256Sum, SourceFile};

/// Keeps what it hears.
#[derive(Default)]
struct Heard {
    notes: Vec<String>,
    positions: Vec<u64>,
}

impl Report for Heard {
    fn file(&mut self, _: &str, _: u64) {}
    fn position(&mut self, bytes: u64) {
        self.positions.push(bytes);
    }
    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
}

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| (index * index / 7 + index) as u8)
        .collect()
}

fn data_set(mirrors: Vec<String>, files: &[(&str, &[u8])]) -> DataSet {
    let file = |(name, content): &(&str, &[u8])| SourceFile {
        name: (*name).to_owned(),
        bytes: content.len() as u64,
        sha256: Sha256Sum(Sha256::digest(content).into()),
    };
    DataSet {
        name: "letters".to_owned(),
        about: String::new(),
        licence: String::new(),
        home: String::new(),
        mirrors,
        files: files.iter().map(file).collect(),
    }
}

fn options() -> DownloadOptions {
    DownloadOptions {
        stall: Duration::from_millis(300),
        connect: Duration::from_secs(5),
        pause: Duration::ZERO,
        attempts: 3,
        proxy: false,
    }
}

/// A download of `letters.bin` from mirrors with these behaviours.
struct Trial {
    folder: tempfile::TempDir,
    servers: Vec<Server>,
    set: DataSet,
    heard: Heard,
}

impl Trial {
    fn new(content: &[u8], mirrors: &[&[Behaviour]]) -> Self {
        let servers: Vec<Server> = mirrors
            .iter()
            .map(|behaviours| Server::start(content, behaviours))
            .collect();
        let addresses = servers.iter().map(Server::mirror).collect();
        let set = data_set(addresses, &[("letters.bin", content)]);
        Self {
            folder: tempfile::tempdir().unwrap(),
            servers,
            set,
            heard: Heard::default(),
        }
    }

    fn run(&mut self) -> Result<PathBuf, DownloadError> {
        download(&self.set, self.folder.path(), &options(), &mut self.heard)
    }

    fn done(&self) -> PathBuf {
        self.folder.path().join("letters/letters.bin")
    }

    fn partial(&self) -> PathBuf {
        self.folder.path().join(".partial/letters/letters.bin")
    }

    fn partial_length(&self) -> u64 {
        fs::metadata(self.partial()).map_or(0, |metadata| metadata.len())
    }

    fn put_partial(&self, bytes: &[u8]) {
        fs::create_dir_all(self.partial().parent().unwrap()).unwrap();
        fs::write(self.partial(), bytes).unwrap();
    }
}

#[track_caller]
fn assert_content(path: &Path, expected: &[u8]) {
    assert!(
        fs::read(path).unwrap() == expected,
        "{} has the wrong content",
        path.display()
    );
}

#[test]
fn an_honest_server_serves_it_in_one_request() {
    let content = content(300_000);
    let mut trial = Trial::new(&content, &[&[Behaviour::Honest]]);
    let folder = trial.run().unwrap();
    assert_content(&folder.join("letters.bin"), &content);
    assert!(!trial.partial().exists());
    assert_eq!(trial.servers[0].ranges(), [None]);
    assert_eq!(trial.heard.positions.last(), Some(&300_000));

    // The second time there is nothing to ask for.
    trial.run().unwrap();
    assert_eq!(trial.servers[0].ranges().len(), 1);
    assert_eq!(trial.heard.notes, ["letters is already there and intact"]);
}

/// Every way to fail once, healed by a second, honest mirror.
#[test]
fn the_next_mirror_makes_up_for_the_first() {
    let content = content(200_000);
    for (behaviour, note, resumed_from) in [
        (
            Behaviour::BreaksOff(50_000),
            "broke off after 50000 of 200000 bytes",
            50_000,
        ),
        (
            Behaviour::BreaksOff(0),
            "broke off after 0 of 200000 bytes",
            0,
        ),
        (Behaviour::WrongBytes, "the content's SHA-256 is", 0),
        (
            Behaviour::WrongLength,
            "announced 200007 bytes instead of 200000",
            0,
        ),
        (
            Behaviour::Page,
            "the server sent text/html; charset=utf-8, not the file",
            0,
        ),
        (
            Behaviour::Endless,
            "the server sent more than 200000 bytes",
            0,
        ),
        (
            Behaviour::Stalls(70_000),
            "stalled after 70000 of 200000 bytes",
            70_000,
        ),
        (Behaviour::Silent, "the request failed: timeout", 0),
        (Behaviour::Status(404), "status 404", 0),
        (Behaviour::Status(503), "status 503", 0),
        (Behaviour::Status(206), "status 206", 0),
        (Behaviour::Status(416), "status 416", 0),
        (Behaviour::Redirects, "the request failed", 0),
        (Behaviour::Garbage, "the request failed", 0),
    ] {
        let mut trial = Trial::new(&content, &[&[behaviour], &[Behaviour::Honest]]);
        let result = trial.run();
        assert!(
            result.is_ok(),
            "{behaviour:?}: {result:?} {:?}",
            trial.heard.notes
        );
        assert_content(&trial.done(), &content);
        let notes = &trial.heard.notes;
        assert!(
            notes.len() == 1 && notes[0].contains(note),
            "{behaviour:?}: {notes:?}"
        );
        let range = (resumed_from > 0).then(|| format!("bytes={resumed_from}-"));
        assert_eq!(trial.servers[1].ranges(), [range], "{behaviour:?}");
    }
}

/// The same ways, from the only mirror: an error, nothing under the final name, an end.
#[test]
fn a_mirror_that_never_gets_better_is_given_up() {
    let content = content(200_000);
    for behaviour in [
        Behaviour::BreaksOff(0),
        Behaviour::WrongBytes,
        Behaviour::WrongLength,
        Behaviour::Page,
        Behaviour::Endless,
        Behaviour::Stalls(0),
        Behaviour::Drips,
        Behaviour::Silent,
        Behaviour::Status(404),
        Behaviour::Redirects,
        Behaviour::Garbage,
    ] {
        let mut trial = Trial::new(&content, &[&[behaviour]]);
        let started = Instant::now();
        let error = trial.run().unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(10), "{behaviour:?}");
        let text = error.to_string();
        assert!(
            text.starts_with("cannot download letters.bin: 3 attempts failed, the last because "),
            "{behaviour:?}: {text}"
        );
        assert!(
            !trial.folder.path().join("letters").exists(),
            "{behaviour:?}"
        );
        assert!(
            trial.partial_length() < 1000,
            "{behaviour:?}: {}",
            trial.partial_length()
        );
        assert!(
            trial.heard.positions.iter().all(|&bytes| bytes <= 200_000),
            "{behaviour:?} took more than the file has"
        );
        assert!(
            matches!(error, DownloadError::Exhausted { attempts: 3, .. }),
            "{behaviour:?}"
        );
    }
}

#[test]
fn a_server_that_keeps_breaking_off_is_resumed_as_long_as_it_brings_something() {
    let content = content(1_000_000);
    let mut trial = Trial::new(&content, &[&[Behaviour::BreaksOff(100_000)]]);
    trial.run().unwrap();
    assert_content(&trial.done(), &content);
    let ranges = trial.servers[0].ranges();
    assert_eq!(ranges.len(), 10);
    assert_eq!(ranges[9].as_deref(), Some("bytes=900000-"));
}

#[test]
fn what_an_earlier_run_left_is_resumed() {
    let content = content(200_000);
    let mut trial = Trial::new(&content, &[&[Behaviour::Honest]]);
    trial.put_partial(&content[..123_456]);
    trial.run().unwrap();
    assert_content(&trial.done(), &content);
    assert_eq!(
        trial.servers[0].ranges(),
        [Some("bytes=123456-".to_owned())]
    );
}

#[test]
fn a_complete_leftover_needs_no_server() {
    let content = content(50_000);
    let mut trial = Trial::new(&content, &[&[Behaviour::Status(500)]]);
    trial.put_partial(&content);
    trial.run().unwrap();
    assert_content(&trial.done(), &content);
    assert_eq!(trial.servers[0].ranges().len(), 0);
}

#[test]
fn a_leftover_of_something_else_is_found_out_and_fetched_anew() {
    let content = content(200_000);
    for (leftover, requests) in [
        (vec![0xAA; 100_000], 2), // resumed, sum wrong, again from the start
        (vec![0xAA; 200_000], 1), // complete, sum wrong
        (vec![0xAA; 300_000], 1), // too long
    ] {
        let mut trial = Trial::new(&content, &[&[Behaviour::Honest]]);
        trial.put_partial(&leftover);
        trial.run().unwrap();
        assert_content(&trial.done(), &content);
        let ranges = trial.servers[0].ranges();
        assert_eq!(
            (ranges.len(), &ranges[requests - 1]),
            (requests, &None),
            "{}",
            leftover.len()
        );
    }
}

#[test]
fn a_server_that_ignores_ranges_sends_it_all_again() {
    let content = content(200_000);
    let mut trial = Trial::new(&content, &[&[Behaviour::IgnoresRange]]);
    // Wrong on purpose: if it were kept, the sum would be wrong as well.
    trial.put_partial(&[0xAA; 100_000]);
    trial.run().unwrap();
    assert_content(&trial.done(), &content);
    assert_eq!(
        trial.servers[0].ranges(),
        [Some("bytes=100000-".to_owned())]
    );
}

#[test]
fn another_part_than_the_one_asked_for_is_refused() {
    let content = content(200_000);
    let mut trial = Trial::new(&content, &[&[Behaviour::WrongPart], &[Behaviour::Honest]]);
    trial.put_partial(&content[..100_000]);
    trial.run().unwrap();
    assert_content(&trial.done(), &content);
    let note = &trial.heard.notes[0];
    assert!(
        note.contains("\"bytes 50000-199999/200000\" when asked for the bytes from 100000"),
        "{note}"
    );
    // What was there has been kept and resumed.
    assert_eq!(
        trial.servers[1].ranges(),
        [Some("bytes=100000-".to_owned())]
    );
}

#[test]
fn a_misnamed_encoding_leaves_the_bytes_alone() {
    let content = content(100_000);
    let mut trial = Trial::new(&content, &[&[Behaviour::SaysGzip]]);
    trial.run().unwrap();
    assert_content(&trial.done(), &content);
}

#[test]
fn nobody_at_the_address_is_an_error_soon() {
    let content = content(1000);
    let mut trial = Trial::new(&content, &[&[Behaviour::Honest]]);
    let gone = trial.servers.remove(0);
    drop(gone);
    let error = trial.run().unwrap_err().to_string();
    assert!(
        error.contains("the last because the request failed"),
        "{error}"
    );
}

#[test]
fn a_set_gets_its_name_when_all_its_files_are_right() {
    let (first, second) = (content(60_000), content(40_000));
    let server = Server::start(&first, &[Behaviour::Honest]);
    let set = data_set(
        vec![server.mirror()],
        &[("a.bin", &first), ("b.bin", &second)],
    );
    let folder = tempfile::tempdir().unwrap();
    // This server has only the first file; for the second it is of the wrong length.
    let error = download(&set, folder.path(), &options(), &mut Heard::default()).unwrap_err();
    assert!(
        error.to_string().contains("cannot download b.bin"),
        "{error}"
    );
    assert!(!folder.path().join("letters").exists());

    let other = Server::start(&second, &[Behaviour::Honest]);
    let set = DataSet {
        mirrors: vec![other.mirror()],
        ..set
    };
    let done = download(&set, folder.path(), &options(), &mut Heard::default()).unwrap();
    assert_content(&done.join("a.bin"), &first);
    assert_content(&done.join("b.bin"), &second);
    assert_eq!(other.ranges().len(), 1, "the first file was there already");
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let content = content(1000);
    for (found, problem) in [
        (Some(vec![1; 1000]), "has SHA-256"),
        (Some(vec![1; 10]), "has 10 bytes, not 1000"),
        (None, "is missing"),
    ] {
        let mut trial = Trial::new(&content, &[&[Behaviour::Honest]]);
        fs::create_dir_all(trial.done().parent().unwrap()).unwrap();
        if let Some(found) = &found {
            fs::write(trial.done(), found).unwrap();
        }
        let error = trial.run().unwrap_err().to_string();
        assert!(
            error.contains(problem) && error.contains("letters.bin"),
            "{error}"
        );
        assert!(
            error.ends_with("move the folder away and download again"),
            "{error}"
        );
        assert_eq!(fs::read(trial.done()).ok(), found);
        assert_eq!(trial.servers[0].ranges().len(), 0);
    }
}

#[test]
fn two_downloads_of_one_set_do_not_mix() {
    let content = content(100_000);
    let mut trial = Trial::new(&content, &[&[Behaviour::Honest]]);
    fs::create_dir_all(trial.folder.path().join(".partial")).unwrap();
    let lock = fs::File::create(trial.folder.path().join(".partial/letters.lock")).unwrap();
    lock.lock().unwrap();
    let error = trial.run().unwrap_err();
    assert!(matches!(error, DownloadError::Locked { .. }), "{error}");
    drop(lock);
    trial.run().unwrap();
}

#[test]
fn a_full_or_forbidden_disk_ends_it_at_once() {
    let content = content(1000);
    let mut trial = Trial::new(&content, &[&[Behaviour::Honest]]);
    fs::create_dir_all(trial.partial()).unwrap(); // a folder where the file belongs
    let error = trial.run().unwrap_err();
    assert!(matches!(error, DownloadError::Disk { .. }), "{error}");
    assert_eq!(trial.servers[0].ranges().len(), 0);
}
