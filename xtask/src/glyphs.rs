//! The glyphs that are compiled into `ae-data`: drawn from installed fonts, bit for bit the same each time.
//!
//! `datasets/glyphs` holds the packages to draw from (`packages.toml`), what was drawn (`fonts.tsv`) and how much of it
//! there is (`manifest.json`); the images lie in `crates/ae-data/glyphs`, for a crate is packed with what it embeds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ae_data::{DataError, Dataset, ImageSet, write_idx};
use ae_files::write_atomically;
use ae_glyphs::{GlyphFace, GlyphOptions, Glyphs, Recognition, render_fonts};
use clap::Args;
use serde::Serialize;

mod error;
mod packages;

pub use error::GlyphsError;

use packages::{Fonts, Packages};

/// What `cargo xtask glyphs` may be told.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Example: sudo apt-get install --no-install-recommends $(cargo xtask glyphs --packages)"
)]
pub struct GlyphsOptions {
    /// Draw the set again and compare it with what is there, which is left alone.
    #[arg(long, conflicts_with = "packages")]
    check: bool,
    /// Print the names of the Debian packages whose fonts are drawn.
    #[arg(long)]
    packages: bool,
}

/// The families of the training faces, beside their images.
const FAMILIES: &str = "train-families.txt";

/// How the embedded set is made from the fonts.
fn glyph_options() -> GlyphOptions {
    GlyphOptions {
        recognition: Recognition::EachOther,
        ..GlyphOptions::default()
    }
}

/// Makes the set under `root`, or checks it, or prints what it is made from.
///
/// # Errors
/// When packages are missing, files cannot be read or written, or a check finds a difference.
pub fn run(root: &Path, options: &GlyphsOptions) -> Result<(), GlyphsError> {
    let folder = root.join("datasets/glyphs");
    let images = root.join("crates/ae-data/glyphs");
    let mut packages = Packages::read(&folder.join("packages.toml"))?;
    if options.packages {
        println!("{}", packages.names().collect::<Vec<_>>().join("\n"));
        return Ok(());
    }
    let fonts = Fonts::of(&packages)?;
    if options.check {
        packages.check_versions(&fonts)?;
    }
    let glyphs = render_fonts(&fonts.files(), &glyph_options())?;
    let list = list_of_fonts(&glyphs, &packages, &fonts);
    let manifest = Manifest::of(&glyphs)?;
    if options.check {
        let families = families_of(&glyphs.train_faces);
        check(
            &folder,
            &images,
            &glyphs.dataset,
            &list,
            &families,
            &manifest,
        )?;
        println!(
            "{} is what the fonts give: {}",
            folder.display(),
            manifest.summary()
        );
        return Ok(());
    }
    packages.set_versions(&fonts);
    let families = images.join(FAMILIES);
    write_atomically(&families, |file| {
        file.write_all(families_of(&glyphs.train_faces).as_bytes())
    })
    .map_err(|source| DataError::Write {
        path: families.clone(),
        source,
    })?;
    for (name, set) in parts(&glyphs.dataset) {
        let path = |kind: &str| images.join(format!("{name}-{kind}-ubyte.gz"));
        write_idx(&path("images-idx3"), Some(&path("labels-idx1")), set)?;
    }
    let texts = [
        ("fonts.tsv", list),
        ("manifest.json", manifest.to_json()),
        ("packages.toml", packages.to_toml()),
    ];
    for (name, text) in texts {
        let path = folder.join(name);
        write_atomically(&path, |file| file.write_all(text.as_bytes()))
            .map_err(|source| DataError::Write { path, source })?;
    }
    println!("{}: {}", folder.display(), manifest.summary());
    for name in packages
        .names()
        .filter(|name| !glyphs_are_from(&glyphs, &fonts, name))
    {
        eprintln!("no face is from {name}");
    }
    Ok(())
}

fn parts(dataset: &Dataset) -> impl Iterator<Item = (&'static str, &ImageSet)> {
    [("train", &dataset.train)]
        .into_iter()
        .chain(dataset.test.iter().map(|test| ("t10k", test)))
}

fn faces(glyphs: &Glyphs) -> impl Iterator<Item = (&'static str, &GlyphFace)> {
    let train = glyphs.train_faces.iter().map(|face| ("train", face));
    train.chain(glyphs.test_faces.iter().map(|face| ("test", face)))
}

fn glyphs_are_from(glyphs: &Glyphs, fonts: &Fonts, package: &str) -> bool {
    faces(glyphs).any(|(_, face)| fonts.package(&face.file) == Some(package))
}

/// A line for each face with its family, in the images' order: what training images are divided by.
fn families_of(faces: &[GlyphFace]) -> String {
    faces
        .iter()
        .map(|face| format!("{}\n", face.family))
        .collect()
}

/// A line for each face, in the images' order.
fn list_of_fonts(glyphs: &Glyphs, packages: &Packages, fonts: &Fonts) -> String {
    let mut list = "part\tfile\tindex\tweight\tfamily\tstyle\tpackage\tlicence\n".to_owned();
    for (part, face) in faces(glyphs) {
        let package = fonts.package(&face.file).unwrap_or_default();
        let weight = face
            .weight
            .map(|weight| weight.to_string())
            .unwrap_or_default();
        let fields = [
            part,
            &face.file.to_string_lossy(),
            &face.index.to_string(),
            &weight,
            &face.family,
            &face.style,
            package,
            packages.licence(package),
        ];
        list += &fields.join("\t");
        list += "\n";
    }
    list
}

/// The set in numbers.
#[derive(Debug, PartialEq, Serialize)]
struct Manifest {
    font_files: usize,
    faces_without_letters: usize,
    faces_thinned: usize,
    train: Part,
    test: Part,
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct Part {
    families: usize,
    faces: usize,
    images: usize,
    fingerprint: String,
}

impl Manifest {
    fn of(glyphs: &Glyphs) -> Result<Manifest, DataError> {
        let part = |faces: &[GlyphFace], set: &ImageSet| {
            let families: BTreeSet<&str> = faces.iter().map(|face| face.family.as_str()).collect();
            let fingerprint = set.fingerprint()?;
            Ok::<_, DataError>(Part {
                families: families.len(),
                faces: faces.len(),
                images: set.len(),
                fingerprint,
            })
        };
        let test = glyphs
            .dataset
            .test
            .as_ref()
            .map(|set| part(&glyphs.test_faces, set))
            .transpose()?;
        Ok(Manifest {
            font_files: glyphs.dataset.files,
            faces_without_letters: glyphs.dataset.skipped.len(),
            faces_thinned: glyphs.thinned.len(),
            train: part(&glyphs.train_faces, &glyphs.dataset.train)?,
            test: test.unwrap_or_default(),
        })
    }

    fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.expect("numbers and strings can always be written as JSON") + "\n"
    }

    fn summary(&self) -> String {
        let part = |part: &Part| {
            format!(
                "{} images of {} faces of {} families",
                part.images, part.faces, part.families
            )
        };
        format!("train {}, test {}", part(&self.train), part(&self.test))
    }
}

/// Compares pixels, labels and texts; how the images were compressed doesn't matter.
fn check(
    folder: &Path,
    images: &Path,
    dataset: &Dataset,
    list: &str,
    families: &str,
    manifest: &Manifest,
) -> Result<(), GlyphsError> {
    let there = ae_data::open(&images.to_string_lossy(), &ae_data::OpenOptions::default())?;
    let mut differences = Vec::new();
    let test = |dataset: &Dataset| dataset.test.as_ref().map(ImageSet::fingerprint).transpose();
    if dataset.train.fingerprint()? != there.train.fingerprint()? {
        differences.push("the training images");
    }
    if test(dataset)? != test(&there)? {
        differences.push("the test images");
    }
    let texts = [
        (folder, "fonts.tsv", list),
        (folder, "manifest.json", &manifest.to_json()),
        (images, FAMILIES, families),
    ];
    for (folder, name, text) in texts {
        let path = folder.join(name);
        if fs::read_to_string(&path).map_err(|source| GlyphsError::Read { path, source })? != text {
            differences.push(name);
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(GlyphsError::Differs {
            folder: folder.to_owned(),
            differences: differences.join(", "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_states_the_manifests_numbers() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/glyphs");
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        for part in ["train", "test"] {
            let row = readme
                .lines()
                .find(|line| line.starts_with(&format!("| {part} |")))
                .unwrap();
            let stated: Vec<u64> = row
                .split('|')
                .filter_map(|cell| cell.trim().replace(',', "").parse().ok())
                .collect();
            let of = |what: &str| manifest[part][what].as_u64().unwrap();
            assert_eq!(stated, [of("faces"), of("families"), of("images")], "{row}");
        }
    }

    #[test]
    fn the_families_that_are_compiled_in_are_those_of_the_list() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let list = fs::read_to_string(root.join("datasets/glyphs/fonts.tsv")).unwrap();
        let families: String = list
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .filter(|fields| fields[0] == "train")
            .map(|fields| format!("{}\n", fields[4]))
            .collect();
        let compiled = root.join("crates/ae-data/glyphs").join(FAMILIES);
        assert_eq!(fs::read_to_string(compiled).unwrap(), families);
    }

    #[test]
    fn a_set_that_differs_is_told_by_what_differs() {
        let font = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../crates/ae-glyphs/tests/fonts/figures.ttf");
        let options = GlyphOptions {
            recognition: Recognition::Off,
            test_share: 0.0,
            ..glyph_options()
        };
        let glyphs = render_fonts(&[font], &options).unwrap();
        let manifest = Manifest::of(&glyphs).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (images, labels) = (
            path("train-images-idx3-ubyte"),
            path("train-labels-idx1-ubyte"),
        );
        write_idx(&images, Some(&labels), &glyphs.dataset.train).unwrap();
        fs::write(path("fonts.tsv"), "list").unwrap();
        fs::write(path("manifest.json"), manifest.to_json()).unwrap();
        let families = families_of(&glyphs.train_faces);
        fs::write(path(FAMILIES), &families).unwrap();
        check(
            folder.path(),
            folder.path(),
            &glyphs.dataset,
            "list",
            &families,
            &manifest,
        )
        .unwrap();

        let error = check(
            folder.path(),
            folder.path(),
            &glyphs.dataset,
            "another list",
            &families,
            &manifest,
        )
        .unwrap_err();
        assert!(error.to_string().ends_with(": fonts.tsv"), "{error}");
        let mut bytes = fs::read(&images).unwrap();
        bytes[1000] ^= 1;
        fs::write(&images, bytes).unwrap();
        let error = check(
            folder.path(),
            folder.path(),
            &glyphs.dataset,
            "list",
            &families,
            &manifest,
        )
        .unwrap_err();
        assert!(
            error.to_string().ends_with(": the training images"),
            "{error}"
        );
    }
}
