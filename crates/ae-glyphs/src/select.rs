//! Which faces are kept, and which of them are for testing.

use std::collections::HashMap;

use ae_data::Skipped;
use ae_data::glyphs::NAME;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::face::{FACE_VALUES, Face};
use crate::options::GlyphOptions;

/// Leaves out faces that are nearly identical with one before them, then those that are too many.
///
/// The order of the result is as good as random, and a face's place in relation to others doesn't change when fonts
/// are added: the beginning of the set is a sample of the whole.
pub(crate) fn thin(
    faces: Vec<Face>,
    options: &GlyphOptions,
    thinned: &mut Vec<Skipped>,
) -> Vec<Face> {
    let limit = (options.near_identical * 255.0).powi(2) * FACE_VALUES as f64;
    let limit = limit.floor().clamp(0.0, f64::from(u32::MAX)) as u32;
    let mut distinct: Vec<Face> = Vec::new();
    for face in faces {
        match distinct
            .par_iter()
            .find_first(|other| are_near(&face.pixels, &other.pixels, limit))
        {
            Some(twin) => thinned.push(Skipped {
                file: face.name(),
                reason: format!("nearly identical with {}", twin.name()),
            }),
            None => distinct.push(face),
        }
    }
    distinct.sort_by_cached_key(|face| {
        let name = format!(
            "{}\n{}\n{:?}",
            face.origin.family, face.origin.style, face.origin.weight
        );
        (hash(&name), hash(&face.pixels))
    });
    let mut of_family: HashMap<String, usize> = HashMap::new();
    let mut kept = Vec::new();
    for face in distinct {
        let count = of_family.entry(face.origin.family.clone()).or_default();
        let reason = if *count >= options.faces_per_family {
            format!("the family already has {count} faces")
        } else if kept.len() >= options.faces {
            format!("there are already {} faces", kept.len())
        } else {
            *count += 1;
            kept.push(face);
            continue;
        };
        thinned.push(Skipped {
            file: face.name(),
            reason,
        });
    }
    kept
}

/// Whether the squares of the pixels' differences add up to no more than `limit`.
fn are_near(a: &[u8], b: &[u8], limit: u32) -> bool {
    const STRIDE: usize = 196;
    let mut sum = 0;
    for (a, b) in a.chunks(STRIDE).zip(b.chunks(STRIDE)) {
        sum += a
            .iter()
            .zip(b)
            .map(|(&a, &b)| u32::from(a.abs_diff(b)).pow(2))
            .sum::<u32>();
        if sum > limit {
            return false;
        }
    }
    true
}

/// Divides the faces into training and test faces by the first words of their families' names.
///
/// `Noto Sans`, `Noto Serif` and `Noto Mono` so stay together. A group's side depends on its name alone: it stays
/// where it is when other fonts come or go.
pub(crate) fn split(faces: Vec<Face>, test_share: f64) -> (Vec<Face>, Vec<Face>) {
    faces.into_iter().partition(|face| {
        let [a, b, c, d, ..] = hash([NAME, &group(face)].concat());
        f64::from(u32::from_be_bytes([a, b, c, d])) >= test_share * 2.0f64.powi(32)
    })
}

/// What is never divided: the family's first word, in lower case.
pub(crate) fn group(face: &Face) -> String {
    face.origin
        .family
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_lowercase()
}

fn hash(text: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::GlyphFace;

    fn face(family: &str, value: u8) -> Face {
        let file = format!("{family}-{value}.ttf").into();
        let (family, style) = (family.to_owned(), value.to_string());
        Face {
            origin: GlyphFace {
                file,
                index: 0,
                weight: None,
                family,
                style,
            },
            pixels: vec![value; FACE_VALUES],
        }
    }

    fn values(faces: &[Face]) -> Vec<u8> {
        let mut values: Vec<u8> = faces.iter().map(|face| face.pixels[0]).collect();
        values.sort_unstable();
        values
    }

    #[test]
    fn what_is_nearer_than_the_threshold_is_left_out() {
        let faces = || {
            [0, 20, 25, 26, 51, 255]
                .map(|value| face("One", value))
                .to_vec()
        };
        // The threshold 0.1 is 25.5 of 255.
        let rows: [(f64, &[u8]); 4] = [
            (0.0, &[0, 20, 25, 26, 51, 255]),
            (0.02, &[0, 20, 26, 51, 255]),
            (0.1, &[0, 26, 255]),
            (1.0, &[0]),
        ];
        for (near_identical, expected) in rows {
            let options = GlyphOptions {
                near_identical,
                ..GlyphOptions::default()
            };
            let mut thinned = Vec::new();
            assert_eq!(
                values(&thin(faces(), &options, &mut thinned)),
                expected,
                "{near_identical}"
            );
            assert_eq!(thinned.len(), 6 - expected.len(), "{near_identical}");
        }
    }

    #[test]
    fn families_and_sets_have_a_limit() {
        let faces: Vec<Face> = (0..6)
            .flat_map(|step| [face("One", step * 40), face("Two", step * 40 + 20)])
            .collect();
        let options = GlyphOptions {
            near_identical: 0.0,
            faces_per_family: 4,
            ..GlyphOptions::default()
        };
        let mut thinned = Vec::new();
        let kept = thin(faces.clone(), &options, &mut thinned);
        for family in ["One", "Two"] {
            assert_eq!(
                kept.iter()
                    .filter(|face| face.origin.family == family)
                    .count(),
                4
            );
        }
        assert_eq!(thinned.len(), 4);
        assert_eq!(thinned[0].reason, "the family already has 4 faces");

        // A smaller set is the larger one's beginning.
        let fewer = GlyphOptions {
            faces: 5,
            ..options
        };
        let beginning = thin(faces, &fewer, &mut Vec::new());
        let files = |faces: &[Face]| faces.iter().map(Face::name).collect::<Vec<_>>();
        assert_eq!(files(&beginning), files(&kept)[..5]);
    }

    #[test]
    fn a_family_is_on_one_side_and_stays_there() {
        let faces: Vec<Face> = (0..1000u32)
            .map(|number| {
                face(
                    &format!("Name{} Sans{}", number / 4, number % 4),
                    number as u8,
                )
            })
            .collect();
        let (train, test) = split(faces.clone(), 0.2);
        assert_eq!(train.len() + test.len(), 1000);
        // 250 groups, of which a binomial number is for testing.
        assert!(
            (test.len() as f64 / 4.0 - 50.0).abs() < 4.0 * (250.0f64 * 0.16).sqrt(),
            "{}",
            test.len()
        );
        assert!(
            test.iter()
                .all(|face| train.iter().all(|other| group(face) != group(other)))
        );
        let (_, of_half) = split(faces[..500].to_vec(), 0.2);
        let names: Vec<String> = test.iter().map(Face::name).collect();
        assert!(of_half.iter().all(|face| names.contains(&face.name())));
        assert!(split(faces.clone(), 0.0).1.is_empty());
        assert!(split(faces, 1.0).0.is_empty());
    }
}
