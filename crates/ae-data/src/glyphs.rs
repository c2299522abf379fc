//! Letters A to J from fonts, in the form of notMNIST: 28x28, white on black, cropped to the drawing and stretched to
//! the edges.
//!
//! The [`embedded`] set is drawn from freely licensed fonts, so that there is always something to train on;
//! [`render_fonts`] makes such a set from any fonts.

mod font;
mod raster;
mod recognise;
mod select;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde::Serialize;

use self::font::Face;
use crate::idx::broken;
use crate::{DataError, Dataset, ImageSet, ImageShape, Skipped};

/// The letters, in the order of their labels.
pub const LETTERS: [char; 10] = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'];

/// Height and width of an image, in pixels.
pub const SIDE: usize = 28;

/// The shape of an image.
pub const SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: SIDE,
    width: SIDE,
};

/// The values of a face: its letters' images one after the other.
const FACE_VALUES: usize = LETTERS.len() * SIDE * SIDE;

/// The name by which the embedded set is asked for.
const NAME: &str = "glyphs";

macro_rules! embedded_file {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../datasets/glyphs/",
            $name
        ))
    };
}

/// The set that is compiled into the program: at least 1,000 faces of at least 150 font families, all freely licensed.
///
/// Each face stands with all its letters, in order, either in the training or in the test images. No family, and no
/// group of families with the same first word, has faces in both.
///
/// # Errors
/// Never, unless the program was built from damaged files.
pub fn embedded() -> Result<Dataset, DataError> {
    let train = embedded_part(
        embedded_file!("train-images-idx3-ubyte.gz"),
        embedded_file!("train-labels-idx1-ubyte.gz"),
    )?;
    let test = embedded_part(
        embedded_file!("t10k-images-idx3-ubyte.gz"),
        embedded_file!("t10k-labels-idx1-ubyte.gz"),
    )?;
    Ok(Dataset {
        name: NAME.to_owned(),
        train,
        test: Some(test),
        skipped: Vec::new(),
        files: 0,
    })
}

fn embedded_part(images: &[u8], labels: &[u8]) -> Result<ImageSet, DataError> {
    let unpack = |packed: &[u8], header_bytes: usize| {
        let mut bytes = Vec::new();
        match GzDecoder::new(packed).read_to_end(&mut bytes) {
            Ok(count) if count >= header_bytes => Ok(bytes.split_off(header_bytes)),
            Ok(_) => Err(DataError::decode(
                Path::new(NAME),
                "the embedded file is cut short",
            )),
            Err(error) => Err(broken(Path::new(NAME), &error)),
        }
    };
    let (pixels, labels) = (unpack(images, 16)?, unpack(labels, 8)?);
    ImageSet::from_images(NAME, SHAPE, pixels, Some(labels), class_names())
}

fn class_names() -> Vec<String> {
    LETTERS.iter().map(char::to_string).collect()
}

/// What is made of the fonts.
#[derive(Clone, Debug, PartialEq)]
pub struct GlyphOptions {
    /// A face whose pixels differ from a kept face's by no more than this, as root mean square in pixel units, is
    /// left out.
    pub near_identical: f64,
    /// The most faces kept of one family.
    pub faces_per_family: usize,
    /// The most faces kept in all.
    pub faces: usize,
    /// The share of the families that becomes test images, about: families with the same first word stay together.
    pub test_share: f64,
    /// What a face is compared with, to see whether its letters are letters.
    pub recognition: Recognition,
}

impl Default for GlyphOptions {
    fn default() -> GlyphOptions {
        GlyphOptions {
            near_identical: 0.08,
            faces_per_family: 12,
            faces: usize::MAX,
            test_share: 0.12,
            recognition: Recognition::Embedded,
        }
    }
}

/// What a face is compared with, to tell letters from symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// The embedded set.
    Embedded,
    /// The faces of all other families: for hundreds of fonts, most of which have letters.
    EachOther,
    /// Nothing: whatever a font draws for A to J is taken.
    Off,
}

/// Where the images of a face come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GlyphFace {
    /// The font file.
    pub file: PathBuf,
    /// The face's place in the file: above 0 in collections only.
    pub index: u32,
    /// The weight to which a variable font was set, if not its default.
    pub weight: Option<f32>,
    /// The family, without words for weight, width and slant.
    pub family: String,
    /// What the face is within its family.
    pub style: String,
}

/// Letters drawn from fonts.
#[derive(Clone, Debug)]
pub struct Glyphs {
    /// The images, ten for each face, A to J; `skipped` names the files and faces that have no letters to give.
    pub dataset: Dataset,
    /// The faces of the training images.
    pub train_faces: Vec<GlyphFace>,
    /// The faces of the test images.
    pub test_faces: Vec<GlyphFace>,
    /// Faces that are good but left out: nearly identical with another, or one too many.
    pub thinned: Vec<Skipped>,
}

/// Draws the letters of all fonts in `sources`, which are font files and folders of them at any depth.
///
/// The result depends on the fonts alone: not on the order of the sources, nor on the folders that they lie in.
/// Variable fonts are taken at their default, lightest and heaviest weight.
///
/// # Errors
/// If a source can't be read or there are no letters at all. A font file that can't be read is skipped, and named.
pub fn render_fonts(sources: &[PathBuf], options: &GlyphOptions) -> Result<Glyphs, DataError> {
    let files = font::find(sources)?;
    let mut skipped = Vec::new();
    let mut faces = Vec::new();
    for file in &files {
        font::read_faces(file, &mut faces, &mut skipped);
    }
    // Ties are broken by the drawing, so that names of folders don't matter.
    faces.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    let recognised = recognise::letters(faces, options.recognition, &mut skipped)?;
    let mut thinned = Vec::new();
    let selected = select::thin(recognised, options, &mut thinned);
    let (train, test) = select::split(selected, options.test_share);
    if train.is_empty() {
        let path = sources.first().cloned().unwrap_or_default();
        return Err(DataError::NoImages { path });
    }
    skipped.sort_by(|a, b| a.file.cmp(&b.file));
    let test_set = if test.is_empty() {
        None
    } else {
        Some(image_set(&test)?)
    };
    let dataset = Dataset {
        name: NAME.to_owned(),
        train: image_set(&train)?,
        test: test_set,
        skipped,
        files: files.len(),
    };
    let names = |faces: Vec<Face>| faces.into_iter().map(|face| face.origin).collect();
    Ok(Glyphs {
        dataset,
        train_faces: names(train),
        test_faces: names(test),
        thinned,
    })
}

fn image_set(faces: &[Face]) -> Result<ImageSet, DataError> {
    let pixels = faces
        .iter()
        .flat_map(|face| face.pixels.iter().copied())
        .collect();
    let labels = faces.iter().flat_map(|_| 0..LETTERS.len() as u8).collect();
    ImageSet::from_images(NAME, SHAPE, pixels, Some(labels), class_names())
}

#[cfg(test)]
mod tests;
