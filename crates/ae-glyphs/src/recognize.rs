//! Telling letters from symbols: many fonts have arrows, hands or bar codes where A to J should be.

use ae_data::glyphs::{LETTERS, SIDE, embedded};
use ae_data::{DataError, ImageSet, Skipped};
use rayon::prelude::*;

use crate::face::Face;
use crate::options::Recognition;
use crate::select;

/// Images are compared at half their size, which forgives a pixel's shift and is four times as fast.
const HALF: usize = SIDE / 2;

/// How many of the most similar images have a vote.
const NEIGHBORS: usize = 10;

/// How many of the 100 votes on a face's ten letters must be for the right letter; symbols get about 10 by chance.
const VOTES_NEEDED: usize = 30;

/// Keeps the faces whose letters look like those of other families.
pub(crate) fn letters(
    faces: Vec<Face>,
    recognition: Recognition,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Face>, DataError> {
    let pool = match recognition {
        Recognition::Off => return Ok(faces),
        Recognition::EachOther => Pool::of_faces(&faces),
        Recognition::Embedded => {
            let dataset = embedded()?;
            let mut pool = Pool::default();
            pool.extend_with_set(&dataset.train)?;
            dataset
                .test
                .iter()
                .try_for_each(|test| pool.extend_with_set(test))?;
            pool
        }
    };
    let votes: Vec<usize> = faces.par_iter().map(|face| pool.votes(face)).collect();
    let mut kept = Vec::with_capacity(faces.len());
    for (face, votes) in faces.into_iter().zip(votes) {
        if votes >= VOTES_NEEDED {
            kept.push(face);
        } else {
            let reason =
                format!("no letters: only {votes} of 100 similar images are of the same letter");
            skipped.push(Skipped {
                file: face.name(),
                reason,
            });
        }
    }
    Ok(kept)
}

/// Images to compare with, all of one size one after the other.
#[derive(Default)]
struct Pool {
    pixels: Vec<i16>,
    labels: Vec<usize>,
    groups: Vec<Option<String>>,
}

impl Pool {
    fn of_faces(faces: &[Face]) -> Pool {
        let mut pool = Pool::default();
        for face in faces {
            pool.pixels.extend(halve_all(&face.pixels));
            for label in 0..LETTERS.len() {
                pool.labels.push(label);
                pool.groups.push(Some(select::group(face)));
            }
        }
        pool
    }

    fn extend_with_set(&mut self, set: &ImageSet) -> Result<(), DataError> {
        for image in set {
            self.pixels.extend(halve_all(image.read()?.pixels()));
            self.labels.push(image.label().unwrap_or_default() as usize);
            self.groups.push(None);
        }
        Ok(())
    }

    /// How many of the nearest neighbors of all letters, from other families, have the right label.
    fn votes(&self, face: &Face) -> usize {
        let group = Some(select::group(face));
        let foreign: Vec<bool> = self.groups.iter().map(|other| *other != group).collect();
        let letters = halve_all(&face.pixels);
        let votes_for = |(label, image): (usize, &[i16])| {
            let mut nearest: Vec<(i32, usize)> = Vec::with_capacity(NEIGHBORS + 1);
            for (place, other) in self.pixels.chunks_exact(HALF * HALF).enumerate() {
                if !foreign[place] {
                    continue;
                }
                let distance = squared_distance(image, other);
                let farthest = nearest.last().map_or(i32::MAX, |&(distance, _)| distance);
                if nearest.len() < NEIGHBORS || distance < farthest {
                    let rank = nearest.partition_point(|&(nearer, _)| nearer <= distance);
                    nearest.insert(rank, (distance, self.labels[place]));
                    nearest.truncate(NEIGHBORS);
                }
            }
            nearest.iter().filter(|&&(_, other)| other == label).count()
        };
        letters
            .chunks_exact(HALF * HALF)
            .enumerate()
            .map(votes_for)
            .sum()
    }
}

fn squared_distance(a: &[i16], b: &[i16]) -> i32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| i32::from(a - b) * i32::from(a - b))
        .sum()
}

/// Halves images of the set's size by averaging 2x2 pixels.
fn halve_all(pixels: &[u8]) -> Vec<i16> {
    let mut halves = Vec::with_capacity(pixels.len() / 4);
    for rows in pixels.chunks_exact(2 * SIDE) {
        let (upper, lower) = rows.split_at(SIDE);
        let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
        halves.extend(pairs.map(|(upper, lower)| {
            let sum: i16 = upper
                .iter()
                .chain(lower)
                .map(|&pixel| i16::from(pixel))
                .sum();
            (sum + 2) / 4
        }));
    }
    halves
}
