//! Sets that others made, where they are there.

use std::fs;

use ae_data::{ImageShape, OpenOptions, SetInfo, SplitOptions, open};

use crate::support::{open_at, shared_data};

#[test]
fn the_real_archive_names_its_two_unreadable_files() {
    let Some(folder) = shared_data("the_real_archive_names_its_two_unreadable_files") else {
        return;
    };
    let path = folder.join("notmnist-archive/notMNIST_small.tar.gz");
    let dataset = open_at(&path).unwrap();
    assert_eq!((dataset.files, dataset.train.len()), (1_002, 1_000));
    let skipped: Vec<_> = dataset
        .skipped
        .iter()
        .map(|skip| (skip.file.as_str(), skip.reason.as_str()))
        .collect();
    assert_eq!(
        skipped,
        [
            (
                "notMNIST_small/A/RGVtb2NyYXRpY2FCb2xkT2xkc3R5bGUgQm9sZC50dGY=.png",
                "the file is empty"
            ),
            (
                "notMNIST_small/F/Q3Jvc3NvdmVyIEJvbGRPYmxpcXVlLnR0Zg==.png",
                "the file is empty"
            ),
        ]
    );
    let info = dataset.train.info().unwrap();
    assert_eq!(
        dataset.train.classes(),
        ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]
    );
    assert!(
        info.classes.iter().all(|class| class.images == 100),
        "{:?}",
        info.classes
    );
    assert_eq!(
        (info.shape, info.warnings.len()),
        (ImageShape::new(1, 28, 28), 0)
    );
    let strict = open(
        path.to_str().unwrap(),
        &OpenOptions {
            strict: true,
            ..OpenOptions::default()
        },
    );
    assert!(
        strict
            .unwrap_err()
            .to_string()
            .starts_with("2 of 1002 files in ")
    );
}

#[test]
fn the_real_idx_sets_have_the_counts_and_moments_that_python_finds() {
    let Some(folder) =
        shared_data("the_real_idx_sets_have_the_counts_and_moments_that_python_finds")
    else {
        return;
    };
    let info = open_at(&folder.join("notmnist-8k"))
        .unwrap()
        .info()
        .unwrap();
    let counts = |info: &SetInfo| {
        info.classes
            .iter()
            .map(|class| class.images)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        counts(&info.train),
        [666, 696, 697, 721, 720, 701, 712, 697, 698, 692]
    );
    let test = info.test.unwrap();
    assert_eq!(
        counts(&test),
        [93, 101, 83, 109, 108, 104, 101, 100, 107, 94]
    );
    // Python 3 over gzip.open(...).read()[16:]: sums of bytes and of their squares, sets of 784-byte strings.
    assert!((info.train.mean - 0.426_079_073_057_794_5).abs() < 1e-12);
    assert!((info.train.standard_deviation - 0.458_791_655_868_433_2).abs() < 1e-12);
    assert_eq!((info.train.duplicates, test.duplicates), (128, 20));
    assert!(
        info.train.warnings.is_empty() && test.warnings.is_empty(),
        "{:?}",
        info.train.warnings
    );
    let mnist = open_at(&folder.join("mnist-10k")).unwrap();
    assert_eq!((mnist.train.len(), mnist.test.is_none()), (10_000, true));
    let info = mnist.train.info().unwrap();
    assert_eq!(
        counts(&info),
        [980, 1_135, 1_032, 1_010, 982, 892, 958, 1_028, 974, 1_009]
    );
    assert!(info.warnings.is_empty(), "{:?}", info.warnings);
}

#[test]
fn the_real_files_are_the_ones_these_numbers_are_about() {
    use sha2::Digest as _;
    let Some(folder) = shared_data("the_real_files_are_the_ones_these_numbers_are_about") else {
        return;
    };
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let mut checked = 0;
    for line in sums.lines() {
        let (expected, name) = line.split_once("  ").unwrap();
        let hash = sha2::Sha256::digest(fs::read(folder.join(name)).unwrap());
        let hexadecimal: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hexadecimal, expected, "{name}");
        checked += usize::from(name.contains("mnist") || name.contains("notMNIST"));
    }
    assert_eq!(checked, 7);
}

#[test]
fn copies_across_the_split_of_notmnist_are_found() {
    let Some(folder) = shared_data("copies_across_the_split_of_notmnist_are_found") else {
        return;
    };
    let source = folder.join("notmnist-8k");
    let dataset = open(source.to_str().unwrap(), &OpenOptions::default()).unwrap();
    let split = dataset
        .split(&SplitOptions {
            dedup: true,
            ..SplitOptions::default()
        })
        .unwrap();
    // Counted with Python: gzip.open(...).read()[16:] cut into 784s, sets of bytes compared.
    assert_eq!((split.shared, split.dropped), (30, 107));
    assert_eq!(
        (split.train.len() + split.validation.len(), split.test.len()),
        (7_000 - split.dropped, 1_000)
    );
    assert_eq!(dataset.info().unwrap().shared, split.shared);
}
