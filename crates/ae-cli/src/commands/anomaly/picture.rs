//! The most anomalous images with where they are anomalous.

use ae_data::{Image, ImageShape};
use ae_infer::OpenModel;
use ae_report::{HeatMap, HeatMapsRequest, Picture, heat_maps, significant, thousands};

use super::judged::{Judged, JudgedFile, JudgedSet, Verdict};
use super::report::Anomalies;
use crate::error::CliError;

/// Images that are drawn, of both sets together.
const DRAWN: usize = 24;

/// Draws the most anomalous images of the sets, in the order in which they are listed.
///
/// # Errors
/// They cannot be read, or are too large to be seen on one picture.
pub(super) fn draw(
    model: &OpenModel,
    anomalies: &Anomalies,
    set: &JudgedSet,
    foreign: Option<&JudgedSet>,
) -> Result<Picture, CliError> {
    let sets = [
        Some((&anomalies.judged, set)),
        anomalies.foreign.as_ref().zip(foreign),
    ];
    let sets: Vec<_> = sets.into_iter().flatten().collect();
    let each = DRAWN / sets.len();
    let mut maps = Vec::new();
    let mut told = Vec::new();
    for &(judged, set) in &sets {
        let chosen = most_anomalous(judged, each);
        told.push(match chosen.len() == judged.images {
            true => format!("all {} images of {}", judged.images, judged.set.data),
            false => format!(
                "the {} most anomalous of {} images of {}",
                chosen.len(),
                thousands(judged.images as u64),
                judged.set.data
            ),
        });
        let indices = chosen.iter().filter_map(|file| file.index).collect();
        let found = model.error_maps(&set.images.subset(indices))?;
        maps.extend(chosen.into_iter().zip(found).map(|(file, map)| HeatMap {
            image: map.image,
            heat: map.errors,
            name: file.file.clone(),
            caption: caption(file),
            is_marked: file.verdict == Some(Verdict::Anomalous),
        }));
    }
    pad_to_one_size(&mut maps)?;
    let mark = match anomalies.calibrated.alarm {
        Some(alarm) => format!(
            "framed: anomalous, {} above {}",
            anomalies.score,
            significant(alarm.score, 3)
        ),
        None => String::new(),
    };
    Ok(heat_maps(&HeatMapsRequest {
        title: &anomalies.model,
        subtitle: &told.join("; "),
        maps: &maps,
        scale: "colors: absolute error of each pixel, one scale for all",
        mark: &mark,
    })?)
}

/// Pictures of their own sizes stand in the upper left of white ones, without an error there.
fn pad_to_one_size(maps: &mut [HeatMap]) -> Result<(), CliError> {
    let sizes = || maps.iter().map(|map| map.image.shape().size());
    let height = sizes().map(|size| size.height).max().unwrap_or(0);
    let width = sizes().map(|size| size.width).max().unwrap_or(0);
    for map in maps {
        let shape = map.image.shape();
        let padded = ImageShape::new(shape.channels, height, width);
        if padded == shape {
            continue;
        }
        let mut pixels = vec![255; padded.values()];
        let mut heat = vec![0.0; padded.pixels()];
        for (number, line) in map.image.pixels().chunks_exact(shape.width).enumerate() {
            let (channel, row) = (number / shape.height, number % shape.height);
            pixels[(channel * height + row) * width..][..shape.width].copy_from_slice(line);
        }
        for (row, line) in map.heat.chunks_exact(shape.width).enumerate() {
            heat[row * width..][..shape.width].copy_from_slice(line);
        }
        (map.image, map.heat) = (Image::new(padded, pixels)?, heat);
    }
    Ok(())
}

/// So many of the images with the highest scores, in the order of the list.
fn most_anomalous(judged: &Judged, count: usize) -> Vec<&JudgedFile> {
    let mut scored: Vec<(usize, &JudgedFile)> = judged
        .files
        .iter()
        .enumerate()
        .filter(|(_, file)| file.index.is_some())
        .collect();
    let score = |file: &JudgedFile| file.score.unwrap_or(f64::NAN);
    scored.sort_by(|a, b| score(b.1).total_cmp(&score(a.1)));
    scored.truncate(count);
    scored.sort_by_key(|(place, _)| *place);
    scored.into_iter().map(|(_, file)| file).collect()
}

fn caption(file: &JudgedFile) -> String {
    let score = file
        .score
        .map_or_else(String::new, |score| significant(score, 3));
    match file.p_value {
        Some(p_value) => format!("{score}, p {}", significant(p_value, 2)),
        None => score,
    }
}
