//! The letters that are built in, against what is told of them.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use ae_data::ImageSet;
use ae_data::glyphs::{LETTERS, SHAPE, embedded};

fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/glyphs")
}

/// A line of `datasets/glyphs/fonts.tsv`.
struct Listed {
    part: String,
    family: String,
    licence: String,
}

fn listed() -> Vec<Listed> {
    let list =
        fs::read_to_string(datasets().join("fonts.tsv")).expect("the list is in the checkout");
    let face = |line: &str| {
        let [
            part,
            _file,
            _index,
            _weight,
            family,
            _style,
            _package,
            licence,
        ] = line.split('\t').collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        Listed {
            part: part.to_owned(),
            family: family.to_owned(),
            licence: licence.to_owned(),
        }
    };
    list.lines().skip(1).map(face).collect()
}

#[test]
fn the_embedded_set_is_what_its_manifest_says() {
    let dataset = embedded().unwrap();
    let test = dataset.test.unwrap();
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(datasets().join("manifest.json")).unwrap())
            .unwrap();
    let faces = listed();
    for (name, set) in [("train", &dataset.train), ("test", &test)] {
        let of_part = || faces.iter().filter(|face| face.part == name);
        let families: BTreeSet<&str> = of_part().map(|face| face.family.as_str()).collect();
        let stated = &manifest[name];
        assert_eq!(stated["images"], set.len(), "{name}");
        assert_eq!(stated["faces"], set.len() / 10, "{name}");
        assert_eq!(stated["faces"], of_part().count(), "{name}");
        assert_eq!(stated["families"], families.len(), "{name}");
        assert_eq!(stated["fingerprint"], set.fingerprint().unwrap(), "{name}");
        assert_eq!(set.shape(), SHAPE);
        assert_eq!(set.classes(), LETTERS.map(String::from));
        let labels: Vec<Option<u32>> = (0..set.len()).map(|index| set.label(index)).collect();
        let expected: Vec<Option<u32>> = (0..set.len())
            .map(|index| Some((index % 10) as u32))
            .collect();
        assert_eq!(labels, expected, "{name}");
    }
    let families: BTreeSet<&str> = faces.iter().map(|face| face.family.as_str()).collect();
    assert!(faces.len() >= 1000, "{} faces", faces.len());
    assert!(families.len() >= 150, "{} families", families.len());
    assert!(
        faces
            .iter()
            .all(|face| !face.licence.is_empty() && !face.licence.contains("GPL"))
    );
    let embedded = Path::new(env!("CARGO_MANIFEST_DIR")).join("glyphs");
    let bytes: u64 = [datasets(), embedded]
        .into_iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 3_900_000, "{bytes} bytes");
}

#[test]
fn no_family_and_no_face_is_both_for_training_and_for_testing() {
    let faces = listed();
    let groups = |part: &str| -> BTreeSet<String> {
        let of_part = faces.iter().filter(|face| face.part == part);
        of_part
            .map(|face| face.family.split(' ').next().unwrap().to_lowercase())
            .collect()
    };
    assert!(!groups("test").is_empty());
    assert_eq!(groups("train").intersection(&groups("test")).next(), None);

    let dataset = embedded().unwrap();
    let pixels = |set: &ImageSet| -> Vec<Vec<u8>> {
        let image = |index| set.image(index).unwrap().into_pixels();
        (0..set.len() / 10)
            .map(|face| {
                (0..10)
                    .flat_map(|letter| image(face * 10 + letter))
                    .collect()
            })
            .collect()
    };
    let all = [pixels(&dataset.train), pixels(&dataset.test.unwrap())].concat();
    let distinct: HashSet<&[u8]> = all.iter().map(Vec::as_slice).collect();
    assert_eq!(distinct.len(), all.len());
}

/// Measured on the 7,000 training images of notMNIST: mean 108.7, standard deviation 117.0, and 37.1% black.
#[test]
fn gray_levels_are_like_those_of_notmnist() {
    let train = embedded().unwrap().train;
    let pixels: Vec<u8> = (0..train.len())
        .flat_map(|index| train.image(index).unwrap().into_pixels())
        .collect();
    let count = pixels.len() as f64;
    let mean = pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / count;
    let variance = pixels
        .iter()
        .map(|&pixel| (f64::from(pixel) - mean).powi(2))
        .sum::<f64>()
        / count;
    let black = pixels.iter().filter(|&&pixel| pixel == 0).count() as f64 / count;
    assert!((mean - 108.7).abs() < 5.0, "{mean}");
    assert!((variance.sqrt() - 117.0).abs() < 4.0, "{}", variance.sqrt());
    assert!((black - 0.371).abs() < 0.03, "{black}");
}
