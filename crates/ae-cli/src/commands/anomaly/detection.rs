//! How often normal images are called anomalous, and how well scores tell the two apart, where it is known which is which.

use ae_data::ImageSet;
use ae_eval::{
    Reading, TrivialDetectors, TrivialScores, TrivialSettings, auroc, average_precision,
};
use ae_infer::{AnomalyScore, OpenModel};
use ae_report::{Column, table, thousands};
use serde::Serialize;

use super::calibrated::Calibrated;
use super::judged::JudgedSet;
use crate::error::CliError;

/// Below this chance of a count so far out, the count and the rate asked for disagree.
const DISAGREEMENT: f64 = 0.01;

/// How often images that are known to be normal were called anomalous.
#[derive(Serialize)]
pub(super) struct FalseAlarms {
    /// Which images, in words.
    of: String,
    images: usize,
    alarms: usize,
    rate: f64,
    /// The chance of a count so far from the rate asked for or farther, were these images like the calibration's.
    agreement: f64,
    disagrees: bool,
}

/// How well scores tell anomalous images from normal ones.
#[derive(Serialize)]
pub(super) struct Detection {
    /// Which images are normal, in words.
    normal: String,
    normal_images: usize,
    /// Which are anomalous.
    anomalous: String,
    anomalous_images: usize,
    /// The chosen score, the others, and what needs no model.
    scores: Vec<Detector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    localization: Option<Localized>,
}

/// One score.
#[derive(Serialize)]
struct Detector {
    name: String,
    /// Which images it calls anomalous, where that isn't clear: `higher`, `lower` or `far from the median`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<&'static str>,
    of_model: bool,
    auroc: f64,
    average_precision: f64,
}

/// How well the errors of pixels find the place of a defect.
#[derive(Serialize)]
struct Localized {
    pixel_auroc: f64,
    per_region_overlap: f64,
    regions: usize,
}

/// Of which images of a judged set it is known that they are normal.
fn known_normal(set: &JudgedSet, has_foreign: bool) -> Option<(String, Vec<bool>)> {
    let name = set.opened.name();
    if let Some(known) = set.known() {
        return Some((format!("normal images of {name}, by their class"), known));
    }
    let all = vec![true; set.images.len()];
    match (set.is_own, has_foreign) {
        (true, _) if set.opened.part() == ae_data::Part::Test => {
            Some((format!("test images of {name}"), all))
        }
        (true, _) => None,
        (false, true) => Some((
            format!("images of {name}, taken as normal beside the foreign ones"),
            all,
        )),
        (false, false) => None,
    }
}

/// Counts the false alarms; `None` where there is no threshold, or no image is known to be normal.
pub(super) fn false_alarms(
    set: &JudgedSet,
    scores: &[f64],
    calibrated: &Calibrated,
    has_foreign: bool,
) -> Option<FalseAlarms> {
    let alarm = calibrated.alarm?;
    let (of, known) = known_normal(set, has_foreign)?;
    let normal = scores.iter().zip(known).filter(|(_, is_normal)| *is_normal);
    let normal: Vec<f64> = normal.map(|(&score, _)| score).collect();
    let alarms = normal.iter().filter(|&&score| alarm.is_anomalous(score));
    let (images, alarms) = (normal.len(), alarms.count());
    let agreement = alarm.agreement(alarms, images);
    (images > 0).then(|| FalseAlarms {
        of,
        images,
        alarms,
        rate: alarms as f64 / images as f64,
        agreement,
        disagrees: agreement < DISAGREEMENT,
    })
}

impl FalseAlarms {
    pub(super) fn text(&self, calibrated: &Calibrated) -> String {
        format!(
            "false alarms: {} of {} {}, {:.1}% where {:.1}% was asked for\n",
            self.alarms,
            thousands(self.images as u64),
            self.of,
            100.0 * self.rate,
            100.0 * calibrated.rate(),
        )
    }

    /// That the rate is another than was asked for, where that is no chance.
    pub(super) fn warning(&self, calibrated: &Calibrated) -> Option<String> {
        self.disagrees.then(|| {
            format!(
                "{:.1}% false alarms where {:.1}% was asked for: {} are not like the images that were calibrated on",
                100.0 * self.rate,
                100.0 * calibrated.rate(),
                self.of,
            )
        })
    }
}

type Scores = Vec<Vec<f64>>;

/// Measures how well each of `scores` tells the anomalous images from the normal ones: the foreign set's from the judged
/// set's, and the judged set's classes.
///
/// # Errors
/// Images cannot be read.
pub(super) fn detections(
    model: &OpenModel,
    scores: &[AnomalyScore],
    judged: (&JudgedSet, &Scores),
    foreign: Option<(&JudgedSet, &Scores)>,
    train: Option<&ImageSet>,
) -> Result<Vec<Detection>, CliError> {
    let (set, set_scores) = judged;
    let known = set.known();
    let has_classes = set.has_anomalous_classes();
    if foreign.is_none() && !has_classes {
        return Ok(Vec::new());
    }
    let settings = TrivialSettings::default();
    let trivial = TrivialDetectors::learn(train, settings)?;
    // They judge images, not pictures by their patches.
    let scores_of = |set: &JudgedSet| match set.images.is_of_patches() {
        true => Ok(Vec::new()),
        false => trivial.scores(&set.images),
    };
    let set_trivial = scores_of(set)?;
    let is_normal = |index: usize| known.as_ref().is_none_or(|known| known[index]);
    let chosen = |scores: &[f64], normal: bool| -> Vec<f64> {
        let scores = scores.iter().enumerate();
        let chosen = scores.filter(|(index, _)| is_normal(*index) == normal);
        chosen.map(|(_, &score)| score).collect()
    };
    let mut all = Vec::new();
    if let Some((foreign, foreign_scores)) = foreign {
        let foreign_trivial = scores_of(foreign)?;
        let of_model = set_scores.iter().zip(foreign_scores);
        let of_none = set_trivial.iter().zip(&foreign_trivial);
        all.extend(Detection::new(
            known_normal(set, true).map_or_else(String::new, |(of, _)| of),
            format!("images of {}", foreign.opened.name()),
            scores,
            of_model.map(|(set, foreign)| (chosen(set, true), foreign.clone())),
            of_none.map(|(set, foreign)| (set, chosen(&set.scores, true), foreign.scores.clone())),
        ));
    }
    if has_classes {
        let pair = |scores: &[f64]| (chosen(scores, true), chosen(scores, false));
        let detection = Detection::new(
            known_normal(set, true).map_or_else(String::new, |(of, _)| of),
            "of its other classes".to_owned(),
            scores,
            set_scores.iter().map(|scores| pair(scores)),
            set_trivial.iter().map(|trivial| {
                let (normal, anomalous) = pair(&trivial.scores);
                (trivial, normal, anomalous)
            }),
        );
        if let Some(mut detection) = detection {
            detection.localization = localization(model, set)?;
            all.push(detection);
        }
    }
    Ok(all)
}

/// How well the errors of pixels find the defects, where the set has their masks.
fn localization(model: &OpenModel, set: &JudgedSet) -> Result<Option<Localized>, CliError> {
    let masks = &set.opened.dataset().masks;
    let is_judged_by_pixels = !masks.is_empty() && !set.images.is_of_patches();
    let Some(is_normal) = set.known().filter(|_| is_judged_by_pixels) else {
        return Ok(None);
    };
    let found = model.localization(&set.images, masks, &is_normal, &set.request)?;
    Ok(found.map(|found| Localized {
        pixel_auroc: found.pixel_auroc,
        per_region_overlap: found.per_region_overlap,
        regions: found.regions,
    }))
}

impl Detection {
    /// `None` where one of the two has no images.
    fn new<'t>(
        normal: String,
        anomalous: String,
        scores: &[AnomalyScore],
        of_model: impl Iterator<Item = (Vec<f64>, Vec<f64>)>,
        of_none: impl Iterator<Item = (&'t TrivialScores, Vec<f64>, Vec<f64>)>,
    ) -> Option<Self> {
        let mut counts = (0, 0);
        let mut rows = Vec::new();
        for (score, (normal, anomalous)) in scores.iter().zip(of_model) {
            counts = (normal.len(), anomalous.len());
            rows.push(Detector {
                name: score.name().to_owned(),
                reading: None,
                of_model: true,
                auroc: auroc(&normal, &anomalous)?,
                average_precision: average_precision(&normal, &anomalous)?,
            });
        }
        for (trivial, normal, anomalous) in of_none {
            rows.push(Detector {
                name: trivial.name.clone(),
                reading: match (trivial.reading, trivial.name.as_str()) {
                    (Reading::Lower, _) => Some("lower"),
                    (Reading::FarFromMedian, _) => Some("far from the median"),
                    (Reading::Higher, "mean brightness" | "PNG length") => Some("higher"),
                    (Reading::Higher, _) => None,
                },
                of_model: false,
                auroc: auroc(&normal, &anomalous)?,
                average_precision: average_precision(&normal, &anomalous)?,
            });
        }
        Some(Self {
            normal,
            normal_images: counts.0,
            anomalous,
            anomalous_images: counts.1,
            scores: rows,
            localization: None,
        })
    }

    /// That of the chosen score.
    pub(super) fn auroc(&self) -> f64 {
        self.scores.first().map_or(f64::NAN, |chosen| chosen.auroc)
    }

    pub(super) fn text(&self) -> String {
        let columns = [
            Column::left("score"),
            Column::decimal("AUROC"),
            Column::decimal("average precision"),
        ];
        let rows: Vec<Vec<String>> = self
            .shown()
            .into_iter()
            .map(|row| {
                let name = match row.reading {
                    Some(reading) => format!("{}, {reading}", row.name),
                    None => row.name.clone(),
                };
                let numbers = [row.auroc, row.average_precision];
                let numbers = numbers.map(|number| format!("{number:.4}"));
                [vec![name], numbers.to_vec()].concat()
            })
            .collect();
        let mut text = format!(
            "{} anomalous, {}, among {} {}\n\n{}",
            thousands(self.anomalous_images as u64),
            self.anomalous,
            thousands(self.normal_images as u64),
            self.normal,
            table(&columns, &rows),
        );
        if let Some(found) = &self.localization {
            text.push_str(&format!(
                "\nplace of {} defects, by each pixel's error: AUROC {:.4}, per-region overlap {:.4} (to a false-positive rate of .3)\n",
                thousands(found.regions as u64),
                found.pixel_auroc,
                found.per_region_overlap,
            ));
        }
        text
    }

    /// The rows for people: what is no model's in the reading that tells the images apart best.
    fn shown(&self) -> Vec<&Detector> {
        let is_best = |row: &&Detector| {
            let mut same = self.scores.iter().filter(|other| other.name == row.name);
            row.reading.is_none() || same.all(|other| other.auroc <= row.auroc)
        };
        self.scores.iter().filter(is_best).collect()
    }
}
