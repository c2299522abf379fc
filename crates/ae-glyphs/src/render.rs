//! From fonts to a data set of letters.

use std::path::PathBuf;

use ae_data::glyphs::{LETTERS, NAME, SHAPE};
use ae_data::{Dataset, ImageSet, Skipped};

use crate::error::GlyphError;
use crate::face::{Face, GlyphFace};
use crate::options::GlyphOptions;
use crate::{files, font, recognize, select};

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
pub fn render_fonts(sources: &[PathBuf], options: &GlyphOptions) -> Result<Glyphs, GlyphError> {
    let files = files::find(sources)?;
    let mut skipped = Vec::new();
    let mut faces = Vec::new();
    for file in &files {
        font::read_faces(file, &mut faces, &mut skipped);
    }
    // Ties are broken by the drawing, so that names of folders don't matter.
    faces.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    let recognized = recognize::letters(faces, options.recognition, &mut skipped)?;
    let mut thinned = Vec::new();
    let selected = select::thin(recognized, options, &mut thinned);
    let (train, test) = select::split(selected, options.test_share);
    if train.is_empty() {
        let path = sources.first().cloned().unwrap_or_default();
        return Err(GlyphError::NoLetters { path });
    }
    skipped.sort_by(|a, b| a.file.cmp(&b.file));
    let test_set = if test.is_empty() {
        None
    } else {
        Some(image_set(&test)?)
    };
    let dataset = Dataset {
        skipped,
        files: files.len(),
        ..Dataset::new(NAME, image_set(&train)?, test_set)
    };
    let names = |faces: Vec<Face>| faces.into_iter().map(|face| face.origin).collect();
    Ok(Glyphs {
        dataset,
        train_faces: names(train),
        test_faces: names(test),
        thinned,
    })
}

fn image_set(faces: &[Face]) -> Result<ImageSet, GlyphError> {
    let pixels = faces
        .iter()
        .flat_map(|face| face.pixels.iter().copied())
        .collect();
    let labels = faces.iter().flat_map(|_| 0..LETTERS.len() as u32).collect();
    let classes = LETTERS.iter().map(char::to_string).collect();
    Ok(ImageSet::from_images(
        NAME,
        SHAPE,
        pixels,
        Some(labels),
        classes,
    )?)
}
