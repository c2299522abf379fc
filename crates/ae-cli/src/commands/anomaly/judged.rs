//! The sets that are judged, and their files' verdicts.

use ae_data::{ImageSet, Part, Skipped};
use ae_infer::{OpenModel, OpenedSet, SetRequest, normal_class};
use ae_train::DataConfig;
use serde::Serialize;

use super::arguments::{AnomalyArguments, Order};
use super::calibrated::Calibrated;
use crate::error::CliError;
use crate::image_source::ImageSource;
use crate::measured_set::{MeasuredSet, open_set, request_of};
use crate::terminal::Terminal;

/// A set to judge.
pub(super) struct JudgedSet {
    pub(super) opened: OpenedSet,
    /// Of pictures that a model of patches judges, one patch each.
    pub(super) images: ImageSet,
    pub(super) request: SetRequest,
    /// Whether the model was trained on it.
    pub(super) is_own: bool,
}

/// A set's verdicts.
#[derive(Serialize)]
pub(super) struct Judged {
    #[serde(flatten)]
    pub(super) set: MeasuredSet,
    pub(super) images: usize,
    pub(super) unreadable: usize,
    /// How many images are called anomalous; null without a threshold.
    pub(super) anomalous: Option<usize>,
    pub(super) anomalous_share: Option<f64>,
    pub(super) files: Vec<JudgedFile>,
}

/// What is said of a file.
#[derive(Serialize)]
pub(super) struct JudgedFile {
    /// Its path in the set, or the image's number where it is no file.
    pub(super) file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<String>,
    pub(super) score: Option<f64>,
    pub(super) p_value: Option<f64>,
    /// Null where there is no threshold.
    pub(super) verdict: Option<Verdict>,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// Its place in the set.
    #[serde(skip)]
    pub(super) index: Option<usize>,
}

/// What a file is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Normal,
    Anomalous,
    Unreadable,
}

impl Verdict {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Anomalous => "anomalous",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The set that the user names, or the model's own.
///
/// # Errors
/// It cannot be read.
pub(super) fn judged_set(
    model: &OpenModel,
    arguments: &AnomalyArguments,
    terminal: &Terminal,
) -> Result<JudgedSet, CliError> {
    let request = request_of(&arguments.data, arguments.part);
    let set = JudgedSet::open(model, &request, terminal)?;
    if set.is_own {
        match set.opened.part() {
            Part::Test if arguments.data.data.is_some() => terminal.note(format!(
                "{} was trained on {}: its test images are judged; --part all judges all",
                model.name(),
                set.opened.name()
            )),
            Part::Test => {}
            Part::Train | Part::Validation | Part::All => terminal.warning(format!(
                "{} was trained or calibrated on some of these images: their p-values are too large",
                model.name()
            )),
        }
    }
    Ok(set)
}

/// All images of a set that the user knows to be out of distribution.
///
/// # Errors
/// It cannot be read, it has another shape than the model and no size was asked for, or the model was trained on it.
pub(super) fn foreign_set(
    name: &str,
    model: &OpenModel,
    arguments: &AnomalyArguments,
    terminal: &Terminal,
) -> Result<JudgedSet, CliError> {
    let request = SetRequest {
        named: Some(name.to_owned()),
        ..request_of(&arguments.data, None)
    };
    if arguments.data.size.is_none() {
        // Scaled only where that was asked for: a picture that was scaled is anomalous for that alone.
        let unscaled = ImageSource {
            config: DataConfig {
                source: name.to_owned(),
                channels: arguments.data.channels,
                patch: arguments.data.patch.or(model.preparation().patch),
                ..DataConfig::default()
            },
            seed: 0,
        };
        model.check_set(&unscaled.open_untold()?.train)?;
    }
    let set = JudgedSet::open(model, &request, terminal)?;
    if set.is_own {
        return Err(CliError::usage(
            format!("--foreign {name}"),
            format!("{} was trained on it", model.name()),
        ));
    }
    Ok(set)
}

impl JudgedSet {
    fn open(
        model: &OpenModel,
        request: &SetRequest,
        terminal: &Terminal,
    ) -> Result<Self, CliError> {
        let opened = open_set(model, request, terminal)?;
        let images = opened.judged_images()?;
        Ok(Self {
            is_own: opened.relation().is_own(),
            opened,
            images,
            request: request.clone(),
        })
    }

    /// For every image whether it is known to be normal (true) or anomalous (false), by its class; `None` where no class is
    /// called normal.
    pub(super) fn known(&self) -> Option<Vec<bool>> {
        let normal = normal_class(&self.images)?;
        let labels = (0..self.images.len()).map(|index| self.images.label(index) == Some(normal));
        Some(labels.collect())
    }

    /// Whether some of its classes are known to be anomalous.
    pub(super) fn has_anomalous_classes(&self) -> bool {
        self.known().is_some_and(|known| known.contains(&false))
    }

    /// The name of an image: its file, or its number.
    fn file(&self, index: usize) -> String {
        match self.images.file(index) {
            Some(file) => file.display().to_string(),
            None => format!("#{index}"),
        }
    }

    /// The verdicts, by one score an image.
    pub(super) fn judged(&self, scores: &[f64], calibrated: &Calibrated, order: Order) -> Judged {
        let verdict = |score: f64| {
            let alarm = calibrated.alarm?;
            Some(match alarm.is_anomalous(score) {
                true => Verdict::Anomalous,
                false => Verdict::Normal,
            })
        };
        let class = |index: usize| {
            let label = self.images.label(index)? as usize;
            self.images.classes().get(label).cloned()
        };
        let files = scores.iter().enumerate().map(|(index, &score)| JudgedFile {
            file: self.file(index),
            class: class(index),
            score: Some(score),
            p_value: calibrated.p_value(score),
            verdict: verdict(score),
            reason: None,
            index: Some(index),
        });
        let mut files: Vec<JudgedFile> = files.collect();
        let count = |files: &[JudgedFile], verdict| {
            let judged = files.iter().filter(|file| file.verdict == Some(verdict));
            judged.count()
        };
        let anomalous = calibrated.alarm.map(|_| count(&files, Verdict::Anomalous));
        let images = files.len();
        files = with_unreadable(files, self.unreadable());
        if order == Order::Score {
            // Not a number, and what has no score, comes first.
            let key = |file: &JudgedFile| file.score.unwrap_or(f64::NAN);
            files.sort_by(|a, b| key(b).total_cmp(&key(a)));
        }
        Judged {
            set: MeasuredSet::of(&self.opened),
            images,
            unreadable: count(&files, Verdict::Unreadable),
            anomalous,
            anomalous_share: anomalous.map(|count| count as f64 / images as f64),
            files,
        }
    }

    /// The files of what is judged that could not be read.
    fn unreadable(&self) -> Vec<&Skipped> {
        let dataset = self.opened.dataset();
        let is_judged = |skipped: &&Skipped| match self.opened.part() {
            Part::All => true,
            // Which part a file would be of that cannot be read is only known where it lies in the part's folder.
            part => {
                let first = skipped.file.split('/').next().unwrap_or_default();
                first.eq_ignore_ascii_case(part.name())
            }
        };
        dataset.skipped.iter().filter(is_judged).collect()
    }
}

/// Puts the unreadable files among the others where their names belong, or at the end of files that are in no order.
fn with_unreadable(files: Vec<JudgedFile>, skipped: Vec<&Skipped>) -> Vec<JudgedFile> {
    let unreadable = skipped.into_iter().map(|skipped| JudgedFile {
        file: skipped.file.clone(),
        class: None,
        score: None,
        p_value: None,
        verdict: Some(Verdict::Unreadable),
        reason: Some(skipped.reason.clone()),
        index: None,
    });
    let mut unreadable = unreadable.peekable();
    if !files.is_sorted_by(|a, b| a.file <= b.file) {
        return files.into_iter().chain(unreadable).collect();
    }
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        while let Some(skipped) = unreadable.next_if(|skipped| skipped.file < file.file) {
            all.push(skipped);
        }
        all.push(file);
    }
    all.extend(unreadable);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_files_stand_where_their_names_belong() {
        let file = |name: &str| JudgedFile {
            file: name.to_owned(),
            class: None,
            score: Some(1.0),
            p_value: None,
            verdict: None,
            reason: None,
            index: None,
        };
        let skipped = ["a.png", "c.png", "e.png"].map(|name| Skipped {
            file: name.to_owned(),
            reason: "cut".to_owned(),
        });
        let names = |files: &[&str]| -> Vec<String> {
            let files = files.iter().map(|name| file(name)).collect();
            let all = with_unreadable(files, skipped.iter().collect());
            all.into_iter().map(|file| file.file).collect()
        };
        assert_eq!(
            names(&["b.png", "d.png"]),
            ["a.png", "b.png", "c.png", "d.png", "e.png"]
        );
        assert_eq!(
            names(&["d.png", "b.png"]),
            ["d.png", "b.png", "a.png", "c.png", "e.png"]
        );
    }
}
