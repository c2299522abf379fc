//! `ae anomaly`.

mod arguments;
mod calibrated;
mod detection;
mod judged;
mod normal;
mod picture;
mod report;
mod scored;
mod table;

use ae_data::Part;
use ae_infer::{AnomalyScore, ScorerRequest};

pub(super) use self::arguments::AnomalyArguments;
use self::calibrated::calibrate;
use self::detection::{Detection, detections, false_alarms};
use self::judged::{JudgedSet, foreign_set, judged_set};
use self::normal::Normal;
use self::report::Anomalies;
use self::scored::{all_scores, in_words};
use crate::command::Example;
use crate::context::Context;
use crate::destination::{check_drawing, check_writable};
use crate::error::CliError;
use crate::opening::{find, open};
use crate::sharded::{Sharded, shards_of};

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[(
    "ae anomaly runs/parts-conv-1 --data delivery/",
    "which files are anomalous, at the rate of false alarms asked for",
)];

pub(super) fn run(arguments: AnomalyArguments, context: &Context<'_>) -> Result<(), CliError> {
    let Some(shards) = shards_of(arguments.data.data.as_deref())? else {
        context.ranks.check_alone("anomaly")?;
        return judge(arguments, context);
    };
    let (Some(folder), None) = (&arguments.csv, &arguments.out) else {
        let reason =
            "of shards, a CSV file each is written: --csv names their folder, and nothing is drawn";
        return Err(CliError::usage("--csv", reason));
    };
    let model = find(arguments.model.clone().path().as_deref(), context)?;
    let sharded = Sharded {
        command: "anomaly",
        shards,
        out: folder,
        extension: "csv",
        model: Some(model.file()),
        force: arguments.force,
    };
    let options = {
        let mut options = arguments.clone();
        (options.csv, options.force, options.data.data) = (None, false, None);
        (options.device, options.model) = Default::default();
        options
    };
    sharded.run(&options, context, |shard, out, context| {
        let mut arguments = arguments.clone();
        arguments.data.data = Some(shard.display().to_string());
        arguments.data.strict = true;
        arguments.part = arguments.part.or(Some(Part::All));
        arguments.csv = Some(out.to_owned());
        judge(arguments, context)
    })
}

fn judge(arguments: AnomalyArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    if let Some(file) = &arguments.out {
        check_drawing(file, arguments.force)?;
    }
    if let Some(file) = &arguments.csv {
        check_writable(file, arguments.force)?;
    }
    let path = arguments.model.clone().path();
    let model = open(path.as_deref(), arguments.device, context)?;
    let set = judged_set(&model, &arguments, &terminal)?;
    let normal = Normal::find(&model, &arguments, &set, &terminal)?;
    let foreign = match &arguments.foreign {
        Some(name) => Some(foreign_set(name, &model, &arguments, &terminal)?),
        None => None,
    };
    let is_measured = foreign.is_some() || set.has_anomalous_classes();
    let scores = offered(&arguments, is_measured, &model, &normal);
    let score = scores[0];
    let scorer = model.anomaly_scorer(
        &scores,
        &ScorerRequest {
            held_out: normal.held_out.as_ref(),
            train: normal.train.as_ref(),
            neighbors: arguments.neighbors,
            seed: model.preparation().seed,
        },
    )?;
    let calibrated = calibrate(
        &scorer,
        score,
        normal.held_out.as_ref(),
        &normal.origin,
        arguments.false_alarm_rate,
        &terminal,
    )?;
    let scored = |set: &JudgedSet| all_scores(&scorer, &scores, &set.images);
    let judged_scores = scored(&set)?;
    let foreign_scores = foreign.as_ref().map(scored).transpose()?;
    let detections = detections(
        &model,
        &scores,
        (&set, &judged_scores),
        foreign.as_ref().zip(foreign_scores.as_ref()),
        normal.train.as_ref(),
    )?;
    let judged = set.judged(&judged_scores[0], &calibrated, arguments.sort);
    let anomalies = Anomalies {
        model: model.name().to_owned(),
        score: score.name(),
        score_is: in_words(&scorer, score, &set.images),
        false_alarms: false_alarms(&set, &judged_scores[0], &calibrated, foreign.is_some()),
        judged,
        foreign: foreign
            .as_ref()
            .zip(foreign_scores.as_ref())
            .map(|(set, scores)| set.judged(&scores[0], &calibrated, arguments.sort)),
        auroc: detections.first().map(Detection::auroc),
        detections,
        calibrated,
        csv: arguments.csv,
        picture: arguments.out,
    };
    if let Some(warning) = anomalies
        .false_alarms
        .as_ref()
        .and_then(|measured| measured.warning(&anomalies.calibrated))
    {
        terminal.warning(warning);
    }
    if let Some(file) = &anomalies.csv {
        table::write_csv(file, &anomalies)?;
    }
    if let Some(file) = &anomalies.picture {
        picture::draw(&model, &anomalies, &set, foreign.as_ref())?.write_png(file)?;
    }
    terminal.result(&anomalies, || table::text(&anomalies))
}

/// The scores to compute, the chosen one first; the others, as far as they can be had, where it is known which images are
/// anomalous.
fn offered(
    arguments: &AnomalyArguments,
    is_measured: bool,
    model: &ae_infer::OpenModel,
    normal: &Normal,
) -> Vec<AnomalyScore> {
    let is_offered = |score: AnomalyScore| match score {
        AnomalyScore::Error => true,
        AnomalyScore::Complexity => model.knows_levels() || normal.held_out.is_some(),
        AnomalyScore::Distance => normal.train.is_some() && model.code_values().is_ok(),
    };
    let chosen = arguments.score;
    let mut scores = vec![chosen];
    let others = AnomalyScore::ALL.into_iter();
    scores.extend(others.filter(|&score| is_measured && score != chosen && is_offered(score)));
    scores
}
