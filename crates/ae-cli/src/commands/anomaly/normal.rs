//! Normal images to calibrate on and to compare with.

use ae_data::{ImageSet, Part};
use ae_infer::{InferError, OpenModel, OpenedSet, SetRequest};

use super::arguments::AnomalyArguments;
use super::judged::JudgedSet;
use crate::error::CliError;
use crate::measured_set::{open_set, request_of};
use crate::terminal::Terminal;

/// Normal images, by what they may be used for.
pub(super) struct Normal {
    /// That the model was not fitted to; `None` where there are none.
    pub(super) held_out: Option<ImageSet>,
    /// That it was trained on; `None` where they cannot be had.
    pub(super) train: Option<ImageSet>,
    /// What the held-out ones are, after their number.
    pub(super) origin: String,
}

impl Normal {
    /// The images of the set that the user names, else of the one that the model was trained on. Where that cannot be had,
    /// there are none, and it is said why.
    ///
    /// # Errors
    /// A set that the user names cannot be read.
    pub(super) fn find(
        model: &OpenModel,
        arguments: &AnomalyArguments,
        judged: &JudgedSet,
        terminal: &Terminal,
    ) -> Result<Self, CliError> {
        let request = SetRequest {
            named: arguments.normal.clone(),
            part: None,
            limit: None,
            test_share: None,
            validation_share: None,
            ..request_of(&arguments.data, None)
        };
        if arguments.normal.is_some() {
            let opened = open_set(model, &request, terminal)?;
            if let Some(share) = opened
                .share_in(&judged.opened)?
                .filter(|&share| share > 0.0)
            {
                terminal.warning(format!(
                    "about {:.0}% of the images of {} are judged, too: what is calibrated on them says little of false alarms among them",
                    (100.0 * share).max(1.0),
                    opened.name()
                ));
            }
            return Self::of(model, &opened, &request, judged.is_own);
        }
        if judged.is_own {
            return Self::of(model, &judged.opened, &request, true);
        }
        let found = model
            .open_set(&request)
            .map_err(CliError::from)
            .and_then(|opened| {
                opened
                    .notes()
                    .iter()
                    .for_each(|note| terminal.warning(note));
                Self::of(model, &opened, &request, false)
            });
        match found {
            Ok(found) => Ok(found),
            Err(error) => {
                terminal.warning(format!(
                    "no threshold and no p-values, as the images that {} was not fitted to cannot be had: {error}; --normal SET names normal images to calibrate on",
                    model.name()
                ));
                Ok(Self {
                    held_out: None,
                    train: None,
                    origin: "images: there are none to calibrate on".to_owned(),
                })
            }
        }
    }

    fn of(
        model: &OpenModel,
        opened: &OpenedSet,
        request: &SetRequest,
        is_judged: bool,
    ) -> Result<Self, CliError> {
        let is_own = opened.relation().is_own();
        let held_out = opened.calibration_images(is_judged)?;
        let train: Result<ImageSet, InferError> = match is_own {
            true => opened.split().map(|split| split.train),
            false => model.own_training_images(request),
        };
        let of = opened.name();
        let origin = match (is_own, opened.shares_test_images(), is_judged) {
            (false, ..) => format!("images of {of}"),
            (true, false, _) => format!("{} images of {of}", Part::Validation),
            (true, true, true) => {
                format!("test images of {of}, every other one: the run has no validation images")
            }
            (true, true, false) => {
                format!("test images of {of}: the run has no validation images")
            }
        };
        Ok(Self {
            held_out: Some(held_out).filter(|set| !set.is_empty()),
            train: train.ok().filter(|set| !set.is_empty()),
            origin,
        })
    }
}
