//! Checkpoints survive to the bit, and damage to them is noticed.

use super::*;
use crate::measure::code_report::{CodeReport, SparseReport};

fn origin() -> Origin {
    Origin {
        train_images: "aa".into(),
        validation_images: Some(String::new()),
        test_images: String::new(),
        train: toml::Table::new(),
        model: toml::Table::new(),
    }
}

fn report() -> EpochReport {
    EpochReport {
        epoch: 1,
        step: 3,
        // A number that many a parser reads back as its neighbour.
        train_loss: 0.204_513_293_504_714_98,
        terms: BTreeMap::from([("reconstruction".to_owned(), 1e-300)]),
        part: None,
        validation: None,
        validation_loss: None,
        codes: Some(CodeReport::Sparse(SparseReport {
            active_share: 0.1,
            dead_units: 3,
            units: 7,
        })),
        learning_rate: 0.1,
        best: true,
        train_seconds: 1.0,
        validation_seconds: 0.0,
        images_per_second: 2.0,
    }
}

fn tensors() -> Vec<NamedTensor> {
    vec![NamedTensor {
        name: "weight".into(),
        shape: vec![3],
        values: vec![1.0, 2.0, -0.5],
    }]
}

fn write_step(folder: &Path, step: usize) -> PathBuf {
    let progress = Progress {
        step,
        loss_sum: 0.1 + step as f64,
        best_score: Some(1e-300),
        ..Progress::default()
    };
    let optimizer = OptimizerState {
        tensors: tensors(),
        counters: BTreeMap::from([("weight.time".to_owned(), 7)]),
        ranks: BTreeMap::from([("weight".to_owned(), 1)]),
    };
    let content = Content {
        progress: &progress,
        epochs: &[report()],
        origin: &origin(),
        optimizer,
    };
    write(
        folder,
        content,
        &[(MODEL, Box::new(|path| write_tensors(path, &tensors())))],
    )
    .unwrap()
}

#[test]
fn a_checkpoint_survives_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_step(folder.path(), 5);
    let (checkpoint, skipped) = newest(folder.path()).unwrap();
    let checkpoint = checkpoint.unwrap();
    assert!(skipped.is_empty());
    assert_eq!(checkpoint.path, path);
    assert_eq!(checkpoint.progress.loss_sum.to_bits(), 5.1f64.to_bits());
    assert_eq!(checkpoint.progress.best_score, Some(1e-300));
    assert_eq!(checkpoint.model, tensors());
    assert_eq!(checkpoint.optimizer.counters["weight.time"], 7);
    assert_eq!(checkpoint.origin, origin());
    assert_eq!(checkpoint.epochs, [report()]);
    assert!(checkpoint.best.is_none());
}

#[test]
fn the_newest_two_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    for step in [1, 2, 30] {
        write_step(folder.path(), step);
    }
    let steps: Vec<usize> = list(folder.path())
        .unwrap()
        .into_iter()
        .map(|(number, _)| number.step)
        .collect();
    assert_eq!(steps, [30, 2]);
}

/// Replacing one would leave none for a moment.
#[test]
fn a_second_checkpoint_of_a_step_stands_beside_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["step-00000007", "step-00000007-2", "step-00000007-3"];
    for (count, name) in names.into_iter().enumerate() {
        assert_eq!(write_step(folder.path(), 7), folder.path().join(name));
        assert_eq!(list(folder.path()).unwrap().len(), (count + 1).min(KEPT));
        let (newest, _) = newest(folder.path()).unwrap();
        assert_eq!(newest.unwrap().path, folder.path().join(name));
    }
    for name in ["step-", "step-x", "step-1-", "step-1-x", ".staging", "step"] {
        assert_eq!(Number::of_name(name), None, "{name}");
    }
}

/// Another user's checkpoint, or a moment without memory, must not cost anything.
#[test]
fn only_damage_is_passed_over() {
    use std::io::{Error, ErrorKind};
    let io = |source: Error| TrainError::Io {
        action: "read",
        path: PathBuf::from("x"),
        source,
    };
    for (error, expected) in [
        (io(ErrorKind::NotFound.into()), true),
        (io(ErrorKind::InvalidData.into()), true),
        (io(Error::from_raw_os_error(5)), cfg!(unix)),
        (io(ErrorKind::PermissionDenied.into()), false),
        (io(ErrorKind::OutOfMemory.into()), false),
        (TrainError::checkpoint(Path::new("x"), "damaged"), true),
        (TrainError::Loader, false),
    ] {
        assert_eq!(is_damage(&error), expected, "{error}");
    }
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_named() {
    for file in [STATE, MODEL, OPTIMIZER] {
        let folder = tempfile::tempdir().unwrap();
        write_step(folder.path(), 1);
        let path = write_step(folder.path(), 2).join(file);
        let content = fs::read(&path).unwrap();
        for position in (0..content.len()).step_by(7) {
            let mut damaged = content.clone();
            damaged[position] ^= 4;
            fs::write(&path, damaged).unwrap();
            let (checkpoint, skipped) = newest(folder.path()).unwrap();
            assert_eq!(
                checkpoint.unwrap().progress.step,
                1,
                "{file} byte {position}"
            );
            assert!(skipped[0].1.contains(file), "{}", skipped[0].1);
        }
        for length in [0, 1, content.len() / 2, content.len() - 1] {
            fs::write(&path, &content[..length]).unwrap();
            assert_eq!(
                newest(folder.path()).unwrap().0.unwrap().progress.step,
                1,
                "{file} cut to {length}"
            );
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(
            newest(folder.path()).unwrap().0.unwrap().progress.step,
            1,
            "{file} gone"
        );
    }
}

#[test]
fn without_a_whole_checkpoint_there_is_an_error_and_without_any_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    assert!(newest(&folder.path().join("gone")).unwrap().0.is_none());
    fs::create_dir(folder.path().join(STAGING)).unwrap();
    assert!(newest(folder.path()).unwrap().0.is_none());
    let path = write_step(folder.path(), 1).join(MODEL);
    fs::write(&path, "").unwrap();
    assert!(newest(folder.path()).is_err());
}

#[test]
fn a_later_format_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_step(folder.path(), 1);
    let path = write_step(folder.path(), 2).join(STATE);
    let text = fs::read_to_string(&path).unwrap();
    let rest = text
        .split_once('\n')
        .unwrap()
        .1
        .replace("format_version = 2", "format_version = 3");
    fs::write(
        &path,
        format!("# sha256 {}\n{rest}", sha256(rest.as_bytes())),
    )
    .unwrap();
    let message = newest(folder.path()).err().unwrap().to_string();
    assert!(
        message.ends_with("state.toml: format version 3, this program reads 2"),
        "{message}"
    );
    // Going back to the first one would in the end remove what the later version wrote.
    assert!(path.exists());
}

#[test]
fn the_fuzz_target_s_corpus_is_no_danger() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/manifest");
    let mut tried = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        fuzz_manifest(&fs::read(entry.unwrap().path()).unwrap());
        tried += 1;
    }
    assert!(tried > 0);
}
